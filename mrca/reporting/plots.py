"""Figures of a report and of a training history.

They are plain `matplotlib.figure.Figure` objects without pyplot, so no window system is needed
and no global state is touched: save one with `figure.savefig(path)`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError, counted
from mrca.evaluation.calibration import reliability
from mrca.evaluation.document_report import DocumentReport
from mrca.evaluation.precision_recall_curve import (
    average_precision,
    precision_and_recall_where_it_rises,
)
from mrca.evaluation.report import Report
from mrca.reporting.figure_title import figure_title
from mrca.reporting.palette import BLUE, GREY, GROUP_COLOURS, ORANGE
from mrca.reporting.plain_axes import plain_axes
from mrca.reporting.reliability_plot import plot_reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from scipy.sparse import csr_array


def report_figures(
    report: DocumentReport,
    labels: "csr_array",
    scores: NDArray[Any],
    title: str,
    uncalibrated: NDArray[Any] | None = None,
) -> "dict[str, Figure]":
    """Every figure that a report has, by name.

    Args:
        report: what `evaluate_candidates` returned.
        labels: gold of the scored candidates, sparse, `(candidates, relations)`.
        scores: of the same shape.
        title: what was measured; names the sample corpus a sample.
        uncalibrated: the scores before they were calibrated, if they were.
    """
    facts = report.candidates
    figures = {"f1-by-count": plot_f1_by_count(facts, title)}
    if labels.nnz:
        figures["f1-by-labels-per-row"] = plot_f1_by_labels_per_row(
            report.documents or facts, title
        )
        figures["precision-recall"] = plot_precision_recall(
            labels, scores, facts, title, report.missed
        )
    if uncalibrated is not None:
        before = np.clip(uncalibrated, 0, 1)
        seen = np.maximum(before, scores) > 0.01  # most cells are negatives near 0
        gold = labels.toarray()[seen]
        was, now = (reliability(gold, each[seen], bins=30) for each in (before, scores))
        figures["reliability"] = plot_reliability(was, now, f"{title}\nscores above .01")
    return figures


def plot_f1_by_count(report: Report, title: str) -> "Figure":
    """F1 of every relation against its training count (log axis), head, medium and tail shaded.

    A marker's area grows with the relation's number of positives in the split. Relations without
    one have no F1 and are not drawn, only counted below the axis; one never seen in training
    stands at the left edge, at 0.

    Args:
        report: what `evaluate` returned.
        title: what was measured; names the sample corpus a sample.

    Returns:
        A figure of one axes with one scatter.
    """
    shown = [entry for entry in report.relations.values() if entry.score.support]
    counts = np.array([entry.train_count for entry in shown], dtype=float)
    most = max((entry.score.support for entry in shown), default=1)
    figure, axes = _new_figure(title)
    # A log axis has no zero: relations never seen in training stand half a unit left of 1.
    left, right = (
        (0.4 if (counts == 0).any() else 0.8),
        1.6 * max([*counts, report.limits.head_above]),
    )
    axes.set(xscale="log", xlim=(left, right), ylim=(-0.04, 1.14), ylabel="F1")
    _shade_groups(axes, report, left, right)
    axes.scatter(
        np.where(counts == 0, 0.5, counts),
        [entry.score.f1 for entry in shown],
        s=[14 + 300 * entry.score.support / most for entry in shown],
        c=[GROUP_COLOURS[entry.group] for entry in shown],
        alpha=0.65,
        edgecolors="white",
        linewidths=0.7,
        zorder=3,
    )
    ticks = [10**power for power in range(len(str(int(right)))) if 10**power <= right]
    zero = [0.5] if left < 0.5 else []
    axes.set_xticks([*zero, *ticks], ["0"] * len(zero) + [f"{tick:,}" for tick in ticks])
    axes.set_yticks(np.linspace(0, 1, 6))
    hidden = len(report.relations) - len(shown)
    note = f"\n{hidden} relations without a positive in this split are not drawn" if hidden else ""
    axes.set_xlabel(f"training rows with the relation (area: positives in this split){note}")
    return figure


def plot_f1_by_labels_per_row(report: Report, title: str) -> "Figure":
    """Micro and macro F1 of the rows with one, two, … relations (the balanced-loss Table 3).

    Groups without rows are not drawn; rows without a relation have no F1, and their false
    positives are counted below the axis.

    Args:
        report: what `evaluate` returned.
        title: what was measured; names the sample corpus a sample.

    Returns:
        A figure of one axes with two bars for each group of rows: micro, and macro over the
        relations present in the group.
    """
    shown = {
        name: (entry, entry.micro.f1, entry.macro_present.f1)
        for name, entry in report.by_relation_count.items()
        if entry.micro and entry.macro_present
    }
    figure, axes = _new_figure(title)
    axes.grid(visible=False, axis="x")
    places = np.arange(len(shown))
    for side, (label, colour, heights) in enumerate(
        (
            ("micro", BLUE, [micro for _, micro, _ in shown.values()]),
            ("macro, relations present in the group", ORANGE, [m for _, _, m in shown.values()]),
        )
    ):
        bars = axes.bar(places + 0.4 * side - 0.2, heights, 0.38, color=colour, label=label)
        axes.bar_label(bars, fmt="%.3f", fontsize=8, color=colour, padding=2)
    ticks = [f"{name}\n{counted(entry.rows, 'row')}" for name, (entry, _, _) in shown.items()]
    axes.set_xticks(places, ticks)
    axes.set(ylabel="F1", ylim=(0, 1.08), yticks=np.linspace(0, 1, 6))
    without = report.by_relation_count.get("0")
    note = (
        f"\n{counted(without.rows, 'row')} without a relation: "
        f"{counted(without.false_positives, 'false positive')}"
        if without and without.rows
        else ""
    )
    axes.set_xlabel(f"gold relations in the row{note}")
    if shown:
        figure.legend(loc="outside lower right", frameon=False, fontsize=9, ncols=2)
    return figure


def plot_precision_recall(
    labels: ArrayLike, scores: ArrayLike, report: Report, title: str, missed: int = 0
) -> "Figure":
    """Micro precision against recall over all thresholds, and the point that was decided.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        scores: what the decision rule cut, same shape, comparable between relations.
        report: what `evaluate` returned for these rows; its micro score is the marked point,
            which lies off the curve where the rule is not one threshold for all.
        title: what was measured; names the sample corpus a sample.
        missed: positives outside of the rows, which no threshold finds.

    Returns:
        A figure of one axes; the curve is labelled with its average precision.

    Raises:
        MrcaError: if there is no positive label, on differing shapes or scores not finite.
    """
    precision, recall = precision_and_recall_where_it_rises(labels, scores, missed)
    figure, axes = _new_figure(title, width=6.1, height=5.8)
    _iso_f1_lines(axes)
    axes.plot(
        recall,
        precision,
        drawstyle="steps-pre",
        color=BLUE,
        linewidth=2,
        label=f"all thresholds (average precision {average_precision(labels, scores, missed):.3f})",
    )
    axes.plot(
        report.micro.recall,
        report.micro.precision,
        linestyle="none",
        marker="o",
        markersize=9,
        color=ORANGE,
        markeredgecolor="white",
        label=f"decision rule (F1 {report.micro.f1:.3f})",
        clip_on=False,
        zorder=4,
    )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall (micro)", ylabel="precision (micro)")
    axes.set_aspect("equal")
    axes.legend(loc="lower left", framealpha=0.95)
    return figure


def plot_history(
    history: Sequence[Mapping[str, Any]], title: str, best_epoch: int | None = None
) -> "Figure":
    """Validation micro F1 per epoch (the paper's Figure 3), best epoch marked, and training loss.

    Args:
        history: one mapping per epoch, numbers or (as read from a CSV file) their texts, with the
            keys `epoch`, `val_micro_f1` and `loss`.
        title: what was trained; names the sample corpus a sample.
        best_epoch: the one to mark (from 1); by default that of the highest micro F1.

    Returns:
        A figure of two axes that share their x: F1 on the left, loss on the right.

    Raises:
        MrcaError: if there is no epoch, or if an epoch lacks a key or holds no number there.
    """
    from matplotlib.ticker import MaxNLocator

    if not history:
        raise MrcaError("A history needs at least one epoch to be drawn. Received: none.")
    epochs, scores, losses = (_column(history, key) for key in ("epoch", "val_micro_f1", "loss"))
    best = int(np.argmax(scores)) if best_epoch is None else epochs.index(best_epoch)
    marker = "o" if len(epochs) < 2 else None  # a line through one point is invisible
    figure, axes = _new_figure(title)
    right = axes.twinx()
    right.plot(epochs, losses, color=ORANGE, linewidth=1.4, linestyle="--", marker=marker)
    right.set_ylabel("training loss (dashed)", color=ORANGE)
    right.tick_params(axis="y", colors=ORANGE)
    right.spines[["top", "left"]].set_visible(False)
    right.set_ylim(bottom=min(0, *losses))
    axes.plot(epochs, scores, color=BLUE, linewidth=2, marker=marker)
    axes.plot(
        epochs[best],
        scores[best],
        linestyle="none",
        marker="o",
        markersize=9,
        color=BLUE,
        markeredgecolor="white",
        zorder=4,
    )
    place = (best + 1) / len(epochs)
    axes.annotate(
        f"best: {scores[best]:.4f}\nepoch {epochs[best]:g}",
        (epochs[best], scores[best]),
        # Below the point, or above it where there is no room below; turned away from the edges.
        xytext=(0, -10 if scores[best] > 0.2 else 10),
        textcoords="offset points",
        ha="right" if place > 0.8 else "left" if place < 0.2 else "center",
        va="top" if scores[best] > 0.2 else "bottom",
        color=BLUE,
        fontsize=9,
    )
    axes.set(xlabel="epoch", ylabel="validation micro F1")
    axes.set_ylim(0, 1.05)
    axes.yaxis.label.set_color(BLUE)
    axes.tick_params(axis="y", colors=BLUE)
    axes.set_xlim(0.5, max(epochs) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _new_figure(title: str, width: float = 7.2, height: float = 4.6) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.set_title(figure_title(title, width - 0.9), loc="left", fontsize=11, fontweight="bold")
    plain_axes(axes)
    return figure, axes


def _shade_groups(axes: "Axes", report: Report, left: float, right: float) -> None:
    limits = report.limits
    edges = {
        "tail": (left, limits.tail_below),
        "medium": (limits.tail_below, limits.head_above),
        "head": (limits.head_above, right),
    }
    if limits.most_frequent:
        rarest = min(
            entry.train_count for entry in report.relations.values() if entry.group == "head"
        )
        between = min(max(rarest - 0.5, left), right)
        edges = {"tail": (left, between), "head": (between, right)}
    for name, (start, end) in edges.items():
        axes.axvspan(start, end, color=GROUP_COLOURS[name], alpha=0.07, linewidth=0)
        group = report.groups.get(name)
        score = "absent" if group is None else f"micro F1 {group.micro.f1:.3f}"
        axes.text(
            (start * end) ** 0.5,
            1.12,
            f"{name}\n{score}",
            ha="center",
            va="top",
            fontsize=8.5,
            color=GROUP_COLOURS[name],
        )


def _iso_f1_lines(axes: "Axes") -> None:
    for level in (0.2, 0.4, 0.6, 0.8, 0.9):
        recall = np.linspace(level / (2 - level), 1, 200)
        axes.plot(recall, level * recall / (2 * recall - level), color="#BDBDBD", linewidth=0.8)
        axes.annotate(
            f"F1 {level}",
            (1.0, level / (2 - level)),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
            fontsize=8,
            color=GREY,
        )


def _column(history: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    values = []
    for position, row in enumerate(history, start=1):
        try:
            values.append(float(row[key]))
        except (KeyError, TypeError, ValueError):
            raise MrcaError(
                f"Entry {position} of the history has no number under {key!r}. "
                f"Received: {dict(row)!r}."
            ) from None
    return values
