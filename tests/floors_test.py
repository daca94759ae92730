"""Imports run downward only, and importing is quick and quiet."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import tf_dsae
from tf_dsae.core.errors import reason

ROOT = Path(tf_dsae.__file__).parent

# The floors of the house, lowest first; folders of one floor do not know each other.
FLOORS = (
    ("core",),
    ("layers", "data"),
    ("models", "metrics"),
    ("methods", "reports"),
    ("runs",),
    ("training",),
    ("evaluation", "linear_gaussian"),
    ("export",),
    ("reproduction",),
    ("cli",),
)
FLOOR_OF = {folder: floor for floor, folders in enumerate(FLOORS) for folder in folders}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        if name != "tf_dsae":
            found[name] = path
    return found


KNOWN = modules()


def imports(path: Path, at_once: bool = False) -> set[str]:
    """What a module imports of the package; `at_once`: without what waits inside functions."""
    tree = ast.parse(path.read_text())
    found = set()
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tf_dsae"):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & KNOWN.keys()) or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("tf_dsae.")}
    return found


def test_imports_run_downward():
    graph = {name: imports(path, at_once=True) - {name} for name, path in KNOWN.items()}
    list(graphlib.TopologicalSorter(graph).static_order())  # Raises where modules go in a circle.
    for name, path in KNOWN.items():
        for other in imports(path) & KNOWN.keys():
            mine, theirs = (module.split(".")[1] for module in (name, other))
            assert mine == theirs or FLOOR_OF[theirs] < FLOOR_OF[mine], f"{name} imports {other}"


def test_file_names_are_unique():
    names = [path.name for path in KNOWN.values() if path.name != "__init__.py"]
    assert len(set(names)) == len(names)


def test_public_names_are_there():
    for name in tf_dsae.__all__:
        assert getattr(tf_dsae, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = tf_dsae.nonsense


# What programs import before they have checked what they were asked for.
QUICK = (
    *("core.checks", "core.files", "core.registry", "core.schedules", "core.types"),
    *("layers.model_config", "methods.presets", "methods.settings", "data.data_source"),
    *("runs.run_config", "runs.metrics_table", "evaluation.results"),
    *("runs.encode_files", "runs.swap_files", "training.run_checks", "training.cluster_task"),
    *("evaluation.evaluation_files", "evaluation.evaluation_report", "evaluation.protocol"),
    *("linear_gaussian.study_settings", "reproduction.planned_runs", "cli.common"),
)


def test_importing_is_silent_and_waits_with_tensorflow():
    names = ", ".join(["tf_dsae", *(f"tf_dsae.{name}" for name in QUICK)])
    slow = "{'tensorflow', 'keras', 'h5py', 'matplotlib'}"
    script = f"import sys, {names}; print({slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")


def test_every_part_says_what_it_is():
    for name, path in KNOWN.items():
        assert ast.get_docstring(ast.parse(path.read_text())), f"{name} has no docstring"


def test_reasons_are_one_line_without_a_librarys_noise():
    assert reason(ValueError("{{node x_{1} y}} No\n  space")) == "No space"
    assert reason(KeyError()) == "KeyError"
    assert len(reason(ValueError("x" * 999))) < 210
