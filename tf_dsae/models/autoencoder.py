"""Sequence models with a static and a dynamic latent that train on their own bound."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import Noise
from tf_dsae.core.types import Latents, Posterior, Seed, TensorLike
from tf_dsae.models.augmentations import ClipViews, draw_views
from tf_dsae.models.latent_sequence import LatentSequenceModel
from tf_dsae.models.objective import Objective, Step, Term, Weight, refuse_parts
from tf_dsae.models.replica_trainer import Measured, ReplicaTrainer
from tf_dsae.models.variational_bound import ElboTerms
from tf_dsae.models.views import Views, as_views


class SequenceAutoencoder(LatentSequenceModel, ReplicaTrainer):
    """A LatentSequenceModel whose `fit` maximises its (beta-)ELBO less the costs of added terms.

    With `views`, `frame_encoder` must encode every frame alone. A model that is made in the scope
    of a `tf.distribute` strategy shares every batch among its replicas, which learn what one of
    them would from the whole of it.

    Methods take `video`, sequences [B, T, ...]; `seed`, a whole number or a pair of them, of which
    everything random is a function; and `num_samples`, of q for every sequence.

    Example, of DSAE:
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> videos = np.zeros([2, 3, 64, 64, 3], np.uint8)
      >>> model.compile("adam", beta=6.0)
      >>> sorted(model.fit(videos, batch_size=2, epochs=1, verbose=0).history)
      ['dynamic_kl', 'elbo', 'log_likelihood', 'static_kl']
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.views, self.num_samples = Views(), 1
        self.set_objective(Objective())

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "adam",
        *,
        beta: Weight | None = None,
        beta_f: Weight | None = None,
        beta_z: Weight | None = None,
        terms: Sequence[Term] = (),
        num_samples: int = 1,
        views: Views | None = None,
        accumulate_steps: int = 1,
        seed: int = 0,
        total_steps: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets what training maximises and by which optimiser.

        Args:
          optimizer: a Keras optimiser or its name.
          beta: weight of both KLs; or apart:
          beta_f, beta_z: weights of the static and the dynamic KL, 1 by default. Each is a number
            of at least 0, ((step, value), ...), linear between the steps, or a text such as
            "0:0,300:1".
          terms: costs that are subtracted from the bound, see `tf_dsae.Term`.
          num_samples: posterior samples a video.
          views: what is seen of a clip in training; by default all of it.
          accumulate_steps: equal parts of a replica's videos that are taken one after the other,
            for a batch that does not fit; the step is that of the whole batch.
          seed: of the noise, which is a function of (seed, optimiser step, place in the batch).
          total_steps: of the run, for schedules with percentages.
          **kwargs: what keras.Model.compile takes, such as jit_compile; no loss or metrics, which
            this model has of its own.

        Raises:
          UserError: a weight or its schedule makes no sense, `beta` is given with beta_f or beta_z,
            or num_samples, accumulate_steps, a term, a loss or metrics cannot be taken.

        Example, z's weight falling from 4 to 1 over 2000 steps:
          >>> model.compile("adam", beta_f=1.0, beta_z=((0, 4.0), (2000, 1.0)))
          >>> history = model.fit(videos, batch_size=2, epochs=1, verbose=0)
          >>> sorted(history.history)
          ['dynamic_kl', 'elbo', 'log_likelihood', 'static_kl']
        """
        for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
            if kwargs.get(name) is not None:
                raise UserError(
                    f"{name}: expected none, as the model maximises its own bound and shows its "
                    "terms, received one; leave it out, or add a tf_dsae.Term by terms"
                )
        if beta is not None and (beta_f, beta_z) != (None, None):
            raise UserError("beta: expected beta or beta_f and beta_z, received both; give one")
        check_whole("num_samples", num_samples, 1)
        check_whole("accumulate_steps", accumulate_steps, 1)
        views = as_views(views)
        static, dynamic = (
            given if given is not None else 1.0 if beta is None else beta
            for given in (beta_f, beta_z)
        )
        objective = Objective(static, dynamic, terms, total_steps)
        super().compile(optimizer=optimizer, **kwargs)
        self.set_objective(objective)
        self.views, self.seed = views, seed
        self.num_samples, self.accumulate_steps = num_samples, accumulate_steps
        for term in objective.terms:
            if term.needs_batch:
                refuse_parts(self, term.name)

    def set_objective(self, objective: Objective) -> None:
        """Sets the `objective` that training maximises and `score` tells, without an optimiser.

        Example:
          >>> model.set_objective(tf_dsae.Objective(beta_f=2.0))
          >>> model.objective.names
          ('elbo', 'log_likelihood', 'static_kl', 'dynamic_kl')
        """
        self.objective = objective
        self._show_means(objective.names)

    def get_compile_config(self) -> dict[str, Any]:
        schedules = self.objective.schedules
        terms = []
        for term in self.objective.terms:
            saved = keras.saving.serialize_keras_object(term)
            saved["config"]["weight"] = schedules[term.name]  # Percentages are steps by now.
            terms.append(saved)
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "beta_f": schedules["static_kl"],
            "beta_z": schedules["dynamic_kl"],
            "terms": terms,
            "num_samples": self.num_samples,
            "views": vars(self.views),
            "accumulate_steps": self.accumulate_steps,
            "seed": self.seed,
            "jit_compile": self.jit_compile,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        read = keras.saving.deserialize_keras_object
        terms = [read(term) for term in config.get("terms", ())]
        self.compile(**{**config, "optimizer": read(config["optimizer"]), "terms": terms})
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def training_elbo(self, video: TensorLike, seed: Seed) -> ElboTerms:
        """The bound's terms as training sees them, each [B], nats: through the model's `views`.

        Example, where nothing is hidden:
          >>> model.compile("adam")
          >>> seen = model.training_elbo(videos, seed=0)
          >>> bool(tf.reduce_all(seen.elbo == model.elbo(videos, seed=0).elbo))
          True
        """
        return self._look(self.observations(video), Noise.of(seed), self.views)[1]

    def score(self, video: TensorLike, seed: Seed, num_samples: int = 1) -> dict[str, tf.Tensor]:
        """The terms of the bound and the added ones, name -> [B], the mean over num_samples of q.

        Example:
          >>> list(model.score(videos, seed=0))
          ['elbo', 'log_likelihood', 'static_kl', 'dynamic_kl']
        """
        check_whole("num_samples", num_samples, 1)
        video, noise = self.observations(video), Noise.of(seed)
        step, terms = self._look(video, noise, Views(), num_samples, training=False)
        return self._score(step, terms)

    def score_at(
        self,
        video: tf.Tensor,
        posterior: Posterior,
        latents: Latents,
        likelihood: tfd.Distribution,
        seed: Seed,
    ) -> dict[str, tf.Tensor]:
        """As `score`, at given samples of q.

        Args:
          video: as `observations` returns it.
          posterior, latents: as `sample_posterior` returns them.
          likelihood: p(x_t | z_t, f) at those latents.
          seed: of the noise of added terms.

        Example:
          >>> x = model.observations(videos)
          >>> posterior, latents = model.sample_posterior(x, seed=0)
          >>> scores = model.score_at(x, posterior, latents, model.decode(*latents), seed=0)
          >>> scores["elbo"].shape
          TensorShape([2])
        """
        noise = Noise.of(seed)
        step = self._step(video, posterior, latents, likelihood, noise, training=False)
        return self._score(step, self.elbo_at(video, posterior, latents, likelihood))

    def _score(self, step: Step, terms: ElboTerms) -> dict[str, tf.Tensor]:
        values = terms._asdict() | self.objective.evaluate_terms(step)
        count = tf.shape(step.x)[:1]
        return {name: tf.broadcast_to(value, count) for name, value in values.items()}

    def _measure(self, x: tf.Tensor, noise: Noise, training: bool) -> Measured:
        """The weighted bound less the weighted terms, which is what a step maximises."""
        views = self.views if training else Views()
        step, terms = self._look(self.observations(x), noise, views, self.num_samples, training)
        values = terms._asdict() | self.objective.evaluate_terms(step)
        taken = self.optimizer.iterations if training else 0
        return Measured(*self.objective.combine(values, taken), values)

    def _look(
        self,
        video: tf.Tensor,
        noise: Noise,
        views: Views,
        num_samples: int | None = None,
        training: bool = True,
    ) -> tuple[Step, ElboTerms]:
        """What the model makes of videos that are seen through views, and the bound's terms."""
        num_samples = num_samples or self.num_samples
        frames, weight, shown = None, 1.0, video
        if views == Views():
            features = self.frame_encoder(video)
            posterior, latents = self.sample_latents(features, features, noise, num_samples)
            likelihood = self.decode(*latents)
        else:
            view_noise, sample_noise = noise.split(2)
            seen = draw_views(views, video, view_noise)
            features = self._encode_views(video, seen)
            posterior, latents = self.sample_latents(*features, sample_noise, num_samples)
            frames = seen.likelihood_frames
            shown = tf.gather(video, frames, axis=1)
            likelihood = self.decode(latents.static, tf.gather(latents.dynamic, frames, axis=-2))
            weight = tf.cast(tf.shape(video)[1] / tf.size(frames), tf.float32)
        terms = self.elbo_at(shown, posterior, latents, likelihood, weight)
        step = self._step(video, posterior, latents, likelihood, noise, training, frames)
        return step, terms

    def _step(
        self,
        video: tf.Tensor,
        posterior: Posterior,
        latents: Latents,
        likelihood: tfd.Distribution,
        noise: Noise,
        training: bool,
        frames: tf.Tensor | None = None,
    ) -> Step:
        """What terms see; `frames` None: the likelihood is of all."""
        return Step(
            x=video,
            mask=tf.ones(tf.shape(video)[:2], tf.bool),
            posterior=posterior,
            latents=latents,
            likelihood=likelihood,
            frames=tf.range(tf.shape(video)[1]) if frames is None else frames,
            model=self,
            noise=noise.fold_in(0),
            training=training,
        )

    def _encode_views(self, video: tf.Tensor, seen: ClipViews) -> tuple[tf.Tensor, tf.Tensor]:
        """Features for f's posterior [B, <= T, D], and for z's [B, T, D]."""
        if seen.dynamic_video is None:
            features = self.frame_encoder(video)
            return tf.gather(features, seen.static_frames, axis=1), features
        chosen = tf.gather(video, seen.static_frames, axis=1)
        features = self.frame_encoder(tf.concat([chosen, seen.dynamic_video], 1))
        count = tf.size(seen.static_frames)
        return features[:, :count], features[:, count:]
