"""The trials of a search as pictures: their settings with their scores, and the best so far."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mrca.errors import MrcaError
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.setting_axis import SettingAxis, round_numbers, short_names
from mrca.experiments.search.trials import Trial, best_first, settings_of, values_of
from mrca.reporting.figure_title import figure_title
from mrca.reporting.palette import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Where lines go that have no value on an axis, and how far those with the same value stand apart.
_ABSENT = -0.13
_ABSENT_TEXT = "n/a"
_APART = 0.008
# The weakest trials share the lightest blue, so that the best ones can be told apart.
_LIGHTEST = 0.25
_CHARACTERS = 16  # of the legend to an inch
_NO_SCORE = "#BDBDBD"


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
    from matplotlib.figure import Figure

    if not trials:
        raise MrcaError("There is no trial to draw yet.")
    figure = Figure(figsize=(7.2, 4.0), dpi=150, layout="constrained")
    axes = figure.subplots()
    best: list[tuple[int, float]] = []
    for trial in trials:
        number = int(trial.id)  # as KerasTuner counts them
        if trial.score is None:
            axes.plot(number, 0.03, "x", color=GREY, transform=axes.get_xaxis_transform())
            continue
        is_done = trial.status == "done"
        if is_done and (not best or trial.score > best[-1][1]):
            best.append((number, trial.score))
        axes.plot(
            number,
            trial.score,
            "o",
            markersize=5,
            color=BLUE,
            markerfacecolor=BLUE if is_done else "white",
            zorder=3,
        )
        if len(trial.scores) > 1:
            runs = [score for score in trial.scores if score is not None]
            axes.plot([number] * len(runs), runs, "o", markersize=2, color=BLUE, alpha=0.6)
    if best:
        numbers, scores = zip(*best, (int(trials[-1].id), best[-1][1]), strict=True)
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
    axes.set_xlim(-0.6, int(trials[-1].id) + 0.6)
    axes.locator_params(axis="x", integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#E4E4E4", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set(xlabel="trial", ylabel=f"{objective} on validation")
    axes.set_title(
        figure_title(title, figure.get_figwidth()), loc="left", fontsize=11, fontweight="bold"
    )
    legend = "Orange: the best so far.  Hollow: stopped early.  ×: failed or too large."
    figure.supxlabel(legend, x=0.01, ha="left", fontsize=8, color=GREY)
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
    from matplotlib.figure import Figure

    if not trials:
        raise MrcaError("There is no trial to draw yet.")
    ranked = best_first(list(trials))[::-1]  # the best on top
    fields = settings_of(ranked)
    axes_of = {field: _axis(field, ranked, parameters) for field in fields}
    names = [*short_names(fields).values(), objective]
    gaps = [_gap(axis, names[place : place + 2]) for place, axis in enumerate(axes_of.values())]
    across = np.concatenate([[0.0], np.cumsum(gaps)])
    figure = Figure(figsize=(across[-1] + 1.9, 4.6), dpi=150, layout="constrained")
    axes = figure.subplots()
    heights = np.column_stack(
        [
            *(_heights(axis, values_of(ranked, field)) for field, axis in axes_of.items()),
            _scores(ranked),
        ]
    )
    _draw_lines(axes, across, heights, ranked)
    lowest = 0.0
    for place, (field, axis) in enumerate(axes_of.items()):
        absent = None in values_of(ranked, field)
        lowest = _ABSENT if absent else lowest
        ticks = [*axis.ticks, *([(_ABSENT, _ABSENT_TEXT)] if absent else [])]
        _draw_axis(axes, across[place], names[place], ticks)
    _draw_axis(axes, across[-1], objective, _score_ticks(ranked), bold=True)
    axes.set_xlim(-0.15, across[-1] + 0.75)
    axes.set_ylim(lowest - 0.08, 1.17)
    axes.set_axis_off()
    axes.set_title(
        figure_title(title, figure.get_figwidth()), loc="left", fontsize=11, fontweight="bold"
    )
    legend = textwrap.fill(_legend(ranked), int(_CHARACTERS * figure.get_figwidth()))
    figure.supxlabel(legend, x=0.01, ha="left", fontsize=8, color=GREY)
    return figure


def _axis(field: str, ranked: Sequence[Trial], parameters: Sequence[Parameter]) -> SettingAxis:
    searched = [each for each in parameters if each.field == field]
    known = [value for each in searched for value in each.values or each.ends]
    return SettingAxis(
        [*known, *values_of(list(ranked), field)], any(each.log for each in searched)
    )


def _gap(axis: SettingAxis, names: Sequence[str]) -> float:
    """Inches to the next axis: room for the labels between them, and for both names."""
    labels = max((len(text) for _, text in axis.ticks), default=0)
    return max(1.05, 0.35 + 0.075 * labels, 0.25 + 0.045 * sum(map(len, names)))


def _heights(axis: SettingAxis, values: Sequence[object]) -> NDArray[np.float64]:
    """Where each line crosses an axis; many with the same value make it look thicker."""
    places = np.nan_to_num(axis.places(values), nan=_ABSENT)
    for place in np.unique(places):
        same = np.flatnonzero(places == place)
        if len(same) > 1:
            places[same] += np.linspace(-_APART, _APART, len(same))
    return places


def _scores(ranked: Sequence[Trial]) -> NDArray[np.float64]:
    """Scores as places between the lowest and the highest; NaN without one."""
    scores = np.array([np.nan if trial.score is None else trial.score for trial in ranked])
    if np.isnan(scores).all():
        return scores
    low, high = np.nanmin(scores), np.nanmax(scores)
    return np.full_like(scores, 0.5) + 0 * scores if low == high else (scores - low) / (high - low)


def _draw_lines(
    axes: "Axes",
    across: NDArray[np.float64],
    heights: NDArray[np.float64],
    ranked: Sequence[Trial],
) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    scored = sum(trial.score is not None for trial in ranked)
    first = len(ranked) - scored  # those without a score stand before all others
    order = np.argsort(np.argsort(np.nan_to_num(heights[:, -1], nan=-1.0)))
    best = len(ranked) - 1 if scored else -1
    for place, trial in enumerate(ranked):
        ends = len(across) - (trial.score is None)
        vertices, codes = [(across[0], heights[place, 0])], [Path.MOVETO]
        for left in range(ends - 1):
            middle = (across[left] + across[left + 1]) / 2
            vertices += [
                (middle, heights[place, left]),
                (middle, heights[place, left + 1]),
                (across[left + 1], heights[place, left + 1]),
            ]
            codes += [Path.CURVE4] * 3
        share = (order[place] - first) / max(scored - 1, 1)
        blue = colormaps["Blues"](_LIGHTEST + (1 - _LIGHTEST) * max(share, 0.0))
        colour = _NO_SCORE if trial.score is None else blue
        is_best = place == best
        axes.add_patch(
            PathPatch(
                Path(vertices, codes),
                fill=False,
                edgecolor=ORANGE if is_best else colour,
                linewidth=2.4 if is_best else 1.1,
                linestyle="--" if trial.status == "stopped" else "-",
                zorder=3 if is_best else 2,
            )
        )


def _draw_axis(
    axes: "Axes",
    across: float,
    name: str,
    ticks: Sequence[tuple[float, str]],
    bold: bool = False,
) -> None:
    axes.plot([across, across], [-0.04, 1.04], color="#1F1F1F", linewidth=1, zorder=4)
    for place, text in ticks:
        axes.plot([across, across + 0.04], [place, place], color="#1F1F1F", linewidth=1, zorder=4)
        axes.text(
            across + 0.07,
            place,
            text,
            va="center",
            fontsize=7.5,
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
        )
    weight = "bold" if bold else "normal"
    axes.text(across, 1.09, name, ha="center", fontsize=9, fontweight=weight)


def _score_ticks(ranked: Sequence[Trial]) -> list[tuple[float, str]]:
    scores = [trial.score for trial in ranked if trial.score is not None]
    if not scores:
        return []
    low, high = min(scores), max(scores)
    if low == high:
        return [(0.5, f"{low:.4f}")]
    return [
        ((number - low) / (high - low), f"{number:.6g}")
        for number in round_numbers(low, high)
        if low <= number <= high
    ]


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
