"""A judge, a classifier of one factor from a video, and the judges of a data set."""

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from tf_dsae.core.checks import check_positive, check_whole, from_dict, quote
from tf_dsae.core.errors import UserError
from tf_dsae.core.types import Shape, TensorLike
from tf_dsae.core.videos import to_unit_range
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.protocol import MIN_ACCURACY
from tf_dsae.layers.frame_encoders import FrameConvolutions
from tf_dsae.layers.model_config import MAX_LAYERS
from tf_dsae.layers.weight_count import count_weights
from tf_dsae.models.initial_weights import seed_initializers

CHUNK = 64  # Videos judged at a time, which bounds the memory.


@dataclasses.dataclass(frozen=True)
class JudgeSettings:
    """Settings of a data set's judges; with the data they determine the weights.

    Attributes:
      channels, kernel_sizes, strides: of each convolution; padding is "same".
      rnn_size: units of the recurrent network.
      seed: of initial weights and of the order of the videos, 0 or more.
      epochs: passes over the training videos, at least 1.
      batch_size: videos per step.
      learning_rate: of Adam at the first step; falls to 0 as a cosine.
    """

    channels: tuple[int, ...] = (16, 32, 32)
    kernel_sizes: tuple[int, ...] = (4, 3, 3)
    strides: tuple[int, ...] = (4, 2, 2)
    rnn_size: int = 32
    seed: int = 0
    epochs: int = 6  # All are right after 2, and sure after 6, which entropies of p(y|x) need.
    batch_size: int = 32
    learning_rate: float = 0.003

    def __post_init__(self) -> None:
        check_whole("seed", self.seed, 0)
        check_whole("epochs", self.epochs, 1)
        check_whole("batch_size", self.batch_size, 1)
        check_whole("rnn_size", self.rnn_size, 1)
        check_positive("learning_rate", self.learning_rate)
        convolutions = self.channels, self.kernel_sizes, self.strides
        for name, sizes in zip(("channels", "kernel_sizes", "strides"), convolutions, strict=True):
            if not isinstance(sizes, tuple) or not 0 < len(sizes) <= MAX_LAYERS:
                raise UserError(
                    f"{name}: expected 1 to {MAX_LAYERS} whole numbers, received {quote(sizes)}"
                )
            for size in sizes:
                check_whole(name, size, 1)
        if len({len(sizes) for sizes in convolutions}) > 1:
            raise UserError(
                "channels: expected as many as kernel_sizes and strides, received "
                f"{len(self.channels)}, {len(self.kernel_sizes)} and {len(self.strides)}"
            )


@keras.saving.register_keras_serializable("tf_dsae")
class Judge(keras.Model):
    """Classifies one factor: videos [B, T, H, W, C] of any T to logits [B, K].

    Convolutions read every frame alone, a GRU reads their normalised features, and its last state
    gives the logits (Leplae-Arthur and Nichani 2019, Section 5.4). Videos are uint8, or float in
    [0, 1]. `seed` is of the initial weights; None draws them from Keras' global state.
    """

    built: bool  # Keras sets it.

    def __init__(
        self,
        num_classes: int,
        frame_shape: tuple[int, int, int],
        settings: JudgeSettings | dict,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        if isinstance(settings, dict):
            settings = cast(JudgeSettings, from_dict(JudgeSettings, "settings", settings))
        self.settings, self.num_classes, self.seed = settings, num_classes, seed
        self.frame_shape: Any = tuple(frame_shape)
        convolutions = settings.channels, settings.kernel_sizes, settings.strides
        dtype = self.dtype_policy
        self.frame_encoder = FrameConvolutions(
            *convolutions, "same", "relu", dtype=dtype, name="frame_encoder"
        )
        # Features are small at first; a recurrent network that starts on them learns no order.
        self.normalization = keras.layers.LayerNormalization(dtype=dtype, name="normalization")
        self.recurrent = keras.layers.GRU(settings.rnn_size, dtype=dtype, name="recurrent")
        self.head = keras.layers.Dense(num_classes, dtype=dtype, name="head")
        if seed is not None:
            seed_initializers(self, seed)
        self.build()

    def build(self, input_shape: Shape | None = None) -> None:
        if self.built:
            return
        self.frame_encoder.build((None, None, *self.frame_shape))
        features = (None, None, self.frame_encoder.feature_size)
        self.normalization.build(features)
        self.recurrent.build(features)
        self.head.build((None, self.settings.rnn_size))
        self.built = True

    def classify(self, videos: tf.Tensor) -> tf.Tensor:
        """Float32 videos in [0, 1], unchecked, [B, T, H, W, C] to float32 logits [B, K]."""
        features = self.normalization(self.frame_encoder(videos))
        return tf.cast(self.head(self.recurrent(features)), tf.float32)

    def call(self, videos: TensorLike, training: bool | None = None) -> tf.Tensor:
        return self.classify(to_unit_range(videos, self.frame_shape))

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            "num_classes": self.num_classes,
            "frame_shape": self.frame_shape,
            "settings": dataclasses.asdict(self.settings),
            "seed": self.seed,
        }


def judge_weights(
    num_classes: int, frame_shape: tuple[int, int, int], settings: JudgeSettings
) -> int:
    """How many weights a judge has; raises UserError for too many, before any is made."""
    return count_weights(lambda: Judge(num_classes, frame_shape, settings), "judges")


def make_judges(
    classes: Mapping[str, tuple[str, ...]],
    frame_shape: tuple[int, int, int],
    settings: JudgeSettings,
) -> dict[str, Judge]:
    """Factor -> an untrained judge in float32, each from a seed of its own."""
    seeds = np.random.SeedSequence(settings.seed).generate_state(len(classes))
    return {
        factor: Judge(len(names), frame_shape, settings, int(seed), name=f"judge_{number}")
        for number, (seed, (factor, names)) in enumerate(zip(seeds, classes.items(), strict=True))
    }


class Judges:
    """The trained judges of one data set.

    Attributes:
      dataset, fingerprint: its name, and the SHA-256, in hex, of the videos' source material.
      classes: factor -> names of its classes, in the order of the logits.
      accuracy: factor -> fraction of the test videos whose class the judge names.
      networks: factor -> `Judge`.
      settings: of their training.
    """

    def __init__(
        self,
        data: SequenceData,
        networks: Mapping[str, Judge],
        settings: JudgeSettings,
        accuracy: Mapping[str, float],
    ):
        self.dataset, self.fingerprint = data.name, data.fingerprint
        self.classes = {factor: tuple(names) for factor, names in data.factors.items()}
        self.networks, self.settings, self.accuracy = dict(networks), settings, dict(accuracy)
        self._frame_shape = data.video_shape[1:]
        spec = tf.TensorSpec([None, None, *self._frame_shape], tf.float32)

        @tf.function(input_signature=[spec])
        def classify(video: tf.Tensor) -> dict[str, tf.Tensor]:
            return {factor: judge.classify(video) for factor, judge in self.networks.items()}

        self._classify = classify

    def logits(self, videos: TensorLike) -> dict[str, np.ndarray]:
        """The logits of every judge for videos [B, T, H, W, C]: factor -> float32 [B, K]."""
        if not tf.is_tensor(videos):
            videos = np.asarray(videos)
        whole = len(videos.shape) != 5 or videos.shape[0] <= CHUNK
        starts = [0] if whole else range(0, videos.shape[0], CHUNK)
        parts = [
            self._classify(to_unit_range(videos[start : start + CHUNK], self._frame_shape))
            for start in starts
        ]
        return {
            factor: np.concatenate([part[factor].numpy() for part in parts])
            for factor in self.networks
        }

    def digest(self) -> str:
        """SHA-256 of all weights, in hex; it identifies the judges."""
        sums = hashlib.sha256()
        for factor in sorted(self.networks):
            for weight in self.networks[factor].weights:
                sums.update(np.ascontiguousarray(weight.numpy()).tobytes())
        return sums.hexdigest()

    def require(self, min_accuracy: float = MIN_ACCURACY) -> None:
        """Raises UserError with the names of the judges whose accuracy, a fraction, is lower."""
        poor = [
            f"{factor} {100 * accuracy:.2f}%"
            for factor, accuracy in self.accuracy.items()
            if not accuracy >= min_accuracy
        ]
        if poor:
            raise UserError(
                f"judges of {self.dataset}: expected each to be right about at least "
                f"{100 * min_accuracy:g}% of the test videos, received {', '.join(poor)}; name "
                "better judges by --judge_dir, or allow what these reach by --judge_accuracy"
            )
