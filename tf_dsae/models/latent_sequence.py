"""A sequence model with a static and a dynamic latent, whatever its parts: q and bounds."""

from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tf_dsae.core.checks import check_whole
from tf_dsae.core.noise import Noise
from tf_dsae.core.types import Latents, Posterior, Seed, TensorLike
from tf_dsae.layers.distributions import conditional, sample
from tf_dsae.models import variational_bound
from tf_dsae.models.variational_bound import ElboTerms


class LatentSequenceModel(keras.Model):
    """p(f) prod_t p(z_t | z_<t) p(x_t | z_t, f) and q(f | x) q(z | .), composed of given parts.

    A subclass gives the parts, as layers or methods: `frame_encoder`, x to features;
    `static_encoder`, features to q(f | x); `dynamic_encoder`, features and f to q(z | .);
    `static_prior`, p(f); `dynamic_prior`, z to p(z_t | z_<t); `decode`, f and z to
    p(x_t | z_t, f). It may also check what comes in, in `observations`.

    B sequences, T frames, F and Z the sizes of f and z_t. Everything measured is in nats per
    sequence. Whatever is random is a function of its seed. The model is that of Li and Mandt
    (2018), with either of their posteriors; the bound that of Leplae-Arthur and Nichani (2019),
    Section 2.

    Methods raise UserError for what `observations` refuses, and for a num_samples that is not a
    whole number of at least 1.

    Example, of DSAE, whose F is 8 and Z 4 here:
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> videos = np.zeros([2, 3, 64, 64, 3], np.uint8)
      >>> model.elbo(videos, seed=0).elbo.shape
      TensorShape([2])
    """

    def __init__(self, **kwargs: Any):
        # Observations stay as they are up to the first layer: the likelihood compares with them.
        super().__init__(autocast=False, **kwargs)

    def observations(self, video: TensorLike, name: str = "video") -> tf.Tensor:
        """What the parts take, [B, T, ...], from what the user gives; `name` is for errors.

        Example:
          >>> model.observations(videos).shape
          TensorShape([2, 3, 64, 64, 3])
        """
        del name
        return tf.convert_to_tensor(video)

    # --- Inference.

    def encode(self, video: TensorLike) -> Posterior:
        """q(f | x), batch [B], and q(z | .), batch [B, T], of a full posterior at f's mean.

        Example:
          >>> posterior = model.encode(videos)
          >>> posterior.static.mean().shape, posterior.dynamic.stddev().shape
          (TensorShape([2, 8]), TensorShape([2, 3, 4]))
        """
        features = self.frame_encoder(self.observations(video))
        static = self.static_encoder(features)
        return Posterior(static, self.dynamic_encoder(features, static.mean()))

    def sample_posterior(
        self, video: TensorLike, seed: Seed, num_samples: int = 1
    ) -> tuple[Posterior, Latents]:
        """q, and num_samples = S samples of it: f [S, B, F] and z [S, B, T, Z].

        Example:
          >>> posterior, latents = model.sample_posterior(videos, seed=0, num_samples=5)
          >>> latents.static.shape, latents.dynamic.shape
          (TensorShape([5, 2, 8]), TensorShape([5, 2, 3, 4]))
        """
        check_whole("num_samples", num_samples, 1)
        features = self.frame_encoder(self.observations(video))
        return self.sample_latents(features, features, Noise.of(seed), num_samples)

    def sample_latents(
        self,
        static_features: tf.Tensor,
        dynamic_features: tf.Tensor,
        noise: Noise,
        num_samples: int = 1,
    ) -> tuple[Posterior, Latents]:
        """q, and num_samples of it, from the features that its two parts see.

        Args:
          static_features: what q(f | .) sees, [B, <= T, D].
          dynamic_features: what q(z | .) sees, [B, T, D].
          noise: of the sequences, see `tf_dsae.core.noise`.

        Example:
          >>> features = model.frame_encoder(model.observations(videos))
          >>> _, latents = model.sample_latents(features[:, :1], features, Noise.of(0))
          >>> latents.static.shape, latents.dynamic.shape
          (TensorShape([1, 2, 8]), TensorShape([1, 2, 3, 4]))
        """
        static_noise, dynamic_noise = noise.split(2)
        static = self.static_encoder(static_features)
        f = sample(static, (num_samples,), static_noise, batch_axis=-2)
        dynamic = self.dynamic_encoder(dynamic_features, f)
        shape = () if self.dynamic_encoder.depends_on_static else (num_samples,)
        z = sample(dynamic, shape, dynamic_noise, batch_axis=-3)
        return Posterior(static, dynamic), Latents(f, z)

    # --- The bound.

    def elbo(self, video: TensorLike, seed: Seed, num_samples: int = 1) -> ElboTerms:
        """The bound's terms for every video, each [B], nats; the mean over num_samples of q.

        Example:
          >>> terms = model.elbo(videos, seed=0, num_samples=2)
          >>> terms._fields, terms.static_kl.shape
          (('elbo', 'log_likelihood', 'static_kl', 'dynamic_kl'), TensorShape([2]))
        """
        check_whole("num_samples", num_samples, 1)
        video = self.observations(video)
        features = self.frame_encoder(video)
        posterior, latents = self.sample_latents(features, features, Noise.of(seed), num_samples)
        return self.elbo_at(video, posterior, latents, self.decode(*latents))

    def elbo_at(
        self,
        video: tf.Tensor,
        posterior: Posterior,
        latents: Latents,
        likelihood: tfd.Distribution,
        likelihood_weight: float | tf.Tensor = 1.0,
    ) -> ElboTerms:
        """The bound's terms at given samples of q, each [B], nats.

        Args:
          video: as `observations` returns it.
          posterior, latents: as `sample_posterior` returns them.
          likelihood: p(x_t | z_t, f) at those latents.
          likelihood_weight: T / n where video and likelihood are n random frames of T.

        Example, a clip decoded once for its bound and its picture:
          >>> x = model.observations(videos)
          >>> posterior, latents = model.sample_posterior(x, seed=0)
          >>> likelihood = model.decode(*latents)
          >>> model.elbo_at(x, posterior, latents, likelihood).elbo.shape, likelihood.mean().shape
          (TensorShape([2]), TensorShape([1, 2, 3, 64, 64, 3]))
        """
        return variational_bound.elbo(
            video,
            likelihood=likelihood,
            static_posterior=posterior.static,
            static_prior=self.static_prior,
            dynamic_posterior=conditional(posterior.dynamic, latents.dynamic),
            dynamic_prior=self.dynamic_prior(latents.dynamic),
            likelihood_weight=likelihood_weight,
        )

    def importance_weighted_bound(
        self, video: TensorLike, seed: Seed, num_samples: int = 100
    ) -> tf.Tensor:
        """A tighter bound on log p(x), [B], nats, from num_samples of q (Burda et al. 2016).

        One sample is decoded at a time, so that memory does not grow with num_samples.

        Example:
          >>> model.importance_weighted_bound(videos, seed=0, num_samples=2).shape
          TensorShape([2])
        """
        check_whole("num_samples", num_samples, 1)
        video = self.observations(video)
        features = self.frame_encoder(video)

        def log_weights(sample_seed: tf.Tensor) -> tf.Tensor:
            posterior, latents = self.sample_latents(features, features, Noise(sample_seed))
            return variational_bound.log_importance_weights(
                video,
                latents.static,
                latents.dynamic,
                likelihood=self.decode(*latents),
                static_posterior=posterior.static,
                static_prior=self.static_prior,
                dynamic_posterior=conditional(posterior.dynamic, latents.dynamic),
                dynamic_prior=self.dynamic_prior(latents.dynamic),
            )[0]

        seeds = tf.stack(tfp.random.split_seed(Noise.of(seed).seed, num_samples))
        weights = tf.map_fn(log_weights, seeds, fn_output_signature=tf.float32)
        return variational_bound.importance_weighted_bound(weights)
