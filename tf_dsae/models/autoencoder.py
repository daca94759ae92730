"""Sequence models with a static and a dynamic latent that train on their own bound."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.core.checks import check_whole, shown
from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import BatchSlice, batch_slice, summed
from tf_dsae.core.schedules import Points, check_points, piecewise_linear
from tf_dsae.core.types import Seed, TensorLike
from tf_dsae.models.latent_sequence import LatentSequenceModel, as_seed
from tf_dsae.models.objective import ElboTerms
from tf_dsae.models.views import Seen, Views

Beta = float | Points


def _as_points(beta: Any, name: str) -> Points:
    return check_points(((0.0, float(beta)),) if np.ndim(beta) == 0 else beta, name)


def _as_views(views: Any) -> Views:
    """Views, or what JSON makes of them."""
    if views is None:
        return Views()
    if isinstance(views, list) and 3 <= len(views) <= len(Views._fields):
        views = Views(*views)  # Of fewer settings when it was saved before there were more.
    if not isinstance(views, Views):
        raise UserError(f"views: expected tf_dsae.Views(...) or None, received {shown(views)}")
    return views.check()


class SequenceAutoencoder(LatentSequenceModel):
    """A LatentSequenceModel whose `fit` maximises its (beta-)ELBO, as far as `views` show it.

    With `views`, `frame_encoder` must encode every frame alone.

    Made in the scope of a `tf.distribute` strategy, its replicas share every batch, and learn what
    one of them would from the whole of it.

    Example, of DSAE:
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> videos = np.zeros([2, 3, 64, 64, 3], np.uint8)
      >>> model.compile("adam", beta=6.0)
      >>> sorted(model.fit(videos, batch_size=2, epochs=1, verbose=0).history)
      ['dynamic_kl', 'elbo', 'log_likelihood', 'static_kl']
    """

    train_function: Callable | None  # Keras sets them.
    test_function: Callable | None

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.views, self.num_samples, self.accumulate_steps = Views(), 1, 1
        self.term_means = [keras.metrics.Mean(name) for name in ElboTerms._fields]

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "adam",
        *,
        beta: Beta | None = None,
        beta_f: Beta = 1.0,
        beta_z: Beta = 1.0,
        num_samples: int = 1,
        views: Views | None = None,
        accumulate_steps: int = 1,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        """Sets what training maximises and by which optimiser.

        Args:
          optimizer: a Keras optimiser or its name.
          beta: weight of both KLs; or apart:
          beta_f, beta_z: weights of the static and the dynamic KL. Each a number of at least 0, or
            ((step, value), ...), linear between the steps.
          num_samples: posterior samples a video.
          views: what is seen of a clip in training; by default all of it.
          accumulate_steps: equal parts of a replica's videos that are taken one after the other,
            for a batch that does not fit; the step is that of the whole batch.
          seed: of the noise, which is a function of (seed, optimiser step, place in the batch).
          **kwargs: what keras.Model.compile takes, such as jit_compile.

        Raises:
          UserError: a weight or its schedule makes no sense, or num_samples, accumulate_steps or
            a view is out of its range.

        Example, z's weight falling from 4 to 1 over 2000 steps:
          >>> model.compile("adam", beta_f=1.0, beta_z=((0, 4.0), (2000, 1.0)))
          >>> history = model.fit(videos, batch_size=2, epochs=1, verbose=0)
          >>> sorted(history.history)
          ['dynamic_kl', 'elbo', 'log_likelihood', 'static_kl']
        """
        super().compile(optimizer=optimizer, **kwargs)
        self.beta_f = _as_points(beta_f if beta is None else beta, "beta_f")
        self.beta_z = _as_points(beta_z if beta is None else beta, "beta_z")
        check_whole("num_samples", num_samples, 1)
        self.num_samples = num_samples
        check_whole("accumulate_steps", accumulate_steps, 1)
        self.accumulate_steps = accumulate_steps
        self.views = _as_views(views)
        self.seed = seed

    def get_compile_config(self) -> dict[str, Any]:
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "beta_f": self.beta_f,
            "beta_z": self.beta_z,
            "num_samples": self.num_samples,
            "views": list(self.views),
            "accumulate_steps": self.accumulate_steps,
            "seed": self.seed,
            "jit_compile": self.jit_compile,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"])
        self.compile(**{**config, "optimizer": optimizer})
        if self.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return self.term_means

    def _update_means(self, sums: tf.Tensor, count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Adds the terms' sums [4] over `count` videos of this replica, and the others' theirs.

        So that every replica holds the means over all.
        """
        *totals, count = tf.unstack(summed(tf.concat([sums, [tf.cast(count, sums.dtype)]], 0)))
        for mean, total in zip(self.term_means, totals, strict=True):
            mean.total.assign_add(total)
            mean.count.assign_add(count)
        return {mean.name: mean.result() for mean in self.term_means}

    def _step_seed(self, purpose: int, position: TensorLike) -> tf.Tensor:
        return tf.random.experimental.stateless_fold_in(
            tf.constant([self.seed, purpose], tf.int32), tf.cast(position, tf.int32)
        )

    def training_elbo(
        self, video: TensorLike, seed: Seed, batch_slice: BatchSlice | None = None
    ) -> ElboTerms:
        """The bound's terms as training sees them, each [B], nats: through its `views`.

        With a batch_slice, the videos are that slice of a batch and get its noise.

        Example, where nothing is hidden:
          >>> model.compile("adam")
          >>> seen = model.training_elbo(videos, seed=0)
          >>> bool(tf.reduce_all(seen.elbo == model.elbo(videos, seed=0).elbo))
          True
        """
        if self.views == Views():
            return self.elbo(video, seed, self.num_samples, batch_slice)
        video = self.observations(video)
        view_seed, sample_seed = tf.unstack(tfp.random.split_seed(as_seed(seed), 2))
        seen = self.views.of(video, view_seed, batch_slice)
        posterior, latents = self._sample_from_two(
            *self._seen_features(video, seen), sample_seed, self.num_samples, batch_slice
        )
        shown = seen.likelihood_frames
        return self.elbo_at(
            tf.gather(video, shown, axis=1),
            posterior,
            latents,
            self.decoder(latents.static, tf.gather(latents.dynamic, shown, axis=-2)),
            likelihood_weight=tf.cast(tf.shape(video)[1] / tf.size(shown), tf.float32),
        )

    def _seen_features(self, video: tf.Tensor, seen: Seen) -> tuple[tf.Tensor, tf.Tensor]:
        """Features for f's encoder [B, <= T, D], and for z's [B, T, D]."""
        if seen.dynamic_video is None:
            features = self.frame_encoder(video)
            return tf.gather(features, seen.static_frames, axis=1), features
        shown = tf.gather(video, seen.static_frames, axis=1)
        features = self.frame_encoder(tf.concat([shown, seen.dynamic_video], 1))
        places = tf.size(seen.static_frames)
        return features[:, :places], features[:, places:]

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step up the weighted bound; data: videos, or a dictionary that holds "video"."""
        video = tf.convert_to_tensor(_video_of(data))
        gradients, sums = self._accumulated(video)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self._update_means(sums, tf.shape(video)[0])

    def _accumulated(self, video: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        """`_gradients` of this replica's videos, a part of them at a time."""
        here, parts = batch_slice(video), self.accumulate_steps
        total = here.total if here else tf.shape(video)[0]
        if parts == 1:
            return self._gradients(video, here, total)
        if video.shape[0] is not None and video.shape[0] % parts:
            raise UserError(
                f"accumulate_steps: expected a divisor of the {video.shape[0]} videos a replica "
                f"has, received {parts}"
            )
        size = tf.shape(video)[0] // parts
        pieces = tf.reshape(video, tf.concat([[parts, size], tf.shape(video)[1:]], 0))
        pieces = tf.ensure_shape(pieces, [parts, None, *video.shape[1:]])
        starts = (here.start if here else 0) + size * tf.range(parts)

        def add(before: tuple, piece: tuple) -> tuple:
            gradients, sums = self._gradients(piece[0], BatchSlice(piece[1], total), total)
            added = [old + new for old, new in zip(before[0], gradients, strict=True)]
            return added, before[1] + sums

        nothing = [tf.zeros(v.shape, v.dtype) for v in self.trainable_variables]
        initial = (nothing, tf.zeros([len(ElboTerms._fields)]))
        # One part after the other, or they would be in memory together.
        return tf.foldl(add, (pieces, starts), initial, parallel_iterations=1)

    def _gradients(
        self, video: tf.Tensor, here: BatchSlice | None, total: TensorLike
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """What videos add to the gradients of the loss, and to the sums of the terms, [4].

        The loss is the mean over the batch's `total` videos.
        """
        step = self.optimizer.iterations
        with tf.GradientTape() as tape:
            terms = self.training_elbo(video, self._step_seed(0, step), here)
            bound = terms.weighted(
                piecewise_linear(self.beta_f, step), piecewise_linear(self.beta_z, step)
            )
            loss = -tf.reduce_sum(bound) / tf.cast(total, bound.dtype)
        gradients = tape.gradient(
            loss, self.trainable_variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return gradients, _sums(terms)

    # Keras would average the steps' results over replicas, and fails to over machines; here every
    # replica has the same.

    def make_train_function(self, force: bool = False) -> None:
        if self.distribute_strategy.num_replicas_in_sync == 1:
            super().make_train_function(force)
        elif force or self.train_function is None:
            self.train_function = self._on_replicas(self.train_step)

    def make_test_function(self, force: bool = False) -> None:
        if self.distribute_strategy.num_replicas_in_sync == 1:
            super().make_test_function(force)
        elif force or self.test_function is None:
            self.test_function = self._on_replicas(self.test_step)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Keras would average a batch over replicas for its shapes, and fails to over machines."""

    def _on_replicas(self, step: Callable[[Any], dict[str, tf.Tensor]]) -> Callable:
        strategy = self.distribute_strategy
        if self.steps_per_execution != 1 or self.run_eagerly:
            raise UserError(
                "compile: expected one step at a time, and a graph of it, on several replicas, "
                f"received steps_per_execution={self.steps_per_execution} and "
                f"run_eagerly={self.run_eagerly}; leave them out"
            )

        @tf.function
        def on_next(iterator: Any) -> dict[str, tf.Tensor]:
            results = strategy.run(step, args=(iterator.get_next(),))
            return {
                name: strategy.experimental_local_results(values)[0]
                for name, values in results.items()
            }

        return on_next

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Scores videos; the noise is a function of (seed, videos scored before)."""
        video = tf.convert_to_tensor(_video_of(data))
        seed = self._step_seed(1, self.term_means[0].count)
        here, count = batch_slice(video), tf.shape(video)[0]

        def scored() -> tf.Tensor:
            return _sums(self.elbo(video, seed, self.num_samples, here))

        if here is None:
            return self._update_means(scored(), count)
        # The last batch may have fewer videos than there are replicas.
        nothing = tf.zeros([len(ElboTerms._fields)])
        return self._update_means(tf.cond(count > 0, scored, lambda: nothing), count)


def _sums(terms: ElboTerms) -> tf.Tensor:
    return tf.stack([tf.reduce_sum(term) for term in terms])


def _video_of(data: Any) -> tf.Tensor:
    if isinstance(data, dict):
        return data["video"]
    return data[0] if isinstance(data, tuple) else data
