"""How a step is run: on one device or shared by replicas, at once or in parts.

What the step maximises is the business of a subclass.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import Noise, noise_of_replica, num_replicas, sum_over_replicas
from tf_dsae.core.types import TensorLike


class Measured(NamedTuple):
    """What a step maximises, and what it shows, for the examples at hand.

    Attributes:
      per_example: summed over examples and divided by the whole batch, [B].
      of_batch: for the batch as a whole, [].
      shown: name -> [B] or [], whose means are the model's metrics.
    """

    per_example: tf.Tensor
    of_batch: tf.Tensor
    shown: dict[str, tf.Tensor]


class _Means:
    """Holds metrics where Keras does not see them: a built model may take no new ones."""

    def __init__(self, metrics: Iterable[keras.metrics.Mean]):
        self.metrics = tuple(metrics)


class ReplicaTrainer(keras.Model):
    """A Keras model whose replicas share every batch and learn what one would from the whole.

    A subclass calls `_show_means` with the names of its metrics and gives
    `_measure(x, noise, training) -> Measured`. The noise of a step is a function of
    (seed, optimiser step, place in the batch).
    """

    train_function: Callable | None  # Keras sets them.
    test_function: Callable | None
    accumulate_steps = 1
    seed = 0

    def _measure(self, x: tf.Tensor, noise: Noise, training: bool) -> Measured:
        """What a step maximises and shows; a subclass gives it."""
        raise TypeError(f"{type(self).__name__} has no _measure(x, noise, training)")

    def _show_means(self, names: tuple[str, ...]) -> None:
        """Makes the metrics, means over examples of what `_measure` shows under these names."""
        self._means = _Means(keras.metrics.Mean(name) for name in names)

    @property
    def _term_means(self) -> tuple[keras.metrics.Mean, ...]:
        """The metrics, in the order of their names."""
        return self._means.metrics

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self._term_means)

    def _step_seed(self, purpose: int, position: TensorLike) -> tf.Tensor:
        """The seed of a step's noise: purpose 0 trains, 1 scores; int32 [2]."""
        return tf.random.experimental.stateless_fold_in(
            tf.constant([self.seed, purpose], tf.int32), tf.cast(position, tf.int32)
        )

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step of the optimiser; data: examples, or a dictionary that holds "video"."""
        x = tf.convert_to_tensor(_examples_of(data))
        gradients, sums = self._accumulate(x)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self._update_means(sums, tf.shape(x)[0])

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Scores examples; the noise is a function of (seed, examples scored before)."""
        x = tf.convert_to_tensor(_examples_of(data))
        noise = noise_of_replica(self._step_seed(1, self._term_means[0].count), x)
        count = tf.shape(x)[0]

        def score() -> tf.Tensor:
            return self._sums(self._measure(x, noise, training=False), count)

        if noise.total is None:
            return self._update_means(score(), count)
        # The last batch may have fewer examples than there are replicas.
        nothing = tf.zeros([len(self._term_means)])
        return self._update_means(tf.cond(count > 0, score, lambda: nothing), count)

    def _sums(self, measured: Measured, count: tf.Tensor) -> tf.Tensor:
        """Sums over the examples of what is shown, in the order of the metrics."""
        values = [measured.shown[mean.name] for mean in self._term_means]
        count = tf.cast(count, tf.float32)
        return tf.stack([tf.reduce_sum(v) if v.shape.rank else v * count for v in values])

    def _update_means(self, sums: tf.Tensor, count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Adds the sums over this replica's `count` examples and those of the other replicas.

        Every replica then holds the means over all examples.
        """
        local = tf.concat([sums, [tf.cast(count, sums.dtype)]], 0)
        *totals, count = tf.unstack(sum_over_replicas(local))
        for mean, total in zip(self._term_means, totals, strict=True):
            mean.total.assign_add(total)
            mean.count.assign_add(count)
        return {mean.name: mean.result() for mean in self._term_means}

    def _accumulate(self, x: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        """`_gradients` of this replica's examples, a part of them at a time."""
        noise = noise_of_replica(self._step_seed(0, self.optimizer.iterations), x)
        total = tf.shape(x)[0] if noise.total is None else noise.total
        parts = self.accumulate_steps
        if parts == 1:
            return self._gradients(x, noise, total)
        if x.shape[0] is not None and x.shape[0] % parts:
            raise UserError(
                f"accumulate_steps: expected a divisor of the {x.shape[0]} videos a replica "
                f"has, received {parts}"
            )
        size = tf.shape(x)[0] // parts
        pieces = tf.reshape(x, tf.concat([[parts, size], tf.shape(x)[1:]], 0))
        pieces = tf.ensure_shape(pieces, [parts, None, *x.shape[1:]])
        starts = (0 if noise.start is None else noise.start) + size * tf.range(parts)

        def add(before: tuple, piece: tuple) -> tuple:
            examples, start = piece
            gradients, sums = self._gradients(examples, Noise(noise.seed, start, total), total)
            added = [old + new for old, new in zip(before[0], gradients, strict=True)]
            return added, before[1] + sums

        nothing = [tf.zeros(v.shape, v.dtype) for v in self.trainable_variables]
        initial = (nothing, tf.zeros([len(self._term_means)]))
        # One part after the other, or they would be in memory together.
        return tf.foldl(add, (pieces, starts), initial, parallel_iterations=1)

    def _gradients(
        self, x: tf.Tensor, noise: Noise, total: TensorLike
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """What examples add to the gradients of the loss, and to the sums of what is shown.

        The loss is minus the mean over the batch's `total` examples, minus what is of the batch,
        which every replica counts once in as many parts as there are replicas.
        """
        with tf.GradientTape() as tape:
            measured = self._measure(x, noise, training=True)
            loss = -tf.reduce_sum(measured.per_example) / tf.cast(total, tf.float32)
            loss -= measured.of_batch / num_replicas()
            loss = self.optimizer.scale_loss(loss)  # For float16; the optimiser undoes it.
        gradients = tape.gradient(
            loss, self.trainable_variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return gradients, self._sums(measured, tf.shape(x)[0])

    # Keras would average the steps' results over replicas, and fails to over machines; here every
    # replica has the same.

    def make_train_function(self, force: bool = False) -> None:
        if not self.optimizer.built:  # Variables made in the step would have it traced twice.
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
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


def _examples_of(data: Any) -> tf.Tensor:
    examples, *others = data if isinstance(data, tuple) else (data,)
    if any(other is not None for other in others):
        raise UserError(
            "x: expected examples alone, as nothing else is learned from, received targets or "
            "weights with them; leave y, sample_weight and class_weight out"
        )
    return examples["video"] if isinstance(examples, dict) else examples
