"""Which relation is predicted where another is missed."""

import heapq
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike

from mrca.evaluation.scores import labels_and_predictions
from mrca.text import RelationSet


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """One relation predicted in the place of another.

    Attributes:
        missed: a relation that is stated and not predicted.
        predicted: one that is predicted and not stated.
        rows: rows in which both is so.
        rows_missed: rows in all in which the first is missed.
    """

    missed: str
    predicted: str
    rows: int
    rows_missed: int


def confused_pairs(
    labels: ArrayLike, predictions: ArrayLike, relations: RelationSet, most: int = 10
) -> list[ConfusedPair]:
    """The pairs (a, b) most often confused: a is stated and missed, b is predicted wrongly.

    A row counts once for every such pair: with two relations missed and three predicted wrongly it
    counts for six, as nothing says which stands for which. Where every row has one gold and one
    predicted label, these are the largest numbers off the diagonal of the confusion matrix.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        predictions: decided labels, same shape and kind.
        relations: the columns' names.
        most: how many pairs at most.

    Returns:
        The pairs of at least one row, most rows first; equal ones in the order of the relations.

    Raises:
        MrcaError: on differing shapes, or on values that are not decided labels.

    Example:
        >>> confused_pairs([[1, 0], [1, 0], [1, 1]], [[0, 1], [0, 0], [1, 1]], RelationSet("ab"))
        [ConfusedPair(missed='a', predicted='b', rows=1, rows_missed=2)]
    """
    gold, predicted = labels_and_predictions(labels, predictions)
    missed, spurious = (gold > predicted).tocsc(), predicted > gold
    missed_counts = missed.sum(axis=0)
    found: list[tuple[int, int, int]] = []
    # One relation at a time: a matrix of all pairs would not fit for tens of thousands of labels.
    # A pair has no more rows than its first relation is missed in, so the most often missed come
    # first, and it ends with those that no longer reach the pairs that there are.
    for a in np.argsort(-missed_counts, kind="stable"):
        least = -found[-1][0] if found and len(found) == most else 1
        if missed_counts[a] < least:
            break
        chosen = spurious[missed.indices[missed.indptr[a] : missed.indptr[a + 1]]]
        others, rows = np.unique(chosen.indices, return_counts=True)
        pairs = ((-int(count), int(a), int(b)) for b, count in zip(others, rows, strict=True))
        found = heapq.nsmallest(most, chain(found, pairs))
    return [
        ConfusedPair(relations.names[a], relations.names[b], -rows, int(missed_counts[a]))
        for rows, a, b in found
    ]
