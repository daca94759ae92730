"""Judges: what they learn, what they are asked, and how they are kept."""

import dataclasses
import itertools
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import C, H, T, W
from tf_dsae.core.errors import UserError
from tf_dsae.data.sequence_data import EncodedSplit, SequenceData
from tf_dsae.evaluation import judge_training, judges
from tf_dsae.evaluation.judge import CHUNK, JudgeSettings, make_judges

COLOURS = {"red": (255, 60, 60), "green": (60, 255, 60), "blue": (60, 60, 255)}
MOTIONS = {"rightward": 1, "leftward": -1}
PLACES = 4
EPOCHS = 60  # Of 3 steps each.


def walking_squares(tops) -> EncodedSplit:
    """A square of one colour that walks around a circle of places, from each place, in each row.

    In every frame each place is as common with either motion, so no frame alone tells it.
    """
    videos, labels = [], {"colour": [], "motion": []}
    for start, top, colour, motion in itertools.product(
        range(PLACES), tops, range(len(COLOURS)), range(len(MOTIONS))
    ):
        video = np.zeros((T, H, W, C), np.uint8)
        for t, frame in enumerate(video):
            left = 6 * ((start + t * list(MOTIONS.values())[motion]) % PLACES)
            frame[top : top + 6, left : left + 6] = list(COLOURS.values())[colour]
        videos.append(video.tobytes())
        labels["colour"].append(colour)
        labels["motion"].append(motion)
    return EncodedSplit(tf.constant(videos), {name: np.array(of) for name, of in labels.items()})


def dataset(train, test, **changes) -> SequenceData:
    splits = {"train": train, "test": test}
    fields = {
        "name": "squares/walking",
        "fingerprint": "0123456789abcdef",
        "video_shape": (T, H, W, C),
        "num_train": len(train.videos),
        "num_test": len(test.videos),
        "factors": {"colour": tuple(COLOURS), "motion": tuple(MOTIONS)},
        "load_split": splits.__getitem__,
        "decode": lambda text: tf.reshape(tf.io.decode_raw(text, tf.uint8), [T, H, W, C]),
    }
    return SequenceData(**{**fields, **changes})


@pytest.fixture(scope="module")
def data() -> SequenceData:
    return dataset(walking_squares((0, 5, 9, 14)), walking_squares((2, 11, 12)))


@pytest.fixture(scope="module")
def trained(data) -> judges.Judges:
    return judges.train_judges(data, seed=3, epochs=EPOCHS, show_progress=False)


@pytest.fixture(scope="module")
def barely(data) -> judges.Judges:
    """Judges after three steps."""
    return judges.train_judges(data, seed=1, epochs=1, show_progress=False)


@pytest.fixture(scope="module")
def test_videos(data) -> dict[str, np.ndarray]:
    return data.examples("test", range(data.num_test))


@pytest.fixture
def saved(trained, tmp_path):
    folder = tmp_path / "judges"
    judges.save_judges(folder, trained)
    return folder


def one_line(action, *arguments, **options) -> str:
    with pytest.raises(UserError) as caught:
        action(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rewrite(folder, **changes):
    path = folder / "judges.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


# --- What they learn and say.


def test_what_one_frame_shows_and_what_only_motion_shows_are_learned(trained, test_videos):
    assert trained.accuracy == {"colour": 1.0, "motion": 1.0}
    trained.require()
    # One frame tells the colour still, and the motion as well as a coin.
    frame = trained.logits(test_videos["video"][:, 2:3])
    right = {name: np.mean(frame[name].argmax(-1) == test_videos[name]) for name in frame}
    assert right == {"colour": 1.0, "motion": 0.5}


def test_accuracy_is_that_of_the_logits(barely, test_videos):
    logits = barely.logits(test_videos["video"])
    assert 0 < barely.accuracy["motion"] < 1
    for factor, accuracy in barely.accuracy.items():
        assert accuracy == np.mean(np.argmax(logits[factor], axis=1) == test_videos[factor])


def test_logits_do_not_depend_on_the_batch_or_the_type(trained, test_videos):
    videos = test_videos["video"]
    assert len(videos) > CHUNK
    together = trained.logits(videos)
    shapes = {name: (logits.shape, logits.dtype) for name, logits in together.items()}
    assert shapes == {"colour": ((72, 3), np.float32), "motion": ((72, 2), np.float32)}
    order = np.random.default_rng(0).permutation(len(videos))
    for other, chosen in (
        (trained.logits(videos[order]), order),
        (trained.logits(videos[:1]), slice(1)),
        (trained.logits(tf.constant(videos[7:12])), slice(7, 12)),
        (trained.logits(videos[:70] / 255.0), slice(70)),
    ):
        for factor in together:
            np.testing.assert_allclose(other[factor], together[factor][chosen], atol=1e-4)


def test_a_judge_alone_says_the_same(trained, test_videos):
    videos = test_videos["video"][:4]
    logits = trained.networks["colour"](videos)
    np.testing.assert_allclose(logits, trained.logits(videos)["colour"], atol=1e-5)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(trained.networks["colour"])
    )
    assert [weight.shape for weight in again.weights] == [
        weight.shape for weight in trained.networks["colour"].weights
    ]


@pytest.mark.parametrize("num_frames", [1, 3, 11])
def test_any_number_of_frames(trained, num_frames):
    videos = np.zeros((2, num_frames, H, W, C), np.uint8)
    assert trained.logits(videos)["motion"].shape == (2, 2)


@pytest.mark.parametrize(
    "videos",
    [
        np.zeros((2, T, H, W + 1, C), np.uint8),
        np.zeros((T, H, W, C), np.uint8),
        np.zeros((0, T, H, W, C), np.uint8),
        np.zeros((2, T, H, W, C), np.int32),
        np.full((70, T, H, W, C), np.nan, np.float32),
    ],
)
def test_other_videos_are_refused(trained, videos):
    assert "expected" in one_line(trained.logits, videos)


def test_require_names_the_poor(trained, data):
    def judges_of(**accuracy):
        return judges.Judges(data, trained.networks, trained.settings, accuracy)

    message = one_line(judges_of(colour=0.9949, motion=float("nan"), shape=0.995).require)
    assert "99.5%" in message and "colour 99.49%, motion nan%;" in message
    assert "shape" not in message
    judges_of(colour=0.7).require(0.7)


def test_training_is_a_function_of_the_seed(data, barely):
    again = judges.train_judges(data, seed=1, epochs=1, show_progress=False)
    for factor, network in again.networks.items():
        for mine, same in zip(
            network.get_weights(), barely.networks[factor].get_weights(), strict=True
        ):
            np.testing.assert_array_equal(mine, same)


def test_initial_weights_differ_between_seeds_and_factors(data):
    kernels = [
        network.weights[0].numpy()
        for seed in (1, 2)
        for network in make_judges(data.factors, (H, W, C), JudgeSettings(seed=seed)).values()
    ]
    for one, other in itertools.combinations(kernels, 2):
        assert not np.allclose(one, other)


def test_a_pass_shows_every_video_once_in_an_order_of_its_own(data):
    videos = [video.tobytes() for video in data.examples("train", range(data.num_train))["video"]]
    orders = []
    for seed in (1, 2):
        seen = judge_training._batches(data, JudgeSettings(seed=seed, epochs=2, batch_size=7))
        batches = list(seen.as_numpy_iterator())
        shown = [videos.index(video.tobytes()) for batch in batches for video in batch[0]]
        orders += [shown[: len(videos)], shown[len(videos) :]]
        labels = np.concatenate([batch[1]["motion"] for batch in batches])
        np.testing.assert_array_equal(labels, data.labels("train", shown)["motion"])
    assert all(sorted(order) == list(range(len(videos))) for order in orders)
    assert len(set(map(tuple, orders))) == 4


def test_few_videos_are_seen_more_often(data, monkeypatch):
    def untrained(data, settings, show_progress):
        return make_judges(data.factors, data.video_shape[1:], settings)

    monkeypatch.setattr(judge_training, "fit_judges", untrained)
    for steps, epochs in ((20, 7), (1, 6)):  # 96 videos make 3 steps of 32 a pass.
        monkeypatch.setattr(judge_training, "MIN_STEPS", steps)
        assert judges.train_judges(data).settings.epochs == epochs


# --- Data that cannot be judged.


def test_data_without_labels_are_refused(data):
    train, test = data.load_split("train"), data.load_split("test")
    unlabelled = EncodedSplit(test.videos, {"colour": test.labels["colour"]})
    message = one_line(judges.train_judges, dataset(train, unlabelled))
    assert "without labels: motion" in message
    assert "with labels" in one_line(judges.train_judges, dataset(train, test, factors={}))
    wrong = EncodedSplit(test.videos, {**test.labels, "motion": test.labels["motion"] + 1})
    assert "motion in 0..1" in one_line(judges.train_judges, dataset(train, wrong))


def test_fewer_test_videos_than_classes_are_refused(data):
    test = data.load_split("test")
    few = EncodedSplit(test.videos[:2], {name: of[:2] for name, of in test.labels.items()})
    message = one_line(judges.train_judges, dataset(data.load_split("train"), few))
    assert "as colour has classes, 3, received 2" in message


def test_wrong_settings_are_refused(data):
    assert "epochs" in one_line(judges.train_judges, data, epochs=0)
    assert "seed" in one_line(judges.train_judges, data, seed=-1)


# --- How they are kept.


def test_loaded_judges_are_the_saved_ones(saved, trained, data, test_videos):
    loaded = judges.load_judges(saved, data)
    for name in ("dataset", "fingerprint", "classes", "accuracy", "settings"):
        assert getattr(loaded, name) == getattr(trained, name)
    expected = trained.logits(test_videos["video"])
    for factor, logits in loaded.logits(test_videos["video"]).items():
        np.testing.assert_array_equal(logits, expected[factor])
    files = sorted(path.name for path in saved.iterdir())
    assert files == ["colour.weights.h5", "judges.json", "motion.weights.h5"]
    assert "tensorflow" in json.loads((saved / "judges.json").read_text())["versions"]


def test_judges_of_other_data_are_refused_and_kept(saved, trained, data):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    for other in (
        dataclasses.replace(data, name="squares/running"),
        dataclasses.replace(data, fingerprint="fedcba9876543210"),
    ):
        message = one_line(judges.load_judges, saved, other)
        assert "squares/walking with 0123456789ab" in message and "--judge_dir" in message
        assert other.name in message and other.fingerprint[:12] in message
        assert message == one_line(judges.obtain_judges, other, judge_dir=saved)
        theirs = judges.Judges(other, trained.networks, trained.settings, trained.accuracy)
        assert message == one_line(judges.save_judges, saved, theirs)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_judges_of_other_classes_are_refused(saved, data):
    other = dataclasses.replace(data, factors={**data.factors, "motion": ("left", "right")})
    message = one_line(judges.load_judges, saved, other)
    assert "received others for motion;" in message


def test_a_folder_without_judges(tmp_path, data):
    assert "found no such file" in one_line(judges.load_judges, tmp_path / "none", data)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", "\xff\xfe", json.dumps({"dataset": "squares/walking"})]
)
def test_a_damaged_record_is_one_line(saved, data, content):
    (saved / "judges.json").write_text(content, encoding="latin-1")
    message = one_line(judges.load_judges, saved, data)
    assert "judges.json" in message and "name another --judge_dir" in message


@pytest.mark.parametrize(
    "changes",
    [
        {"accuracy": {"colour": 1.0}},
        {"accuracy": {"colour": 1.0, "motion": 1.5}},
        {"settings": {"rnn_size": "many"}},
        {"settings": {"layers": 3}},
        {"classes": []},
        {"weights": {}},
    ],
)
def test_a_record_of_something_else_is_one_line(saved, data, changes):
    rewrite(saved, **changes)
    assert "--judge_dir" in one_line(judges.load_judges, saved, data)


def test_damaged_weights_are_one_line(saved, data):
    path = saved / "motion.weights.h5"
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content in (b"", whole[: len(whole) // 2], bytes(flipped)):
        path.write_bytes(content)
        assert "motion.weights.h5: expected" in one_line(judges.load_judges, saved, data)
    path.unlink()
    assert "motion.weights.h5: expected" in one_line(judges.load_judges, saved, data)


def test_weights_of_another_judge_are_one_line(saved, data):
    shutil.copy(saved / "colour.weights.h5", saved / "motion.weights.h5")
    sums = json.loads((saved / "judges.json").read_text())["weights"]
    rewrite(saved, weights={**sums, "motion": sums["colour"]})
    assert "motion.weights.h5: expected" in one_line(judges.load_judges, saved, data)


def test_a_failing_save_leaves_what_was_there(saved, trained, data, monkeypatch):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(trained.networks["motion"], "save_weights", full)
    assert "No space left" in one_line(judges.save_judges, saved, trained)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    monkeypatch.undo()
    judges.save_judges(saved, trained)  # Its own judges may be written again.
    judges.load_judges(saved, data)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, trained, data):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "judges"):
        assert "file" in one_line(judges.save_judges, folder, trained)
        assert "is a file" in one_line(judges.obtain_judges, data, judge_dir=folder)


# --- Trained once.


@pytest.fixture
def trainings(trained, monkeypatch):
    """Has `obtain_judges` take judges already trained; a list of the names it trained for."""
    names = []

    def stub(data, show_progress):
        names.append(data.name)
        return trained

    monkeypatch.setattr(judges, "train_judges", stub)
    return names


def test_judges_are_trained_once(data, trainings, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "environment"))
    for options, folder in (
        ({"judge_dir": tmp_path / "named"}, "named"),
        ({"data_dir": tmp_path / "data"}, "data/judges/squares-walking-0123456789ab"),
        ({}, "environment/judges/squares-walking-0123456789ab"),
    ):
        trainings.clear()
        for word in ("trained", "found"):
            found = judges.obtain_judges(data, **options)
            assert found.accuracy == {"colour": 1.0, "motion": 1.0}
            said = capsys.readouterr()
            assert said.out == "" and said.err.count("\n") == 1
            assert f"{word} in {tmp_path / folder}: colour 100.00%, motion 100.00%." in said.err
        assert trainings == ["squares/walking"]
        assert (tmp_path / folder / "judges.json").exists()


def test_what_stops_training_leaves_nothing(data, tmp_path, monkeypatch, capsys):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(judge_training.Judges, "logits", stopped)
    monkeypatch.setattr(judge_training, "MIN_STEPS", 1)
    with pytest.raises(KeyboardInterrupt):
        judges.obtain_judges(data, data_dir=tmp_path, show_progress=False)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err == ""


def test_data_without_labels_are_refused_before_judges_are_sought(data, trainings, tmp_path):
    bare = dataclasses.replace(data, factors={})
    assert "labels" in one_line(judges.obtain_judges, bare, judge_dir=tmp_path)
    assert trainings == []
