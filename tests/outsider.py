"""Somebody else's package: a part of each kind that people change, terms, a method, a data source.

It uses public names of tf_dsae alone.
"""

import dataclasses
import os
import signal

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import tf_dsae

H, W, C, T = 46, 50, 1, 4


@tf_dsae.register("static_posterior", "outsider_attention")
class Attention(tf_dsae.layers.StaticPosterior):
    """q(f | x): a weighted mean over frames, the weights learned."""

    def __init__(self, config, **kwargs):
        super().__init__(config, **kwargs)
        self.score = keras.layers.Dense(1, dtype=self.dtype_policy, name="score")
        self.head = tf_dsae.layers.GaussianHead(
            config.static_size, dtype=self.dtype_policy, name="head"
        )

    def build(self, features_shape):
        self.score.build(features_shape)
        self.head.build((None, features_shape[-1]))

    def call(self, features):
        weights = tf.nn.softmax(self.score(features), axis=1)
        return self.head(tf.reduce_sum(weights * features, axis=1))


@tf_dsae.register("likelihood", "outsider_laplace")
class Laplace(tf_dsae.layers.Likelihood):
    """A Laplace distribution of scale 1 around each pixel."""

    def call(self, outputs):
        mean = tf.nn.sigmoid(tf.cast(outputs, tf.float32))
        return tfd.Independent(tfd.Laplace(mean, 1.0), reinterpreted_batch_ndims=3)


_steps = 0


def end_process_at(step: int) -> np.float32:
    """Counts its calls and ends this process without a word at one of them."""
    global _steps
    _steps += 1
    if _steps > step:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.float32(0)


class Sparse(tf_dsae.Term):
    """Of every sequence: the sum of the sizes of f's means."""

    name = "sparse"

    def __call__(self, step):
        cost = tf.reduce_sum(abs(step.posterior.static.mean()), -1)
        if step.training and "OUTSIDER_ENDS_AT" in os.environ:
            last = int(os.environ["OUTSIDER_ENDS_AT"])
            cost += tf.ensure_shape(tf.numpy_function(end_process_at, [last], tf.float32), [])
        return cost


class Decorrelate(tf_dsae.Term):
    """Of the batch of all replicas: the squares of the covariances of f's means."""

    name = "decorrelate"

    def __call__(self, step):
        f = step.gather(step.posterior.static.mean())
        f -= tf.reduce_mean(f, 0)
        covariance = tf.matmul(f, f, transpose_a=True) / tf.cast(tf.shape(f)[0], tf.float32)
        return tf.reduce_sum(tf.linalg.set_diag(covariance, tf.zeros(f.shape[-1])) ** 2)


tf_dsae.register_method(
    "outsider",
    parts={"static_posterior": "outsider_attention", "likelihood": "outsider_laplace"},
    views=tf_dsae.Views(colour_mixing=0.5, static_frames=2),
    terms=[Sparse(0.1), Decorrelate("0%:0,50%:1")],
    schedule={"beta_f": "0%:2,50%:1"},
    summary="a weighted mean over frames, Laplace pixels, sparse and uncorrelated f",
)


def bars(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Videos uint8 [count, T, H, W, C] of a bar, its width [count] and its way [count]."""
    rng = np.random.default_rng(seed)
    widths, ways = np.arange(count) % 2, np.arange(count) // 2 % 2
    videos = np.zeros((count, T, H, W, C), np.uint8)
    for video, width, way in zip(videos, widths, ways, strict=True):
        start = rng.integers(16, 24)
        for t, frame in enumerate(video):
            left = start + (5 * t if way else -5 * t)
            frame[:, max(left, 0) : left + 3 + 8 * width] = 200
    return videos, widths, ways


@tf_dsae.register("data_source", "outsider_bars")
@dataclasses.dataclass(frozen=True)
class Bars(tf_dsae.data.DataSource):
    """Bars that move left or right."""

    summary = "bars that move"
    licence = "none needed"

    count: int = 12

    @property
    def frame_shape(self):
        return (H, W, C)

    def open(self, data_dir=None, show_progress=True):
        train, test = bars(self.count, 0), bars(8, 1)
        return tf_dsae.data.from_arrays(
            train=train[0],
            test=test[0],
            kind="video",
            labels={"width": (train[1], test[1]), "way": (train[2], test[2])},
            dynamic_factors=("way",),
            name="outsider_bars",
        )


def train(workdir):
    """Trains the method on the bars; the same weights however often it is interrupted."""
    return tf_dsae.train(
        tf_dsae.prepare("outsider_bars", count=10),
        "tiny",
        workdir,
        method="outsider",
        epochs=2,
        steps_per_epoch=3,
        batch_size=4,
        checkpoint_minutes=0.0,
        tensorboard=False,
    )
