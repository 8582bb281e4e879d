"""The trials of a search as pictures: scores over settings, and the best so far."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mrca.errors import MrcaError
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.setting_names import setting_text, short_names
from mrca.experiments.search.trials import Trial, best_first
from mrca.reporting.figure_title import figure_title
from mrca.reporting.palette import BLUE, GREY, ORANGE
from mrca.reporting.plain_axes import plain_axes

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_CHARACTERS = 16  # of the legend to an inch, and of labels that stand side by side
_COLUMNS = 4
_NARROWEST = 4.6  # inches, for the legend


def new_figure(
    title: str, legend: str, width: float, height: float, rows: int = 1, columns: int = 1
) -> tuple["Figure", "NDArray[np.object_]"]:
    """A figure with what all pictures of a search have, and its axes `(rows, columns)`.

    Args:
        title: what was searched; names the sample corpus a sample.
        legend: stands below.
        width: in inches.
        height: in inches.
        rows: of panels, which share their vertical axis.
        columns: of panels.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    bold = {"fontsize": 11, "fontweight": "bold"}
    figure.suptitle(figure_title(title, width), x=0.01, ha="left", **bold)
    wrapped = textwrap.fill(legend, int(_CHARACTERS * width), replace_whitespace=False)
    figure.supxlabel(wrapped, x=0.01, ha="left", fontsize=8, color=GREY)
    for axes in grid.flat:
        plain_axes(axes)
    return figure, grid


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
    figure, [[axes]] = new_figure(title, legend, 7.2, 4.0)
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
    axes.set(xlabel="trial", ylabel=f"{objective} on validation")
    return figure


def plot_slices(
    trials: Sequence[Trial], parameters: Sequence[Parameter], objective: str, title: str
) -> "Figure":
    """A panel for each setting: the score of every trial over the value that it had.

    The best trial is orange in every panel, and stopped trials are hollow. Trials without a score,
    or of which a setting was no part, are left out. Values to choose from stand at equal distances.

    Args:
        trials: in any order.
        parameters: what is searched, in the order of the panels.
        objective: what the score is.
        title: what was searched; names the sample corpus a sample.

    Returns:
        A figure of as many axes as there are fields, in rows of at most four.

    Raises:
        MrcaError: if no trial has a score.
    """
    ranked = [trial for trial in best_first(list(trials)) if trial.score is not None]
    if not ranked:
        raise MrcaError("There is no trial to draw yet.")
    fields: dict[str, list[Parameter]] = {}
    for parameter in parameters:
        fields.setdefault(parameter.field, []).append(parameter)
    names = short_names(list(fields))
    rows = -(-len(fields) // _COLUMNS)
    columns = -(-len(fields) // rows)
    legend = "Orange: the best trial.  Hollow: stopped early.  A panel has the trials with a score "
    legend += "of which its setting was a part."
    size = max(_NARROWEST, 2.3 * columns), 1.2 + 2.1 * rows
    figure, grid = new_figure(title, legend, *size, rows, columns)
    for place, (field, searched) in enumerate(fields.items()):
        axes = grid[place // columns][place % columns]
        _draw_slice(axes, searched, [(each.settings.get(field), each) for each in ranked])
        axes.set_xlabel(names[field])
    for axes in grid.flat[len(fields) :]:
        axes.remove()
    for row in grid:
        row[0].set_ylabel(f"{objective} on validation")
    return figure


def _draw_slice(
    axes: "Axes", searched: Sequence[Parameter], values: Sequence[tuple[Any, Trial]]
) -> None:
    """Dots of the trials, ranked, with the value that a setting had in each, None for none."""
    choices: list[Any] = []
    known = [value for each in searched for value in each.choices or each.ends]
    has_words = any(isinstance(each, bool | str) for each in known)
    if has_words or all(each.choices for each in searched):
        tried = [value for value, _ in values if value is not None]
        choices = sorted({*known, *tried}, key=lambda each: (isinstance(each, str), each))
        axes.set_xticks(range(len(choices)), [setting_text(each) for each in choices])
        axes.set_xlim(-0.5, len(choices) - 0.5)
        if sum(len(setting_text(each)) for each in choices) > _CHARACTERS:
            axes.tick_params(axis="x", labelrotation=30)
    elif any(each.log for each in searched):
        axes.set_xscale("log")
    for rank, (value, trial) in enumerate(values):
        if value is None or trial.score is None:
            continue
        color = BLUE if rank else ORANGE
        axes.plot(
            choices.index(value) if choices else value,
            trial.score,
            "o",
            ms=5,
            color=color,
            markerfacecolor=color if trial.status == "done" else "white",
            zorder=3 - rank / len(values),
        )
    axes.margins(y=0.12)
