"""A data set in memory, small enough to train on in seconds, and a run on it."""

import csv
import os
import signal

import numpy as np
import pytest
import tensorflow as tf

import tf_dsae
from tests.conftest import C, H, T, W, small_config
from tf_dsae.data.sequence_data import EncodedSplit, SequenceData
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.training import callbacks, run_training, training_run

SIZES = {"train": 10, "test": 6}

# 10 videos in batches of 3: 4 steps an epoch, batches run across passes.
SETTINGS = TrainingConfig(
    preset="none", epochs=3, batch_size=3, learning_rate=0.01, warmup_steps=2, seed=5
)
TIMES = ("sequences_per_second", "seconds")


def moving_squares(count: int, seed: int) -> np.ndarray:
    """uint8 [count, T, H, W, C]: a square of some colour that moves some way."""
    rng = np.random.default_rng(seed)
    videos = np.zeros((count, T, H, W, C), np.uint8)
    for video in videos:
        colour, top, left = rng.integers(80, 256, C), rng.integers(0, 8), rng.integers(0, 8)
        for t, frame in enumerate(video):
            frame[top + t : top + t + 6, left + 2 * t : left + 2 * t + 6] = colour
    return videos


def make_squares() -> SequenceData:
    """Videos of moving squares, 10 to train on and 6 held out."""
    splits = {}
    for split, count in SIZES.items():
        encoded = [video.tobytes() for video in moving_squares(count, len(splits))]
        splits[split] = EncodedSplit(tf.constant(encoded), {"colour": np.arange(count)})
    return SequenceData(
        name="squares",
        fingerprint="0123",
        video_shape=(T, H, W, C),
        num_train=SIZES["train"],
        num_test=SIZES["test"],
        factors={"colour": tuple(map(str, range(SIZES["train"])))},
        load_split=splits.__getitem__,
        decode=lambda text: tf.reshape(tf.io.decode_raw(text, tf.uint8), [T, H, W, C]),
    )


class Shrink(tf_dsae.Term):
    """Of every sequence: the sum of squares of f's mean."""

    name = "shrink"

    def __call__(self, step):
        return tf.reduce_sum(step.posterior.static.mean() ** 2, -1)


class Spread(tf_dsae.Term):
    """Of the batch of all replicas: minus the variance of f's means."""

    name = "spread"

    def __call__(self, step):
        f = step.gather(step.posterior.static.mean())
        return -tf.reduce_mean(tf.math.reduce_variance(f, 0))


tf_dsae.register_method("spread", terms=[Shrink("0%:0.5,50%:0.1"), Spread(2.0)])


@pytest.fixture(scope="session")
def squares() -> SequenceData:
    """`make_squares`."""
    return make_squares()


def leave_out_figures(patch: pytest.MonkeyPatch) -> None:
    """Runs end without pictures, which take a third of their time."""
    for name in ("make_pictures", "write_figures"):
        patch.setattr(training_run, name, lambda *_: None)


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """But for the runs of fixtures that outlive a test, such as `finished`."""
    leave_out_figures(monkeypatch)


def rows(workdir) -> list[dict[str, str]]:
    with open(workdir / "metrics.csv", newline="") as table:
        return [
            {name: value for name, value in row.items() if name not in TIMES}
            for row in csv.DictReader(table)
        ]


def run(data, workdir, training=SETTINGS, **options):
    return run_training(
        data, small_config(), training, workdir, **{"tensorboard": False, **options}
    )


def stop_at(step, monkeypatch, number=signal.SIGINT):
    """Sends the signal to this process at the end of a step."""
    record = callbacks.Records.on_train_batch_end

    def recording(self, batch, logs=None):
        record(self, batch, logs)
        if self.checkpoints.step == step:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(callbacks.Records, "on_train_batch_end", recording)


@pytest.fixture(scope="session")
def finished(squares, tmp_path_factory):
    """A run that nothing disturbed: (workdir, weights)."""
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    return workdir, run(squares, workdir).get_weights()


def assert_same(weights, expected):
    for mine, other in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(mine, other)
