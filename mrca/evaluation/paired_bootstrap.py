"""Whether one method's F1 differs from another's by more than the choice of test rows explains."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.config import Metric
from mrca.errors import MrcaError, counted
from mrca.evaluation.scores import (
    binary_matrix,
    ign_precision_recall_f1,
    labels_and_predictions,
)

RESAMPLES = 1000
_CHUNK_CELLS = 2_000_000  # of the matrix of weights: about 40 MB while it is made


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of F1 between two methods.

    Attributes:
        difference: the first's F1 minus the second's, on the test rows as they are.
        low: lower end of its 95 % interval.
        high: upper end.
        p_value: two-sided, in (0, 1]; small where rows drawn anew would rarely give as much.
    """

    difference: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ResampledF1:
    """A method's F1, mean over its runs, on the test rows and on resamples of them.

    Attributes:
        observed: on the test rows as they are.
        resampled: on each resample, shape `(resamples,)`.
    """

    observed: float
    resampled: NDArray[np.float64]

    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the F1, around what was observed."""
        low, high = np.quantile(self.resampled - self.resampled.mean(), (0.025, 0.975))
        return max(self.observed + float(low), 0.0), min(self.observed + float(high), 1.0)

    def minus(self, other: "ResampledF1") -> Difference:
        """The difference from another method that saw the same resamples."""
        difference = self.observed - other.observed
        resampled = self.resampled - other.resampled
        chance = resampled - resampled.mean()  # the differences where there is none
        low, high = np.quantile(chance, (0.025, 0.975))
        # Differences of equal size may differ in their last bits.
        as_far = int((np.abs(chance) >= abs(difference) - 1e-12).sum())
        return Difference(
            difference=difference,
            low=difference + float(low),
            high=difference + float(high),
            p_value=(1 + as_far) / (1 + len(chance)),
        )


def paired_bootstrap(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    metric: Metric = "micro",
    resamples: int = RESAMPLES,
    seed: int = 0,
    documents: ArrayLike | None = None,
    known: ArrayLike | None = None,
) -> Difference:
    """Test the difference of two methods' F1 on the same test rows.

    Rows are drawn with replacement, the same ones for both methods, as many as there are. The
    spread of the resampled differences around their own mean stands for what chance does, so

        p = (1 + #{b: |d_b - mean(d)| >= |d|}) / (1 + B)

    and the interval is that spread around the difference d on the rows as they are. (Their mean,
    not d, is the centre: a relation with few positives is missing from many resamples, which draws
    every macro F1, and the differences with it, towards 0.)

    Where a method has several runs, its F1 in each resample is the mean over them. Where rows are
    pairs of entities, whole documents are drawn, each with all of its pairs: those of one document
    stand or fall together, and taken as independent they would make any difference look certain.

    What it says is about the choice of *test rows*: whether the difference would last on other
    sentences of the same kind. It says nothing about training again with other seeds (look at the
    standard deviation over runs), on other training rows or on another corpus, takes what is drawn
    as independent, and is not corrected for testing many methods at once.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        first: one method's decided labels, same shape and kind; of several runs
            `(runs, rows, relations)`.
        second: the other's.
        metric: `"micro"`; `"macro"` over all relations, those absent from a resample counting 0;
            `"macro_present"` over those with a positive in the resample; or `"ign"`, micro without
            what training states (`ign_precision_recall_f1`).
        resamples: how many; p is no smaller than 1 / (resamples + 1).
        seed: of the resamples.
        documents: the document of each row, shape `(rows,)`, whose rows are drawn together; by
            default each row is drawn by itself.
        known: which gold labels training states, shape and kind of `labels`; for `"ign"` alone.

    Raises:
        MrcaError: on differing shapes, values that are not decided labels, an unknown metric,
            `"ign"` without `known`, no rows or no resamples.

    Source: Koehn 2004 (paired bootstrap resampling); Berg-Kirkpatrick et al. 2012, section 2; the
    centre is the shift method's (Noreen 1989; Riezler and Maxwell 2005).

    Example:
        >>> gold = [[1, 0], [0, 1]] * 50
        >>> result = paired_bootstrap(gold, gold, [[1, 0], [0, 0]] * 50)
        >>> round(result.difference, 3), result.p_value < 0.05
        (0.333, True)
    """
    one, other = (
        resampled_f1(
            labels, predictions, metric, resamples, seed, documents=documents, known=known
        )[0]
        for predictions in (first, second)
    )
    return one.minus(other)


def resampled_f1(
    labels: ArrayLike,
    predictions: ArrayLike,
    metric: Metric = "micro",
    resamples: int = RESAMPLES,
    seed: int = 0,
    groups: Sequence[Sequence[int]] | None = None,
    documents: ArrayLike | None = None,
    known: ArrayLike | None = None,
) -> list[ResampledF1]:
    """F1 on the test rows and on resamples of them, for each of several groups of relations.

    With the same rows, `resamples` and `seed`, every method sees the same resamples.

    Args:
        labels: see `paired_bootstrap`.
        predictions: decided labels, `(rows, relations)` or `(runs, rows, relations)`.
        metric: see `paired_bootstrap`.
        resamples: how many.
        seed: of the resamples.
        groups: the columns of each group; by default one group of all columns.
        documents: see `paired_bootstrap`.
        known: see `paired_bootstrap`.

    Raises:
        MrcaError: as `paired_bootstrap`.
    """
    gold, runs = _checked(labels, predictions)
    if metric not in get_args(Metric):
        raise MrcaError(
            f"Unknown metric {metric!r}. Expected one of {', '.join(get_args(Metric))}."
        )
    stated = np.zeros_like(gold)
    if metric == "ign":
        if known is None:
            raise MrcaError(
                "The metric 'ign' leaves out what training states, so it takes the gold labels "
                "that training states as `known`. Received: none. Whole documents have no facts: "
                "choose another metric for them."
            )
        stated = labels_and_predictions(gold, known)[1].toarray()
    if resamples < 1:
        raise MrcaError(f"Expected at least one resample. Received: {resamples}.")
    groups = [range(gold.shape[1])] if groups is None else groups
    # Columns that are 0 throughout add nothing to any sum.
    active = np.flatnonzero(gold.any(axis=0) | runs.any(axis=(0, 1)))
    inside = [np.flatnonzero(np.isin(active, columns)) for columns in groups]
    gold, runs, stated = gold[:, active], runs[:, :, active], stated[:, active]
    drawn = None if documents is None else _numbered(documents, len(gold))
    gold_counts = _counts(gold, drawn)
    counts_of_runs = [
        [_counts(cells, drawn) for cells in (run & gold, run, run & gold & stated)] for run in runs
    ]
    f1 = np.zeros((len(groups), 1 + resamples))
    start = 0
    for weights in _weights(len(gold_counts), resamples, seed):
        part = slice(start, start + len(weights))
        start = part.stop
        present = weights @ gold_counts
        for counts_of_run in counts_of_runs:
            drawn_counts = (*(weights @ each for each in counts_of_run), present)
            for group, columns in enumerate(inside):
                counts = (each[:, columns] for each in drawn_counts)
                f1[group, part] += _f1(metric, len(groups[group]), *counts)
    f1 /= len(runs)
    return [ResampledF1(float(values[0]), values[1:]) for values in f1]


def _numbered(documents: ArrayLike, rows: int) -> NDArray[np.int64]:
    """The document of each row, numbered from 0 without gaps."""
    given = np.asarray(documents)
    if given.shape != (rows,):
        raise MrcaError(
            f"Expected the document of each of {counted(rows, 'row')}. Received: shape "
            f"{given.shape}."
        )
    return np.unique(given, return_inverse=True)[1]


def _counts(cells: NDArray[np.bool_], documents: NDArray[np.int64] | None) -> NDArray[np.float32]:
    """The cells that are set, added up over the rows of each document, `(drawn, columns)`."""
    if documents is None:
        return cells.astype(np.float32)
    rows, columns = np.nonzero(cells)
    shape = (documents.max() + 1, cells.shape[1])
    places = documents[rows] * shape[1] + columns
    counts = np.bincount(places, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float32)


def _weights(rows: int, resamples: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """How often each row (or document) is drawn: once each, then a line per resample, in chunks."""
    yield np.ones((1, rows), np.float32)
    generator = np.random.default_rng(seed)
    chunk = max(_CHUNK_CELLS // rows, 1)
    for start in range(0, resamples, chunk):
        lines = min(chunk, resamples - start)
        drawn = generator.integers(rows, size=(lines, rows))
        drawn += np.arange(lines)[:, None] * rows
        counts = np.bincount(drawn.ravel(), minlength=lines * rows)
        yield counts.reshape(lines, rows).astype(np.float32)


def _f1(
    metric: Metric,
    relations: int,
    hits: NDArray[np.float32],
    predicted: NDArray[np.float32],
    known: NDArray[np.float32],
    present: NDArray[np.float32],
) -> NDArray[np.float64]:
    """F1 of each line, from counts `(lines, columns)`."""
    if metric == "ign":
        sums = (each.sum(axis=1, dtype=np.float64) for each in (hits, predicted, present, known))
        return ign_precision_recall_f1(*sums)[2]
    total = present + predicted
    if metric == "micro":
        both = total.sum(axis=1, dtype=np.float64)
        return 2 * hits.sum(axis=1, dtype=np.float64) / np.where(both, both, 1.0)
    each = 2.0 * hits / np.where(total, total, 1.0)
    if metric == "macro":
        return each.sum(axis=1, dtype=np.float64) / max(relations, 1)
    # A relation that is not there has no hits, so it adds nothing to the sum.
    return each.sum(axis=1, dtype=np.float64) / np.maximum((present > 0).sum(axis=1), 1)


def _checked(
    labels: ArrayLike, predictions: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Labels `(rows, relations)` and predictions `(runs, rows, relations)`, bool."""
    gold = binary_matrix("labels", labels).toarray()
    stack = np.asarray(predictions)
    runs = stack[None] if stack.ndim == 2 else stack
    if runs.ndim != 3 or not len(runs) or runs.shape[1:] != gold.shape:
        raise MrcaError(
            f"Expected predictions of shape {gold.shape}, that of the labels, or of several runs "
            f"(runs, {', '.join(map(str, gold.shape))}). Received {stack.shape}."
        )
    if not len(gold):
        raise MrcaError("A bootstrap needs test rows to draw from. Received: none.")
    return gold, np.stack([binary_matrix("predictions", run).toarray() for run in runs])
