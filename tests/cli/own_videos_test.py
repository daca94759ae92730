"""Videos of one's own from the command line: train, evaluate, encode, swap, and wrong inputs."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import BIN, assert_one_line, run

MAKE_GIFS = Path(__file__).parents[2] / "testdata" / "make_gifs.py"
CLIPS = ("--frame_size=48x64", "--grey", "--num_frames=4", "--fit=pad")


@pytest.fixture(scope="module")
def gifs(tmp_path_factory) -> Path:
    """18 GIFs of 2 characters, and one that is damaged."""
    folder = tmp_path_factory.mktemp("own") / "my gifs"
    runpy.run_path(str(MAKE_GIFS))["write_gifs"](folder, 2)
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
    assert source["clips"]["num_frames"] == 4 and source["clips"]["fit"] == "pad"
    # 18 videos of 8 frames in clips of 4; a fifth of the 19 files is held out, rounded up.
    assert settings["data"]["num_train"] in (28, 30)
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


def test_evaluation_uses_the_labels(trained):
    _, folder, workdir = trained
    done = run(
        "evaluate",
        f"--workdir={workdir}",
        "--data_dir=data",
        "--judge_accuracy=0",
        "--importance_samples=0",
        cwd=folder,
    )
    if done.returncode == 2:  # The few clips that are held out may lack a class.
        assert_one_line(done, "evaluate: folder/my_gifs: expected ")
        return
    evaluation = json.loads((workdir / "evaluation" / "evaluation.json").read_text())
    assert set(evaluation["table"]) == {"skin", "pants", "top", "hair", "action"}
    assert set(evaluation["protocol"]["motion_kept"]) == {"action"}


def test_encode_and_swap(gifs, trained):
    _, folder, workdir = trained
    done = run(
        "encode", f"--workdir={workdir}", f"--video_dir={gifs}", "--output=x.npz", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "wrote x.npz: 36 clips of 18 videos, f_mean [36, 8], z_mean [36, 4, 4]\n"
    assert [line for line in done.stderr.splitlines() if "broken.gif" in line]
    with np.load(folder / "x.npz") as latents:
        assert latents["name"][0] == "00-slash-front.gif"
    files = (f"--content={gifs}/00-walk-left.gif", f"--motion={gifs}/01-slash-front.gif")
    done = run("swap", f"--workdir={workdir}", *files, "--output=x.gif", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "wrote x.gif: 8 frames of 48 x 64 pixels\n"
    with Image.open(folder / "x.gif") as gif:
        assert gif.n_frames == 8


@pytest.mark.parametrize("program", ["encode", "swap"])
def test_programs_answer_for_help(program):
    assert (BIN / program).stat().st_mode & 0o111 == 0o111
    done = run(program, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert "--workdir" in done.stdout and "--output" in done.stdout


def test_wrong_flags(gifs, tmp_path):
    """All found before TensorFlow loads or a file is read."""
    folder = f"--video_dir={gifs}"
    for program, flags, words in (
        ("train", ("--dataset=folder",), ("video_dir", "received none")),
        ("train", ("--dataset=folder", "--video_dir=no"), ("video_dir", "no")),
        ("train", (folder,), ("video_dir", "--dataset=folder")),
        ("train", ("--stride=2",), ("stride", "--dataset=folder")),
        ("train", ("--dataset=folder", folder, "--frame_size=64x"), ("frame_size", "'64x'")),
        ("train", ("--dataset=folder", folder, "--frame_size=50"), ("frame size", "multiples")),
        ("train", ("--dataset=folder", folder, "--fit=squeeze"), ("fit", "crop, pad")),
        ("prepare_data", ("--dataset=folder",), ("video_dir", "received none")),
        ("prepare_data", ("--num_frames=3",), ("num_frames", "--dataset=folder")),
        ("encode", (folder,), ("workdir",)),
        ("encode", ("--workdir=no",), ("video_dir",)),
        ("swap", ("--workdir=no", "--content=a.gif"), ("motion",)),
    ):
        done = run(program, *flags, cwd=tmp_path)
        assert_one_line(done, f"{program}: ", *words)
    assert list(tmp_path.iterdir()) == []


def test_strict_stops_at_a_damaged_file(gifs, tmp_path):
    done = run("prepare_data", "--dataset=folder", f"--video_dir={gifs}", "--strict", cwd=tmp_path)
    assert_one_line(done, "prepare_data: ", "broken.gif")
