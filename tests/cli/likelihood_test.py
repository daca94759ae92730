"""The likelihood program as its users run it."""

import numpy as np
import pytest

from tests.cli.conftest import run
from tf_dsae.core.errors import UserError
from tf_dsae.linear_gaussian.study_results import Study
from tf_dsae.linear_gaussian.study_settings import STEPS, default_panels, parse_grid

_SHOW = """
from tf_dsae.linear_gaussian import study

def show(panels, steps):
    print(panels, steps)
    raise SystemExit(0)

study.run_study = show
"""


def test_default_flags_are_the_published_study(tmp_path, quick_run):
    """Which is run, as it ships, in tests/linear_gaussian."""
    done = quick_run("likelihood", cwd=tmp_path, before=_SHOW)
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    said, settings = done.stdout.splitlines()
    assert said == "training q for 120 processes, 1000 steps"
    assert settings == f"{default_panels()} {STEPS}"


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
    assert {"tf_dsae", "tensorflow"} <= set(study.versions)
    assert "| sigma\\_z | 0.40 |" in (tmp_path / "out" / "likelihood.md").read_text()
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert figures == {"sigma_z.png", "gap.png", "families.png", "joint.png", "lengths.png"}


def test_grids():
    np.testing.assert_array_equal(parse_grid("0.1:0.3:0.1"), [0.1, 0.2, 0.3])
    assert parse_grid("0.5") == (0.5,) and parse_grid("0.1,0.7") == (0.1, 0.7)
    assert parse_grid("2:1:0.5") == ()
    with pytest.raises(UserError, match="grid: expected first:last:step"):
        parse_grid("1:2:0")
