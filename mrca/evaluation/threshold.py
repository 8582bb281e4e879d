"""Decision thresholds from a validation split: for the best F1, or for a precision."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError
from mrca.evaluation.boundaries import Boundaries
from mrca.evaluation.precision_recall_curve import labels_and_scores
from mrca.evaluation.scores import Score, confusion_counts

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array


@overload
def tune_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    per_relation: Literal[False] = False,
    min_positives: int = 5,
    *,
    missed: ArrayLike = 0,
    allowed: ArrayLike = True,
) -> float: ...


@overload
def tune_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    per_relation: Literal[True],
    min_positives: int = 5,
    missed: ArrayLike = 0,
    allowed: ArrayLike = True,
) -> list[float]: ...


def tune_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    per_relation: bool = False,
    min_positives: int = 5,
    *,
    missed: ArrayLike = 0,
    allowed: ArrayLike = True,
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
        missed: for each relation, gold positives outside these rows, which no threshold finds.
        allowed: which cells are predicted if their score suffices, bool, the same shape.

    Returns:
        One threshold, or with `per_relation` one for each relation, in column order.

    Raises:
        MrcaError: if there is no positive label (every threshold is then as good, F1 0), on
            differing shapes, or on scores that are not finite.

    Example:
        >>> tune_threshold([[1, 0], [0, 1]], [[0.9, 0.1], [0.3, 0.5]])
        0.4
    """
    cells = _Cells.of(labels, scores, allowed)
    positives = cells.gold.sum(axis=0) + np.asarray(missed)
    if not cells.found.nnz:
        raise MrcaError(
            "There is no positive label in these rows, so every threshold has an F1 of 0 and none "
            "can be chosen. Expected at least one. Tune on a validation split that holds relations."
        )
    threshold = _best_boundary(cells.boundaries(), positives.sum())
    if not per_relation:
        return threshold
    enough = cells.found.sum(axis=0) >= max(min_positives, 1)
    return [
        _best_boundary(cells.boundaries(column), positives[column]) if own else threshold
        for column, own in enumerate(enough)
    ]


@dataclass(frozen=True, slots=True)
class PrecisionThreshold:
    """Thresholds chosen for a precision, and what they give on the rows they were chosen on.

    Attributes:
        wish: the precision that was asked for.
        threshold: one number for all relations, or one for each, as `FixedThreshold` takes them.
        score: precision and recall reached, over all cells (micro).
        relations: the score of each relation with its threshold, in column order.
        unreachable: columns of the relations that reach the wish with no threshold of their own.
            They predict nothing here: theirs is the next number above their highest score.
        without_own: columns of the relations with too few positives for a threshold of their own.
            They have the global one, which says nothing about their own precision.
    """

    wish: float
    threshold: float | list[float]
    score: Score
    relations: list[Score]
    unreachable: list[int]
    without_own: list[int]

    @property
    def reached(self) -> bool:
        """Whether the precision over all cells is what was asked for.

        False where no threshold gives it, so that nothing is predicted; and with one threshold for
        each relation where those of `without_own` have too many false positives.
        """
        return self.score.precision >= self.wish

    def to_dict(self) -> dict[str, Any]:
        """The fields and `reached` under their own names, ready for JSON."""
        return {**asdict(self), "reached": self.reached}


def threshold_for_precision(
    labels: ArrayLike,
    scores: ArrayLike,
    precision: float,
    per_relation: bool = False,
    min_positives: int = 1,
    *,
    missed: ArrayLike = 0,
    allowed: ArrayLike = True,
) -> PrecisionThreshold:
    """The threshold t for which `scores >= t` has at least a wished precision and most recall.

    Every boundary between two distinct scores is tried, in O(n log n); precision may fall and rise
    again on the way down. Of those that reach the wish, the lowest one has the highest recall; of
    those with as much recall, the one with the highest precision is taken, which a lower one would
    only add false positives to. The answer is the middle of the gap below it, representable in the
    scores' own float type, as that of `tune_threshold`.

    The precision is that of these rows, chosen where it just suffices: on others it comes out lower
    more often than higher, the more so the fewer positives there are. Ask for somewhat more than
    is needed.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers; of a validation split.
        scores: what the decision rule cuts, same shape, finite.
        precision: the wish, in (0, 1].
        per_relation: have each relation reach the wish, instead of all cells together.
        min_positives: with `per_relation`, a relation with fewer positives than this in `labels`
            gets the global threshold. One without any always does.
        missed: for each relation, gold positives outside these rows, which no threshold finds; they
            lower recall.
        allowed: which cells are predicted if their score suffices, bool, the same shape.

    Returns:
        The threshold, or one for each relation, and what it gives. Where the wish cannot be
        reached, that is said there, and the threshold is just above the highest score, so that
        nothing is predicted rather than too much.

    Raises:
        MrcaError: if `precision` is not in (0, 1], if there is no positive label (every precision
            is 0), on differing shapes, or on scores that are not finite.

    Example:
        >>> found = threshold_for_precision([[1], [0], [1], [0]], [[0.9], [0.7], [0.5], [0.1]], 0.6)
        >>> found.threshold, round(found.score.precision, 3), found.score.recall
        (0.3, 0.667, 1.0)
    """
    if not isinstance(precision, (int, float, np.floating)) or not 0 < precision <= 1:
        raise MrcaError(
            f"A wished precision must be a number above 0 and at most 1. Received: {precision!r}."
        )
    cells = _Cells.of(labels, scores, allowed)
    gold, values = cells.gold, cells.values
    if not cells.found.nnz:
        raise MrcaError(
            "There is no positive label in these rows, so every threshold has a precision of 0 "
            "and none can be chosen. Expected at least one. Use a validation split that holds "
            "relations."
        )
    wish = float(precision)
    everywhere = _precise_boundary(cells.boundaries(), wish)
    threshold: float | list[float] = _above_all(values) if everywhere is None else everywhere
    unreachable: list[int] = []
    without_own: list[int] = []
    if per_relation:
        enough = cells.found.sum(axis=0) >= max(min_positives, 1)
        without_own = np.flatnonzero(~enough).tolist()
        thresholds = np.full(gold.shape[1], threshold)
        for column in np.flatnonzero(enough):
            own = _precise_boundary(cells.boundaries(int(column)), wish)
            if own is None:
                own = _above_all(values[:, column])
                unreachable.append(int(column))
            thresholds[column] = own
        threshold = thresholds.tolist()
    predicted = values >= np.asarray(threshold, values.dtype)
    if cells.allowed is not None:
        predicted &= cells.allowed
    tp, fp, fn = confusion_counts(gold, predicted)
    counts = (tp, fp, fn + np.asarray(missed))
    return PrecisionThreshold(
        wish=wish,
        threshold=threshold,
        score=Score.from_counts(*(each.sum() for each in counts)),
        relations=[Score.from_counts(*each) for each in zip(*counts, strict=True)],
        unreachable=unreachable,
        without_own=without_own,
    )


class _Cells(NamedTuple):
    """What a threshold is chosen on.

    Attributes:
        gold: sparse, bool `(rows, relations)`.
        values: scores, of that shape.
        allowed: the cells that are predicted if their score suffices; None for all.
        found: the gold cells among them, sparse, by columns.
    """

    gold: "csr_array"
    values: NDArray[np.floating]
    allowed: NDArray[np.bool_] | None
    found: "csc_array"

    @classmethod
    def of(cls, labels: ArrayLike, scores: ArrayLike, allowed: ArrayLike) -> "_Cells":
        gold, values = labels_and_scores(labels, scores)
        if allowed is True:
            return cls(gold, values, None, gold.tocsc())
        cells = np.broadcast_to(np.asarray(allowed, bool), gold.shape)
        found = gold.multiply(cells).tocsc()
        found.eliminate_zeros()
        return cls(gold, values, cells, found)

    def boundaries(self, column: int | None = None) -> Boundaries:
        """Those of all cells together, or of a relation."""
        values, allowed, found = self.values, self.allowed, self.found
        if column is None:
            return Boundaries.of(values[found.nonzero()], values, allowed)
        rows = found.indices[found.indptr[column] : found.indptr[column + 1]]
        of_column = None if allowed is None else allowed[:, column]
        return Boundaries.of(values[rows, column], values[:, column], of_column)


def _best_boundary(found: Boundaries, positives: np.integer) -> float:
    """The boundary with the best F1, where so many `positives` are to be found in all."""
    f1 = 2 * found.tp / (found.predicted + positives)
    best = np.flatnonzero(f1 == f1.max())
    # Below the lowest score there is no second score to keep a distance from: width 0.
    above, below = (each[best].astype(np.float64) for each in (found.scores, found.below))
    gaps = np.where(np.isfinite(below), above - below, 0.0)
    return _inside_gap(found, best[np.argmax(gaps)])


def _precise_boundary(found: Boundaries, precision: float) -> float | None:
    """The boundary above which most gold cells are and their share is `precision`, or None."""
    reached = np.flatnonzero(found.tp / found.predicted >= precision)
    return _inside_gap(found, reached[-1]) if len(reached) else None


def _above_all(values: NDArray[np.floating]) -> float:
    return float(np.nextafter(values.max(), np.array(np.inf, values.dtype)))


def _inside_gap(found: Boundaries, cut: np.intp) -> float:
    """A threshold that lets in the scores up to the one at `cut`, of those highest first."""
    above, below = found.scores[cut], found.below[cut]
    if not np.isfinite(below):
        return float(above)
    middle = above / 2 + below / 2
    # Neighbouring floats have no middle: rounding may give the lower one, which `>=` would let in.
    return float(middle if below < middle <= above else above)
