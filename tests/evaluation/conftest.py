"""Data whose factors can be read off a pixel, a model that knows them, judges that read them."""

import dataclasses
import types

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.conftest import C, H, W, small_config
from tf_dsae.core.types import Latents, Posterior
from tf_dsae.data.sequence_data import EncodedSplit, SequenceData
from tf_dsae.evaluation import evaluation_run
from tf_dsae.layers.distributions import diagonal_normal
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.variational_bound import ElboTerms
from tf_dsae.reproduction import paper_runs as reproduce
from tf_dsae.training import run_training

tfd = tfp.distributions

FRAMES, COLOURS, SHADES, MOTIONS = 4, 3, 2, 5
SIZES = {"train": 60, "test": 30}
TRAINING = TrainingConfig(
    dataset="pixels", preset="none", epochs=1, batch_size=20, beta_f="1", beta_z="1", seed=2
)


def pixel_videos(count: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """uint8 [count, T, 1, 1, 3]: colour and shade stay in channels 0 and 1, motion is in 2."""
    index = np.arange(count)
    labels = {
        "colour": index % COLOURS,
        "shade": index // COLOURS % SHADES,
        "motion": index // (COLOURS * SHADES) % MOTIONS,
    }
    videos = np.zeros((count, FRAMES, 1, 1, 3), np.uint8)
    videos[..., 0] = (60 * labels["colour"] + 40)[:, None, None, None]
    videos[..., 1] = (100 * labels["shade"] + 40)[:, None, None, None]
    videos[..., 2] = (40 * labels["motion"] + 20)[:, None, None, None]
    return videos, labels


@pytest.fixture(scope="session")
def pixels() -> SequenceData:
    """30 test videos of 6 characters in 5 motions."""
    splits = {}
    for split, count in SIZES.items():
        videos, labels = pixel_videos(count)
        splits[split] = EncodedSplit(tf.constant([video.tobytes() for video in videos]), labels)
    return SequenceData(
        name="pixels",
        fingerprint="4567",
        video_shape=(FRAMES, 1, 1, 3),
        num_train=SIZES["train"],
        num_test=SIZES["test"],
        factors={
            "colour": ("red", "green", "blue"),
            "shade": ("light", "dark"),
            "motion": tuple("abcde"),
        },
        load_split=splits.__getitem__,
        decode=lambda text: tf.reshape(tf.io.decode_raw(text, tf.uint8), [FRAMES, 1, 1, 3]),
        dynamic_factors=("motion",),
    )


@pytest.fixture(scope="session")
def noise(pixels) -> SequenceData:
    """Noise of the frame size of the small models, with the labels of `pixels`."""
    shape = (FRAMES, H, W, C)
    splits = {}
    for number, split in enumerate(SIZES):
        rng = np.random.default_rng(number)
        videos = rng.integers(0, 256, (SIZES[split], *shape), np.uint8)
        encoded = tf.constant([video.tobytes() for video in videos])
        splits[split] = dataclasses.replace(pixels.load_split(split), videos=encoded)
    return dataclasses.replace(
        pixels,
        video_shape=shape,
        load_split=splits.__getitem__,
        decode=lambda text: tf.reshape(tf.io.decode_raw(text, tf.uint8), shape),
    )


@pytest.fixture(scope="session")
def finished(noise, tmp_path_factory):
    """The folder of a finished run on `noise`."""
    workdir = tmp_path_factory.mktemp("runs") / "beta_1"
    run_training(noise, small_config(), TRAINING, workdir, tensorboard=False)
    return workdir


@pytest.fixture
def prepared(noise, monkeypatch):
    """Makes `noise` the data set that is prepared, and judges that are trained already."""
    for module in (evaluation_run, reproduce):
        monkeypatch.setattr(module, "prepare", lambda *_, **__: noise)
        monkeypatch.setattr(module, "obtain_judges", lambda *_, **__: PixelJudges(noise))
    monkeypatch.setattr(evaluation_run, "source_of", lambda run: None)  # Nobody registered it.
    return noise


class PixelModel:
    """f is channels 0 and 1, z channel 2; what it draws anew is colour 0, shade 0, motion 0."""

    config = types.SimpleNamespace(frame_shape=(1, 1, 3))

    def observations(self, video, name="video"):
        video = tf.convert_to_tensor(video)
        return tf.cast(video, tf.float32) / 255 if video.dtype == tf.uint8 else video

    def encode(self, video):
        video = self.observations(video)
        f, z = tf.reduce_mean(video, [1, 2, 3])[:, :2], video[:, :, 0, 0, 2:]
        return Posterior(
            diagonal_normal(f, 1e-3 * tf.ones_like(f)), diagonal_normal(z, 1e-3 * tf.ones_like(z))
        )

    def sample_posterior(self, video, seed, num_samples=1):
        posterior = self.encode(video)
        return posterior, Latents(
            posterior.static.sample(num_samples, seed=seed),
            posterior.dynamic.sample(num_samples, seed=seed),
        )

    def sample_prior(self, num_videos, num_frames, seed):
        low = 40 / 255 * tf.ones([num_videos, 2])
        return Latents(low, 20 / 255 * tf.ones([num_videos, num_frames, 1]))

    def decode(self, f, z):
        repeated = tf.repeat(f[..., tf.newaxis, :], tf.shape(z)[-2], -2)
        video = tf.concat([repeated, z], -1)[..., tf.newaxis, tf.newaxis, :]
        return tfd.Independent(tfd.Normal(tf.clip_by_value(video, 0.0, 1.0), 1.0), 3)

    def dynamic_prior(self, z):
        return diagonal_normal(tf.zeros_like(z), tf.ones_like(z))

    def score_at(self, video, posterior, latents, likelihood, seed):
        value = tf.reduce_sum(video, [1, 2, 3, 4])
        terms = ElboTerms(value, value + 3.0, tf.ones_like(value), 2 * tf.ones_like(value))
        return terms._asdict()

    def importance_weighted_bound(self, video, seed, num_samples):
        return tf.reduce_sum(self.observations(video), [1, 2, 3, 4]) + num_samples


class Mixed(PixelModel):
    """Draws the colour with z and the motion with f: nothing is where it should be."""

    def decode(self, f, z):
        swapped = tf.concat([tf.reduce_mean(z, -2), f[..., 1:]], -1)
        return super().decode(swapped, tf.repeat(f[..., tf.newaxis, :1], tf.shape(z)[-2], -2))


class PixelJudges:
    """Reads the factors off the first frame: sure, and right about real videos."""

    dataset, fingerprint = "pixels", "4567"
    _PLACES = {"colour": (0, 60, 40), "shade": (1, 100, 40), "motion": (2, 40, 20)}

    def __init__(self, data):
        self.classes = dict(data.factors)
        self.accuracy = dict.fromkeys(self.classes, 1.0)
        self.looked = 0

    def logits(self, videos) -> dict[str, np.ndarray]:
        videos = np.asarray(videos)
        if videos.dtype != np.uint8:
            videos = 255 * videos
        self.looked += len(videos)
        found = {}
        for factor, (channel, step, first) in self._PLACES.items():
            centres = step * np.arange(len(self.classes[factor])) + first
            distance = videos[:, 0, 0, 0, channel, np.newaxis] - centres
            found[factor] = (-((distance / 5.0) ** 2)).astype(np.float32)
        return found

    def digest(self) -> str:
        return "pixels"

    def require(self, min_accuracy: float = 0.995) -> None:
        """They are good."""


@pytest.fixture
def judges(pixels) -> PixelJudges:
    return PixelJudges(pixels)
