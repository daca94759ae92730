"""The run loop: data and settings in, a folder with a trained model out."""

import contextlib
import dataclasses
import os
import sys
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf
from absl import logging

from tf_dsae.core.errors import UserError
from tf_dsae.core.version import __version__
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports.model_pictures import choose, make_pictures, write_figures
from tf_dsae.runs.metrics_table import read_metrics
from tf_dsae.runs.run_config import (
    CHECKPOINTS,
    CONFIG,
    FIGURES,
    METRICS,
    TENSORBOARD,
    RunConfig,
    check_workdir,
    describe_terms,
    settings_of,
    write_config,
)
from tf_dsae.runs.weights import save_weights
from tf_dsae.training import callbacks as parts
from tf_dsae.training import cluster
from tf_dsae.training.building import build_model
from tf_dsae.training.checkpoints import RunCheckpoints, mean_variables
from tf_dsae.training.cluster import pick_copy
from tf_dsae.training.devices import resolve_devices
from tf_dsae.training.fitting import fit
from tf_dsae.training.run_checks import (
    CHECKPOINT_MINUTES,
    check_shares,
    check_tensorboard,
    has_tensorboard,
)
from tf_dsae.training.signals import handle_signals
from tf_dsae.training.tensorboard import TensorBoardRecords


def run_training(
    data: SequenceData,
    model_config: ModelConfig,
    training: TrainingConfig,
    workdir: str | os.PathLike,
    *,
    resume: bool = True,
    tensorboard: bool | None = None,
    checkpoint_minutes: float = CHECKPOINT_MINUTES,
    show: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    accumulate_steps: int = 1,
) -> DSAE:
    """Trains a model of these settings, or resumes the run in `workdir`; see `tf_dsae.train`.

    Args:
      data: with frames of the shape in `model_config`.
      model_config, training: with the data they determine the weights.
      workdir: folder for config.json, metrics.csv, checkpoints, weights, figures.

    Raises:
      UserError: as `tf_dsae.train` does.
      Stopped: SIGINT or SIGTERM came; the run is saved.
    """
    strategy = strategy or tf.distribute.get_strategy()
    leads = cluster.is_chief(strategy)
    check_tensorboard(tensorboard and leads)
    check_shares(training.batch_size, strategy.num_replicas_in_sync, accumulate_steps)
    if training.xla == "on" and strategy.num_replicas_in_sync > 1 and leads:
        logging.warning("xla: left off, as several replicas share the steps.")
    workdir, training = Path(workdir).expanduser(), resolve_devices(training)
    run = _describe(data, model_config, training)
    if leads:
        check_workdir(workdir, run, resume)
    steps = training.steps_per_epoch or -(-data.num_train // training.batch_size)
    job = _Job(data, run, steps, workdir if leads else None, tensorboard, show)
    with cluster.name_lost_workers(strategy):
        cluster.check_agreement(strategy, settings_of(run) | {"version": __version__})
        with strategy.scope():
            model = build_model(model_config, training, steps * training.epochs, accumulate_steps)
        checkpoints = _checkpoints(job, model)
        _train(job, model, checkpoints, checkpoint_minutes)
        if job.workdir:
            _leave_results(job, job.workdir, model)
        cluster.wait_for_all(strategy)
    return model


class _Job(NamedTuple):
    """A run and this process's part in it; `workdir` None: another process writes files."""

    data: SequenceData
    run: RunConfig
    steps_per_epoch: int
    workdir: Path | None
    tensorboard: bool | None
    show: bool


def _checkpoints(job: _Job, model: DSAE) -> RunCheckpoints:
    """The run's checkpoints, with the model restored from the newest and config.json written."""
    if job.workdir is None:
        checkpoints = RunCheckpoints(model, None)
        checkpoints.restore()
        return checkpoints
    if not (job.workdir / CONFIG).exists():
        write_config(job.workdir, job.run)
    checkpoints = RunCheckpoints(model, job.workdir / CHECKPOINTS)
    if checkpoints.restore() and job.show:
        print(f"going on from step {checkpoints.step} in {job.workdir}", file=sys.stderr)
    return checkpoints


def _train(job: _Job, model: DSAE, checkpoints: RunCheckpoints, checkpoint_minutes: float) -> None:
    """Takes the remaining steps."""
    within_epoch = checkpoints.step % job.steps_per_epoch > 0
    means = [pick_copy(v).numpy() for v in mean_variables(model)] if within_epoch else []
    saver = parts.Checkpointing(checkpoints, checkpoint_minutes, means)
    with contextlib.ExitStack() as stack:
        callbacks = [parts.FiniteTerms(checkpoints)]
        if job.workdir is not None:
            callbacks += _records(job, job.workdir, checkpoints, stack)
        stack.enter_context(handle_signals(saver.request_stop))
        fit(model, job.data, job.run.training, job.steps_per_epoch, [*callbacks, saver])


def _records(
    job: _Job, workdir: Path, checkpoints: RunCheckpoints, stack: contextlib.ExitStack
) -> list[keras.callbacks.Callback]:
    """The callbacks that show and record a run; `stack` closes them."""
    training = job.run.training
    size, epochs, show = training.batch_size, training.epochs, job.show
    progress = parts.Progress(job.steps_per_epoch, epochs, size, show)
    stack.callback(progress.close)
    table = workdir / METRICS
    callbacks = [
        progress,
        parts.CollapseWarning(),
        parts.Records(table, checkpoints, size, epochs, show),
    ]
    if job.tensorboard or (job.tensorboard is None and has_tensorboard()):
        place = workdir / TENSORBOARD
        records = TensorBoardRecords(place, choose(job.data), training.seed)
        stack.callback(records.close)
        callbacks.append(records)
    return callbacks


def _leave_results(job: _Job, workdir: Path, model: DSAE) -> None:
    """Writes weights and figures."""
    save_weights(workdir, model)
    pictures = make_pictures(model, choose(job.data), job.run.training.seed)
    write_figures(pictures, workdir / FIGURES, read_metrics(workdir / METRICS))


def _describe(data: SequenceData, model_config: ModelConfig, training: TrainingConfig) -> RunConfig:
    if data.video_shape[1:] != model_config.frame_shape:
        raise UserError(
            f"frame_shape: expected that of {data.name}, {data.video_shape[1:]}, received "
            f"{model_config.frame_shape}; give the model the data's, or let the data source say it"
        )
    facts = {"name": data.name, "fingerprint": data.fingerprint, "num_train": data.num_train}
    if data.source:
        facts["source"] = data.source.to_dict()
        training = dataclasses.replace(training, dataset=data.source.kind)
    return RunConfig(model_config, training, facts, describe_terms(training.method))
