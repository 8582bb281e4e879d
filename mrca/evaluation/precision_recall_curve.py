"""The micro precision-recall curve and the area under it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError
from mrca.evaluation.scores import binary_matrix


def precision_recall_curve(
    labels: ArrayLike, scores: ArrayLike, missed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.floating]]:
    """Micro precision and recall at every distinct score, all cells pooled.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        scores: what the decision rule cuts, same shape, finite, comparable between relations.
        missed: gold positives outside these rows, which no threshold finds.

    Returns:
        `(precision, recall, thresholds)`, one entry per distinct score, from the highest score
        to the lowest: entry k is what `scores >= thresholds[k]` gives. So recall never falls.

    Raises:
        MrcaError: if there is no positive label (recall is undefined), on differing shapes, or on
            scores that are not finite.
    """
    gold, values = _with_a_positive(labels, scores)
    thresholds, tp, predicted = counts_by_score(gold.ravel(), values.ravel())
    return tp / predicted, tp / (tp[-1] + missed), thresholds


def average_precision(labels: ArrayLike, scores: ArrayLike, missed: int = 0) -> float:
    """Area under the micro precision-recall curve: the sum of precision x rise in recall.

    The same step-wise sum as scikit-learn's `average_precision_score(average="micro")`.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        scores: same shape, finite, comparable between relations.
        missed: gold positives outside these rows, which no threshold finds.

    Raises:
        MrcaError: as `precision_recall_curve`.
    """
    gold, values = _with_a_positive(labels, scores)
    # Recall rises at the scores of gold cells alone, and these are few.
    rises, gold_at = np.unique(values[gold], return_counts=True)
    tp = np.cumsum(gold_at[::-1])[::-1]
    predicted = values.size - np.searchsorted(np.sort(values, axis=None), rises)
    return float(np.sum(tp / predicted * gold_at) / (tp[0] + missed))


def counts_by_score(
    gold: NDArray[np.bool_], values: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.int64], NDArray[np.int64]]:
    """For every distinct score s, how many cells have a score >= s, and how many of them are gold.

    Args:
        gold: shape `(n,)`.
        values: finite scores, shape `(n,)`.

    Returns:
        `(distinct scores, highest first; true positives; predicted)`, in O(n log n).
    """
    # Sorting both apart takes a fraction of the time of ordering one by the other.
    ranked, positive = np.sort(values)[::-1], np.sort(values[gold])
    last_of_run = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    distinct = ranked[last_of_run]
    return distinct, len(positive) - np.searchsorted(positive, distinct), last_of_run + 1


def _with_a_positive(
    labels: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.floating]]:
    gold, values = labels_and_scores(labels, scores)
    if not gold.any():
        raise MrcaError(
            "There is no positive label in these rows, so recall is undefined at every threshold. "
            "Expected at least one. Use a split that holds relations."
        )
    return gold, values


def labels_and_scores(
    labels: ArrayLike, scores: ArrayLike, name: str = "scores"
) -> tuple[NDArray[np.bool_], NDArray[np.floating]]:
    """Checked labels and scores of one shape `(rows, relations)`; scores keep their float type.

    Args:
        labels: gold, bool or 0/1 integers.
        scores: finite numbers.
        name: what to call the scores in an error.

    Raises:
        MrcaError: on differing shapes, or if a score is NaN or infinite.
    """
    gold = binary_matrix("labels", labels)
    values = np.asarray(scores)
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float64)
    if gold.shape != values.shape:
        raise MrcaError(
            f"Labels and {name} must have one shape (rows, relations). "
            f"Received: labels {gold.shape}, {name} {values.shape}."
        )
    check_finite(values, name)
    return gold, values


def check_finite(values: NDArray[np.floating], name: str) -> None:
    """Check that all values are finite.

    Args:
        values: shape `(rows, relations)`.
        name: what to call them in an error.

    Raises:
        MrcaError: if one is NaN or infinite, with its place.
    """
    broken = np.argwhere(~np.isfinite(values))
    if len(broken):
        row, relation = (int(index) for index in broken[0])
        raise MrcaError(
            f"{name.capitalize()} must be finite. Received {values[row, relation]} in row {row}, "
            f"relation column {relation} (and {len(broken) - 1} more). The model has diverged: "
            "train it again with a lower learning rate."
        )
