"""How far scores can be taken as probabilities, as a picture."""

from typing import TYPE_CHECKING

import numpy as np

from mrca.evaluation.calibration import Reliability
from mrca.reporting.figure_title import figure_title
from mrca.reporting.palette import BLUE, GREY, ORANGE
from mrca.reporting.plain_axes import plain_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 5.6, 7.8


def plot_reliability(before: Reliability, after: Reliability, title: str) -> "Figure":
    """Share of positives against score before and after calibration, and where the scores lie.

    On the diagonal scores are what they say. A dot is a bin of about equally many cells; below,
    the cells are counted by score, on a log axis.

    Of all cells nearly every dot is near 0, as most cells are negatives. Take more bins and, the
    same ones for both, the cells with a score above a small one:

        chosen = np.maximum(before, after) > 0.01
        plot_reliability(
            reliability(labels[chosen], before[chosen], bins=30),
            reliability(labels[chosen], after[chosen], bins=30),
            "nyt, test: scores above 0.01",
        )

    Args:
        before: what `reliability` returned for the scores as they were.
        after: for the calibrated ones, of the same cells.
        title: what was measured, and which cells; names the sample corpus a sample.

    Returns:
        A figure of two axes that share their x: the curves above, the counts below.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=150, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="share = score")
    for label, colour, found in (("before", ORANGE, before), ("after", BLUE, after)):
        upper.plot(
            found.scores,
            found.positives,
            color=colour,
            linewidth=2,
            marker="o",
            markersize=5.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
            label=f"{label}: expected calibration error {found.error:.4f}",
            clip_on=False,
            zorder=3,
        )
        edges = np.linspace(0, 1, len(found.histogram) + 1)
        lower.stairs(found.histogram, edges, color=colour, linewidth=1.8, baseline=None)
    # In the corners that hardly any curve comes to.
    corner = {"fontsize": 9, "color": GREY}
    upper.text(0.02, 0.98, "scores too low", ha="left", va="top", **corner)
    upper.text(0.98, 0.02, "scores too high", ha="right", va="bottom", **corner)
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share of positives")
    lower.set(yscale="log", ylabel="cells", xlabel="score")
    # Whole powers of ten, so that two of them at least are there to read.
    cells = np.concatenate([before.histogram, after.histogram])
    least, most = (int(np.log10(each)) for each in (cells[cells > 0].min(), cells.max()))
    lower.set_ylim(0.8 * 10**least, 10 ** (most + 1))
    lower.yaxis.set_major_formatter("{x:,.0f}")
    lower.yaxis.set_minor_formatter("")
    for axes in (upper, lower):
        plain_axes(axes)
    upper.set_title(figure_title(title, _WIDTH - 0.9), loc="left", fontsize=11, fontweight="bold")
    figure.legend(loc="outside lower left", frameon=False, fontsize=9, ncols=1)
    return figure
