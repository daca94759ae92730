"""Runs programs as their users run them; mistakes, in forks of one process."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "bin"
FORKS = Path(__file__).parent / "forks.py"


def command(name: str, *arguments: object, python: tuple = ()) -> list[str]:
    return [sys.executable, *python, str(BIN / name), *map(str, arguments)]


def run(name: str, *arguments: object, cwd="/", python: tuple = ()) -> subprocess.CompletedProcess:
    """From a folder of its own: a program finds its package by its own place."""
    line = command(name, *arguments, python=python)
    return subprocess.run(line, capture_output=True, text=True, cwd=cwd, timeout=300)


@dataclass
class Done:
    """How a program ended; whether it loaded TensorFlow, and the processor time that it took."""

    returncode: int
    stdout: str
    stderr: str
    tensorflow: bool
    seconds: float


@pytest.fixture(scope="session")
def forks():
    """A process that has imported the package and waits."""
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, FORKS], text=True, **pipe) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def quick_run(forks, tmp_path_factory):
    """`run` without the start of a process, for what ends before TensorFlow is needed."""

    def run_in_fork(name: str, *arguments: object, cwd="/", before: str = "") -> Done:
        """`before`: what Python runs first, to change the world that the program finds."""
        folder = tmp_path_factory.mktemp("done")
        request = {"program": name, "arguments": [*map(str, arguments)], "before": before}
        request |= {"folder": str(folder), "cwd": str(cwd)}
        forks.stdin.write(json.dumps(request) + "\n")
        forks.stdin.flush()
        answer = json.loads(forks.stdout.readline())
        facts = json.loads((folder / "facts").read_text())
        texts = {stream: (folder / stream).read_text() for stream in ("stdout", "stderr")}
        return Done(**answer, **texts, **facts)

    return run_in_fork


def assert_one_line(done: subprocess.CompletedProcess | Done, *words: str) -> None:
    """Failed as a user's mistake does: code 2 and one line on stderr that holds the words."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    for word in words:
        assert word in line
