import io

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.reporting import plot_heat_map

NAMES = ["IBS", "CBS", "RWL"]
VALUES = [[0.51, 0.55, 0.53], [0.42, 0.47, np.nan], [0.5, 0.561, 0.54]]


def test_every_cell_shows_its_number_and_the_best_has_a_frame():
    figure = plot_heat_map(VALUES, NAMES, NAMES, "macro F1", "representation", "classifier")
    axes = figure.axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["0.510", "0.550", "0.530", "0.420", "0.470", "–", "0.500", "0.561", "0.540"]
    assert [text.get_text() for text in axes.texts if text.get_fontweight() == "bold"] == ["0.561"]
    (frame,) = axes.patches
    assert (frame.get_x(), frame.get_y()) == pytest.approx((0.53, 1.53))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("classifier", "representation")
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES
    figure.savefig(io.BytesIO(), format="png")


def test_numbers_stand_out_from_their_cells():
    axes = plot_heat_map(VALUES, NAMES, NAMES, "t").axes[0]
    image = axes.images[0]
    for text, value in zip(axes.texts, np.ravel(VALUES), strict=True):
        if np.isfinite(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            light = 0.299 * red + 0.587 * green + 0.114 * blue
            assert (text.get_color() == "white") == (light < 0.62)


def test_equal_values_are_drawn_too():
    figure = plot_heat_map([[0.5, 0.5]], ["a"], ["b", "c"], "t")
    figure.savefig(io.BytesIO(), format="png")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[0.5, 0.4]], r"a row and a column for each name, \(1, 1\). Received shape \(1, 2\)"),
        ([[np.inf]], "finite"),
        ([[np.nan]], "at least one value"),
    ],
)
def test_what_cannot_be_drawn_is_refused(values, said):
    with pytest.raises(MrcaError, match=said):
        plot_heat_map(values, ["a"], ["b"], "t")
