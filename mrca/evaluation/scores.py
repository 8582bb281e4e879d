"""Precision, recall and F1: from counts, micro and macro."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall, F1 (each in [0, 1]) and the number of gold positives behind them.

    A measure whose denominator is zero is 0.0 (scikit-learn's `zero_division=0`), here and
    everywhere in `mrca.evaluation`.
    """

    precision: float
    recall: float
    f1: float
    support: int

    @classmethod
    def from_counts(cls, tp: int, fp: int, fn: int) -> "Score":
        """The score of `tp` true positives, `fp` false positives and `fn` false negatives."""
        precision, recall, f1 = precision_recall_f1(tp, fp, fn)
        return cls(float(precision), float(recall), float(f1), int(tp + fn))

    def to_dict(self) -> dict[str, Any]:
        """The fields under their own names, ready for JSON."""
        return asdict(self)


def precision_recall_f1(
    tp: ArrayLike, fp: ArrayLike, fn: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision `tp / (tp + fp)`, recall `tp / (tp + fn)`, F1 `2 tp / (2 tp + fp + fn)`.

    Args:
        tp: true positives, a number or an array of any shape.
        fp: false positives, same shape.
        fn: false negatives, same shape.

    Returns:
        Three float64 arrays of that shape; 0.0 where a denominator is zero.

    Example:
        >>> [float(value) for value in precision_recall_f1(tp=1, fp=1, fn=0)]
        [0.5, 1.0, 0.6666666666666666]
    """
    tp, fp, fn = (np.asarray(counts, dtype=np.float64) for counts in (tp, fp, fn))
    return _ratio(tp, tp + fp), _ratio(tp, tp + fn), _ratio(2 * tp, 2 * tp + fp + fn)


def ign_precision_recall_f1(
    hits: ArrayLike, predicted: ArrayLike, gold: ArrayLike, known: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Ign F1: F1 without what training states already, as the official scorer of DocRED has it.

    Known facts that are found count neither as right nor as predicted, and recall stays that of
    all facts:

        P = (hits - known) / (predicted - known + 1e-5)    R = hits / gold    F1 = 2 P R / (P + R)

    The 1e-5 is the official scorer's, so that numbers are equal to the digit. (Papers speak of
    facts removed from the split; the scorer removes none from the recall.)

    Args:
        hits: facts that are predicted and gold, a number or an array of any shape.
        predicted: facts that are predicted, same shape.
        gold: facts that are gold, same shape.
        known: of the hits, those that training states, same shape.

    Returns:
        Three float64 arrays of that shape; 0.0 where a denominator is zero, such as for no
        prediction at all.

    Example:
        >>> [round(float(value), 4) for value in ign_precision_recall_f1(6, 10, 8, 2)]
        [0.5, 0.75, 0.6]
    """
    hits, predicted, gold, known = (
        np.asarray(counts, dtype=np.float64) for counts in (hits, predicted, gold, known)
    )
    precision = (hits - known) / (predicted - known + 1e-5)
    recall = _ratio(hits, gold)
    return precision, recall, _ratio(2 * precision * recall, precision + recall)


def micro_score(labels: ArrayLike, predictions: ArrayLike) -> Score:
    """Score of all (row, relation) cells together: the "F1" of relation classification papers.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        predictions: decided labels, same shape and kind.

    Raises:
        MrcaError: on differing shapes, or on values that are not decided labels.
    """
    tp, fp, fn = (counts.sum() for counts in confusion_counts(labels, predictions))
    return Score.from_counts(tp, fp, fn)


def macro_score(
    labels: ArrayLike, predictions: ArrayLike, present_only: bool = False
) -> Score | None:
    """Mean over relations of each relation's precision, recall and F1.

    By default the mean is over *all* relations, as scikit-learn's `average="macro"` with
    `zero_division=0` and every label: a relation without a positive in these rows counts 0. That
    makes the number a lower one on a split that does not hold every relation, so
    `present_only=True` averages over the relations with at least one positive instead.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        predictions: decided labels, same shape and kind.
        present_only: average over the relations that have a positive in `labels`.

    Returns:
        The means, with the total number of positives as support; None where there is no
        relation to average over.

    Raises:
        MrcaError: on differing shapes, or on values that are not decided labels.
    """
    return macro_of_counts(*confusion_counts(labels, predictions), present_only)


def macro_of_counts(
    tp: NDArray[np.int64], fp: NDArray[np.int64], fn: NDArray[np.int64], present_only: bool = False
) -> Score | None:
    """`macro_score` of the counts of each relation, each `(relations,)`."""
    chosen = tp + fn > 0 if present_only else np.ones(len(tp), dtype=bool)
    if not chosen.any():
        return None
    means = [float(values[chosen].mean()) for values in precision_recall_f1(tp, fp, fn)]
    return Score(means[0], means[1], means[2], int((tp + fn)[chosen].sum()))


def confusion_counts(
    labels: ArrayLike, predictions: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """True positives, false positives and false negatives per relation, each `(relations,)`.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        predictions: decided labels, same shape and kind.

    Raises:
        MrcaError: on differing shapes, or on values that are not decided labels.
    """
    gold, predicted = labels_and_predictions(labels, predictions)
    tp = gold.multiply(predicted).sum(axis=0)
    return tp, predicted.sum(axis=0) - tp, gold.sum(axis=0) - tp


def labels_and_predictions(
    labels: ArrayLike, predictions: ArrayLike
) -> tuple["csr_array", "csr_array"]:
    """Gold and decided labels as sparse bool matrices of one shape `(rows, relations)`.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        predictions: decided labels, same shape and kind.

    Raises:
        MrcaError: on differing shapes, or on values that are not decided labels.
    """
    gold = binary_matrix("labels", labels)
    predicted = binary_matrix("predictions", predictions)
    if gold.shape != predicted.shape:
        raise MrcaError(
            "Labels and predictions must have one shape (rows, relations). "
            f"Received: labels {gold.shape}, predictions {predicted.shape}."
        )
    return gold, predicted


def binary_matrix(name: str, values: ArrayLike) -> "csr_array":
    """`values` as a sparse bool matrix `(rows, relations)`; scores are refused, not cut.

    Of thousands of relations a row has a few, so that only these are kept.

    Args:
        name: what to call the values in an error.
        values: bool or 0/1 integers, as an array or one of SciPy's sparse matrices.

    Raises:
        MrcaError: if they are no matrix, or hold anything but 0 and 1.
    """
    from scipy.sparse import csr_array, issparse

    matrix: Any = values if issparse(values) else np.asarray(values)
    if matrix.ndim != 2:
        raise MrcaError(
            f"Expected {name} of shape (rows, relations). Received shape {matrix.shape}."
        )
    held = matrix.data if issparse(matrix) else matrix
    # Floats are most likely undecided scores: any cut made here would bypass the decision rule.
    if matrix.dtype != bool and not (
        np.issubdtype(matrix.dtype, np.integer) and np.isin(held, (0, 1)).all()
    ):
        raise MrcaError(
            f"Expected {name} as bool or as integers 0 and 1. Received {matrix.dtype} values. "
            "Scores become labels through the decision rule of the loss: apply it first."
        )
    cells = csr_array(matrix, dtype=bool)
    cells.sum_duplicates()
    cells.eliminate_zeros()
    return cells


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    defined = denominator > 0
    return np.where(defined, numerator / np.where(defined, denominator, 1.0), 0.0)
