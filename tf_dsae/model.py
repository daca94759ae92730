"""The disentangled sequential autoencoder as a Keras model."""

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae import networks, objective
from tf_dsae.config import ModelConfig, check_whole
from tf_dsae.distributions import standard_normal
from tf_dsae.errors import UserError
from tf_dsae.objective import ElboTerms
from tf_dsae.schedules import Points, check_points, piecewise_linear
from tf_dsae.types import Latents, Posterior
from tf_dsae.videos import to_unit_range

tfd = tfp.distributions
Beta = float | Points


def as_seed(seed) -> tf.Tensor:
    """A whole number, or a pair of them, as the int32 [2] that stateless sampling takes."""
    seed = tf.cast(seed, tf.int32)
    return tf.stack([seed, 0]) if seed.shape.rank == 0 else seed


def _as_points(beta: Beta, name: str) -> Points:
    return check_points(((0.0, float(beta)),) if np.ndim(beta) == 0 else beta, name)


@keras.saving.register_keras_serializable("tf_dsae")
class DSAE(keras.Model):
    """A VAE for videos with a static latent f and dynamic latents z_1..z_T.

    p(f) prod_t p(z_t | z_<t) p(x_t | z_t, f) after Li and Mandt (2018); see ModelConfig for the
    choices. Symbols: B videos, T frames, H, W, C pixels, F = static_size, Z = dynamic_size. Videos
    are [B, T, H, W, C], uint8 or float in [0, 1], of any T; they come back as float32 in [0, 1].
    Everything measured is in nats per video. Whatever is random is a function of its seed.

    Methods raise UserError for videos of another shape, type or range.

    Args:
      config: the architecture; by default the paper's.
      seed: of the initial weights; None draws them from Keras' global state.
    """

    def __init__(self, config: ModelConfig | None = None, seed: int | None = None, **kwargs):
        # Videos stay float32 up to the first convolution: the likelihood compares with them.
        super().__init__(autocast=False, **kwargs)
        self.config = config = config or ModelConfig()
        dtype = self.dtype_policy
        self.frame_encoder = networks.frame_encoder(config, dtype)
        self.static_encoder = networks.static_encoder(config, dtype)
        self.dynamic_encoder = networks.dynamic_encoder(config, dtype)
        self.dynamic_prior = networks.dynamic_prior(config, dtype)
        self.decoder = networks.decoder(config, dtype)
        self.term_means = [keras.metrics.Mean(name) for name in ElboTerms._fields]
        self.initial_seed = seed
        if seed is not None:
            networks.seed_initializers(self, seed)
        self.build()

    def build(self, input_shape=None):
        if self.built:
            return
        frames = (None, None, *self.config.frame_shape)
        static = (None, self.config.static_size)
        dynamic = (None, None, self.config.dynamic_size)
        self.frame_encoder.build(frames)
        features = (None, None, self.frame_encoder.feature_size)
        self.static_encoder.build(features)
        self.dynamic_encoder.build(features, static)
        self.dynamic_prior.build(dynamic)
        self.decoder.build(static, dynamic)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        policy = keras.dtype_policies.serialize(self.dtype_policy)
        return {
            "name": self.name,
            "dtype": policy,
            "config": dataclasses.asdict(self.config),
            "seed": self.initial_seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        settings = dict(config)
        return cls(ModelConfig.from_dict(settings.pop("config")), **settings)

    @property
    def static_prior(self) -> tfd.Distribution:
        """p(f) = N(0, I), event [F]."""
        return standard_normal(self.config.static_size)

    # --- Inference and generation.

    def _unit(self, video, name: str = "video") -> tf.Tensor:
        return to_unit_range(video, self.config.frame_shape, name)

    def encode(self, video) -> Posterior:
        """q(f | x), batch [B], and q(z | .), batch [B, T], of a full posterior at f's mean."""
        features = self.frame_encoder(self._unit(video))
        static = self.static_encoder(features)
        return Posterior(static, self.dynamic_encoder(features, static.mean()))

    def sample_posterior(self, video, seed, num_samples: int = 1) -> tuple[Posterior, Latents]:
        """q, and num_samples = S samples of it: f [S, B, F] and z [S, B, T, Z]."""
        check_whole("num_samples", num_samples, 1)
        return self._sample_posterior(self.frame_encoder(self._unit(video)), seed, num_samples)

    def _sample_posterior(self, features: tf.Tensor, seed, num_samples: int):
        static_seed, dynamic_seed = tf.unstack(tfp.random.split_seed(as_seed(seed), 2))
        static = self.static_encoder(features)
        f = static.sample(num_samples, seed=static_seed)
        dynamic = self.dynamic_encoder(features, f)
        shape = () if self.dynamic_encoder.depends_on_static else num_samples
        z = dynamic.sample(shape, seed=dynamic_seed)
        return Posterior(static, dynamic), Latents(f, z)

    def decode(self, f, z) -> tfd.Distribution:
        """p(x_t | z_t, f) from f [..., B, F] and z [..., B, T, Z]; its mean() is the video."""
        f, z = tf.convert_to_tensor(f), tf.convert_to_tensor(z)
        for name, value, size in (
            ("f", f, self.config.static_size),
            ("z", z, self.config.dynamic_size),
        ):
            if value.shape[-1] != size:
                raise UserError(f"{name}: expected [..., {size}], received {value.shape}")
        if not f.shape[:-1].is_compatible_with(z.shape[:-2]):
            raise UserError(
                f"f and z: expected the same videos, [B, F] and [B, T, Z], "
                f"received {f.shape} and {z.shape}"
            )
        return self.decoder(f, z)

    def reconstruct(self, video) -> tf.Tensor:
        """The video decoded from the posterior means, [B, T, H, W, C]."""
        posterior = self.encode(video)
        return self.decode(posterior.static.mean(), posterior.dynamic.mean()).mean()

    def swap(self, content, motion) -> tf.Tensor:
        """f of `content` with z of `motion`, both posterior means; [B, T of motion, H, W, C]."""
        content, motion = self._unit(content, "content"), self._unit(motion, "motion")
        if not content.shape[:1].is_compatible_with(motion.shape[:1]):
            raise UserError(
                f"content and motion: expected as many videos of each, "
                f"received {content.shape[0]} and {motion.shape[0]}"
            )
        f = self.static_encoder(self.frame_encoder(content)).mean()
        return self.decode(f, self.encode(motion).dynamic.mean()).mean()

    def sample_prior(self, num_videos, num_frames, seed) -> Latents:
        """f ~ N(0, I) [num_videos, F], and z rolled out [num_videos, num_frames, Z]."""
        static_seed, dynamic_seed = tf.unstack(tfp.random.split_seed(as_seed(seed), 2))
        f = self.static_prior.sample(num_videos, seed=static_seed)
        return Latents(f, self.dynamic_prior.roll_out(num_videos, num_frames, dynamic_seed))

    def generate(self, num_videos: int, num_frames: int, seed) -> tf.Tensor:
        """New videos [num_videos, num_frames, H, W, C] from the priors of f and z."""
        return self.decode(*self.sample_prior(num_videos, num_frames, seed)).mean()

    def call(self, video, training=None) -> tf.Tensor:
        return self.reconstruct(video)

    # --- The bound.

    def elbo(self, video, seed, num_samples: int = 1) -> ElboTerms:
        """The bound's terms for every video, each [B], nats; the mean over num_samples of q."""
        check_whole("num_samples", num_samples, 1)
        video = self._unit(video)
        features = self.frame_encoder(video)
        posterior, latents = self._sample_posterior(features, seed, num_samples)
        return objective.elbo(
            video,
            likelihood=self.decoder(*latents),
            static_posterior=posterior.static,
            static_prior=self.static_prior,
            dynamic_posterior=posterior.dynamic,
            dynamic_prior=self.dynamic_prior(latents.dynamic),
        )

    def importance_weighted_bound(self, video, seed, num_samples: int = 100) -> tf.Tensor:
        """A tighter bound on log p(x), [B], nats, from num_samples of q (Burda et al. 2016).

        One sample is decoded at a time, so that memory does not grow with num_samples.
        """
        check_whole("num_samples", num_samples, 1)
        video = self._unit(video)
        features = self.frame_encoder(video)

        def log_weights(sample_seed):
            posterior, latents = self._sample_posterior(features, sample_seed, 1)
            return objective.log_importance_weights(
                video,
                latents.static,
                latents.dynamic,
                likelihood=self.decoder(*latents),
                static_posterior=posterior.static,
                static_prior=self.static_prior,
                dynamic_posterior=posterior.dynamic,
                dynamic_prior=self.dynamic_prior(latents.dynamic),
            )[0]

        seeds = tf.stack(tfp.random.split_seed(as_seed(seed), num_samples))
        weights = tf.map_fn(log_weights, seeds, fn_output_signature=tf.float32)
        return objective.importance_weighted_bound(weights)

    # --- Training.

    def compile(
        self,
        optimizer="adam",
        *,
        beta: Beta | None = None,
        beta_f: Beta = 1.0,
        beta_z: Beta = 1.0,
        num_samples: int = 1,
        seed: int = 0,
        **kwargs,
    ):
        """Sets what training maximises and by which optimiser.

        Args:
          optimizer: a Keras optimiser or its name.
          beta: weight of both KLs; or apart:
          beta_f, beta_z: weights of the static and the dynamic KL. Each a number of at least 0, or
            ((step, value), ...), linear between the steps.
          num_samples: posterior samples a video.
          seed: of the noise, which is a function of (seed, optimiser step).
          **kwargs: what keras.Model.compile takes, such as jit_compile.
        """
        super().compile(optimizer=optimizer, **kwargs)
        self.beta_f = _as_points(beta_f if beta is None else beta, "beta_f")
        self.beta_z = _as_points(beta_z if beta is None else beta, "beta_z")
        check_whole("num_samples", num_samples, 1)
        self.num_samples = num_samples
        self.seed = seed

    def get_compile_config(self):
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "beta_f": self.beta_f,
            "beta_z": self.beta_z,
            "num_samples": self.num_samples,
            "seed": self.seed,
            "jit_compile": self.jit_compile,
        }

    def compile_from_config(self, config):
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"])
        self.compile(**{**config, "optimizer": optimizer})
        if self.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return self.term_means

    def _update_means(self, terms: ElboTerms) -> dict[str, tf.Tensor]:
        for mean, term in zip(self.term_means, terms, strict=True):
            mean.update_state(term)
        return {mean.name: mean.result() for mean in self.term_means}

    def _step_seed(self, purpose: int, position) -> tf.Tensor:
        return tf.random.experimental.stateless_fold_in(
            tf.constant([self.seed, purpose], tf.int32), tf.cast(position, tf.int32)
        )

    def train_step(self, data) -> dict[str, tf.Tensor]:
        """One step up the weighted bound; data: videos, or a dictionary that holds "video"."""
        step = self.optimizer.iterations
        with tf.GradientTape() as tape:
            terms = self.elbo(_video_of(data), self._step_seed(0, step), self.num_samples)
            bound = terms.weighted(
                piecewise_linear(self.beta_f, step), piecewise_linear(self.beta_z, step)
            )
            loss = -tf.reduce_mean(bound)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self._update_means(terms)

    def test_step(self, data) -> dict[str, tf.Tensor]:
        """Scores videos; the noise is a function of (seed, videos scored before)."""
        seed = self._step_seed(1, self.term_means[0].count)
        return self._update_means(self.elbo(_video_of(data), seed, self.num_samples))


def _video_of(data) -> tf.Tensor:
    if isinstance(data, dict):
        return data["video"]
    return data[0] if isinstance(data, tuple) else data
