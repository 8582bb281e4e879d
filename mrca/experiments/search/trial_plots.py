"""The trials of a search as pictures: their settings with their scores, and the best so far."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mrca.errors import MrcaError
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.setting_axis import SettingAxis, short_names
from mrca.experiments.search.trials import Trial, best_first, settings_of, values_of
from mrca.reporting.figure_title import figure_title
from mrca.reporting.palette import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Where lines go that have no value on an axis.
_ABSENT = -0.13
_ABSENT_TEXT = "n/a"
# The weakest trials share the lightest blue, so that the best ones can be told apart.
_LIGHTEST = 0.25
_CHARACTERS = 16  # of the legend to an inch
_NO_SCORE, _INK = "#BDBDBD", "#1F1F1F"


def new_figure(title: str, legend: str, width: float, height: float) -> tuple["Figure", "Axes"]:
    """A figure of one axes, with what all pictures of a search have.

    Args:
        title: what was searched; names the sample corpus a sample.
        legend: stands below.
        width: in inches.
        height: in inches.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.set_title(figure_title(title, width), loc="left", fontsize=11, fontweight="bold")
    wrapped = textwrap.fill(legend, int(_CHARACTERS * width), replace_whitespace=False)
    figure.supxlabel(wrapped, x=0.01, ha="left", fontsize=8, color=GREY)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes


def plot_search_progress(trials: Sequence[Trial], objective: str, title: str) -> "Figure":
    """A dot for each trial's score, in the order of trials, and the best score so far as steps.

    Small dots are single runs of a trial. Stopped trials are hollow; those without a score are
    crosses below the axis.

    Args:
        trials: in their order.
        objective: what the score is.
        title: what was searched; names the sample corpus a sample.

    Returns:
        A figure of one axes.

    Raises:
        MrcaError: if there is no trial.
    """
    if not trials:
        raise MrcaError("There is no trial to draw yet.")
    legend = "Orange: the best so far.  Hollow: stopped early.  ×: failed or too large."
    figure, axes = new_figure(title, legend, 7.2, 4.0)
    best: list[tuple[int, float]] = []
    for trial in trials:
        number = int(trial.id)
        if trial.score is None:
            axes.plot(number, 0.03, "x", color=GREY, transform=axes.get_xaxis_transform())
            continue
        is_done = trial.status == "done"
        if is_done and (not best or trial.score > best[-1][1]):
            best.append((number, trial.score))
        face = BLUE if is_done else "white"
        axes.plot(number, trial.score, "o", ms=5, color=BLUE, markerfacecolor=face, zorder=3)
        runs = [score for score in trial.scores if score is not None]
        if len(runs) > 1:
            axes.plot([number] * len(runs), runs, "o", ms=2, color=BLUE, alpha=0.6)
    last = int(trials[-1].id)
    if best:
        numbers, scores = zip(*best, (last, best[-1][1]), strict=True)
        axes.plot(numbers, scores, drawstyle="steps-post", color=ORANGE, linewidth=2)
        axes.annotate(
            f"{scores[-1]:.4f}",
            best[-1],
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            fontweight="bold",
            color=ORANGE,
        )
    axes.margins(y=0.12)
    axes.set_xlim(-0.6, last + 0.6)
    axes.locator_params(axis="x", integer=True)
    axes.grid(color="#E4E4E4", linewidth=0.7)
    axes.set(xlabel="trial", ylabel=f"{objective} on validation")
    return figure


def plot_parallel_coordinates(
    trials: Sequence[Trial], parameters: Sequence[Parameter], objective: str, title: str
) -> "Figure":
    """A line for each trial through its settings to its score, the darker the better.

    Each setting has an axis of its own, from the lowest to the highest value that is searched; a
    line passes below it where the setting was no part of the trial. The best trial is orange;
    those that were stopped are dashed, and those without a score are grey and end before the last
    axis.

    Args:
        trials: in any order.
        parameters: what is searched; a setting without one has the values that were tried.
        objective: the name of the last axis.
        title: what was searched; names the sample corpus a sample.

    Returns:
        A figure of one axes.

    Raises:
        MrcaError: if there is no trial.
    """
    if not trials:
        raise MrcaError("There is no trial to draw yet.")
    ranked = best_first(list(trials))[::-1]  # the best on top
    scores = [trial.score for trial in ranked]
    columns: dict[str, tuple[SettingAxis, list[object]]] = {}
    for field, name in short_names(settings_of(ranked)).items():
        values = values_of(ranked, field)
        columns[name] = _axis(field, values, parameters), values
    columns[objective] = SettingAxis(scores), [*scores]
    labels = [text for axis, _ in columns.values() for _, text in axis.ticks]
    gap = max(1.2, 0.08 * max(map(len, [*labels, *columns])))
    across = gap * np.arange(len(columns))
    figure, axes = new_figure(title, _legend(ranked), across[-1] + 1.9, 4.6)
    heights = np.column_stack([axis.places(values) for axis, values in columns.values()])
    _draw_lines(axes, across, heights, ranked)
    lowest = 0.0
    for place, (name, (axis, values)) in zip(across, columns.items(), strict=True):
        ticks = axis.ticks
        if None in values and name != objective:
            lowest = _ABSENT
            ticks = [*ticks, (_ABSENT, _ABSENT_TEXT)]
        axes.plot([place, place], [-0.04, 1.04], color=_INK, linewidth=1, zorder=4)
        for height, text in ticks:
            axes.plot([place, place + 0.04], [height] * 2, color=_INK, linewidth=1, zorder=4)
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8}
            axes.text(place + 0.07, height, text, va="center", fontsize=7.5, zorder=5, bbox=box)
        weight = "bold" if name == objective else "normal"
        axes.text(place, 1.09, name, ha="center", fontsize=9, fontweight=weight)
    axes.set_xlim(-0.15, across[-1] + 0.75)
    axes.set_ylim(lowest - 0.08, 1.17)
    axes.set_axis_off()
    return figure


def _axis(field: str, values: list[object], parameters: Sequence[Parameter]) -> SettingAxis:
    searched = [each for each in parameters if each.field == field]
    known = [value for each in searched for value in each.values or each.ends]
    return SettingAxis([*known, *values], any(each.log for each in searched))


def _draw_lines(
    axes: "Axes", across: np.ndarray, heights: np.ndarray, ranked: Sequence[Trial]
) -> None:
    from matplotlib import colormaps

    scored = sum(trial.score is not None for trial in ranked)
    order = np.argsort(np.argsort(np.nan_to_num(heights[:, -1], nan=-1.0)))
    for place, trial in enumerate(ranked):
        is_best = place == len(ranked) - 1
        share = (order[place] + scored - len(ranked)) / max(scored - 1, 1)
        blue = colormaps["Blues"](_LIGHTEST + (1 - _LIGHTEST) * max(share, 0.0))
        line = np.nan_to_num(heights[place], nan=_ABSENT)
        ends = len(line)
        if trial.score is None:  # it ends before the last axis
            is_best, blue, ends = False, _NO_SCORE, ends - 1
        axes.plot(
            across[:ends],
            line[:ends],
            color=ORANGE if is_best else blue,
            linewidth=2.4 if is_best else 1.1,
            linestyle="--" if trial.status == "stopped" else "-",
            zorder=3 if is_best else 2,
            gid=trial.id,
        )


def _legend(ranked: Sequence[Trial]) -> str:
    best = ranked[-1].score
    parts = [
        *([] if best is None else [f"Orange: the best trial, {best:.4f}."]),
        "The darker a line, the better.",
    ]
    if any(trial.status == "stopped" for trial in ranked):
        parts.append("Dashed: stopped early.")
    if any(trial.score is None for trial in ranked):
        parts.append("Grey: failed or too large.")
    if any(None in values_of(list(ranked), field) for field in settings_of(list(ranked))):
        parts.append(f"{_ABSENT_TEXT}: no part of the trial.")
    return "  ".join(parts)
