"""What goes wrong with a candidate: predicted too much, or held back although ranked right."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError
from mrca.evaluation.precision_recall_curve import labels_and_scores
from mrca.evaluation.row_blocks import row_blocks
from mrca.evaluation.scores import labels_and_predictions


@dataclass(frozen=True, slots=True)
class ErrorPatterns:
    """Candidates counted by what was gold and what was predicted, each in one count.

    A share whose denominator is zero is None.

    Attributes:
        tp: something is gold, and exactly that is predicted.
        tn: nothing is gold and nothing predicted.
        fp: something is predicted, and it is not exactly what is gold. So a prediction that only
            misses one of two relations counts here too.
        fn_crk: something is gold and nothing predicted, with a correct ranking: every gold score
            is above every other one. Only the threshold was too high.
        fn_irk: something is gold and nothing predicted, with an incorrect ranking.
    """

    tp: int
    tn: int
    fp: int
    fn_crk: int
    fn_irk: int

    @property
    def fn(self) -> int:
        """Candidates with something gold and nothing predicted: FN_CRK + FN_IRK."""
        return self.fn_crk + self.fn_irk

    @property
    def false(self) -> int:
        """Candidates that are not predicted right: F = FP + FN."""
        return self.fp + self.fn

    @property
    def candidates(self) -> int:
        """All candidates: T + F, where T = TP + TN."""
        return self.tp + self.tn + self.false

    @property
    def false_share(self) -> float | None:
        """F / (T + F): how many of all candidates are not predicted right."""
        return _share(self.false, self.candidates)

    @property
    def fn_share(self) -> float | None:
        """FN / F: how many of the errors predict nothing."""
        return _share(self.fn, self.false)

    @property
    def fp_share(self) -> float | None:
        """FP / F: how many of the errors predict something wrong."""
        return _share(self.fp, self.false)

    @property
    def fn_crk_share(self) -> float | None:
        """FN_CRK / FN: how many of those that predict nothing only lack a lower threshold."""
        return _share(self.fn_crk, self.fn)

    @classmethod
    def of(
        cls, labels: ArrayLike, predictions: ArrayLike, ranked: NDArray[np.bool_]
    ) -> "ErrorPatterns":
        """Count decided candidates.

        Args:
            labels: gold, `(candidates, relations)`, bool or 0/1 integers.
            predictions: what is decided, the same shape and kind.
            ranked: whether the ranking of a candidate is correct, `(candidates,)`; see
                `correctly_ranked`.
        """
        gold, predicted = labels_and_predictions(labels, predictions)
        related, silent = gold.sum(axis=1) > 0, predicted.sum(axis=1) == 0
        exact = (gold != predicted).sum(axis=1) == 0
        missed = related & silent
        return cls(
            tp=int((related & exact).sum()),
            tn=int((~related & silent).sum()),
            fp=int((~silent & ~exact).sum()),
            fn_crk=int((missed & ranked).sum()),
            fn_irk=int((missed & ~ranked).sum()),
        )

    def to_dict(self) -> dict[str, Any]:
        """Counts and shares under their own names, ready for JSON."""
        counts = ("tp", "tn", "fp", "fn_crk", "fn_irk")
        shares = ("false_share", "fn_share", "fp_share", "fn_crk_share")
        return {name: getattr(self, name) for name in (*counts, *shares)}


def error_patterns(
    labels: ArrayLike,
    predictions: ArrayLike,
    scores: ArrayLike,
    ranking: Literal["paper", "code"] = "paper",
) -> ErrorPatterns:
    """Count the candidates of each pattern.

    Where nothing is predicted but something is gold, the ranking is correct if

        min of the gold relations' scores > max of the others'

    Gold relations may be equal to each other; one that is equal to another relation is not above
    it. Where all relations are gold there is no other, and the ranking is correct.

    That is the paper's wording. Its authors' code has a ranking correct only where the ranks of the
    gold relations (1 + the relations that score more) are {1}, {1, 2} or {1, 2, 3}: for it a
    candidate with four or more gold relations is FN_IRK unless some are equal, and a gold relation
    that is equal to another may rank first.

    Args:
        labels: gold, shape `(candidates, relations)`, bool or 0/1 integers.
        predictions: decided labels, same shape and kind.
        scores: of the relations, same shape, finite, higher is likelier; no threshold column.
        ranking: when a ranking is correct, by the `"paper"` or by its authors' `"code"`.

    Raises:
        MrcaError: on another `ranking`, differing shapes, values that are not decided labels, or
            scores that are not finite.

    Source: Wang et al. 2023 (HingeABL), section 2.3, figure 2, tables 1 and 4; their code is
    `statistic.py` of Jize-W/HingeABL.

    Example:
        >>> gold = [[1, 0], [1, 0], [0, 1]]
        >>> nothing = [[0, 0], [0, 0], [0, 0]]
        >>> found = error_patterns(gold, nothing, [[0.4, 0.1], [0.2, 0.3], [0.1, 0.1]])
        >>> found.fn_crk, found.fn_irk, found.fn_share
        (1, 2, 1.0)
    """
    if ranking not in _RANKINGS:
        raise MrcaError(f"Unknown ranking {ranking!r}. Expected one of {', '.join(_RANKINGS)}.")
    gold, values = labels_and_scores(labels, scores)
    gold, predicted = labels_and_predictions(gold, predictions)
    # The scores of the other rows need not be looked at.
    missed = np.flatnonzero((gold.sum(axis=1) > 0) & (predicted.sum(axis=1) == 0))
    ranked = np.zeros(gold.shape[0], bool)
    for part in row_blocks(gold[missed]):
        rows = missed[part]
        ranked[rows] = _RANKINGS[ranking](gold[rows].toarray(), values[rows])
    return ErrorPatterns.of(gold, predicted, ranked)


def correctly_ranked(gold: NDArray[np.bool_], scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether every gold relation of a candidate scores more than every other, `(candidates,)`."""
    lowest = np.where(gold, scores, np.inf).min(axis=1, initial=np.inf)
    highest = np.where(gold, -np.inf, scores).max(axis=1, initial=-np.inf)
    return lowest > highest


def _ranks_in_code(gold: NDArray[np.bool_], scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    known = ({1}, {1, 2}, {1, 2, 3})
    ranks = (
        {1 + int((row > score).sum()) for score in row[truth]}
        for truth, row in zip(gold, scores, strict=True)
    )
    return np.array([each in known for each in ranks], bool)


_RANKINGS = {"paper": correctly_ranked, "code": _ranks_in_code}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
