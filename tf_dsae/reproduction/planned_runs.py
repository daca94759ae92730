"""The runs of a reproduction, planned and checked without TensorFlow."""

import dataclasses
from pathlib import Path
from typing import NamedTuple

from tf_dsae.data.data_source import DataSource
from tf_dsae.evaluation.evaluation_files import check_output
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.methods.presets import preset
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.training.run_checks import check_before_data

BETAS = (1.0, 6.0, 150.0)


class Places(NamedTuple):
    """Folders and data source of a reproduction; None for the default of each."""

    output_dir: Path
    data_dir: str | None = None
    judge_dir: str | None = None
    source: DataSource | None = None


class PlannedRun(NamedTuple):
    """A run to train, in a folder of this name; beta None for the preset's own weights."""

    folder: str
    beta: float | None
    model: ModelConfig
    training: TrainingConfig

    @property
    def name(self) -> str:
        """As the report calls it."""
        return f"preset {self.folder}" if self.beta is None else f"beta {self.beta:g}"


def run_name(beta: float) -> str:
    """The folder of the run at a beta."""
    return f"beta_{beta:g}"


def plan_runs(
    model: ModelConfig,
    training: TrainingConfig,
    output: Path,
    betas: tuple[float, ...] = BETAS,
    beside: tuple[str, ...] = (),
) -> list[PlannedRun]:
    """The runs at betas, and those of the presets beside them.

    Args:
      model, training: settings of the runs at betas, except beta.
      output: the folder of all runs.
      betas: weights of both KLs, a run for each.
      beside: presets to train as they are, on the same data and from the same seed.

    Raises:
      UserError: `output` cannot be written, a folder in it holds another run, or a schedule makes
        no sense.
    """
    check_output(output)
    runs = []
    for beta in sorted(betas):
        weighted = dataclasses.replace(training, beta_f=f"{beta:g}", beta_z=f"{beta:g}")
        runs.append(PlannedRun(run_name(beta), beta, model, weighted))
    for name in beside:
        other = preset(name)
        seeded = dataclasses.replace(other.training, seed=training.seed, dataset=training.dataset)
        runs.append(PlannedRun(name, None, other.model, seeded))
    for run in runs:
        check_before_data(output / run.folder, run.model, run.training, resume=True)
    return runs
