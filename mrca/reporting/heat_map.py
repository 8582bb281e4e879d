"""A small matrix of scores as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mrca.errors import MrcaError
from mrca.reporting.palette import ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_heat_map(
    values: ArrayLike,
    row_names: Sequence[str],
    column_names: Sequence[str],
    title: str,
    row_label: str = "",
    column_label: str = "",
) -> "Figure":
    """Every value as a number in a cell, the darker the higher; the highest has a frame.

    Args:
        values: such as macro F1 in [0, 1], shape `(rows, columns)`; NaN for a cell without one.
        row_names: from top to bottom.
        column_names: from left to right.
        title: what was measured; names the sample corpus a sample.
        row_label: what the rows are, such as `"representation"`.
        column_label: what the columns are, such as `"classifier"`.

    Returns:
        A figure of one axes with one image.

    Raises:
        MrcaError: if there is not one row and column of finite values or NaN for each name.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    matrix = np.asarray(values, dtype=float)
    if matrix.shape != (len(row_names), len(column_names)) or np.isinf(matrix).any():
        raise MrcaError(
            "Expected a matrix of finite values (or NaN) with a row and a column for each name, "
            f"({len(row_names)}, {len(column_names)}). Received shape {matrix.shape}."
        )
    if not np.isfinite(matrix).any():
        raise MrcaError("A heat map needs at least one value. Received: none.")
    lowest, highest = float(np.nanmin(matrix)), float(np.nanmax(matrix))
    # Neither end is white or black, so that every cell is seen and its number read.
    span = highest - lowest or 1.0
    figure = Figure(
        figsize=(2.4 + 1.15 * len(column_names), 1.6 + 0.85 * len(row_names)),
        dpi=150,
        layout="constrained",
    )
    axes = figure.subplots()
    axes.imshow(matrix, cmap="Blues", vmin=lowest - 0.35 * span, vmax=highest + 0.15 * span)
    for (row, column), value in np.ndenumerate(matrix):
        text = "–" if np.isnan(value) else f"{value:.3f}"
        dark = not np.isnan(value) and (value - lowest) / span > 0.55
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=13,
            fontweight="bold" if value == highest else "normal",
            color="white" if dark else "#1F1F1F",
        )
        if value == highest:
            axes.add_patch(
                Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, fill=False, color=ORANGE, lw=2)
            )
    axes.set_xticks(range(len(column_names)), column_names)
    axes.set_yticks(range(len(row_names)), row_names)
    # White lines between cells.
    axes.set_xticks(np.arange(len(column_names) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(row_names) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(column_label)
    axes.set_ylabel(row_label)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    return figure
