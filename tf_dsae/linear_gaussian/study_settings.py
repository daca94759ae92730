"""Settings of the study, checked without TensorFlow, so that mistakes are answered at once."""

import dataclasses
import math
import os
from typing import Any, NamedTuple

import numpy as np

from tf_dsae.core.checks import check_positive, check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import check_folder


class Parameters(NamedTuple):
    """Standard deviations of the process, each a number or [...], in units of x.

    sigma_f: of f. sigma_z: of a step of z. sigma_x: of x around f + z_t (Leplae-Arthur and
    Nichani 2019, Section 3.2).

    Example:
      >>> truth = Parameters(sigma_f=2.0, sigma_z=0.5, sigma_x=0.5)
      >>> truth == TRUE_PARAMETERS
      True
    """

    sigma_f: Any
    sigma_z: Any
    sigma_x: Any


# Those of the published study.
TRUE_PARAMETERS = Parameters(sigma_f=2.0, sigma_z=0.5, sigma_x=0.5)


# Nats per sequence between a training's mean bound and its family's best when it has converged.
TOLERANCE = 0.02
FAMILIES = ("mean_field", "amortised", "structured", "full", "exact")


def check_family(family: str) -> None:
    """Raises UserError for a family that is not one of FAMILIES.

    Example:
      >>> check_family("amortised")
    """
    if family not in FAMILIES:
        raise UserError(f"posterior: expected one of {', '.join(FAMILIES)}, received {family!r}")


STEPS = 1000  # Of gradient ascent for every q.
DEFAULT_GRID = tuple(round(0.1 * step, 1) for step in range(1, 21))
# The published ones, and sigma_f.
DEFAULT_PANELS = (
    ("sigma_x", 0.3),
    ("sigma_x", 0.5),
    ("sigma_x", 1.0),
    ("sigma_z", 0.5),
    ("sigma_z", 1.0),
    ("sigma_f", 2.0),
)


# Within these, double precision still tells a likelihood from its bound.
_SMALLEST, _LARGEST = 1e-4, 1e4
_MOST_VALUES = 10_000


def _check_sigma(name: str, value: Any) -> None:
    check_positive(name, value)
    if not _SMALLEST <= value <= _LARGEST:
        raise UserError(
            f"{name}: expected a standard deviation of {_SMALLEST:g} to {_LARGEST:g}, "
            f"received {value:g}"
        )


@dataclasses.dataclass(frozen=True)
class Panel:
    """One figure's settings; those of the published study by default.

    Attributes:
      parameter: the one that varies, "sigma_f", "sigma_z" or "sigma_x".
      truth: its value where the data come from; the others are TRUE_PARAMETERS.
      grid: its values to look at, rising.
      num_sequences, num_frames, dimensions: N, T and D of the data.
      posterior: the family of the q that is trained.
      seed: of the data, of the initial weights and of the noise.

    Raises:
      UserError: a value is out of range.

    Example:
      >>> panel = Panel("sigma_x", 0.3, grid=(0.3, 0.6))
      >>> panel.num_sequences, panel.num_frames, panel.dimensions
      (50, 3, 2)
    """

    parameter: str
    truth: float
    grid: tuple[float, ...] = DEFAULT_GRID
    num_sequences: int = 50
    num_frames: int = 3
    dimensions: int = 2
    posterior: str = "amortised"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.parameter not in Parameters._fields:
            raise UserError(
                f"parameter: expected one of {', '.join(Parameters._fields)}, "
                f"received {self.parameter!r}"
            )
        _check_sigma("truth", self.truth)
        if len(self.grid) == 0:
            raise UserError("grid: expected at least one value, received none")
        for value in self.grid:
            _check_sigma("grid", value)
        if any(after <= before for before, after in zip(self.grid, self.grid[1:], strict=False)):
            raise UserError(f"grid: expected rising values, received {list(self.grid)}")
        for name in ("num_sequences", "num_frames", "dimensions"):
            check_whole(name, getattr(self, name), 1)
        check_whole("seed", self.seed, 0)
        if self.seed > 2**31 - 1:
            raise UserError(f"seed: expected at most {2**31 - 1}, received {self.seed}")
        check_family(self.posterior)

    @property
    def true_parameters(self) -> Parameters:
        """Where the data come from.

        Example:
          >>> panel.true_parameters
          Parameters(sigma_f=2.0, sigma_z=0.5, sigma_x=0.3)
        """
        return TRUE_PARAMETERS._replace(**{self.parameter: self.truth})

    def at(self, values: Any) -> Parameters:
        """The true parameters with `values` for the panel's own, each of the shape of values.

        Example:
          >>> panel.at(panel.grid).sigma_x.tolist(), panel.at(panel.grid).sigma_z.tolist()
          ([0.3, 0.6], [0.5, 0.5])
        """
        values = np.asarray(values, np.float64)
        varied = self.true_parameters._replace(**{self.parameter: values})
        return Parameters(*(np.broadcast_to(value, values.shape) for value in varied))


def check_output(folder: str | os.PathLike) -> None:
    """Raises UserError if the folder cannot be written or its disk is full; makes nothing."""
    check_folder("output_dir", folder, 5_000_000)


def default_panels(**settings: Any) -> list[Panel]:
    """The published panels and sigma_f, with other settings of Panel for all.

    Example:
      >>> [(panel.parameter, panel.truth) for panel in default_panels(num_frames=5)][:2]
      [('sigma_x', 0.3), ('sigma_x', 0.5)]
    """
    return [Panel(parameter, truth, **settings) for parameter, truth in DEFAULT_PANELS]


def parse_numbers(name: str, text: str, separator: str = ",") -> tuple[float, ...]:
    """Numbers of a text such as "0.5,1", none for "".

    Args:
      name: what they are for, named in errors.
      text: the numbers.
      separator: between them.

    Raises:
      UserError: the text is anything else.

    Example:
      >>> parse_numbers("truth", "0.5,1")
      (0.5, 1.0)
    """
    try:
        return tuple(float(part) for part in text.split(separator)) if text.strip() else ()
    except ValueError:
        raise UserError(f"{name}: expected numbers, received {text!r}") from None


def parse_grid(text: str) -> tuple[float, ...]:
    """Values of a text such as "0.1:2:0.1" or "0.1,0.2,0.5"; UserError for anything else.

    Example, first:last:step:
      >>> parse_grid("0.5:2:0.5")
      (0.5, 1.0, 1.5, 2.0)
    """
    if ":" not in text:
        return parse_numbers("grid", text)
    numbers = parse_numbers("grid", text, ":")
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)) or numbers[2] <= 0:
        raise UserError(
            f"grid: expected first:last:step with a step above 0, or values, received {text!r}"
        )
    first, last, step = numbers
    if (last - first) / step > _MOST_VALUES:
        raise UserError(
            f"grid: expected at most {_MOST_VALUES} values, received {text!r}; raise the step"
        )
    count = math.floor((last - first) / step + 1e-9) + 1
    return tuple(float(f"{first + step * index:.12g}") for index in range(max(count, 0)))
