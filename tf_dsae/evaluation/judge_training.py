"""Training of a data set's judges, and the measurement of their accuracy."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.core.progress import progress_bar
from tf_dsae.core.videos import to_unit_range
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.judge import CHUNK, Judge, Judges, JudgeSettings, make_judges

MIN_STEPS = 500


def check_labels(data: SequenceData, split: str, used: int | None = None) -> None:
    """Raises UserError where a factor has no label for each video of a split, or more classes than
    videos of it are used, by default all."""
    advice = "evaluate on a data set with labels"
    if not data.factors:
        raise UserError(f"{data.name}: expected factors with labels, received none; {advice}")
    count, labels = data.num_videos(split), data.load_split(split).labels
    for factor, names in data.factors.items():
        if factor not in labels or len(labels[factor]) != count:
            raise UserError(
                f"{data.name}: expected a label of each of the {count} videos of {split}, received "
                f"a factor without labels: {factor}; {advice}"
            )
        if np.any((labels[factor] < 0) | (labels[factor] >= len(names))):
            raise UserError(
                f"{data.name}: expected labels of {factor} in 0..{len(names) - 1}, received "
                f"{np.min(labels[factor])}..{np.max(labels[factor])}; prepare the data set again"
            )
        if (used or count) < len(names):
            raise UserError(
                f"{data.name}: expected at least as many {split} videos as {factor} has classes, "
                f"{len(names)}, received {used or count}; evaluate more videos"
            )


def _batches(data: SequenceData, settings: JudgeSettings) -> tf.data.Dataset:
    """Batches (uint8 [B, T, H, W, C], factor -> int64 [B]) of `epochs` passes over the training
    split, each in an order that is a function of (seed, number of the pass)."""
    encoded = data.load_split("train")
    labels = {factor: tf.constant(encoded.labels[factor]) for factor in data.factors}
    order = np.concatenate(
        [
            np.random.default_rng([settings.seed, number]).permutation(data.num_train)
            for number in range(settings.epochs)
        ]
    )

    def example_at(index: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        chosen = {factor: values[index] for factor, values in labels.items()}
        return data.decode(encoded.videos[index]), chosen

    examples = tf.data.Dataset.from_tensor_slices(order).map(
        example_at, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )
    return examples.batch(settings.batch_size).prefetch(tf.data.AUTOTUNE)


def _training_step(
    judges: dict[str, Judge],
    optimizer: keras.optimizers.Optimizer,
    batch_spec: Any,
    frame_shape: tuple[int, int, int],
) -> Callable:
    """One compiled step of all judges, which decodes and converts every video once."""
    weights = [weight for judge in judges.values() for weight in judge.trainable_variables]
    optimizer.build(weights)

    @tf.function(input_signature=batch_spec)
    def step(videos: tf.Tensor, labels: dict[str, tf.Tensor]) -> tf.Tensor:
        videos = to_unit_range(videos, frame_shape)
        with tf.GradientTape() as tape:
            # Judges share no weights, so that the sum has the gradient of each judge.
            losses = [
                tf.nn.sparse_softmax_cross_entropy_with_logits(
                    labels[factor], judge.classify(videos)
                )
                for factor, judge in judges.items()
            ]
            loss = tf.reduce_mean(tf.add_n(losses))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss / len(judges)

    return step


def fit_judges(
    data: SequenceData, settings: JudgeSettings, show_progress: bool
) -> dict[str, Judge]:
    """Factor -> a judge trained on the real videos of split 'train', all side by side."""
    frame_shape = data.video_shape[1:]
    judges = make_judges(data.factors, frame_shape, settings)
    batches = _batches(data, settings)
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, len(batches))
    step = _training_step(judges, keras.optimizers.Adam(rate), batches.element_spec, frame_shape)
    bar = progress_bar(f"training judges of {data.name}", len(batches), "steps", show_progress)
    with bar:
        for videos, labels in batches:
            loss = step(videos, labels)
            if not bar.disable:
                bar.set_postfix_str(f"loss {float(loss):.4f}", refresh=False)
                bar.update()
    return judges


def train_judges(
    data: SequenceData,
    seed: int = JudgeSettings.seed,
    epochs: int | None = None,
    show_progress: bool = True,
) -> Judges:
    """Trains a judge for each factor on split 'train', and measures it on all of split 'test'.

    The same arguments give the same judges on the same machine.

    Args:
      data: videos with labels.
      seed: of initial weights and of the order of the videos, 0 or more.
      epochs: passes over the training videos, at least 1; by default 6, or as many as MIN_STEPS
        steps take where the videos are few.
      show_progress: whether to show, on stderr, one bar over all steps (on a terminal).

    Raises:
      UserError: a factor without labels, or with more classes than there are test videos.
    """
    for split in ("train", "test"):
        check_labels(data, split)
    if epochs is None:
        enough = math.ceil(MIN_STEPS * JudgeSettings.batch_size / data.num_train)
        epochs = max(JudgeSettings.epochs, enough)
    settings = JudgeSettings(seed=seed, epochs=epochs)
    judges = Judges(data, fit_judges(data, settings, show_progress), settings, {})
    judges.accuracy = _measured_accuracy(judges, data)
    return judges


def _measured_accuracy(judges: Judges, data: SequenceData) -> dict[str, float]:
    """Factor -> fraction of all test videos whose class the judge names."""
    right = dict.fromkeys(judges.classes, 0)
    for batch in data.evaluation_batches("test", CHUNK):
        for factor, logits in judges.logits(batch["video"]).items():
            right[factor] += int(np.sum(np.argmax(logits, -1) == batch[factor].numpy()))
    return {factor: count / data.num_test for factor, count in right.items()}
