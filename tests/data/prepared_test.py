"""Order, resumption and shapes of batches, on tiny videos whose bytes tell their index."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.data.sequence_data import EncodedSplit, SequenceData

SHAPE = (2, 4, 5, 3)
SIZES = {"train": 7, "test": 11}


def encoded(split: str) -> EncodedSplit:
    count = SIZES[split]
    videos = [np.full(SHAPE, index, np.uint8).tobytes() for index in range(count)]
    return EncodedSplit(tf.constant(videos), {"kind": np.arange(count) % 3})


@pytest.fixture(scope="module")
def dataset() -> SequenceData:
    return SequenceData(
        name="counted",
        fingerprint="0",
        video_shape=SHAPE,
        num_train=SIZES["train"],
        num_test=SIZES["test"],
        factors={"kind": ("a", "b", "c")},
        load_split=encoded,
        decode=lambda video: tf.reshape(tf.io.decode_raw(video, tf.uint8), SHAPE),
    )


def order_of(batches: tf.data.Dataset, steps: int) -> list[int]:
    videos = [batch["video"] for batch in batches.take(steps).as_numpy_iterator()]
    return [int(video[0, 0, 0, 0]) for video in np.concatenate(videos)]


def test_training_batches_have_static_shape(dataset):
    batches = dataset.training_batches(batch_size=6, seed=3)
    assert batches.element_spec == {"video": tf.TensorSpec((6, *SHAPE), tf.uint8)}
    assert batches.cardinality() == tf.data.INFINITE_CARDINALITY
    video = next(batches.as_numpy_iterator())["video"]
    np.testing.assert_array_equal(video, np.broadcast_to(video[:, :1, :1, :1, :1], video.shape))


def test_every_pass_holds_every_video_once_in_an_order_of_its_own(dataset):
    order = order_of(dataset.training_batches(batch_size=1, seed=3), 7 * 9)
    passes = [tuple(order[start : start + 7]) for start in range(0, 63, 7)]
    assert all(sorted(one) == list(range(7)) for one in passes)
    assert len(set(passes)) > 6


def test_order_is_a_function_of_seed_and_position(dataset):
    order = order_of(dataset.training_batches(batch_size=1, seed=3), 60)
    tf.random.set_seed(99)
    assert order_of(dataset.training_batches(batch_size=4, seed=3), 15) == order
    assert order_of(dataset.training_batches(batch_size=20, seed=3), 3) == order
    assert order_of(dataset.training_batches(batch_size=1, seed=4), 60) != order
    assert order_of(dataset.training_batches(batch_size=1, seed=2**62), 60) != order


@pytest.mark.parametrize("batch_size", [1, 3, 7, 10])
@pytest.mark.parametrize("start_step", [1, 2, 5, 14])
def test_starting_at_a_step_equals_skipping_to_it(dataset, batch_size, start_step):
    whole = order_of(dataset.training_batches(batch_size, seed=5), start_step + 6)
    resumed = order_of(dataset.training_batches(batch_size, seed=5, start_step=start_step), 6)
    assert resumed == whole[start_step * batch_size :]


def test_starting_far_in(dataset):
    batches = dataset.training_batches(3, seed=5, start_step=10**12)
    assert len(order_of(batches, 2)) == 6


def test_any_video_may_be_first(dataset):
    order = order_of(dataset.training_batches(batch_size=7, seed=3), 99)
    assert set(order[::7]) == set(range(7))


def test_evaluation_batches_hold_the_split_in_order(dataset):
    batches = dataset.evaluation_batches("test", batch_size=4)
    assert batches.cardinality() == 3
    parts = list(batches.as_numpy_iterator())
    assert [len(part["video"]) for part in parts] == [4, 4, 3]
    video = np.concatenate([part["video"] for part in parts])
    assert video.shape == (11, *SHAPE)
    assert video[:, 0, 0, 0, 0].tolist() == list(range(11))
    kind = np.concatenate([part["kind"] for part in parts])
    assert kind.dtype == np.int64
    assert kind.tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [(5, 0, [0, 1, 2, 3, 4]), (3, 6, [6, 7, 8]), (50, 9, [9, 10]), (None, 10, [10])],
)
def test_evaluation_of_a_part(dataset, limit, offset, expected):
    batches = dataset.evaluation_batches("test", 2, limit=limit, offset=offset)
    assert batches.cardinality() == -(-len(expected) // 2)
    assert order_of(batches, 99) == expected


def test_examples(dataset):
    chosen = dataset.examples("train", [6, 0, 6])
    assert chosen["video"].shape == (3, *SHAPE)
    assert chosen["video"][:, 1, 2, 4, 2].tolist() == [6, 0, 6]
    assert chosen["kind"].tolist() == [0, 0, 0]
    assert dataset.examples("train", [])["video"].shape == (0, *SHAPE)


def test_what_a_sequence_is_follows_the_shape_of_videos(dataset):
    assert dataset.spec.frame_shape == (4, 5, 3) and dataset.baselines == {}
    grey = dataclasses.replace(dataset, video_shape=(2, 7, 5, 1))
    assert (grey.spec.kind, grey.spec.frame_shape) == ("video", (7, 5, 1))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda data: data.training_batches(0, seed=1),
            "batch_size: .* at least 1, received 0",
        ),
        (lambda data: data.training_batches(1, seed=-1), "seed"),
        (lambda data: data.training_batches(1, seed=2**63), "seed"),
        (lambda data: data.training_batches(1, seed=1, start_step=-1), "start_step"),
        (lambda data: data.evaluation_batches("test", 0), "batch_size"),
        (lambda data: data.evaluation_batches("test", 1, limit=0), "limit"),
        (
            lambda data: data.evaluation_batches("test", 1, offset=11),
            "less than the 11 videos",
        ),
        (
            lambda data: data.evaluation_batches("validation", 1),
            "test, received 'validation'",
        ),
        (lambda data: data.examples("train", [7]), "indices: expected 0 to 6"),
        (lambda data: data.examples("train", [-1]), "indices: expected 0 to 6"),
    ],
)
def test_arguments_out_of_range(dataset, call, words):
    with pytest.raises(UserError, match=words):
        call(dataset)
