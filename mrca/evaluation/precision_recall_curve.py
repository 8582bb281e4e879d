"""The micro precision-recall curve and the area under it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError
from mrca.evaluation.boundaries import Boundaries
from mrca.evaluation.scores import binary_matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array


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
    # Sorting both apart takes a fraction of the time of ordering one by the other.
    ranked, positive = np.sort(values, axis=None)[::-1], np.sort(values[gold.nonzero()])
    last_of_run = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    thresholds, predicted = ranked[last_of_run], last_of_run + 1
    tp = len(positive) - np.searchsorted(positive, thresholds)
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
    found = gold_boundaries(labels, scores)
    gold_at = np.diff(found.tp, prepend=0)
    return float(np.sum(found.tp / found.predicted * gold_at) / (found.tp[-1] + missed))


def precision_and_recall_where_it_rises(
    labels: ArrayLike, scores: ArrayLike, missed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The points of the micro precision-recall curve that it takes to draw it.

    Between the scores of two gold cells recall stays the same and precision falls: the points are
    those at each gold score and just before it, and the last one.

    Args:
        labels: as for `precision_recall_curve`.
        scores: the same.
        missed: the same.

    Returns:
        `(precision, recall)`, from the highest score to the lowest.

    Raises:
        MrcaError: as `precision_recall_curve`.
    """
    found = gold_boundaries(labels, scores)
    before = np.append(0, found.tp[:-1])
    tp = np.append(np.column_stack([before, found.tp]).ravel(), found.tp[-1])
    predicted = np.append(np.column_stack([found.above, found.predicted]).ravel(), np.size(scores))
    kept = predicted > 0  # nothing is before the highest score
    tp, predicted = tp[kept], predicted[kept]
    return tp / predicted, tp / (found.tp[-1] + missed)


def gold_boundaries(labels: ArrayLike, scores: ArrayLike) -> Boundaries:
    """Where recall rises; see `Boundaries`.

    Raises:
        MrcaError: as `precision_recall_curve`.
    """
    gold, values = _with_a_positive(labels, scores)
    return Boundaries.of(values[gold.nonzero()], values)


def _with_a_positive(
    labels: ArrayLike, scores: ArrayLike
) -> tuple["csr_array", NDArray[np.floating]]:
    gold, values = labels_and_scores(labels, scores)
    if not gold.nnz:
        raise MrcaError(
            "There is no positive label in these rows, so recall is undefined at every threshold. "
            "Expected at least one. Use a split that holds relations."
        )
    return gold, values


def labels_and_scores(
    labels: ArrayLike, scores: ArrayLike, name: str = "scores"
) -> tuple["csr_array", NDArray[np.floating]]:
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
    # NaN is both the lowest and the highest of what it is among.
    if values.size and not np.isfinite([values.min(), values.max()]).all():
        broken = np.argwhere(~np.isfinite(values))
        row, relation = (int(index) for index in broken[0])
        raise MrcaError(
            f"{name.capitalize()} must be finite. Received {values[row, relation]} in row {row}, "
            f"relation column {relation} (and {len(broken) - 1} more). The model has diverged: "
            "train it again with a lower learning rate."
        )
