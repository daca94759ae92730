"""Runs programs as their users run them."""

import subprocess
import sys
from pathlib import Path

BIN = Path(__file__).parents[2] / "bin"


def command(name: str, *arguments: object, python: tuple = ()) -> list[str]:
    return [sys.executable, *python, str(BIN / name), *map(str, arguments)]


def run(name: str, *arguments: object, cwd="/", python: tuple = ()) -> subprocess.CompletedProcess:
    """From a folder of its own: a program finds its package by its own place."""
    line = command(name, *arguments, python=python)
    return subprocess.run(line, capture_output=True, text=True, cwd=cwd, timeout=300)


def assert_one_line(done: subprocess.CompletedProcess, *words: str) -> None:
    """Failed as a user's mistake does: code 2 and one line on stderr that holds the words."""
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    for word in words:
        assert word in line
