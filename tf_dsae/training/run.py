"""The run loop: data and settings in, a folder with a trained model out."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tf_dsae import workdir as folder
from tf_dsae.config import ModelConfig, TrainingConfig
from tf_dsae.data.prepared import PreparedDataset
from tf_dsae.errors import UserError
from tf_dsae.files import check_folder, write_errors
from tf_dsae.model import DSAE
from tf_dsae.optimizer import Adam, Muon
from tf_dsae.schedules import parse_schedule
from tf_dsae.training import callbacks as parts
from tf_dsae.training.checkpoints import RunCheckpoints
from tf_dsae.training.devices import resolved
from tf_dsae.training.pictures import choose, make_pictures, write_figures
from tf_dsae.training.tensorboard import TensorBoardRecords, installed
from tf_dsae.views import Views


def train(
    data: PreparedDataset,
    model_config: ModelConfig,
    training: TrainingConfig,
    workdir: str | os.PathLike,
    *,
    resume: bool = True,
    tensorboard: bool | None = None,
    checkpoint_minutes: float = 5.0,
    show: bool = False,
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

    Returns:
      The trained model.

    Raises:
      UserError: the folder holds another run or cannot be written, a checkpoint is damaged beyond
        use, a schedule makes no sense, TensorBoard is asked for and missing, or a loss was not
        finite.
      tf_dsae.training.Stopped: SIGINT or SIGTERM came; the run is saved.

    Example, with data = tf_dsae.data.prepare("sprites/drawn") or any other of its kind:
      >>> training = tf_dsae.TrainingConfig(epochs=1, steps_per_epoch=2, batch_size=2)
      >>> model = tf_dsae.train(data, tf_dsae.preset("tiny").model, training, "runs/new")
      >>> int(model.optimizer.iterations)
      2
    """
    _check_tensorboard(tensorboard)
    workdir, training = Path(workdir).expanduser(), resolved(training)
    steps = training.steps_per_epoch or -(-data.num_train // training.batch_size)
    run = _describe(data, model_config, training)
    _check_workdir(workdir, run, resume)
    model = build_model(run, steps * training.epochs)
    if not (workdir / folder.CONFIG).exists():
        folder.write_config(workdir, run)
    checkpoints = RunCheckpoints(model, workdir / folder.CHECKPOINTS)
    if checkpoints.restore() and show:
        print(f"going on from step {checkpoints.step} in {workdir}", file=sys.stderr)
    videos = choose(data)
    within_epoch = checkpoints.step % steps > 0
    means = [v.numpy() for mean in model.metrics for v in mean.variables] if within_epoch else []
    saver = parts.Checkpointing(checkpoints, checkpoint_minutes, means)
    table = workdir / folder.METRICS
    with contextlib.ExitStack() as stack:
        progress = parts.Progress(steps, training.epochs, training.batch_size, show)
        stack.callback(progress.close)
        callbacks = [
            progress,
            parts.FiniteTerms(checkpoints),
            parts.CollapseWarning(),
            parts.Records(table, checkpoints, training.batch_size, training.epochs, show),
        ]
        if tensorboard or (tensorboard is None and installed()):
            records = TensorBoardRecords(workdir / folder.TENSORBOARD, videos, training.seed)
            stack.callback(records.close)
            callbacks.append(records)
        stack.enter_context(stopping_on_signals(saver))
        _fit(model, data, training, steps, [*callbacks, saver])
    folder.save_weights(workdir, model)
    write_figures(make_pictures(model, videos, training.seed), workdir / folder.FIGURES, table)
    return model


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
      source: as `PreparedDataset.source` will be.
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
    data: PreparedDataset, model_config: ModelConfig, training: TrainingConfig
) -> folder.RunConfig:
    if data.video_shape[1:] != model_config.frame_shape:
        raise UserError(
            f"frame_shape: expected that of {data.name}, {data.video_shape[1:]}, "
            f"received {model_config.frame_shape}"
        )
    facts = {"name": data.name, "fingerprint": data.fingerprint, "num_train": data.num_train}
    if data.source:
        facts["source"] = data.source
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


def build_model(run: folder.RunConfig, total_steps: int) -> DSAE:
    """A compiled model at its first step, from resolved settings."""
    training = run.training
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()  # Of the whole process, for good.
    policy = "mixed_bfloat16" if training.mixed_precision else "float32"
    model = DSAE(run.model, seed=training.seed, dtype=policy)
    model.compile(
        optimizer=make_optimizer(training, total_steps),
        beta_f=parse_schedule(training.beta_f, total_steps, "beta_f"),
        beta_z=parse_schedule(training.beta_z, total_steps, "beta_z"),
        num_samples=training.num_samples,
        views=Views(training.colour_mixing, training.static_frames, training.likelihood_frames),
        seed=training.seed,
        jit_compile=training.xla == "on",
    )
    model.optimizer.build(model.trainable_variables)
    return model


def make_optimizer(training: TrainingConfig, total_steps: int) -> Adam:
    """Adam or Muon, its learning rate warmed up linearly, then constant or a cosine to 0."""
    peak, warmup = training.learning_rate, training.warmup_steps
    final_fraction = 0.0 if training.learning_rate_decay == "cosine" else 1.0
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / (warmup + 1) if warmup else peak,
        decay_steps=max(total_steps - warmup, 1),
        alpha=final_fraction,
        warmup_target=peak if warmup else None,
        warmup_steps=warmup,
    )
    if training.optimizer == "adam":
        return Adam(rate)
    return Muon(rate, product_dtype="bfloat16" if training.mixed_precision else "float32")


def _fit(
    model: DSAE,
    data: PreparedDataset,
    training: TrainingConfig,
    steps: int,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Fits what is left of the run: the epoch under way, then the others."""
    epoch, done = divmod(int(model.optimizer.iterations), steps)
    limit = training.validation_videos or None
    held_out = data.evaluation_batches("test", training.batch_size, limit=limit)
    parts_left = [(epoch, epoch + 1, steps - done)] if done else []
    first_whole = epoch + 1 if done else epoch
    if first_whole < training.epochs:
        parts_left.append((first_whole, training.epochs, steps))
    for first, last, steps_each in parts_left:
        start = int(model.optimizer.iterations)
        model.fit(
            data.training_batches(training.batch_size, training.seed, start),
            initial_epoch=first,
            epochs=last,
            steps_per_epoch=steps_each,
            validation_data=held_out,
            callbacks=callbacks,
            shuffle=False,  # The data set comes in its order.
            verbose=0,
        )


@contextlib.contextmanager
def stopping_on_signals(saver: parts.Checkpointing) -> Iterator[None]:
    """SIGINT and SIGTERM stop the run after the step under way (main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, saver.request_stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
