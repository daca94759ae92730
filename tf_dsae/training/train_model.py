"""Training by a preset and single settings, on data in memory."""

import os
from typing import Any

import tensorflow as tf

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.methods.presets import DEFAULT_PRESET, Preset
from tf_dsae.methods.presets import preset as preset_of
from tf_dsae.methods.settings import resolve_settings
from tf_dsae.models.dsae import DSAE
from tf_dsae.training.training_run import run_training


def train(
    data: SequenceData,
    preset: str | Preset = DEFAULT_PRESET,
    workdir: str | os.PathLike | None = None,
    *,
    resume: bool = True,
    tensorboard: bool | None = None,
    checkpoint_minutes: float = 5.0,
    show: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    accumulate_steps: int = 1,
    **settings: Any,
) -> DSAE:
    """Trains a model, or resumes the run in `workdir`, and leaves the results there.

    Args:
      data: from `tf_dsae.prepare` or `tf_dsae.data.from_arrays`.
      preset: a name of `tf_dsae.PRESETS`, or a `tf_dsae.Preset`; its frames become those of data.
      workdir: folder for config.json, metrics.csv, checkpoints, weights and figures.
      resume: go on from the newest checkpoint there; False refuses a folder that holds a run.
      tensorboard: write event files; None: if TensorBoard is installed.
      checkpoint_minutes: between checkpoints within an epoch.
      show: progress on stderr.
      strategy: from `tf_dsae.training.make_strategy`, for several devices or machines; the first
        machine reads and writes `workdir`. None: the strategy in scope.
      accumulate_steps: number of equal parts in which a replica takes its videos, for a batch that
        does not fit into memory. Neither it nor the strategy changes what is learned.
      **settings: fields of `tf_dsae.ModelConfig` and `tf_dsae.TrainingConfig` by name, such as
        epochs=3; beta="6" is both betas, and method="NAME" brings a method's parts, views, terms
        and schedule.

    Returns:
      The trained model.

    Raises:
      UserError: a setting makes no sense, the folder holds another run or cannot be written, a
        checkpoint is damaged beyond use, TensorBoard is asked for and missing, a batch cannot be
        shared out equally, a loss was not finite, or a machine was lost.
      tf_dsae.training.Stopped: SIGINT or SIGTERM came; the run is saved.

    Example, with data = tf_dsae.prepare("sprites/drawn") or any other of its kind:
      >>> model = tf_dsae.train(
      ...     data, "tiny", "runs/new", epochs=1, steps_per_epoch=2, batch_size=2, tensorboard=False
      ... )
      >>> int(model.optimizer.iterations)
      2
    """
    if not isinstance(data, SequenceData):
        raise UserError(
            f"data: expected tf_dsae.prepare(...) or tf_dsae.data.from_arrays(...), received "
            f"{quote(type(data).__name__)}; make one of your arrays by the latter"
        )
    if workdir is None:
        raise UserError("workdir: expected a folder for the run, received none; name one")
    start = preset if isinstance(preset, Preset) else preset_of(preset)
    dataset = data.source.kind if data.source else data.name
    known = {"frame_shape": data.spec.frame_shape, "dataset": dataset}
    run = resolve_settings(start, known | settings)
    return run_training(
        data,
        run.model,
        run.training,
        workdir,
        resume=resume,
        tensorboard=tensorboard,
        checkpoint_minutes=checkpoint_minutes,
        show=show,
        strategy=strategy,
        accumulate_steps=accumulate_steps,
    )
