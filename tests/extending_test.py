"""The page of the doors: its examples run, one after the other, as a reader would paste them."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "extending.md"


def blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, flags=re.S)


def test_every_example_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    names: dict = {"__name__": "docs.extending"}
    found = blocks(PAGE.read_text())
    assert len(found) == 6
    for number, block in enumerate(found):
        exec(compile(block, f"example {number + 1} of {PAGE.name}", "exec"), names)
    assert (tmp_path / "exports" / "mine" / "1" / "saved_model.pb").exists()
    assert (tmp_path / "runs" / "mine" / "evaluation" / "report.html").exists()
    assert names["data"].name == "noise" and names["data"].num_train == 8
