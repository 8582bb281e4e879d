"""A comparison as a picture."""

from typing import TYPE_CHECKING

from mrca.evaluation.comparison import ALL, LEVEL, Comparison
from mrca.reporting.figure_title import figure_title
from mrca.reporting.palette import GREY, GROUP_COLOURS
from mrca.reporting.plain_axes import plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {ALL: "#1F1F1F", **GROUP_COLOURS}


def plot_comparison(comparison: Comparison) -> "Figure":
    """The F1 of every method: over all relations, and by head, medium and tail.

    A line for each method, a panel for each group of relations: the dot is the mean over runs, the
    bar its 95 % bootstrap interval over test rows, small dots are single runs, and the dashed line
    stands at the best. Over all relations, a hollow dot differs from the best at p < .05. A group
    without a positive in the test rows has no panel.

    Args:
        comparison: what `compare_methods` returned.

    Returns:
        A figure of one to four axes.
    """
    from matplotlib.figure import Figure

    names = list(comparison.methods)
    groups = [name for name, f1 in comparison.methods[names[0]].f1.items() if f1]
    width = 2.0 + 2.3 * len(groups)
    figure = Figure(figsize=(width, 1.9 + 0.42 * len(names)), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    for axes, group in zip(panels, groups, strict=True):
        _panel(axes, comparison, group)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.4, -0.6)  # the first method on top
    for place, name in enumerate(names):
        if name == comparison.best:
            panels[0].get_yticklabels()[place].set_fontweight("bold")
    title = figure_title(comparison.title, width)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    figure.supxlabel(
        f"{comparison.metric_name} on {comparison.tested_on}.  Bars: 95 % bootstrap intervals over "
        "their choice; small dots: runs.\nHollow: differs from the best, "
        f"{comparison.best} (paired bootstrap, p < .05).",
        x=0.01,
        ha="left",
        fontsize=8,
        color=GREY,
    )
    return figure


def _panel(axes: "Axes", comparison: Comparison, group: str) -> None:
    colour = _COLOURS[group]
    best = 0.0
    for place, method in enumerate(comparison.methods.values()):
        f1 = method.f1[group]
        if f1 is None:
            continue
        best = max(best, f1.mean)
        differs = group == ALL and method.from_best and method.from_best.p_value < LEVEL
        axes.plot([f1.low, f1.high], [place, place], color=colour, linewidth=1.6, alpha=0.75)
        axes.plot(
            f1.mean,
            place,
            marker="o",
            markersize=7,
            color=colour,
            markerfacecolor="white" if differs else colour,
            markeredgewidth=1.6,
            zorder=4,
        )
        if len(f1.runs) > 1:
            below = [place + 0.22] * len(f1.runs)
            axes.plot(f1.runs, below, "o", markersize=2.5, color=colour, alpha=0.6, linewidth=0)
        axes.annotate(
            f"{f1.mean:.3f}",
            (f1.mean, place),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=7.5,
            color=colour,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
            zorder=3,
        )
    axes.axvline(best, color=colour, linewidth=0.9, linestyle="--", alpha=0.5)
    title = "all relations" if group == ALL else group
    axes.set_title(title, fontsize=10, color=colour, fontweight="bold")
    plain_axes(axes)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.margins(x=0.12)
    left, right = axes.get_xlim()
    axes.set_xlim(max(left, -0.02), min(right, 1.02))
    axes.locator_params(axis="x", nbins=4)
