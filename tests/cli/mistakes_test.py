"""Wrong command lines: one line at once, without TensorFlow, and nothing is written."""

import dataclasses
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import BIN, assert_one_line, run
from tests.conftest import H, W, small_config
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.runs.run_config import WEIGHTS, RunConfig, write_config

PROGRAMS = sorted(path.name for path in BIN.iterdir() if path.is_file())
NO_RUN = "no/config.json: expected a run's settings, found no such file"

# Program -> (arguments, words of the line). RUN is a finished run, FILE a file, GIF a video.
MISTAKES = {
    "compare": [
        ("", "runs: expected the folders of at least two evaluated runs, received 0"),
        ("/nowhere", "runs: expected the folders of at least two"),
        ("/nowhere /elsewhere", "/nowhere: expected an evaluation.json"),
        ("RUN RUN", "runs: expected different ones"),
        ("RUN VIDEOS", "RUN: expected an evaluated run"),
        ("FILE /elsewhere", "FILE: expected an evaluation.json"),
    ],
    "encode": [
        ("--video_dir=VIDEOS", "workdir: expected one, received none"),
        ("--workdir=no", "video_dir: expected one, received none"),
        ("--workdir=no --video_dir=VIDEOS", NO_RUN),
        ("--workdir=DAMAGED --video_dir=VIDEOS", "config.json: expected a run's settings as JSON"),
        ("--workdir=UNFINISHED --video_dir=VIDEOS", "weights of a finished run, found no such"),
        ("--workdir=RUN --video_dir=nothing", "nothing: expected a video"),
        ("--workdir=RUN --video_dir=VIDEOS --output=x.txt", "output: expected a file name"),
        ("--workdir=RUN --video_dir=VIDEOS --output=FILE/x.npz", "output: expected a folder"),
        ("--workdir=RUN --video_dir=VIDEOS --batch_size=0", "batch_size: expected a whole"),
        (
            "--workdir=RUN --video_dir=VIDEOS --fit=squeeze",
            "resize_mode: expected one of crop",
        ),
        ("--workdir=RUN --video_dir=VIDEOS --num_frames=0", "num_frames: expected"),
        ("--workdir=RUN --video_dir=VIDEOS --stride=x", "--stride=x"),
    ],
    "evaluate": [
        ("", "workdir: expected one, received none; name it by --workdir, see --help"),
        ("--workdir=no", NO_RUN),
        ("--workdir=DAMAGED", "config.json: expected a run's settings as JSON"),
        ("--workdir=UNFINISHED", "model.weights.h5: expected the weights of a finished run"),
        ("--workdir=RUN --num_videos=-1", "--num_videos=-1"),
        ("--workdir=RUN --reference=y", "reference: expected one of data, reconstruction"),
        ("--workdir=RUN --motion_prior=y", "motion_prior: expected one of learned"),
        ("--workdir=RUN --batch_size=0", "batch_size: expected a whole number"),
        ("--workdir=RUN --importance_samples=-1", "importance_samples: expected a whole"),
        ("--workdir=RUN --seed=-1", "seed: expected a whole number"),
        ("--workdir=RUN --judge_accuracy=2", "--judge_accuracy=2"),
        ("--workdir=RUN --output_dir=FILE/x", "output_dir: expected a folder"),
        ("--workdir=RUN --judge_dir=FILE", "judge_dir: expected a folder"),
        ("--workdir=RUN --video_dir=/nowhere", "video_dir: expected a"),
        (
            "--workdir=OTHER --video_dir=VIDEOS",
            "video_dir: expected a setting of",
        ),
        (
            "--workdir=OTHER --dynamic_factors=a",
            "dynamic_factors: expected a setting of",
        ),
    ],
    "export": [
        ("", "workdir: expected one, received none"),
        ("--workdir=x", "export_dir: expected one, received none"),
        ("--workdir=x --export_dir=y --version=0", "version: expected a whole number"),
        (f"--workdir=x --export_dir=y --version={2**63}", "version: expected at most"),
        ("--workdir=x --export_dir=y --version=a", "--version=a"),
        ("--workdir=no --export_dir=y", NO_RUN),
        ("--workdir=DAMAGED --export_dir=y", "config.json: expected a run's settings as JSON"),
        ("--workdir=UNFINISHED --export_dir=y", "model.weights.h5: expected the weights"),
        ("--workdir=RUN --export_dir=FILE/y", "export_dir: expected a folder"),
        ("--workdir=RUN --export_dir=EXPORTS --version=2", "version: expected one that"),
    ],
    "likelihood": [
        ("--parameter=sigma_y", "parameter: expected one of sigma_f"),
        ("--truth=1", "truth: expected --parameter"),
        ("--parameter=sigma_x --truth=0", "truth: expected a finite number above 0"),
        ("--parameter=sigma_x --truth=big", "truth: expected numbers, received 'big'"),
        ("--parameter=sigma_x --truth=,", "truth: expected numbers, received ','"),
        ("--parameter=sigma_x --truth=1,1", "truth: expected different numbers"),
        ("--grid=", "grid: expected at least one value"),
        ("--grid=0.5,0.1", "grid: expected rising values"),
        ("--grid=0:1:0.1", "grid: expected a finite number above 0"),
        ("--grid=nan,1", "grid: expected a finite number above 0"),
        ("--grid=1:2", "grid: expected first:last:step"),
        ("--grid=0.1:2:1e-9", "grid: expected at most 10000 values"),
        ("--grid=0.1:1e308:1e-308", "grid: expected at most 10000 values"),
        ("--grid=0.1::2:0.1", "grid: expected numbers"),
        ("--grid=1e-9,1", "grid: expected a standard deviation of 0.0001 to 10000"),
        ("--num_frames=0", "num_frames: expected a whole number of at least 1"),
        ("--num_sequences=0", "num_sequences: expected"),
        ("--dimensions=0", "dimensions: expected"),
        ("--steps=0", "steps: expected"),
        ("--posterior=best", "posterior: expected one of mean_field"),
        ("--seed=99999999999", "seed: expected at most"),
        ("--output_dir=FILE/out", "output_dir: expected a folder"),
        ("sigma_x", "arguments: expected flags only, received 'sigma_x'; see --help"),
    ],
    "prepare_data": [
        ("--datasets=sprites", "'datasets'"),
        ("sprites", "arguments: expected flags only, received 'sprites'; see --help"),
        ("--strict", "strict: expected --dataset=folder"),
        ("--dataset=folder", "video_dir: expected the folder of your videos"),
        ("--num_frames=3", "num_frames: expected --dataset=folder"),
        ("--dataset=sprites/nope", "dataset: expected one of sprites/drawn, sprites/lpc"),
        ("--dataset=sprites/lpc --sheets_dir=no", "sheets_dir: expected a folder of sprite sheets"),
    ],
    "reproduce": [
        ("--betas=1,1", "betas: expected different numbers"),
        ("--betas=-1", "betas: expected different numbers"),
        ("--preset=none", "preset: expected one of sprites"),
        ("--beside=none,tiny", "preset: expected one of sprites"),
        ("--beside=tiny,tiny", "presets: expected different ones"),
        ("--epochs=0", "epochs: expected"),
        ("--num_videos=-1", "--num_videos=-1"),
        ("--output_dir=FILE/x", "output_dir: expected a folder"),
        ("--judge_dir=FILE/x", "judge_dir: expected a folder"),
        ("--dataset=sprites/nope", "dataset: expected one of sprites/drawn, sprites/lpc"),
        ("--output_dir=REPRODUCED", "workdir: expected"),
    ],
    "swap": [
        ("--workdir=no --content=GIF", "motion: expected one, received none"),
        ("--workdir=no --content=GIF --motion=GIF", NO_RUN),
        ("--workdir=UNFINISHED --content=GIF --motion=GIF", "weights of a finished run"),
        ("--workdir=RUN --content=no.gif --motion=GIF", "no.gif: expected a video"),
        ("--workdir=RUN --content=GIF --motion=FILE", "FILE: expected one of mp4"),
        ("--workdir=RUN --content=GIF --motion=GIF --num_frames=99", "expected at least 99 frames"),
        ("--workdir=RUN --content=GIF --motion=GIF --num_frames=999", "num_frames: expected at mo"),
        ("--workdir=RUN --content=GIF --motion=GIF --output=x.mp4", "output: expected a file name"),
        ("--workdir=RUN --content=GIF --motion=GIF --frames_per_second=99", "frames_per_second: e"),
    ],
    "train": [
        ("--preset=papr", "preset: expected one of sprites_drawn, sprites_lpc, paper, li_mandt"),
        ("--beta=-1", "beta_f: expected finite values of at least 0, received -1"),
        ("--beta=six", "beta_f: expected a number or step:value pairs"),
        ("--beta=1 --beta_f=2", "beta: expected beta or beta_f and beta_z, received both"),
        ("--beta_z=0:1,10%:x", "beta_z: expected a number or step:value pairs"),
        ("--beta_z=3:1,2:1", "beta_z: expected steps that rise"),
        ("--steps_per_epoch=9 --beta_z=0:1,50%:2,3:1", "beta_z: expected steps that rise"),
        ("--batch_size=0", "batch_size: expected a whole number of at least 1"),
        ("--batch_size=many", "--batch_size=many"),
        ("--batch_size=6 --accumulate_steps=4", "batch_size: expected a multiple of 4"),
        ("--static_size=0", "static_size: expected"),
        ("--dynamic_size=-3", "dynamic_size: expected"),
        ("--static_size=999999999", "static_size: expected at most 65536"),
        ("--learning_rate=nan", "learning_rate: expected a finite number"),
        ("--optimizer=sgd", "optimizer: expected one of adam, muon"),
        ("--colour_mixing=2", "colour_mixing: expected a number from 0 to 1"),
        ("--static_frames=-1", "static_frames: expected"),
        ("--likelihood_frames=-1", "likelihood_frames: expected"),
        ("--random_erasing=2", "random_erasing: expected a number from 0 to 1"),
        ("--static_posterior=none", "static_posterior: expected one of lstm"),
        ("--posterior=mean", "posterior: expected one of factorised, full"),
        ("--xla=maybe", "xla: expected one of auto, on, off"),
        ("--checkpoint_minutes=-1", "--checkpoint_minutes=-1"),
        ("--distribute=all", "--distribute=all"),
        ("--distribute=multi_worker", "TF_CONFIG: expected JSON such as"),
        (
            "--no_such_flag=1",
            "flags: expected what --help shows, received: Unknown command",
        ),
        ("--config=/no/config.json", "/no/config.json: expected a run's settings, found no such"),
        ("--config=FILE", "FILE: expected a run's settings as JSON"),
        ("--config=FILE --preset=tiny", "config: expected --config or --preset, received both"),
        ("--workdir=FILE/run", "workdir: expected a folder"),
        ("--workdir=/proc/version/run", "workdir: expected a folder, received /proc/version/run"),
        ("--workdir=OTHER", "workdir: expected"),
        ("--workdir=OTHER --noresume", "workdir: expected no run in"),
        ("--workdir=DAMAGED", "config.json: expected a run's settings as JSON"),
        ("--config=OTHER/config.json --workdir=OTHER --static_size=9", "static_size 7 (now 9)"),
        ("--dataset=sprites/nope", "dataset: expected one of sprites/drawn, sprites/lpc"),
        ("--dataset=sprites/lpc --sheets_dir=no", "sheets_dir: expected a folder of sprite sheets"),
        ("--data_setting=x", "data_setting: expected name=value, received 'x'"),
        ("--method=none", "method: expected one of default"),
        ("--dataset=folder", "video_dir: expected the folder of your videos"),
        (
            "--dataset=folder --video_dir=no",
            "video_dir: expected a folder of videos, received no",
        ),
        ("--video_dir=VIDEOS", "video_dir: expected --dataset=folder"),
        ("--stride=2", "stride: expected --dataset=folder"),
        (
            "--dataset=folder --video_dir=VIDEOS --workdir=VIDEOS/run",
            "outside of the data in",
        ),
        ("--dataset=folder --video_dir=VIDEOS --frame_size=64x", "frame_size: expected HEIGHTxWID"),
        ("--dataset=folder --video_dir=VIDEOS --frame_size=50", "frame size: expected sides that"),
        (
            "--dataset=folder --video_dir=VIDEOS --fit=squeeze",
            "resize_mode: expected one of crop",
        ),
    ],
}
CASES = [(name, *case) for name, cases in MISTAKES.items() for case in cases]


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> dict[str, Path]:
    """Names in the table -> what they name; no weights are real, as none may be read."""
    root = tmp_path_factory.mktemp("places")
    names = [
        "DAMAGED",
        "EXPORTS",
        "FILE",
        "GIF",
        "OTHER",
        "REPRODUCED",
        "RUN",
        "UNFINISHED",
        "VIDEOS",
    ]
    paths = {name: root / name.lower() for name in names}
    paths["GIF"] = paths["VIDEOS"] / "a.gif"
    for path in (paths["DAMAGED"], paths["EXPORTS"] / "2", paths["VIDEOS"]):
        path.mkdir(parents=True)
    paths["FILE"].write_text("no JSON")
    (paths["DAMAGED"] / "config.json").write_text("{")
    frames = [Image.new("RGB", (W, H), (20 * index, 0, 0)) for index in range(11)]
    frames[0].save(paths["GIF"], save_all=True, append_images=frames[1:])
    source = {"video_dir": str(paths["VIDEOS"]), "clips": dataclasses.asdict(ClipSettings())}
    on_folder = RunConfig(small_config(), TrainingConfig(dataset="folder"), {"source": source})
    on_sprites = RunConfig(small_config(), TrainingConfig(preset="none"), {})
    write_config(paths["RUN"], on_folder)
    write_config(paths["UNFINISHED"], on_folder)
    write_config(paths["OTHER"], on_sprites)
    write_config(paths["REPRODUCED"] / "beta_1", on_sprites)
    for name in ("RUN", "OTHER"):
        (paths[name] / WEIGHTS).write_bytes(b"")
    return paths


@pytest.mark.parametrize(("program", "line", "words"), CASES)
def test_a_mistake_is_answered_in_one_line(quick_run, places, tmp_path, program, line, words):
    for name, path in places.items():
        line, words = (re.sub(rf"\b{name}\b", str(path), text) for text in (line, words))
    before = everything(places["FILE"].parent)
    done = quick_run(program, *shlex.split(line), cwd=tmp_path)
    assert_one_line(done, f"{program}: ", words)
    assert not done.tensorflow
    assert list(tmp_path.iterdir()) == []
    assert everything(places["FILE"].parent) == before


def everything(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_tensorboard_asked_for_and_missing(quick_run, tmp_path):
    """As where the extra was not installed."""
    hide = "from tf_dsae.training import run_checks; run_checks.has_tensorboard = lambda: False"
    done = quick_run("train", "--tensorboard", cwd=tmp_path, before=hide)
    assert_one_line(done, "tensorboard: expected TensorBoard to be installed, found it missing")
    assert not done.tensorflow


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_shows_flags_and_loads_no_tensorflow(quick_run, program):
    done = quick_run(program, "--help")
    assert (done.returncode, done.stderr, done.tensorflow) == (0, "", False)
    assert " --output" in done.stdout or " --workdir" in done.stdout or " --data_dir" in done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_starts(program, tmp_path):
    """The file in bin/ itself, which a user runs: a mistake in a process of its own."""
    path = BIN / program
    assert path.stat().st_mode & 0o111 == 0o111
    done = run(program, "--no_such_flag", cwd=tmp_path, python=("-X", "importtime"))
    *imports, line = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith(f"{program}: flags: expected what --help")
    assert any("tf_dsae" in name for name in imports)
    assert not any("tensorflow.python" in name for name in imports)


@pytest.mark.parametrize("program", ["train", "prepare_data"])
def test_without_its_requirements_a_program_says_what_to_do(program, tmp_path):
    # -S leaves site-packages out, as a Python in which nothing was installed.
    done = run(program, "--help", python=("-S",), cwd=tmp_path)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{program}: expected the package's requirements, No module named ")
    assert "pip install -e ." in line
