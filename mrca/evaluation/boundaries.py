"""Between which scores of a matrix a threshold makes a difference to the gold cells."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mrca.evaluation.row_blocks import row_blocks


class Boundaries(NamedTuple):
    """The distinct scores of gold cells, highest first, and what a threshold at each lets in.

    Attributes:
        scores: the scores.
        tp: gold cells with this score or a higher one.
        predicted: cells with this score or a higher one.
        above: cells with a higher score.
        below: the next lower score of any cell; -inf where there is none.
    """

    scores: NDArray[np.floating]
    tp: NDArray[np.int64]
    predicted: NDArray[np.int64]
    above: NDArray[np.int64]
    below: NDArray[np.floating]

    @classmethod
    def of(
        cls, of_gold: NDArray[np.floating], values: NDArray[np.floating], allowed: Any = None
    ) -> "Boundaries":
        """Those of some cells: in O(n log n), and with a part of the values at a time.

        Precision falls and F1 falls from one of these scores to just above the next, so that the
        best threshold for either is at one of them; and recall rises nowhere else.

        Args:
            of_gold: the scores of the gold cells, `(positives,)`.
            values: finite scores of all cells, `(rows,)` or `(rows, relations)`.
            allowed: the cells that count, bool of the shape of `values`; None for all.
        """
        scores, gold_at = np.unique(of_gold, return_counts=True)
        lower, higher = np.zeros((2, len(scores)), np.int64)
        below = np.full(len(scores), -np.inf, values.dtype)
        for block in row_blocks(values):
            part = values[block] if allowed is None else values[block][allowed[block]]
            ranked = np.sort(part, axis=None)
            place = np.searchsorted(ranked, scores)
            lower += place
            higher += len(ranked) - np.searchsorted(ranked, scores, side="right")
            # With nothing lower in this block, place - 1 is -1: any score, which is not taken.
            if len(ranked):
                candidate = np.where(place > 0, ranked[place - 1], below)
                np.maximum(below, candidate, out=below)
        count = values.size if allowed is None else int(np.count_nonzero(allowed))
        return cls(
            scores=scores[::-1],
            tp=np.cumsum(gold_at[::-1]),
            predicted=count - lower[::-1],
            above=higher[::-1],
            below=below[::-1],
        )
