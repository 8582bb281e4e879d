"""How often something is predicted where nothing is gold."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mrca.evaluation.scores import labels_and_predictions


@dataclass(frozen=True, slots=True)
class FalsePositiveRate:
    """Of the rows without a gold label, those for which anything is predicted.

    Attributes:
        rate: `false_positives / rows`; None where there is no such row.
        false_positives: rows without a gold label and with a predicted one.
        rows: rows without a gold label.
    """

    rate: float | None
    false_positives: int
    rows: int

    def to_dict(self) -> dict[str, Any]:
        """The fields under their own names, ready for JSON."""
        return asdict(self)


def false_positive_rate(labels: ArrayLike, predictions: ArrayLike) -> FalsePositiveRate:
    """Share of the rows without a gold label for which anything is predicted.

    A row is whatever the labels are of: a candidate, or a document with the relations that any of
    its candidates has. Most rows of real text are empty, so a small rate of many of them may be
    more false predictions than all others.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        predictions: decided labels, same shape and kind.

    Raises:
        MrcaError: on differing shapes, or on values that are not decided labels.

    Example:
        >>> false_positive_rate([[0, 0], [0, 0], [0, 1]], [[1, 1], [0, 0], [1, 0]])
        FalsePositiveRate(rate=0.5, false_positives=1, rows=2)
    """
    gold, predicted = labels_and_predictions(labels, predictions)
    empty = gold.sum(axis=1) == 0
    rows, false = (int(np.sum(chosen)) for chosen in (empty, empty & (predicted.sum(axis=1) > 0)))
    return FalsePositiveRate(false / rows if rows else None, false, rows)
