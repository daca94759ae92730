"""Videos of one's own from the command line: train, evaluate, encode, swap, and wrong inputs."""

import functools
import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import assert_one_line, run
from tf_dsae.core.errors import UserError
from tf_dsae.evaluation.evaluation_run import open_run
from tf_dsae.evaluation.measure_model import check_factors

MAKE_GIFS = Path(__file__).parents[2] / "testdata" / "make_gifs.py"
CLIPS = ("--frame_size=48x64", "--grey", "--num_frames=4", "--resize_mode=pad")


@pytest.fixture(scope="module")
def gifs(tmp_path_factory) -> Path:
    """36 GIFs of 4 characters, and one that is damaged."""
    folder = tmp_path_factory.mktemp("own") / "my gifs"
    runpy.run_path(str(MAKE_GIFS))["write_gifs"](folder, 4)
    (folder / "broken.gif").write_bytes(b"GIF89a, but no more")
    with open(folder / "labels.csv", "a") as table:
        table.write("broken.gif,0,0,0,0,walk front\n")
    return folder


@pytest.fixture(scope="module")
def trained(gifs, tmp_path_factory):
    """(the finished command, the folder it ran in, the run's folder)."""
    folder = tmp_path_factory.mktemp("trained")
    flags = ("--preset=tiny", "--epochs=1", "--steps_per_epoch=3", "--data_dir=data")
    done = run("train", "--dataset=folder", f"--video_dir={gifs}", *CLIPS, *flags, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done, folder, next((folder / "runs").iterdir())


def test_the_example_folder_is_always_the_same(gifs, tmp_path):
    runpy.run_path(str(MAKE_GIFS))["write_gifs"](tmp_path, 1)
    assert len(list(tmp_path.glob("*.gif"))) == 9
    for path in tmp_path.glob("*.gif"):
        assert path.read_bytes() == (gifs / path.name).read_bytes()
    rows = (tmp_path / "labels.csv").read_text().splitlines()
    assert rows[0] == "file,skin,pants,top,hair,action" and len(rows) == 10


def test_a_folder_is_trained_on(gifs, trained):
    done, _, workdir = trained
    assert workdir.name.startswith("folder-my_gifs-tiny")
    assert "broken.gif" in done.stderr
    settings = json.loads((workdir / "config.json").read_text())
    assert settings["model"]["frame_shape"] == [48, 64, 1]
    source = settings["data"]["source"]
    assert source["video_dir"] == str(gifs)
    assert source["clips"]["num_frames"] == 4 and source["clips"]["resize_mode"] == "pad"
    # Clips of 4 of 8 frames; a fifth of the 37 files, rounded up, is held out.
    assert settings["data"]["num_train"] in (2 * 28, 2 * 29)
    with Image.open(workdir / "figures" / "reconstruction.png") as picture:
        assert picture.width > 500


def test_a_run_goes_on_from_its_own_settings(trained):
    _, folder, workdir = trained
    done = run("train", f"--config={workdir}/config.json", "--data_dir=data", "--workdir=again",
               cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "folder/my-gifs found in data/" in done.stderr
    again = json.loads((folder / "again" / "config.json").read_text())
    assert again == json.loads((workdir / "config.json").read_text())


def test_evaluation_opens_the_labelled_videos_of_a_run(gifs, trained, tmp_path):
    """Also where they have moved, but not where they are others."""
    _, folder, workdir = trained
    moved = tmp_path / "moved"
    shutil.copytree(gifs, moved)
    open_moved = functools.partial(open_run, workdir, folder / "data", show_progress=False)
    changes = {"video_dir": moved}
    _, model, data = open_moved(source_changes=changes)
    assert data.video_shape == (4, *model.config.frame_shape)
    assert data.fingerprint == open_run(workdir, folder / "data")[2].fingerprint
    assert set(data.factors) == {"skin", "pants", "top", "hair", "action"}
    assert data.dynamic_factors == ("action",)
    check_factors(data)  # Raises where evaluation could not go on.
    assert open_moved(source_changes={**changes, "dynamic_factors": ("hair",)})[
        2
    ].dynamic_factors == ("hair",)
    shutil.copy(moved / "02-walk-left.gif", moved / "01-walk-left.gif")
    with pytest.raises(UserError, match="name the --video_dir"):
        open_moved(source_changes=changes)


def test_a_run_is_resumed_with_its_own_clips_only(trained, quick_run):
    """Told before TensorFlow loads and the data are prepared once more."""
    _, folder, workdir = trained
    done = quick_run(
        "train",
        f"--config={workdir}/config.json",
        f"--workdir={workdir}",
        "--num_frames=5",
        "--dynamic_factors=hair",
        cwd=folder,
    )
    assert_one_line(done, "num_frames 4 (now 5)", "dynamic_factors")
    assert not done.tensorflow


def test_encode_and_swap(gifs, trained):
    _, folder, workdir = trained
    done = run(
        "encode", f"--workdir={workdir}", f"--video_dir={gifs}", "--output=x.npz", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "wrote x.npz: 72 clips of 36 videos, f_mean [72, 8], z_mean [72, 4, 4]\n"
    assert [line for line in done.stderr.splitlines() if "broken.gif" in line]
    with np.load(folder / "x.npz") as latents:
        assert latents["name"][0] == "00-slash-front.gif"
    files = (f"--content={gifs}/00-walk-left.gif", f"--motion={gifs}/01-slash-front.gif")
    done = run("swap", f"--workdir={workdir}", *files, "--output=x.gif", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "wrote x.gif: a swap of 8 frames of 48 x 64 pixels\n"
    with Image.open(folder / "x.gif") as gif:
        assert gif.n_frames == 8


def test_strict_stops_at_a_damaged_file(gifs, tmp_path):
    done = run("prepare_data", "--dataset=folder", f"--video_dir={gifs}", "--strict", cwd=tmp_path)
    assert_one_line(done, "prepare_data: ", "broken.gif")
