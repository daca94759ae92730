"""The likelihood program as its users run it."""

import numpy as np
import pytest

from tests.cli.conftest import assert_one_line, run
from tf_dsae.core.errors import UserError
from tf_dsae.linear_gaussian.study_results import Study
from tf_dsae.linear_gaussian.study_settings import parse_grid


def test_default_flags_make_the_published_study(tmp_path):
    done = run("likelihood", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sigma_x     0.30" in done.stdout and "NO" not in done.stdout
    folder = tmp_path / "runs" / "likelihood"
    study = Study.read(folder / "likelihood.json")
    assert len(study.panels) == 6 and all(all(p.converged) for p in study.panels)
    assert {"tf_dsae", "tensorflow"} <= set(study.versions)
    assert "| sigma\\_z | 0.50 |" in (folder / "likelihood.md").read_text()
    figures = {path.name for path in (folder / "figures").iterdir()}
    curves = {"sigma_f.png", "sigma_x.png", "sigma_z.png"}
    assert figures == curves | {"gap.png", "families.png", "joint.png", "lengths.png"}


def test_flags_reach_the_study(tmp_path):
    flags = ["--parameter=sigma_z", "--truth=0.4,1.2", "--grid=0.2:0.6:0.2", "--posterior=full"]
    flags += ["--num_sequences=3", "--num_frames=2", "--dimensions=1", "--steps=4", "--seed=5"]
    done = run("likelihood", *flags, f"--output_dir={tmp_path}/out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "NO: 3 of 3 values" in done.stdout
    study = Study.read(tmp_path / "out" / "likelihood.json")
    assert [panel.truth for panel in study.panels] == [0.4, 1.2]
    for settings in (*study.panels, study.joint):
        sizes = [getattr(settings, name) for name in ("num_sequences", "num_frames", "dimensions")]
        assert (sizes, settings.steps, settings.seed) == ([3, 2, 1], 4, 5)
    assert study.panels[0].grid == (0.2, 0.4, 0.6)
    assert study.panels[0].posterior == "full"
    assert study.panels[0].fixed == {"sigma_f": 2.0, "sigma_x": 0.5}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--parameter=sigma_y"], ["parameter: expected one of", "'sigma_y'"]),
        (["--truth=1"], ["truth: expected --parameter"]),
        (["--parameter=sigma_x", "--truth=0"], ["truth: expected a finite number above 0"]),
        (["--parameter=sigma_x", "--truth=big"], ["truth: expected numbers", "'big'"]),
        (["--parameter=sigma_x", "--truth=,"], ["truth: expected numbers", "','"]),
        (["--parameter=sigma_x", "--truth=1,1"], ["truth: expected different numbers"]),
        (["--grid="], ["grid: expected at least one value"]),
        (["--grid=0.5,0.1"], ["grid: expected rising values"]),
        (["--grid=0:1:0.1"], ["grid: expected a finite number above 0"]),
        (["--grid=nan,1"], ["grid: expected a finite number above 0"]),
        (["--grid=1:2"], ["grid: expected first:last:step"]),
        (["--grid=0.1:2:1e-9"], ["grid: expected at most 10000 values"]),
        (["--grid=0.1:1e308:1e-308"], ["grid: expected at most 10000 values"]),
        (["--grid=0.1::2:0.1"], ["grid: expected numbers"]),
        (["--grid=1e-9,1"], ["grid: expected a standard deviation of 0.0001 to 10000"]),
        (["--num_frames=0"], ["num_frames: expected a whole number of at least 1"]),
        (["--num_sequences=0"], ["num_sequences: expected"]),
        (["--steps=0"], ["steps: expected"]),
        (["--posterior=best"], ["posterior: expected one of mean_field", "'best'"]),
        (["--seed=99999999999"], ["seed: expected at most"]),
        (["sigma_x"], ["Expected flags only"]),
    ],
)
def test_mistakes_are_answered_in_one_line(flags, words):
    assert_one_line(run("likelihood", *flags), *words)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("likelihood", f"--output_dir={tmp_path}/file/out")
    assert_one_line(done, "output_dir: expected a folder")


def test_grids():
    np.testing.assert_array_equal(parse_grid("0.1:0.3:0.1"), [0.1, 0.2, 0.3])
    assert parse_grid("0.5") == (0.5,) and parse_grid("0.1,0.7") == (0.1, 0.7)
    assert parse_grid("2:1:0.5") == ()
    with pytest.raises(UserError, match="grid: expected first:last:step"):
        parse_grid("1:2:0")
