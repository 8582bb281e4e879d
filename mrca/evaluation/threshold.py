"""The decision threshold that gives the best F1 on a validation split."""

from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError
from mrca.evaluation.precision_recall_curve import counts_by_score, labels_and_scores


@overload
def tune_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    per_relation: Literal[False] = False,
    min_positives: int = 5,
) -> float: ...


@overload
def tune_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    per_relation: Literal[True],
    min_positives: int = 5,
) -> list[float]: ...


def tune_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    per_relation: bool = False,
    min_positives: int = 5,
) -> float | list[float]:
    """Threshold t for which `scores >= t` has the highest F1. Use a validation split.

    The search is exact: every boundary between two distinct scores is tried, in O(n log n). All
    thresholds between two neighbouring scores decide alike, so the answer is the middle of such a
    gap; where several gaps share the best F1, the widest (then the highest) one is taken, as the
    one that small changes of the scores upset least. If predicting every cell is the only best
    choice, the answer is the lowest score.

    The answer is representable in the scores' own float type, so that comparing in float32 or
    float64 decides the same.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        scores: what the decision rule cuts, same shape, finite.
        per_relation: tune each relation on its own F1, instead of all on micro F1.
        min_positives: with `per_relation`, a relation with fewer positives than this in `labels`
            gets the global threshold: so few say too little about where to cut.

    Returns:
        One threshold, or with `per_relation` one for each relation, in column order.

    Raises:
        MrcaError: if there is no positive label (every threshold is then as good, F1 0), on
            differing shapes, or on scores that are not finite.

    Example:
        >>> tune_threshold([[1, 0], [0, 1]], [[0.9, 0.1], [0.3, 0.5]])
        0.4
    """
    gold, values = labels_and_scores(labels, scores)
    if not gold.any():
        raise MrcaError(
            "There is no positive label in these rows, so every threshold has an F1 of 0 and none "
            "can be chosen. Expected at least one. Tune on a validation split that holds relations."
        )
    threshold = _best_boundary(gold.ravel(), values.ravel())
    if not per_relation:
        return threshold
    enough = gold.sum(axis=0) >= max(min_positives, 1)
    return [
        _best_boundary(gold[:, column], values[:, column]) if enough[column] else threshold
        for column in range(gold.shape[1])
    ]


def _best_boundary(gold: NDArray[np.bool_], values: NDArray[np.floating]) -> float:
    distinct, tp, predicted = counts_by_score(gold, values)
    f1 = 2 * tp / (predicted + tp[-1])
    best = np.flatnonzero(f1 == f1.max())
    # Below the lowest score there is no second score to keep a distance from: width 0.
    gaps = -np.diff(distinct.astype(np.float64), append=float(distinct[-1]))
    cut = best[np.argmax(gaps[best])]
    if cut + 1 == len(distinct):
        return float(distinct[cut])
    above, below = distinct[cut], distinct[cut + 1]
    middle = above / 2 + below / 2
    # Neighbouring floats have no middle: rounding may give the lower one, which `>=` would let in.
    return float(middle if below < middle <= above else above)
