"""Losses and their gradients against the score, as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
import numpy as np

from mrca import losses
from mrca.errors import MrcaError
from mrca.losses.curve import decision_point, loss_curve
from mrca.losses.multi_label_loss import MultiLabelLoss
from mrca.losses.softmax_loss import SoftmaxLoss
from mrca.reporting.palette import BLUE, GREEN, GREY, ORANGE
from mrca.reporting.plain_axes import plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's without yellow, which is too light for a line; then again with other strokes.
_COLOURS = [BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
_STROKES = ["-", "--", ":", "-."]
_DOTS = (0, (1, 2))


def plot_losses(
    names: Sequence[str],
    count: int = 50,
    num_samples: int = 1000,
    low: float = -6.0,
    high: float = 6.0,
) -> "Figure":
    """Draw losses (top) and gradients (bottom) for a positive (left) and a negative label (right).

    A row holds one relation, as `mrca.losses.curve.loss_curve` says, and losses have their default
    arguments. Dotted lines and points stand where the decision changes.

    Args:
        names: of `LOSSES`; one drawn twice is drawn once.
        count: training rows of the relation, for the losses that need it.
        num_samples: training rows in all.
        low: the smallest score.
        high: the largest score.

    Returns:
        A figure of four axes with one line for each loss, made without pyplot: save it with
        `figure.savefig(path)`.

    Raises:
        MrcaError: if a name is unknown or there is none, the counts do not fit each other, or the
            range is empty.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    names = list(dict.fromkeys(names))
    if not names:
        raise MrcaError(f"There is no loss to draw. Expected some of: {', '.join(losses.LOSSES)}.")
    if not 1 <= count <= num_samples:
        raise MrcaError(
            f"The relation's training rows must be from 1 to all training rows, {num_samples}. "
            f"Received: {count}."
        )
    if not (np.isfinite([low, high]).all() and low < high):
        raise MrcaError(
            f"The range must be two numbers, the smaller one first. Received: {low:g} {high:g}."
        )
    made = [_made(name, count, num_samples) for name in names]
    scores = np.linspace(low, high, 241)
    points = [decision_point(loss, low, high) for loss in made]

    columns = min(3, len(names) + 1)
    height = 6.4 + 0.21 * -(-(len(names) + 1) // columns)
    figure = Figure(figsize=(10, height), dpi=150, layout="constrained")
    grid = figure.subplots(2, 2, sharex=True, sharey="row")
    for label, (above, below) in zip((True, False), grid.T, strict=True):
        curves = [loss_curve(loss, scores, label) for loss in made]
        _draw(above, scores, [curve[0] for curve in curves], points)
        _draw(below, scores, [curve[1] for curve in curves], points)
        title = "the relation is stated" if label else "the relation is not stated"
        above.set_title(title, loc="left", fontsize=11, fontweight="bold")
        below.set_xlabel("score or logit of the relation")
    for name, row in zip(("loss", "gradient of the loss"), grid, strict=True):
        row[0].set_ylabel(name)
        _crop(row, len(names))
    decision = Line2D([], [], color=GREY, linestyle=_DOTS, marker="o", markersize=5)
    figure.legend(
        [*grid[0, 0].get_lines()[: len(names)], decision],
        [*names, "decision: predicted from here on"],
        loc="outside lower center",
        ncols=columns,
        frameon=False,
    )
    if any(losses.needs_counts(name) for name in names):
        note = f"a relation with {count:,} of {num_samples:,} training rows"
        figure.suptitle(note, x=0.99, ha="right", fontsize=9, color=GREY)
    return figure


def _made(name: str, count: int, num_samples: int) -> MultiLabelLoss:
    # JAX rounds float64 to float32, with a warning, unless told otherwise.
    dtype = "float32" if keras.backend.backend() == "jax" else "float64"
    counts = [count]
    if losses.needs_counts(name) and issubclass(losses.LOSSES[name], SoftmaxLoss):
        counts.append(num_samples - count)
    return losses.for_corpus(name, {"dtype": dtype}, counts, num_samples)


def _draw(
    axes: "Axes",
    scores: np.ndarray,
    curves: Sequence[np.ndarray],
    points: Sequence[float | None],
) -> None:
    # From thick to thin: where lines coincide each still shows.
    widths = np.linspace(4.2, 1.4, len(curves)) if len(curves) > 1 else [2.0]
    for number, (curve, width) in enumerate(zip(curves, widths, strict=True)):
        stroke = _STROKES[number // len(_COLOURS) % len(_STROKES)]
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot(scores, curve, color=colour, linestyle=stroke, linewidth=width)
    for place in {point for point in points if point is not None}:
        axes.axvline(place, color=GREY, linewidth=1.1, linestyle=_DOTS, zorder=1)
    for number, (curve, point) in enumerate(zip(curves, points, strict=True)):
        if point is not None:
            axes.plot(
                point,
                np.interp(point, scores, curve),
                marker="o",
                markersize=5,
                color=_COLOURS[number % len(_COLOURS)],
                markeredgecolor="white",
                markeredgewidth=0.6,
                zorder=3,
            )
    axes.set_xlim(scores[0], scores[-1])
    plain_axes(axes)


def _crop(row: Sequence["Axes"], losses_drawn: int) -> None:
    """Let a few losses that are far larger than most leave the frame; never one of up to three."""
    lines = np.array(
        [[np.asarray(line.get_ydata()) for line in axes.get_lines()[:losses_drawn]] for axes in row]
    )
    sizes = np.abs(lines).max(axis=(0, 2))  # (sides, losses, points) to one for each loss
    limit = 2 * np.quantile(sizes, 0.75)
    bottom, top = max(lines.min(), -limit), min(lines.max(), limit)
    margin = 0.05 * (top - bottom) or 0.05
    row[0].set_ylim(bottom - margin, top + margin)
