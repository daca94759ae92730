"""The TFDS builder: by TFDS's own test case, by name, and downloading from a local server."""

import functools
import http.server
import shutil
import threading
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import tensorflow_datasets as tfds

import tf_dsae.data.sprites  # noqa: F401  Registers the data set.
from tf_dsae.core.errors import UserError
from tf_dsae.data import prepare
from tf_dsae.data.sprites import Builder, characters, sheets, sprites_dataset_builder


class SpritesTest(tfds.testing.DatasetBuilderTestCase):
    """Runs both configurations, with few characters and without a network."""

    DATASET_CLASS = Builder
    SPLITS = {"train": 27, "test": 9}
    EXAMPLE_DIR = Path(__file__).parents[2] / "testdata" / "sheets"
    DL_EXTRACT_RESULT = {name: name for name in sheets.SHEET_FILES}

    def setUp(self):
        few = {"train": np.array([5, 1000, 0]), "test": np.array([6])}
        for patch in (
            mock.patch.object(characters, "split_characters", lambda: few),
            mock.patch.object(sprites_dataset_builder.urllib.request, "urlopen"),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        super().setUp()


def test_tfds_knows_both_configurations_by_name():
    assert [config.name for config in Builder.BUILDER_CONFIGS] == ["drawn", "lpc"]
    assert tfds.builder_cls("sprites") is Builder
    assert Builder.name == "sprites"


def test_tfds_load_gives_labelled_videos_in_the_published_order(
    few_characters, stand_ins, stand_ins_dir, tmp_path
):
    loaded = tfds.load(
        "sprites/lpc", data_dir=tmp_path, builder_kwargs={"sheets_dir": stand_ins_dir}
    )
    composer = characters.VideoComposer(stand_ins)
    for split, members in characters.split_characters().items():
        examples = iter(loaded[split].as_numpy_iterator())
        for character in members:
            for motion, video in enumerate(composer.compose(character)):
                example = next(examples)
                np.testing.assert_array_equal(example.pop("video"), video)
                assert example == {**characters.attributes(character), "action": motion}


def test_the_same_bytes_every_time(few_characters, stand_ins_dir, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        prepare("sprites/lpc", folder, False, sheets_dir=stand_ins_dir)
    one, two = (sorted(folder.rglob("*tfrecord*")) for folder in folders)
    assert [path.name for path in one] == [path.name for path in two]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


@pytest.fixture
def server(stand_ins_dir, tmp_path, monkeypatch):
    """Serves a copy of the stand-ins, yields its folder, and takes them for the published ones."""
    folder = shutil.copytree(stand_ins_dir, tmp_path / "served")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        url = f"http://127.0.0.1:{httpd.server_port}"
        infos = {
            f"{url}/{name}": tfds.core.download.checksums.compute_url_info(folder / name)
            for name in sheets.SHEET_FILES
        }
        monkeypatch.setattr(sprites_dataset_builder, "_SHEETS_URL", url)
        monkeypatch.setattr(Builder, "url_infos", infos)
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield folder
        httpd.shutdown()
        thread.join()


def refusal_of_lpc(data_dir: Path) -> str:
    """Returns the message of the UserError, having checked that nothing counts as prepared."""
    with pytest.raises(UserError) as caught:
        prepare("sprites/lpc", data_dir, show_progress=False)
    assert not list(data_dir.glob("sprites/lpc/*"))
    assert "--sheets_dir" in str(caught.value)
    return str(caught.value)


def test_download(few_characters, server, stand_ins, tmp_path):
    opened = prepare("sprites/lpc", tmp_path / "data", show_progress=False)
    assert opened.fingerprint == sheets.fingerprint(stand_ins)


def test_download_with_another_checksum(few_characters, server, tmp_path):
    with (server / "hair/2.png").open("ab") as sheet:
        sheet.write(b"!")
    message = refusal_of_lpc(tmp_path / "data")
    assert "checksum" in message
    assert "hair/2.png" in message
    shutil.copy(server / "hair/1.png", server / "hair/2.png")
    refusal_of_lpc(tmp_path / "data")


def test_download_of_a_file_that_is_not_there(few_characters, server, tmp_path):
    (server / "body/0.png").unlink()
    assert "404" in refusal_of_lpc(tmp_path / "data")


def test_no_connection(few_characters, monkeypatch, tmp_path):
    monkeypatch.setattr(sprites_dataset_builder, "_SHEETS_URL", "http://127.0.0.1:9")
    assert "download" in refusal_of_lpc(tmp_path / "data")
