"""The remaining steps of a run."""

import functools

import keras
import tensorflow as tf

from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.training.cluster import batches


def fit(
    model: DSAE,
    data: SequenceData,
    training: TrainingConfig,
    steps: int,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Trains the rest of the run: the current epoch, then the others."""
    epoch, done = divmod(int(model.optimizer.iterations.numpy()), steps)
    limit = training.validation_videos or None
    parts_left = [(epoch, epoch + 1, steps - done)] if done else []
    first_whole = epoch + 1 if done else epoch
    if first_whole < training.epochs:
        parts_left.append((first_whole, training.epochs, steps))
    strategy, size = model.distribute_strategy, training.batch_size
    scored = min(limit or data.num_test, data.num_test)

    def held_out(context: tf.distribute.InputContext | None) -> tf.data.Dataset:
        once = data.evaluation_batches("test", size, limit=limit, input_context=context)
        # Keras cannot tell where the batches of several replicas end.
        return once.repeat() if context else once

    validation = {
        "validation_data": batches(strategy, held_out),
        "validation_steps": -(-scored // size) if strategy.num_replicas_in_sync > 1 else None,
    }
    for first, last, steps_each in parts_left:
        start = int(model.optimizer.iterations.numpy())
        seen = functools.partial(data.training_batches, size, training.seed, start)
        model.fit(
            batches(strategy, seen),
            initial_epoch=first,
            epochs=last,
            steps_per_epoch=steps_each,
            **validation,
            callbacks=callbacks,
            shuffle=False,  # The data set comes in its order.
            verbose=0,
        )
