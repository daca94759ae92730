"""Stand-in sheets, and a small data set prepared from them once."""

import os
from pathlib import Path

import numpy as np
import pytest

from tf_dsae.data import prepare
from tf_dsae.data.sprites import characters, sheets

# So few characters that preparing takes a second; the numbers of both splits differ.
FEW = {"train": np.array([0, 1295, 700]), "test": np.array([43, 258])}


@pytest.fixture(scope="session")
def stand_ins_dir() -> Path:
    return Path(__file__).parents[2] / "testdata" / "sheets"


@pytest.fixture(scope="session")
def stand_ins(stand_ins_dir) -> characters.Sheets:
    return sheets.read_sheets(stand_ins_dir)


@pytest.fixture
def few_characters(monkeypatch):
    monkeypatch.setattr(characters, "split_characters", lambda: FEW)


@pytest.fixture(scope="session")
def small_data_dir(stand_ins_dir, tmp_path_factory) -> Path:
    """A data_dir that holds sprites/lpc, made from the stand-ins with few characters."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(characters, "split_characters", lambda: FEW)
        prepare("sprites/lpc", folder, show_progress=False, sheets_dir=stand_ins_dir)
    return folder


@pytest.fixture(scope="session")
def published_sheets_dir() -> Path:
    folder = os.environ.get("TF_DSAE_SHEETS_DIR")
    if folder is None:
        pytest.skip("needs the published sheets; name their folder in TF_DSAE_SHEETS_DIR")
    return Path(folder)
