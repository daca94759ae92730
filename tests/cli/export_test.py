"""The program export as its users run it."""

import os

from tests.cli.conftest import run
from tests.export import conftest as export

random_run = export.random_run


def test_export_says_where_it_wrote(random_run, tmp_path):
    exports = tmp_path / "my exports"
    done = run("export", f"--workdir={random_run[0]}", f"--export_dir={exports}", "--version=6")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"wrote {exports}/6 in" in done.stdout
    assert f"saved_model_cli show --dir '{exports}/6' --all" in done.stdout
    assert os.listdir(exports) == ["6"]
