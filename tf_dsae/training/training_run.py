"""The run loop: data and settings in, a folder with a trained model out."""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from absl import logging

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import check_folder, write_errors
from tf_dsae.core.schedules import parse_schedule
from tf_dsae.core.version import __version__
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.models.config import ModelConfig, TrainingConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports.model_pictures import choose, make_pictures, write_figures
from tf_dsae.runs import workdir as folder
from tf_dsae.runs.metrics_table import read_metrics
from tf_dsae.training import callbacks as parts
from tf_dsae.training import cluster
from tf_dsae.training.building import build_model
from tf_dsae.training.checkpoints import RunCheckpoints, mean_variables
from tf_dsae.training.cluster import first_copy
from tf_dsae.training.devices import resolved
from tf_dsae.training.fitting import fit
from tf_dsae.training.signals import heard_by
from tf_dsae.training.tensorboard import TensorBoardRecords, installed


def train(
    data: SequenceData,
    model_config: ModelConfig,
    training: TrainingConfig,
    workdir: str | os.PathLike,
    *,
    resume: bool = True,
    tensorboard: bool | None = None,
    checkpoint_minutes: float = 5.0,
    show: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    accumulate_steps: int = 1,
) -> DSAE:
    """Trains a model, or goes on where `workdir` left off, and leaves its results there.

    Args:
      data: from `tf_dsae.data.prepare`.
      model_config: its frame_shape must be that of the data.
      training: how; with `model_config` and the data it determines the weights.
      workdir: gets config.json, metrics.csv, checkpoints, weights, figures.
      resume: go on from the newest checkpoint there; False refuses a folder that holds a run.
      tensorboard: write event files; None: where TensorBoard is installed.
      checkpoint_minutes: between checkpoints within an epoch.
      show: progress on stderr.
      strategy: of several devices or machines, as `tf_dsae.training.make_strategy` makes them; the
        first of the machines is the one that reads and writes `workdir`. None: the one in scope.
      accumulate_steps: equal parts of a replica's videos that are taken one after the other, for a
        batch that does not fit. Neither it nor the strategy changes what is learned.

    Returns:
      The trained model.

    Raises:
      UserError: the folder holds another run or cannot be written, a checkpoint is damaged beyond
        use, a schedule makes no sense, TensorBoard is asked for and missing, a batch cannot be
        shared out equally, a loss was not finite, or a machine was lost.
      tf_dsae.training.Stopped: SIGINT or SIGTERM came; the run is saved.

    Example, with data = tf_dsae.data.prepare("sprites/drawn") or any other of its kind:
      >>> training = tf_dsae.TrainingConfig(epochs=1, steps_per_epoch=2, batch_size=2)
      >>> model = tf_dsae.train(data, tf_dsae.preset("tiny").model, training, "runs/new")
      >>> int(model.optimizer.iterations)
      2
    """
    strategy = strategy or tf.distribute.get_strategy()
    leads = cluster.is_chief(strategy)
    _check_tensorboard(tensorboard and leads)
    cluster.check_shares(training.batch_size, strategy, accumulate_steps)
    if training.xla == "on" and strategy.num_replicas_in_sync > 1 and leads:
        logging.warning("xla: left off, as several replicas share the steps.")
    workdir, training = Path(workdir).expanduser(), resolved(training)
    run = _describe(data, model_config, training)
    if leads:
        _check_workdir(workdir, run, resume)
    steps = training.steps_per_epoch or -(-data.num_train // training.batch_size)
    job = _Job(data, run, steps, workdir if leads else None, tensorboard, show)
    with cluster.naming_lost_workers(strategy):
        cluster.check_agreement(strategy, folder.settings_of(run) | {"version": __version__})
        with strategy.scope():
            model = build_model(model_config, training, steps * training.epochs, accumulate_steps)
        checkpoints = _checkpoints(job, model)
        _train(job, model, checkpoints, checkpoint_minutes)
        if job.workdir:
            _leave_results(job, job.workdir, model)
        cluster.wait_for_all(strategy)
    return model


class _Job(NamedTuple):
    """A run and what this process does in it; `workdir` None: another process writes and speaks."""

    data: SequenceData
    run: folder.RunConfig
    steps_per_epoch: int
    workdir: Path | None
    tensorboard: bool | None
    show: bool


def _checkpoints(job: _Job, model: DSAE) -> RunCheckpoints:
    """The run's checkpoints, the model restored from the newest; config.json is there then."""
    if job.workdir is None:
        checkpoints = RunCheckpoints(model, None)
        checkpoints.restore()
        return checkpoints
    if not (job.workdir / folder.CONFIG).exists():
        folder.write_config(job.workdir, job.run)
    checkpoints = RunCheckpoints(model, job.workdir / folder.CHECKPOINTS)
    if checkpoints.restore() and job.show:
        print(f"going on from step {checkpoints.step} in {job.workdir}", file=sys.stderr)
    return checkpoints


def _train(job: _Job, model: DSAE, checkpoints: RunCheckpoints, checkpoint_minutes: float) -> None:
    """Takes the steps that are left."""
    within_epoch = checkpoints.step % job.steps_per_epoch > 0
    means = [first_copy(v).numpy() for v in mean_variables(model)] if within_epoch else []
    saver = parts.Checkpointing(checkpoints, checkpoint_minutes, means)
    with contextlib.ExitStack() as stack:
        callbacks = [parts.FiniteTerms(checkpoints)]
        if job.workdir is not None:
            callbacks += _records(job, job.workdir, checkpoints, stack)
        stack.enter_context(heard_by(saver.request_stop))
        fit(model, job.data, job.run.training, job.steps_per_epoch, [*callbacks, saver])


def _records(
    job: _Job, workdir: Path, checkpoints: RunCheckpoints, stack: contextlib.ExitStack
) -> list[keras.callbacks.Callback]:
    """What shows and records a run; `stack` closes it."""
    training = job.run.training
    size, epochs, show = training.batch_size, training.epochs, job.show
    progress = parts.Progress(job.steps_per_epoch, epochs, size, show)
    stack.callback(progress.close)
    table = workdir / folder.METRICS
    callbacks = [
        progress,
        parts.CollapseWarning(),
        parts.Records(table, checkpoints, size, epochs, show),
    ]
    if job.tensorboard or (job.tensorboard is None and installed()):
        place = workdir / folder.TENSORBOARD
        records = TensorBoardRecords(place, choose(job.data), training.seed)
        stack.callback(records.close)
        callbacks.append(records)
    return callbacks


def _leave_results(job: _Job, workdir: Path, model: DSAE) -> None:
    """Writes weights and figures."""
    folder.save_weights(workdir, model)
    pictures = make_pictures(model, choose(job.data), job.run.training.seed)
    write_figures(pictures, workdir / folder.FIGURES, read_metrics(workdir / folder.METRICS))


def check_before_data(
    workdir: str | os.PathLike,
    model_config: ModelConfig,
    training: TrainingConfig,
    resume: bool,
    tensorboard: bool | None = None,
    source: Mapping[str, Any] | None = None,
) -> None:
    """Finds what is wrong with a run before time is spent on its data; writes nothing.

    Args:
      source: that of the data, as `DataSource.to_dict` has it.
      The others as of `train`.

    Raises:
      UserError: as `train` does for settings and workdir.
    """
    _check_tensorboard(tensorboard)
    workdir = Path(workdir).expanduser()
    for name in ("beta_f", "beta_z"):
        text, steps = getattr(training, name), training.epochs * training.steps_per_epoch
        # Where an epoch's steps depend on the data, so does the order of steps and percentages.
        for part in [text] if steps or "%" not in text else text.split(","):
            parse_schedule(part, steps, name)
    data = {"source": source} if source else {}
    _check_workdir(workdir, folder.RunConfig(model_config, resolved(training), data), resume)


def _check_tensorboard(asked: bool | None) -> None:
    if asked and not installed():
        raise UserError(
            "tensorboard: expected TensorBoard to be installed, found it missing; pip install "
            "tensorboard, or leave --tensorboard out"
        )


def _describe(
    data: SequenceData, model_config: ModelConfig, training: TrainingConfig
) -> folder.RunConfig:
    if data.video_shape[1:] != model_config.frame_shape:
        raise UserError(
            f"frame_shape: expected that of {data.name}, {data.video_shape[1:]}, "
            f"received {model_config.frame_shape}"
        )
    facts = {"name": data.name, "fingerprint": data.fingerprint, "num_train": data.num_train}
    if data.source:
        facts["source"] = data.source.to_dict()
        training = dataclasses.replace(training, dataset=data.source.kind)
    return folder.RunConfig(model_config, training, facts)


def _check_workdir(workdir: Path, run: folder.RunConfig, resume: bool) -> None:
    """Raises UserError where the folder cannot hold this run."""
    with write_errors(workdir):
        config, checkpoints = workdir / folder.CONFIG, workdir / folder.CHECKPOINTS
        held = config.exists()
        has_checkpoints = checkpoints.is_dir() and any(checkpoints.iterdir())
    check_folder("workdir", workdir)
    if held and not resume:
        raise UserError(
            f"workdir: expected no run in {workdir} with --noresume, found one; name another "
            "--workdir, or leave --noresume out to go on with it"
        )
    if has_checkpoints and not held:
        raise UserError(
            f"workdir: expected {config} beside the checkpoints of a run, found none; name another "
            f"--workdir, or delete {checkpoints}"
        )
    folder.check_same_run(workdir, run)
