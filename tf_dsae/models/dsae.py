"""The disentangled sequential autoencoder as a Keras model."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import Noise
from tf_dsae.core.types import Latents, Seed, Shape, TensorLike
from tf_dsae.core.videos import to_unit_range
from tf_dsae.layers.distributions import standard_normal
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.parts import Part
from tf_dsae.layers.registries import PARTS
from tf_dsae.models.autoencoder import SequenceAutoencoder
from tf_dsae.models.initial_weights import seed_initializers


@keras.saving.register_keras_serializable("tf_dsae")
class DSAE(SequenceAutoencoder):
    """A VAE for videos with a static latent f and dynamic latents z_1..z_T.

    p(f) prod_t p(z_t | z_<t) p(x_t | z_t, f) after Li and Mandt (2018), as in Leplae-Arthur and
    Nichani (2019), Sections 2 and 5.2; see ModelConfig for the choices. Symbols: B videos, T
    frames, H, W, C pixels, F = static_size, Z = dynamic_size. Videos are [B, T, H, W, C], uint8 or
    float in [0, 1], of any T; they come back as float32 in [0, 1]. Everything measured is in nats
    per video. Whatever is random is a function of its seed.

    Methods raise UserError for videos of another shape, type or range.

    Args:
      config: the architecture; by default the paper's.
      seed: of the initial weights; None draws them from Keras' global state.

    Example:
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> videos = np.zeros([2, 3, 64, 64, 3], np.uint8)
      >>> model.reconstruct(videos).shape
      TensorShape([2, 3, 64, 64, 3])
    """

    built: bool  # Keras sets it.

    def __init__(self, config: ModelConfig | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.config = config or ModelConfig()
        self.frame_encoder = self._make_part("frame_encoder", "frame_encoder")
        self.static_encoder = self._make_part("static_posterior", "static_encoder")
        self.dynamic_encoder = self._make_part("dynamic_posterior", "dynamic_encoder")
        self.dynamic_prior = self._make_part("dynamic_prior", "dynamic_prior")
        self.decoder = self._make_part("decoder", "decoder")
        self.likelihood = self._make_part("likelihood", "likelihood")
        self.initial_seed = seed
        if seed is not None:
            seed_initializers(self, seed)
        self.build()

    def _make_part(self, kind: str, name: str) -> Part:
        part = PARTS[kind][getattr(self.config, kind)]
        return part(self.config, dtype=self.dtype_policy, name=name)

    def build(self, input_shape: Shape | None = None) -> None:
        if self.built:
            return
        frames = (None, None, *self.config.frame_shape)
        static = (None, self.config.static_size)
        dynamic = (None, None, self.config.dynamic_size)
        _build_part(self.frame_encoder, frames)
        features = (None, None, self.frame_encoder.feature_size)
        _build_part(self.static_encoder, features)
        _build_part(self.dynamic_encoder, features, static)
        _build_part(self.dynamic_prior, dynamic)
        _build_part(self.decoder, static, dynamic)
        numbers = self.config.frame_shape[-1] * self.likelihood.parameters_per_entry
        _build_part(self.likelihood, (None, None, *self.config.frame_shape[:-1], numbers))
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
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "DSAE":
        settings = dict(config)
        return cls(ModelConfig.from_dict(settings.pop("config")), **settings)

    @property
    def static_prior(self) -> tfd.Distribution:
        """p(f) = N(0, I), event [F].

        Example:
          >>> model.static_prior.event_shape
          TensorShape([8])
        """
        return standard_normal(self.config.static_size)

    # --- Inference and generation.

    def observations(self, video: TensorLike, name: str = "video") -> tf.Tensor:
        """Videos [B, T, H, W, C] as float32 in [0, 1]; `name` is for errors.

        Example:
          >>> model.observations(videos + np.uint8(255)).numpy().max()
          np.float32(1.0)
        """
        return to_unit_range(video, self.config.frame_shape, name)

    def decode(self, f: TensorLike, z: TensorLike) -> tfd.Distribution:
        """p(x_t | z_t, f) from f [..., B, F] and z [..., B, T, Z]; its mean() is the video.

        Raises:
          UserError: f or z of another size, or of different videos.

        Example:
          >>> likelihood = model.decode(np.zeros([2, 8]), np.zeros([2, 3, 4]))
          >>> likelihood.event_shape, likelihood.batch_shape
          (TensorShape([64, 64, 3]), TensorShape([2, 3]))
        """
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
        return self.likelihood(self.decoder(f, z))

    def reconstruct(self, video: TensorLike) -> tf.Tensor:
        """The video decoded from the posterior means, [B, T, H, W, C].

        Example:
          >>> model.reconstruct(videos).dtype.name
          'float32'
        """
        posterior = self.encode(video)
        return self.decode(posterior.static.mean(), posterior.dynamic.mean()).mean()

    def swap(self, content: TensorLike, motion: TensorLike) -> tf.Tensor:
        """f of `content` with z of `motion`, both posterior means; [B, T of motion, H, W, C].

        Example, the motion of a longer clip:
          >>> motion = np.zeros([2, 5, 64, 64, 3], np.uint8)
          >>> model.swap(videos, motion).shape
          TensorShape([2, 5, 64, 64, 3])
        """
        content, motion = self.observations(content, "content"), self.observations(motion, "motion")
        if not content.shape[:1].is_compatible_with(motion.shape[:1]):
            raise UserError(
                f"content and motion: expected as many videos of each, "
                f"received {content.shape[0]} and {motion.shape[0]}"
            )
        f = self.static_encoder(self.frame_encoder(content)).mean()
        return self.decode(f, self.encode(motion).dynamic.mean()).mean()

    def sample_prior(
        self, num_videos: int | tf.Tensor, num_frames: int | tf.Tensor, seed: Seed
    ) -> Latents:
        """f ~ N(0, I) [num_videos, F], and z rolled out [num_videos, num_frames, Z].

        Example:
          >>> f, z = model.sample_prior(num_videos=2, num_frames=6, seed=0)
          >>> f.shape, z.shape
          (TensorShape([2, 8]), TensorShape([2, 6, 4]))
        """
        static_noise, dynamic_noise = Noise.of(seed).split(2)
        f = self.static_prior.sample(num_videos, seed=static_noise.seed)
        return Latents(f, self.dynamic_prior.roll_out(num_videos, num_frames, dynamic_noise.seed))

    def generate(self, num_videos: int, num_frames: int, seed: Seed) -> tf.Tensor:
        """New videos [num_videos, num_frames, H, W, C] from the priors of f and z.

        Example:
          >>> model.generate(num_videos=2, num_frames=6, seed=0).shape
          TensorShape([2, 6, 64, 64, 3])
        """
        return self.decode(*self.sample_prior(num_videos, num_frames, seed)).mean()

    def call(self, video: TensorLike, training: bool | None = None) -> tf.Tensor:
        return self.reconstruct(video)


def _build_part(part: Part, *shapes: Shape) -> None:
    """Has a part make its weights: by its `build`, or by a call where it has none."""
    if type(part).build is not keras.layers.Layer.build:
        part.build(*shapes)
    else:
        part(*(tf.zeros([size or 1 for size in shape]) for shape in shapes))
