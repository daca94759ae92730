"""Shows whether a sequential autoencoder is biased, against exact likelihoods.

Trains q at every value of a grid over one parameter of a linear-Gaussian process, with the other
parameters at the truth, and leaves curves of log-likelihood and ELBO, their peaks and biases,
the limits of infinite data, and what learning all parameters together does. Without flags it makes
the panels of the 2019 paper's Figures 3 and 4, and one of sigma_f. Joint learning and the
study of longer sequences always start at sigma_f 2, sigma_z 0.5, sigma_x 0.5. Examples:

  likelihood
  likelihood --parameter=sigma_z --truth=0.5,1 --grid=0.05:1.5:0.05 --posterior=structured
  likelihood --num_frames=8 --num_sequences=200 --output_dir=runs/longer
"""

import dataclasses
import time
from pathlib import Path

from absl import flags

from tf_dsae.cli import common, shared_flags
from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import check_folder
from tf_dsae.linear_gaussian.study_settings import (
    DEFAULT_PANELS,
    STEPS,
    Panel,
    parse_grid,
    parse_numbers,
)
from tf_dsae.runs.run_config import versions

_PARAMETER = flags.DEFINE_string(
    "parameter",
    None,
    "The one that varies: sigma_f, sigma_z or sigma_x. Default: the published panels, sigma_x at "
    "0.3, 0.5 and 1 and sigma_z at 0.5 and 1, and sigma_f at 2.",
)
_TRUTH = flags.DEFINE_string(
    "truth",
    None,
    "With --parameter: its value where the data come from, or several with commas between them, a "
    "panel for each. The others are sigma_f 2, sigma_z 0.5, sigma_x 0.5. Default: the published.",
)
_GRID = flags.DEFINE_string(
    "grid",
    "0.1:2:0.1",
    "Values to look at, rising: first:last:step, or values with commas between them.",
)
_PANEL = shared_flags.define_fields(
    Panel,
    {
        "num_sequences": "N, sequences of data.",
        "num_frames": "T, frames of a sequence.",
        "dimensions": "D, dimensions of a frame and of a latent.",
        "posterior": "Family of the q that is trained: mean_field, amortised, structured, full or "
        "exact.",
        "seed": shared_flags.SEED,
    },
)
_STEPS = flags.DEFINE_integer("steps", STEPS, "Steps of gradient ascent for every q.")
_OUTPUT_DIR = shared_flags.define_output_dir("runs/likelihood")


def _truths() -> list[tuple[str, float]]:
    if _PARAMETER.value is None:
        if _TRUTH.value is not None:
            raise UserError("truth: expected --parameter with it, received none; give both")
        return list(DEFAULT_PANELS)
    if _TRUTH.value is None:
        Panel(_PARAMETER.value, 1.0)  # For its check of the name.
        return [(name, truth) for name, truth in DEFAULT_PANELS if name == _PARAMETER.value]
    truths = parse_numbers("truth", _TRUTH.value)
    if not truths or len(set(truths)) < len(truths):
        raise UserError(f"truth: expected different numbers, received {_TRUTH.value!r}")
    return [(_PARAMETER.value, truth) for truth in truths]


def main() -> None:
    """Runs the study that the flags describe, writes it and prints the table of biases."""
    start = time.monotonic()
    settings = {"grid": parse_grid(_GRID.value), **common.values(_PANEL)}
    panels = [Panel(parameter, truth, **settings) for parameter, truth in _truths()]
    check_whole("steps", _STEPS.value, 1)
    check_folder("output_dir", _OUTPUT_DIR.value, 5_000_000)
    common.load_tensorflow()
    from tf_dsae.linear_gaussian import study

    count = sum(len(panel.grid) for panel in panels)
    print(f"training q for {count} processes, {_STEPS.value} steps", flush=True)
    result = study.run_study(panels, _STEPS.value)
    study.write(Path(_OUTPUT_DIR.value), dataclasses.replace(result, versions=versions()))
    result.show()
    print(f"wrote {_OUTPUT_DIR.value} in {time.monotonic() - start:.0f} s")


run = common.program(main)
