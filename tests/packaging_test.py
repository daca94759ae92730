"""What is shipped, and the commands that README promises."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_wheel_holds_modules_and_data(tmp_path):
    pytest.importorskip("setuptools")
    # From a copy of what is needed, so that no build folder is left in the checkout.
    source = tmp_path / "source"
    shutil.copytree(ROOT / "tf_dsae", source / "tf_dsae")
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    wheel = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*wheel, "--wheel-dir", str(tmp_path), str(source)], check=True)
    [path] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        programs = archive.read(entry_points).decode()
    shipped = {str(file.relative_to(source)) for file in (source / "tf_dsae").rglob("*.py")}
    shipped |= {
        f"tf_dsae/data/sprites/{name}"
        for name in ("checksums.tsv", "CITATIONS.bib", "README.md", "TAGS.txt")
    }
    shipped.add("tf_dsae/reports/page.css")
    assert shipped <= names
    assert not any(name.startswith(("tests/", "testdata/")) for name in names)
    for program in re.findall(r"^\w+ = ([\w.]+):run$", programs, re.MULTILINE):
        assert program.startswith("tf_dsae.cli.")
    assert len(re.findall(r":run$", programs, re.MULTILINE)) == 9


def test_what_readmes_link_to_is_there():
    for folder in (".", "results", "examples/serving"):
        page = ROOT / folder / "README.md"
        text = re.sub("```.*?```", "", page.read_text(), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page}: {link}"


def test_readme_has_the_two_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert "pip install -e . && bin/train --beta=6" in lines
    assert "pip install -e '.[test]' && python -m pytest -n 2" in lines
    assert any(line.startswith("![") for line in lines)  # That it is there is tested above.


@pytest.mark.parametrize(
    ("script", "flags", "words"),
    [
        (
            "train_step.py",
            [
                *("--presets=tiny", "--precisions=float32", "--seconds=0.1", "--blocks=1"),
                *("--batch_size=2", "--num_frames=2", f"--baseline={ROOT}"),
            ],
            "tiny          float32             2",
        ),
        (
            "serving.py",
            [
                *("--preset=tiny", "--batch_sizes=1", "--num_frames=2", "--seconds=0.1"),
                *("--requests=20", "--warm_up=10"),
            ],
            "functions traced after the first 10: 0",
        ),
        ("imports.py", ["--rounds=1", "--nowarm_up"], "every public name"),
        (
            "likelihood_sweep.py",
            ["--steps=2", "--eager_steps=1", "--nocommand"],
            "120 trainings of 2 steps",
        ),
    ],
)
def test_benchmarks_run(script, flags, words):
    command = [sys.executable, str(ROOT / "benchmarks" / script), *flags]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
