import sys

import numpy as np
import pytest

from mrca.evaluation.calibration import reliability
from mrca.reporting.reliability_plot import plot_reliability

GENERATOR = np.random.default_rng(2)
AFTER = GENERATOR.beta(0.3, 2, 3000)
LABELS = GENERATOR.random(3000) < AFTER
BEFORE = AFTER**0.3


@pytest.fixture
def figure():
    return plot_reliability(reliability(LABELS, BEFORE), reliability(LABELS, AFTER), "nyt, test")


def test_both_curves_are_drawn_with_their_errors_and_the_diagonal(figure):
    upper = figure.axes[0]
    lines = {line.get_label(): line.get_xydata() for line in upper.lines}
    assert lines.pop("share = score").tolist() == [[0, 0], [1, 1]]
    for name, scores in (("before", BEFORE), ("after", AFTER)):
        found = reliability(LABELS, scores)
        drawn = lines.pop(f"{name}: expected calibration error {found.error:.4f}")
        np.testing.assert_array_equal(drawn, np.column_stack([found.scores, found.positives]))
    assert not lines
    assert upper.get_title(loc="left") == "nyt, test"
    assert (*upper.get_xlim(), *upper.get_ylim()) == (0, 1, 0, 1)


def test_the_cells_are_counted_by_score_below_on_a_log_axis(figure):
    lower = figure.axes[1]
    for steps, scores in zip(lower.patches, (BEFORE, AFTER), strict=True):
        values, edges, _ = steps.get_data()
        assert values.sum() == len(scores)
        np.testing.assert_array_equal(values, np.histogram(scores, edges)[0])
    assert lower.get_yscale() == "log"
    low, high = lower.get_ylim()
    counts = np.concatenate([steps.get_data().values for steps in lower.patches])
    assert low < counts[counts > 0].min()
    assert counts.max() <= high
    assert lower.get_shared_x_axes().joined(lower, figure.axes[0])


def test_the_legend_covers_nothing(figure):
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    assert not any(legend.overlaps(axes.get_tightbbox()) for axes in figure.axes)
    assert [text.get_text().split(":")[0] for text in figure.legends[0].get_texts()] == [
        "share = score",
        "before",
        "after",
    ]


def test_a_single_cell_is_drawn_too_and_without_a_window_system(tmp_path):
    one = reliability([1], [0.5])
    plot_reliability(one, one, "t").savefig(tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )
