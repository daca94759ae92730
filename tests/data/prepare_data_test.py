"""The program `prepare_data`, run as its users run it."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "bin" / "prepare_data"


def run(*arguments: object, program: tuple = (PROGRAM,)) -> subprocess.CompletedProcess:
    command = [sys.executable, *program, *map(str, arguments)]
    # From a folder of its own: the program finds its package by its own place.
    return subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120)


def assert_one_line(done: subprocess.CompletedProcess, *words: str) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    for word in ("prepare_data: ", *words):
        assert word in line


def test_program_is_executable():
    assert PROGRAM.stat().st_mode & 0o111 == 0o111


def test_help_shows_the_flags_and_loads_no_tensorflow():
    done = run("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for flag in ("--dataset", "--data_dir", "--sheets_dir"):
        assert flag in done.stdout
    assert "Prepares a data set" in done.stdout
    imports = run("--help", program=("-X", "importtime", PROGRAM)).stderr
    assert "tf_dsae" in imports
    assert "tensorflow.python" not in imports


@pytest.mark.parametrize("argument", ["--datasets=sprites", "sprites"])
def test_wrong_argument(argument):
    assert_one_line(run(argument), argument.strip("-").split("=")[0], "--help")


def test_user_error(tmp_path):
    done = run(f"--data_dir={tmp_path}", "--dataset=sprites/lpc", f"--sheets_dir={tmp_path}/no")
    assert_one_line(done, f"{tmp_path}/no")


def test_default_flags(tmp_path):
    done = run(f"--data_dir={tmp_path}")
    assert done.returncode == 0
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith(f"sprites/drawn prepared in {tmp_path}")
    assert "9000 training and 2664 test videos" in line
