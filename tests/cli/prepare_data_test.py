"""The program `prepare_data`, run as its users run it."""

import pytest

from tests.cli.conftest import BIN, assert_one_line, run

PROGRAM = "prepare_data"


def test_program_is_executable():
    assert (BIN / PROGRAM).stat().st_mode & 0o111 == 0o111


def test_help_shows_the_flags_and_loads_no_tensorflow():
    done = run(PROGRAM, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for flag in ("--dataset", "--data_dir", "--sheets_dir"):
        assert flag in done.stdout
    assert "Prepares a data set" in done.stdout
    imports = run(PROGRAM, "--help", python=("-X", "importtime")).stderr
    assert "tf_dsae" in imports
    assert "tensorflow.python" not in imports


@pytest.mark.parametrize("argument", ["--datasets=sprites", "sprites"])
def test_wrong_argument(argument):
    assert_one_line(
        run(PROGRAM, argument), "prepare_data: ", argument.strip("-").split("=")[0], "--help"
    )


def test_user_error(tmp_path):
    done = run(
        PROGRAM, f"--data_dir={tmp_path}", "--dataset=sprites/lpc", f"--sheets_dir={tmp_path}/no"
    )
    assert_one_line(done, "prepare_data: ", f"{tmp_path}/no")


def test_default_flags(tmp_path):
    done = run(PROGRAM, f"--data_dir={tmp_path}")
    assert done.returncode == 0
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith(f"sprites/drawn prepared in {tmp_path}")
    assert "9000 training and 2664 test videos" in line
