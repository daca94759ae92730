"""Imports run downward only, and importing is quick and quiet."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tf_dsae
from tf_dsae.errors import reason

ROOT = Path(tf_dsae.__file__).parent

# The design's floors, each module by the longest name that matches. Modules of one floor may use
# each other inside their own package only, or in the order in which a tuple names them.
FLOORS = [
    (
        "version",
        "errors",
        "checks",
        "types",
        "geometry",
        "config",
        "presets",
        "schedules",
        "files",
        "videos",
        "replicas",
    ),
    ("distributions", "optimizer", "recurrent", "views", "data"),
    ("encoders", "prior", "decoder"),
    ("objective",),
    ("networks", "sequential_model", "autoencoder", "model", "linear_gaussian"),
    ("figures", "workdir", "apply", "export", "training", "evaluation", "reproduce"),
    ("cli",),
]


def place(module: str) -> tuple[int, int]:
    """(floor, place on it) of tf_dsae.<module>."""
    first = module.split(".")[1]
    for floor, names in enumerate(FLOORS):
        if first in names:
            return floor, names.index(first)
    raise AssertionError(f"{module} stands on no floor; give it one here and in the design")


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        if name != "tf_dsae":
            found.append((name, path))
    return found


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tf_dsae"):
            assert node.level == 0, f"{path}: import by full names"
            if node.module == "tf_dsae":
                found |= {f"tf_dsae.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("tf_dsae.")}
    return found


@pytest.mark.parametrize(("name", "path"), modules())
def test_imports_run_downward(name, path):
    for imported in imports(path):
        inside = name.split(".")[1] == imported.split(".")[1]
        assert inside or place(imported) < place(name), f"{name} imports {imported}"


def test_public_names_are_there():
    for name in tf_dsae.__all__:
        assert getattr(tf_dsae, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = tf_dsae.nonsense


def test_importing_is_silent_and_waits_with_tensorflow():
    script = "import sys, tf_dsae; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def test_every_part_says_what_it_is():
    for name, path in modules():
        assert ast.get_docstring(ast.parse(path.read_text())), f"{name} has no docstring"


def test_reasons_are_one_line_without_a_librarys_noise():
    assert reason(ValueError("{{node x_{1} y}} No\n  space")) == "No space"
    assert reason(KeyError()) == "KeyError"
    assert len(reason(ValueError("x" * 999))) < 210
