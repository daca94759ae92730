"""Progress bars: one helper, seen on a terminal and nowhere else."""

import re
from pathlib import Path

import pytest

import tf_dsae
from tf_dsae.core.progress import progress_bar


class Terminal:
    """A stream that says it is a terminal."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_a_bar_hides_off_a_terminal(capfd):
    for show in (True, False):
        with progress_bar("counting", 3, show=show) as bar:
            bar.update(2)
        assert list(progress_bar("counting", over=[4, 5], show=show)) == [4, 5]
        assert bar.disable
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("show", "seen"), [(True, True), (False, False)])
def test_a_bar_is_seen_on_a_terminal_unless_it_is_not_asked_for(show, seen):
    terminal = Terminal()
    with progress_bar("counting", 3, "files", show, file=terminal) as bar:
        bar.update(2)
        bar.refresh()
    assert ("counting" in terminal.text and "files" in terminal.text) is seen


def test_no_module_makes_bars_of_its_own():
    root = Path(tf_dsae.__file__).parent
    makers = [
        path.name
        for path in sorted(root.rglob("*.py"))
        if re.search(r"\btqdm\(|from tqdm|import tqdm$", path.read_text(), re.MULTILINE)
    ]
    assert makers == ["progress.py"]
