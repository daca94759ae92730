"""README's Python is Python, and what it calls is there and takes what it is given."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import tf_dsae

README = Path(__file__).parents[1] / "README.md"


def blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def known_names(tree: ast.AST) -> dict[str, object]:
    """What a block's names stand for, as far as it says: imports of ours, and the model."""
    names = {"tf_dsae": tf_dsae, "model": tf_dsae.DSAE}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("tf_dsae"):
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
                names[alias.asname or alias.name] = getattr(module, alias.name)
    return names


def check(source: str) -> int:
    """How many of our names a block uses; fails for one that is not there."""
    tree = ast.parse(source)
    names, used = known_names(tree), 0

    def found(node: ast.expr) -> object:
        if isinstance(node, ast.Name):
            return names.get(node.id)
        if isinstance(node, ast.Attribute) and (owner := found(node.value)) is not None:
            assert hasattr(owner, node.attr), f"{ast.unparse(node)} is not there"
            return getattr(owner, node.attr)
        return None

    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and found(node) is not None:
            used += 1
        if isinstance(node, ast.Call) and (function := found(node.func)) is not None:
            taken = inspect.signature(function).parameters
            takes_any = any(one.kind is one.VAR_KEYWORD for one in taken.values())
            for keyword in node.keywords:
                assert takes_any or keyword.arg in taken, f"{ast.unparse(node)}: {keyword.arg}"
    return used


def test_readmes_python_is_true():
    found = blocks(README.read_text())
    assert len(found) >= 4
    assert sum(map(check, found)) >= 15


@pytest.mark.parametrize(
    "source",
    [
        "tf_dsae.nonsense",
        "model.nonsense(videos)",
        "model.elbo(videos, sede=0)",
        "from tf_dsae.linear_gaussian import exact\nexact.nonsense(x)",
    ],
)
def test_what_is_not_there_fails(source):
    with pytest.raises((AssertionError, AttributeError), match="nonsense|sede"):
        check(source)


def test_what_is_no_python_fails():
    with pytest.raises(SyntaxError):
        check("model.encode(")
