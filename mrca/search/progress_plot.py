"""How far a search has come, as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mrca.datasets.palette import BLUE, GREY, ORANGE
from mrca.errors import MrcaError
from mrca.evaluation.figure_title import figure_title
from mrca.search.trials import Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
