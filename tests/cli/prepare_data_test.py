"""The program `prepare_data`, run as its users run it."""

from tests.cli.conftest import assert_one_line, run

PROGRAM = "prepare_data"


def test_help_shows_the_flags(quick_run):
    done = quick_run(PROGRAM, "--help")
    assert done.returncode == 0
    for flag in ("--dataset", "--data_dir", "--sheets_dir"):
        assert flag in done.stdout
    assert "Prepares a data set" in done.stdout


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
