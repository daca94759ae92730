"""Checks of a run before TensorFlow is imported or data are read."""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.schedules import check_schedule
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.runs.run_config import RunConfig, check_workdir

CHECKPOINT_MINUTES = 5.0  # Between checkpoints within an epoch.


def check_before_data(
    workdir: str | os.PathLike,
    model_config: ModelConfig,
    training: TrainingConfig,
    resume: bool,
    tensorboard: bool | None = None,
    source: Mapping[str, Any] | None = None,
) -> None:
    """Checks a run before TensorFlow is imported or data are read; writes nothing.

    Args:
      source: plain values of the data source.
      The others as for `tf_dsae.train`.

    Raises:
      UserError: as `tf_dsae.train` does for settings and workdir.
    """
    check_tensorboard(tensorboard)
    check_schedules(training)
    data = {"source": source} if source else {}
    check_workdir(Path(workdir).expanduser(), RunConfig(model_config, training, data), resume)


def check_schedules(training: TrainingConfig) -> None:
    """Raises UserError if a schedule of the settings makes no sense."""
    steps = training.epochs * training.steps_per_epoch
    for name in ("beta_f", "beta_z"):
        check_schedule(getattr(training, name), name, steps)


def has_tensorboard() -> bool:
    """Whether TensorBoard is installed."""
    return importlib.util.find_spec("tensorboard") is not None


def check_tensorboard(asked: bool | None) -> None:
    """Raises UserError if TensorBoard files are requested and TensorBoard is not installed."""
    if asked and not has_tensorboard():
        raise UserError(
            "tensorboard: expected TensorBoard to be installed, found it missing; pip install "
            "tensorboard, or leave --tensorboard out"
        )


def check_shares(batch_size: int, num_replicas: int, accumulate_steps: int) -> None:
    """Raises UserError if a batch cannot be divided equally."""
    check_whole("accumulate_steps", accumulate_steps, 1)
    if batch_size % (num_replicas * accumulate_steps):
        raise UserError(
            f"batch_size: expected a multiple of {num_replicas * accumulate_steps}, for "
            f"{num_replicas} replicas of {accumulate_steps} equal parts each, received "
            f"{batch_size}; choose another --batch_size, or fewer devices or parts"
        )
