"""The methods that an evaluation needs of a model and of judges of any class."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import tensorflow as tf

from tf_dsae.core.types import Latents, Posterior, Seed, TensorLike


@runtime_checkable
class JudgesLike(Protocol):
    """Classifiers of a data set's factors."""

    @property
    def accuracy(self) -> Mapping[str, float]:
        """Factor -> the fraction of real test videos that its classifier names right."""

    def logits(self, videos: TensorLike) -> dict[str, np.ndarray]:
        """Factor -> logits [B, K] of videos [B, T, H, W, C], uint8 or float in [0, 1]."""

    def digest(self) -> str:
        """Identifies the judges."""

    def require(self, min_accuracy: float) -> None:
        """Raises UserError where one is right about fewer than this fraction."""


@runtime_checkable
class EvaluatedModel(Protocol):
    """A model of f and z_1..z_T, such as `tf_dsae.DSAE`, which documents these methods.

    config: has `frame_shape`, (H, W, C).
    """

    config: Any

    def observations(self, video: TensorLike) -> tf.Tensor:
        """Videos as the likelihood takes them."""

    def encode(self, video: TensorLike) -> Posterior:
        """q(f | x) and q(z_t | .)."""

    def sample_posterior(
        self, video: TensorLike, seed: Seed, num_samples: int = 1
    ) -> tuple[Posterior, Latents]:
        """The posterior, and samples [S, B, ...] of it."""

    def sample_prior(self, num_videos: int, num_frames: int, seed: Seed) -> Latents:
        """f [B, F] and z [B, T, Z] from their priors."""

    def decode(self, f: TensorLike, z: TensorLike) -> Any:
        """p(x | z, f)."""

    def dynamic_prior(self, z: tf.Tensor) -> Any:
        """p(z_t | z_<t)."""

    def score_at(
        self, video: tf.Tensor, posterior: Posterior, latents: Latents, likelihood: Any, seed: Seed
    ) -> dict[str, tf.Tensor]:
        """The objective's terms by name, each [B], those of the bound in nats."""

    def importance_weighted_bound(
        self, video: TensorLike, seed: Seed, num_samples: int
    ) -> tf.Tensor:
        """The importance-weighted bound [B], nats."""
