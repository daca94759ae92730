"""The program `prepare_data`, run as its users run it."""

from tests.data.conftest import FEW
from tf_dsae.data.sprites import characters

PROGRAM = "prepare_data"


def test_help_shows_the_flags(quick_run):
    done = quick_run(PROGRAM, "--help")
    assert done.returncode == 0
    for flag in ("--dataset", "--data_dir", "--sheets_dir"):
        assert flag in done.stdout
    assert "Prepares a data set" in done.stdout


_FEW = f"""
import numpy as np
from tf_dsae.data.sprites import characters

few = {{k: np.array(v) for k, v in { ({k: v.tolist() for k, v in FEW.items()}) }.items()}}
characters.split_characters = lambda: few
"""


def test_default_flags(tmp_path, quick_run):
    """But for the number of characters; all of them are those of the last lines of .ci/run."""
    done = quick_run(PROGRAM, f"--data_dir={tmp_path}", before=_FEW)
    assert (done.returncode, done.stdout) == (0, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"sprites/drawn prepared in {tmp_path}")
    counts = (len(FEW[split]) * len(characters.MOTIONS) for split in ("train", "test"))
    assert "{} training and {} test videos".format(*counts) in line
