"""The program export as its users run it."""

import os

import pytest

from tests.cli.conftest import assert_one_line, run
from tests.export import conftest as export

random_run = export.random_run


def test_export_says_where_it_wrote(random_run, tmp_path):
    exports = tmp_path / "my exports"
    done = run("export", f"--workdir={random_run[0]}", f"--export_dir={exports}", "--version=6")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"wrote {exports}/6 in" in done.stdout
    assert f"saved_model_cli show --dir '{exports}/6' --all" in done.stdout
    assert os.listdir(exports) == ["6"]


def test_export_keeps_what_is_there(random_run, tmp_path):
    (tmp_path / "2").mkdir()
    done = run("export", f"--workdir={random_run[0]}", f"--export_dir={tmp_path}", "--version=2")
    assert_one_line(done, "version: expected one that", "received 2")
    assert os.listdir(tmp_path) == ["2"] and os.listdir(tmp_path / "2") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["workdir: expected one, received none"]),
        (["--workdir=x"], ["export_dir: expected one, received none"]),
        (["--workdir=x", "--export_dir=y", "--version=0"], ["version: expected a whole number"]),
        (["--workdir=x", "--export_dir=y", f"--version={2**63}"], ["version: expected at most"]),
        (["--workdir=x", "--export_dir=y", "--version=a"], ["version"]),
    ],
)
def test_mistakes_are_answered_in_one_line(arguments, words):
    assert_one_line(run("export", *arguments), *words)


def test_help_shows_the_flags():
    done = run("export", "--help")
    assert done.returncode == 0
    assert all(flag in done.stdout for flag in ("--workdir", "--export_dir", "--version"))
