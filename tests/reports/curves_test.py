"""Curves follow the columns of a run's own table."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tf_dsae.reports import figures

TERMS = ("elbo", "log_likelihood", "static_kl", "dynamic_kl", "contrast_$x_1")


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws rows and gives the axes that have curves, by title."""
    made = []
    monkeypatch.setattr(
        figures, "Figure", lambda **options: made.append(Figure(**options)) or made[-1]
    )

    def draw(rows):
        figures.save_curves(tmp_path / "curves.png", rows)
        assert np.asarray(Image.open(tmp_path / "curves.png")).std() > 5
        return {axes.get_title(): axes for axes in made[-1].axes if axes.axison}

    return draw


def test_every_term_of_the_run_has_a_panel(drawn):
    rows = [
        {"epoch": str(epoch), "step": "9", "seconds": "1.5"}
        | {name: str(10.0 * epoch + number) for number, name in enumerate(TERMS)}
        | {f"val_{name}": str(20.0 * epoch + number) for number, name in enumerate(TERMS)}
        for epoch in (1, 2, 3)
    ]
    panels = drawn(rows)
    assert list(panels) == ["ELBO", "log-likelihood", "KL of f", "KL of z", "contrast_$x_1"]
    for number, axes in enumerate(panels.values()):
        training, held_out = (line.get_xydata() for line in axes.lines)
        np.testing.assert_array_equal(training, [[e, 10 * e + number] for e in (1, 2, 3)])
        np.testing.assert_array_equal(held_out, [[e, 20 * e + number] for e in (1, 2, 3)])


def test_tables_of_fewer_columns_and_rows_are_drawn(drawn):
    assert list(drawn([])) == ["ELBO", "log-likelihood", "KL of f", "KL of z"]
    rows = [{"epoch": "1", "step": "2", "elbo": "-3", "val_elbo": ""}]
    assert list(drawn(rows)) == ["ELBO"]
