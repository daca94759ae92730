"""Data sources: names, settings, the way through config.json, and sources from outside."""

import dataclasses
import json
import subprocess
import sys

import absl.flags
import numpy as np
import pytest
from absl.testing import flagsaver

import tf_dsae
from tf_dsae.cli import train as program
from tf_dsae.core.errors import UserError
from tf_dsae.data import DATA_SOURCES, ClipSettings, DataSource, from_arrays, make_source, prepare
from tf_dsae.data.arrays_source import ArraysSource
from tf_dsae.data.data_source import find_baselines, find_source, read_source
from tf_dsae.data.folder import FolderSource
from tf_dsae.data.sprites.sprites_source import DrawnSprites, LpcSprites

CLIPS = ClipSettings((48, 64), 1, "pad", num_frames=5, dynamic_factors=("gait",))
SOURCES = (
    DrawnSprites(),
    LpcSprites(sheets_dir="/somewhere"),
    FolderSource("/videos", CLIPS, strict=True),
    ArraysSource("mine", "video", (4, 16, 16, 1)),
)


@pytest.fixture
def registered():
    """A source that is registered from outside, and goes with the test."""

    @tf_dsae.register("data_source", "bars")
    @dataclasses.dataclass(frozen=True)
    class Bars(DataSource):
        summary = "bars that move"
        licence = "CC0"
        dynamic_factors = ("way",)
        clusters = ("colour",)
        baselines = {"Somebody 2020": {"way": {"disagreement": 0.25}}}

        size: int = 16
        ways: tuple[str, ...] = ("left", "right")

        def open(self, data_dir=None, show_progress=True):
            videos = np.zeros([6, 3, self.size, self.size, 3], np.uint8)
            ways = [self.ways[index % 2] for index in range(6)]
            labels = {"way": (ways, ways), "colour": (range(6), range(6))}
            return from_arrays(
                videos, videos, labels=labels, dynamic_factors=self.dynamic_factors, name="bars"
            )

    yield Bars
    del DATA_SOURCES._added["bars"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.kind)
def test_every_source_goes_through_a_config_json(source):
    stored = json.loads(json.dumps({"name": "any", "source": source.to_dict()}))
    assert stored["source"]["kind"] == source.kind
    assert read_source(stored) == source and type(read_source(stored)) is type(source)
    json.dumps(source.identity())
    assert "video_dir" not in source.identity()


def test_what_a_machine_alone_knows_is_not_stored():
    assert LpcSprites("/somewhere").to_dict() == {"kind": "sprites/lpc"}
    assert "strict" not in FolderSource("/videos", strict=True).to_dict()
    stranger = {"kind": "sprites/lpc", "sheets_dir": "/etc"}
    assert read_source({"source": stranger}).sheets_dir is None


def test_runs_of_version_0_1():
    clips = {**dataclasses.asdict(CLIPS), "fit": "pad"}
    del clips["resize_mode"]
    stored = json.loads(json.dumps({"source": {"video_dir": "/videos", "clips": clips}}))
    assert read_source(stored) == FolderSource("/videos", CLIPS)
    assert read_source({"name": "sprites/lpc", "fingerprint": "0"}) == LpcSprites()
    assert read_source({"name": "squares"}) is None and read_source({}) is None


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ([1], "expected an object"),
        ({"video_dir": 3}, "expected video_dir and clips"),
        ({"video_dir": "x", "clips": {}}, "clip settings"),
        ({"kind": "folder"}, "expected video_dir and clips"),
        (
            {"kind": "sprites/lpc", "size": 3},
            "size: expected a setting of sprites/lpc .sheets_dir., received one that no",
        ),
        ({"kind": ["folder"]}, "received .'folder'."),
        ({"kind": "no", "module": "their.data"}, "received 'no'; import their.data first"),
        ({"kind": "arrays", "name": 5}, "name: expected text"),
    ],
)
def test_what_no_run_writes(source, words):
    with pytest.raises(UserError, match=f"^data: source: .*{words}"):
        read_source({"name": "x", "source": source})
    assert find_source({"name": "x", "source": source}) is None


def test_the_alias_is_normalised_wherever_it_comes_in():
    assert make_source("sprites") == DrawnSprites()
    assert tf_dsae.TrainingConfig(dataset="sprites") == tf_dsae.TrainingConfig()


def test_settings_by_their_names():
    source = make_source("folder", video_dir="/videos", stride=3, strict=True)
    assert source == FolderSource("/videos", ClipSettings(stride=3)) and source.strict
    assert source.with_settings(num_frames=5).clips == ClipSettings(stride=3, num_frames=5)
    assert source.frame_shape == (64, 64, 3) and source.label == "folder-videos"
    with pytest.raises(UserError, match="^nothing: expected a setting of folder .* no data set"):
        make_source("folder", nothing=3)


def test_published_results_are_of_their_own_data_alone(registered):
    tables = find_baselines("sprites/lpc")
    assert len(tables) == 3 and find_baselines("sprites") == tables
    for rows in tables.values():
        assert list(rows) == ["skin", "pants", "top", "hair", "action"]
    beta_1, beta_6, original = tables.values()
    figures = {"disagreement": 0.430, "kl_recon": 7.769, "kl_random": 18.612}
    assert beta_1["action"] == figures
    assert beta_6["hair"] == {"disagreement": 0.022, "kl_recon": 0.325, "kl_random": 17.367}
    for factor, row in beta_1.items():
        assert row["kl_random"] == beta_6[factor]["kl_random"]
    assert original["hair"] == {"disagreement": 0.0006}
    assert find_baselines("bars") == registered.baselines
    for other in ("folder", "folder/monday", "arrays", "no"):
        assert find_baselines(other) == {}
    assert FolderSource("/videos").baselines == {}


def test_a_source_from_outside(registered):
    data = prepare("bars", size=32)
    assert data.source == registered(size=32) and data.video_shape == (3, 32, 32, 3)
    assert data.baselines == registered.baselines and data.dynamic_factors == ("way",)
    assert data.cluster_labels(data.labels("test", [5, 0, 5])).tolist() == [1, 0, 1]
    stored = json.loads(json.dumps({"name": data.name, "source": data.source.to_dict()}))
    assert stored["source"]["module"] == __name__
    assert read_source(stored) == data.source
    assert prepare(registered(), ways=("up", "down")).factors["way"] == ("down", "up")


def test_settings_come_from_flags(registered):
    """By the flags that a source declares, or name=value for a source from outside."""
    absl.flags.FLAGS.mark_as_parsed()
    source = program._SOURCE.source
    with flagsaver.flagsaver(video_dir="/tmp", grey=True, frame_size="48x64", fit="pad"):
        assert source("folder") == FolderSource("/tmp", ClipSettings((48, 64), 1, "pad"))
        assert source("folder", FolderSource("/", CLIPS)) == FolderSource("/tmp", CLIPS)
        with pytest.raises(UserError, match="video_dir: expected --dataset=folder with it"):
            source("sprites")
    with flagsaver.flagsaver(data_setting=["size=32", 'ways=["in", "out"]']):
        assert source("bars") == registered(32, ("in", "out"))
        with pytest.raises(UserError, match="size: expected a setting of sprites/drawn"):
            source("sprites")
    with flagsaver.flagsaver(data_setting=["size"]), pytest.raises(UserError, match="name=value"):
        source("bars")
    with pytest.raises(UserError, match="dataset: expected one of .* bars, received 'no'"):
        source("no")


def test_sources_are_known_without_tensorflow():
    script = (
        "import sys; from tf_dsae.data.data_source import *; read_source({'name': 'sprites/lpc'}); "
        "make_source('folder', video_dir='.').check(); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")
