"""Arrays in hand as a data set: what comes out, what is refused in one line, and runs on them."""

import json

import numpy as np
import pytest

import tf_dsae
from tf_dsae.core.errors import UserError
from tf_dsae.data import from_arrays
from tf_dsae.data.arrays_source import ArraysSource
from tf_dsae.evaluation.evaluation_run import open_run

T, H, W, C = 4, 64, 48, 3
NAMES = (["bo", "al", "bo", "cy", "al"], ["cy", "zoe", "al"])
NUMBERS = ([10, -2, 9, 9, 10], [9, 10, -2])


def videos(count: int, seed: int = 0, shape=(T, H, W, C)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


TRAIN, TEST = videos(5), videos(3, seed=1)


def make(train=TRAIN, test=TEST, **options) -> tf_dsae.data.SequenceData:
    return from_arrays(train=train, test=test, **options)


def test_sequences_come_out_as_they_went_in():
    data = make(labels={"who": NAMES, "age": NUMBERS}, dynamic_factors=("age",), rate=25)
    assert (data.name, data.num_train, data.num_test) == ("arrays", 5, 3)
    assert data.video_shape == (T, H, W, C)
    assert (data.spec.kind, data.spec.frame_shape, data.spec.rate) == ("video", (H, W, C), 25)
    assert data.source == ArraysSource("arrays", "video", (T, H, W, C)) and data.baselines == {}
    assert data.factors == {"who": ("al", "bo", "cy", "zoe"), "age": ("-2", "9", "10")}
    assert data.dynamic_factors == ("age",)
    chosen = data.examples("test", [2, 0])
    np.testing.assert_array_equal(chosen["video"], TEST[[2, 0]])
    assert chosen["who"].tolist() == [0, 2] and chosen["age"].tolist() == [0, 1]
    parts = list(data.evaluation_batches("train", 2).as_numpy_iterator())
    np.testing.assert_array_equal(np.concatenate([part["video"] for part in parts]), TRAIN)
    assert np.concatenate([part["who"] for part in parts]).tolist() == [1, 0, 1, 2, 0]
    assert next(data.training_batches(2, seed=0).as_numpy_iterator())["video"].shape[0] == 2
    assert data.cluster_labels(data.labels("test", [0, 1, 2])).tolist() == [1, 2, 0]


def test_floats_and_lists_are_the_same_data():
    of_arrays = make()
    assert make(list(TRAIN), list(TEST)).fingerprint == of_arrays.fingerprint
    for kind in (np.float16, np.float32, np.float64):
        data = make((TRAIN / 255.0).astype(kind), TEST)
        np.testing.assert_array_equal(data.examples("train", range(5))["video"], TRAIN)


def test_the_fingerprint_is_that_of_the_content():
    other = TRAIN.copy()
    other[4, 3, 63, 47, 2] ^= 1
    seen = {
        make().fingerprint,
        make(other).fingerprint,
        make(TEST, TRAIN).fingerprint,
        make(labels={"who": NAMES}).fingerprint,
        make(labels={"it": NAMES}).fingerprint,
        make(labels={"who": (NAMES[0][::-1], NAMES[1])}).fingerprint,
        make(TRAIN.reshape(5, T, W, H, C), TEST.reshape(3, T, W, H, C)).fingerprint,
    }
    assert len(seen) == 7
    assert make(name="other").fingerprint == make().fingerprint


def test_arrays_that_change_later_do_not_change_the_data():
    own = TRAIN.copy()
    data = make(own)
    own[:] = 0
    np.testing.assert_array_equal(data.examples("train", range(5))["video"], TRAIN)


def broken(value: float) -> np.ndarray:
    array = TRAIN / np.float32(255)
    array[3, 1, 2, 3, 1] = value
    return array


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "series"}, "kind: expected video, received series; series is not supported yet"),
        ({"kind": "audio"}, "kind: expected video, received audio"),
        ({"kind": "film"}, "kind: expected one of video, audio, series, received 'film'"),
        ({"test": None}, "test: expected at least one sequence, received none"),
        ({"test": TEST[:0]}, "test: expected at least one sequence"),
        ({"train": []}, "train: expected at least one sequence"),
        ({"train": TRAIN.astype(np.int64)}, "train: expected uint8 or floats .* received int64"),
        ({"train": "abc"}, "train: expected uint8 or floats"),
        ({"train": TRAIN[..., :2]}, "train: expected videos .* received .5, 4, 64, 48, 2."),
        ({"train": TRAIN[0]}, "train: expected videos .* received .4, 64, 48, 3."),
        ({"train": broken(np.nan)}, r"train\[3\]: expected floats in \[0, 1\] without NaN"),
        ({"train": broken(1.01)}, r"train\[3\]: .* to 1.01; give uint8"),
        ({"train": broken(-0.01)}, r"train\[3\]: .* from -0.01"),
        ({"test": TEST[:, :3]}, "test: expected sequences .4, 64, 48, 3. as those of train"),
        (
            {"train": [TRAIN[0], TRAIN[1][:2]]},
            "received .2, 64, 48, 3. .*ragged sequences",
        ),
        ({"train": [TRAIN[0], TRAIN[1][:, :9]]}, r"train\[1\]: expected a clip .* of uint8"),
        ({"labels": {"who": NAMES[0]}}, "labels: expected a pair for who"),
        ({"labels": {"who": (NAMES[0], NAMES[1][:2])}}, "who in test: expected one a sequence, 3"),
        ({"labels": {"who": (NAMES[0], NUMBERS[1])}}, "names or integers in both splits of who"),
        ({"labels": {"who": ([0.5] * 5, [1] * 3)}}, "who in train: expected names or integers"),
        ({"labels": {"who": ([None] * 5, [1] * 3)}}, "who in train: expected names or integers"),
        ({"labels": {"video": NAMES}}, "received 'video'; rename it"),
        ({"labels": {"a/b": NAMES}}, "received 'a/b'; rename it"),
        ({"labels": [NAMES]}, "labels: expected factor"),
        ({"dynamic_factors": ("who",)}, "dynamic_factors: expected factors of labels, none"),
        ({"labels": {"who": NAMES}, "dynamic_factors": "who"}, "dynamic_factors: expected"),
        ({"rate": 0}, "rate: expected a finite number above 0"),
        ({"channels": ("r", "g")}, "channels: expected 3 different names"),
        ({"name": "sprites/lpc"}, "name: expected one that is not taken"),
        ({"name": "two\nlines"}, "name: expected 1 to 60 printable characters"),
    ],
)
def test_what_is_refused(options, words):
    with pytest.raises(UserError, match=words) as caught:
        make(**options)
    assert "\n" not in str(caught.value)


def test_a_run_goes_on_and_is_opened_with_the_arrays_in_hand_alone(tmp_path):
    train, test = videos(5, shape=(3, 64, 64, 3)), videos(3, 1, shape=(3, 64, 64, 3))
    data = make(train, test, labels={"who": NAMES}, name="mine")
    settings = {"workdir": tmp_path / "run", "epochs": 1, "steps_per_epoch": 1, "batch_size": 2}
    tf_dsae.train(data, "tiny", **settings)
    stored = json.loads((tmp_path / "run" / "config.json").read_text())
    assert stored["training"]["dataset"] == "arrays"
    assert stored["data"]["source"] == {
        "kind": "arrays", "name": "mine", "sequences": "video", "shape": [3, 64, 64, 3],
    }  # fmt: skip
    tf_dsae.train(make(train, test, labels={"who": NAMES}, name="mine"), "tiny", **settings)
    assert open_run(tmp_path / "run", data=data)[2] is data
    with pytest.raises(UserError, match="data: expected the arrays of 'mine' in hand.* pass data="):
        open_run(tmp_path / "run")
    other = make(test, train, name="mine")
    with pytest.raises(UserError, match="trained on other data"):
        open_run(tmp_path / "run", data=other)
    with pytest.raises(UserError, match="workdir: expected .* data fingerprint"):
        tf_dsae.train(other, "tiny", **settings)
