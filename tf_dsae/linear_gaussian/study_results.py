"""Results of the exact-likelihood study: the one definition of likelihood.json, and its reader.

Curves are means over sequences, nats per sequence; sigmas are in units of x.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import read_json, write_json
from tf_dsae.core.typed_json import Count, Name, read_typed, to_plain
from tf_dsae.linear_gaussian.study_settings import FAMILIES, Panel, Parameters

STUDY = "likelihood.json"
_MAX_BYTES = 32 * 2**20  # Six panels of 10,000 values have 24 million.
Curve = tuple[float, ...]
# Fields of a panel's result that have a value for each of its grid.
_CURVES = (
    *("log_likelihood", "log_likelihood_standard_error", "elbo", "elbo_standard_error"),
    *("gap_standard_error", "optimal_elbo", "converged"),
)


class Sigmas(NamedTuple):
    """One value of every parameter."""

    sigma_f: float
    sigma_z: float
    sigma_x: float


class Peaks(NamedTuple):
    """The grid value at which each curve is highest."""

    log_likelihood: float
    elbo: float
    optimal_elbo: float


class LimitPeaks(NamedTuple):
    """Where the curves of infinite data peak, on the grid or off it; 0 for a peak at zero."""

    log_likelihood: float
    optimal_elbo: float


class Limit(NamedTuple):
    """The curves for infinite data over the grid."""

    log_likelihood: Curve
    optimal_elbo: Curve
    argmax: LimitPeaks


class LimitBound(NamedTuple):
    """A family's best bound over the grid with infinite data, and where it peaks."""

    elbo: Curve
    argmax: float


class OptimalBound(NamedTuple):
    """A family's best bound over the grid, its peak there, and the same of infinite data."""

    elbo: Curve
    argmax: float
    expected: LimitBound


@dataclass(frozen=True, kw_only=True)
class PanelResult(Panel):
    """A panel's settings and its curves over the grid.

    Attributes:
      fixed: the parameters that do not vary.
      steps: of gradient ascent for every q.
      log_likelihood: exact. elbo: of the trained q, its expectation exact. optimal_elbo: the best
        bound of its family. Standard errors are over sequences, None for one sequence.
      argmax: where these peak.
      bias_ci: 95% bounds of the ELBO's peak less the likelihood's.
      converged: at each grid value, whether the ELBO is within a tolerance of the best.
      expected: the limit of infinite data.
      optimal: family -> its best bound.
    """

    fixed: dict[str, float]
    steps: Count
    log_likelihood: Curve
    log_likelihood_standard_error: tuple[float | None, ...]
    elbo: Curve
    elbo_standard_error: tuple[float | None, ...]
    gap_standard_error: tuple[float | None, ...]
    optimal_elbo: Curve
    argmax: Peaks
    bias_ci: tuple[float, float]
    converged: tuple[bool, ...]
    expected: Limit
    optimal: dict[str, OptimalBound]

    def __post_init__(self) -> None:
        super().__post_init__()
        if set(self.optimal) != set(FAMILIES):
            raise UserError(f"optimal: expected {', '.join(FAMILIES)}, received others")
        curves = {name: getattr(self, name) for name in _CURVES}
        curves |= {f"expected.{name}": getattr(self.expected, name) for name in Limit._fields[:2]}
        for family, bound in self.optimal.items():
            curves |= {
                f"optimal.{family}.elbo": bound.elbo,
                f"optimal.{family}.expected.elbo": bound.expected.elbo,
            }
        for name, curve in curves.items():
            if len(curve) != len(self.grid):
                raise UserError(
                    f"{name}: expected {len(self.grid)} values, as the grid has, received "
                    f"{len(curve)}"
                )
        if not set(self.argmax) <= set(self.grid):
            raise UserError("argmax: expected values of the grid, received others")

    @property
    def settings(self) -> Panel:
        """The panel that was run."""
        return Panel(**{name: getattr(self, name) for name in Panel.__dataclass_fields__})


class AscentPath(NamedTuple):
    """The parameters at some steps."""

    step: tuple[Count, ...]
    sigma_f: Curve
    sigma_z: Curve
    sigma_x: Curve


class JointFit(NamedTuple):
    """The end of learning the parameters with one family of q.

    path: the parameters over the steps. fitted: their last values. log_likelihood, elbo, static_kl,
    dynamic_kl: there. optimal_elbo: the family's best there; converged: whether q is within a
    tolerance of it. share: of x's variance that "f", "z" and "noise" have. pruned: the latents
    among "f" and "z" whose share has all but gone. limit: where the ascent ends with infinite data.
    """

    path: AscentPath
    fitted: Sigmas
    log_likelihood: float
    elbo: float
    static_kl: float
    dynamic_kl: float
    optimal_elbo: float
    converged: bool
    share: dict[str, float]
    pruned: tuple[Name, ...]
    limit: Sigmas


@dataclass(frozen=True)
class Joint:
    """All parameters learned with q, from the truth, by every family of q."""

    truth: Sigmas
    num_sequences: Count
    num_frames: Count
    dimensions: Count
    seed: int
    steps: Count
    families: dict[str, JointFit]

    def __post_init__(self) -> None:
        if not set(self.families) <= set(FAMILIES):
            raise UserError(f"families: expected {', '.join(FAMILIES)}, received others")
        for name, fit in self.families.items():
            if len({len(values) for values in fit.path}) > 1 or not fit.path.step:
                raise UserError(f"families.{name}.path: expected as many values of each")


@dataclass(frozen=True)
class Lengths:
    """Where best bounds peak with infinite data: peaks[parameter][family], one for each length."""

    truth: Sigmas
    dimensions: Count
    num_frames: tuple[Count, ...]
    peaks: dict[str, dict[str, Curve]]

    def __post_init__(self) -> None:
        for parameter, families in self.peaks.items():
            lengths = {len(peaks) for peaks in families.values()}
            known = parameter in Parameters._fields and set(families) == set(FAMILIES)
            if not known or lengths != {len(self.num_frames)}:
                raise UserError("peaks: expected one for every length, family and parameter")


@dataclass(frozen=True)
class Study:
    """The whole study, as likelihood.json holds it."""

    panels: tuple[PanelResult, ...]
    joint: Joint | None = None
    lengths: Lengths | None = None
    versions: dict[str, Name] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Study":
        """Reads likelihood.json; raises UserError if it is missing or malformed."""
        value = read_json(path, "the likelihood.json of a study", max_bytes=_MAX_BYTES)
        if not isinstance(value, dict) or not isinstance(value.get("panels"), list):
            raise UserError(
                f"{path}: expected the likelihood.json of a study, found no panels in it"
            )
        return read_typed(cls, value, str(path), "run likelihood again")

    def write(self, path: str | os.PathLike) -> None:
        """Writes likelihood.json, whole or not at all."""
        write_json(Path(path), to_plain(self))

    def show(self) -> None:
        """Displays the table of biases in a notebook; prints it elsewhere."""
        from tf_dsae.linear_gaussian.study_report import bias_table
        from tf_dsae.reports.terminal import show

        show([bias_table(self.panels)])
