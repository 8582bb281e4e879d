"""Everything that is said about one model on one split, as numbers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.datasets.long_tail import DEFAULT_LIMITS, GroupLimits
from mrca.errors import MrcaError
from mrca.evaluation.confused_pairs import ConfusedPair, confused_pairs
from mrca.evaluation.precision_recall_curve import average_precision
from mrca.evaluation.scores import (
    Score,
    binary_matrix,
    confusion_counts,
    macro_of_counts,
    macro_score,
    micro_score,
)
from mrca.text import RelationSet
from mrca.text.html_table import html_table

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SCORE_HEAD = ("", "precision", "recall", "F1", "gold")


def score_row(name: str, score: Score | None) -> tuple[str, ...]:
    """A line of a notebook's table under `SCORE_HEAD`."""
    if score is None:
        return (name, *"––––")
    measures = (score.precision, score.recall, score.f1)
    return (name, *(f"{value:.4f}" for value in measures), f"{score.support:,}")


@dataclass(frozen=True, slots=True)
class RelationScore:
    """One relation: its score, how often it was predicted, how often it was seen in training."""

    score: Score
    predicted: int
    train_count: int
    group: str


@dataclass(frozen=True, slots=True)
class GroupScore:
    """The relations of one long-tail group: `relations` of them, `present` of these in the split.

    `macro` averages over all of them, `macro_present` over those present.
    """

    relations: int
    present: int
    micro: Score
    macro: Score
    macro_present: Score


@dataclass(frozen=True, slots=True)
class RowScore:
    """The rows with so many gold relations; scores are None where recall is undefined.

    `macro` averages over all relations, `macro_present` over those present in these rows.
    """

    rows: int
    exact_match: float | None
    false_positives: int
    micro: Score | None
    macro: Score | None
    macro_present: Score | None


@dataclass(frozen=True, slots=True)
class Report:
    """One model on one split. Made by `evaluate`; undefined measures are None, never 0 or NaN.

    Attributes:
        rows: number of rows (sentences).
        micro: over all (row, relation) cells.
        macro: mean over all relations, those absent from the split counting 0.
        macro_present: mean over the relations with a positive in the split; None if there is none.
        exact_match: share of rows whose set of labels is exactly right; None without rows.
        average_precision: area under the micro precision-recall curve; None without scores or
            without a positive.
        groups: `head`, `medium` and `tail` by *training* count; None for a group none of whose
            relations has a positive in the split.
        by_relation_count: rows by their number of gold relations, such as `"0"`, `"1"`, `"2+"`.
        confused: the ten pairs of relations that are most often confused, most rows first.
        relations: by name, in the order of the relation set.
        limits: how relations and rows were grouped.
    """

    rows: int
    micro: Score
    macro: Score
    macro_present: Score | None
    exact_match: float | None
    average_precision: float | None
    groups: dict[str, GroupScore | None]
    by_relation_count: dict[str, RowScore]
    confused: list[ConfusedPair]
    relations: dict[str, RelationScore]
    limits: GroupLimits

    @property
    def same_in_all_rows(self) -> int | None:
        """How many relations are predicted of each row, where these are the same whatever it says.

        None where rows are told apart, or have all the same gold relations.
        """
        entries = self.relations.values()
        constant = {0, self.rows}
        if not all(entry.predicted in constant for entry in entries):
            return None
        if all(entry.score.support in constant for entry in entries):
            return None
        return sum(entry.predicted > 0 for entry in entries)

    @property
    def notes(self) -> list[str]:
        """The conventions behind the numbers, one sentence each."""
        present = sum(entry.score.support > 0 for entry in self.relations.values())
        return [
            "A measure whose denominator is zero counts as 0 (zero_division=0).",
            f"macro averages over all {len(self.relations)} relations, those absent from this "
            f"split counting 0; macro present over the {present} with at least one positive.",
            f"{self.limits}. A group without a positive in this split has no score.",
        ]

    def score_rows(self) -> list[tuple[str, ...]]:
        """The scores as a notebook shows them, under `SCORE_HEAD`."""
        groups = {
            name: None if group is None else group.micro for name, group in self.groups.items()
        }
        scores = {
            "micro": self.micro,
            "macro": self.macro,
            "macro present": self.macro_present,
            **groups,
        }
        return [score_row(name, score) for name, score in scores.items()]

    def _repr_html_(self) -> str:
        return html_table(SCORE_HEAD, self.score_rows())

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: finite numbers, strings, None."""
        values = asdict(self)
        values["relations"] = {
            name: {**entry.pop("score"), **entry} for name, entry in values["relations"].items()
        }
        values["limits"]["row_starts"] = list(self.limits.row_starts)
        return {**values, "notes": self.notes}


def evaluate(
    labels: ArrayLike,
    predictions: ArrayLike,
    relations: RelationSet,
    train_counts: Sequence[int],
    scores: ArrayLike | None = None,
    limits: GroupLimits = DEFAULT_LIMITS,
    ignored: Sequence[str] = (),
    missed: Sequence[int] | None = None,
) -> Report:
    """Measure decided labels against gold ones.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        predictions: what the decision rule made of the scores, same shape and kind.
        relations: the columns' names.
        train_counts: for each relation, the number of *training* rows that have it.
        scores: what the decision rule cut, same shape; adds the average precision.
        limits: how relations are cut into head, medium and tail, and rows by their number of
            relations (`mrca.datasets.long_tail`); by default more than 100, 20 to 100, fewer
            than 20 training rows, and 0, 1, 2, 3, 4, 5 and more relations.
        ignored: relations left out of everything, such as the `no_relation` of TACRED, whose
            official micro F1 leaves it out, and the `Other` of SemEval-2010 Task 8.
        missed: for each relation, gold facts that are in no row, such as those of entity pairs that
            a filter has left out; they count as false negatives.

    Raises:
        MrcaError: if shapes or numbers of relations differ, or if values are no decided labels.

    Example:
        >>> report = evaluate([[1, 0], [1, 1]], [[1, 0], [1, 0]], RelationSet("ab"), [120, 7])
        >>> report.micro.precision, report.groups["tail"].micro.recall, report.exact_match
        (1.0, 0.0, 0.5)
    """
    gold = binary_matrix("labels", labels)
    predicted = binary_matrix("predictions", predictions)
    tp, fp, fn = confusion_counts(gold, predicted)
    if not len(relations) == len(train_counts) == gold.shape[1]:
        raise MrcaError(
            "Expected one column and one training count for each relation. Received: "
            f"{len(relations)} relations, {gold.shape[1]} columns, {len(train_counts)} counts."
        )
    outside = np.zeros_like(fn) if missed is None else np.asarray(missed, fn.dtype)
    if ignored:
        kept = [column for column, name in enumerate(relations) if name not in set(ignored)]
        for name in ignored:
            relations.index(name)  # or an error
        return evaluate(
            gold[:, kept],
            predicted[:, kept],
            RelationSet(relations.names[column] for column in kept),
            [train_counts[column] for column in kept],
            None if scores is None else np.asarray(scores)[:, kept],
            limits,
            missed=outside[kept].tolist(),
        )
    fn = fn + outside
    members = limits.groups(train_counts)
    group_of = {column: name for name, columns in members.items() for column in columns}
    macro = macro_of_counts(tp, fp, fn)
    assert macro is not None  # a relation set is never empty
    present = gold.sum(axis=0) > 0
    return Report(
        rows=gold.shape[0],
        micro=Score.from_counts(tp.sum(), fp.sum(), fn.sum()),
        macro=macro,
        macro_present=macro_of_counts(tp, fp, fn, present_only=True),
        exact_match=_exact_match(gold, predicted),
        average_precision=(
            average_precision(gold, scores, int(outside.sum()))
            if scores is not None and gold.nnz
            else None
        ),
        groups={
            name: _group_score(tp[columns], fp[columns], fn[columns], present[columns])
            for name, columns in members.items()
        },
        by_relation_count=_by_relation_count(gold, predicted, limits),
        confused=confused_pairs(gold, predicted, relations),
        relations={
            name: RelationScore(
                score=Score.from_counts(int(tp[i]), int(fp[i]), int(fn[i])),
                predicted=int(tp[i] + fp[i]),
                train_count=int(train_counts[i]),
                group=group_of[i],
            )
            for i, name in enumerate(relations)
        },
        limits=limits,
    )


def _group_score(
    tp: NDArray[np.int64],
    fp: NDArray[np.int64],
    fn: NDArray[np.int64],
    present: NDArray[np.bool_],
) -> GroupScore | None:
    macro, macro_present = (
        macro_of_counts(tp, fp, fn, present_only) for present_only in (False, True)
    )
    if macro is None or macro_present is None:
        return None
    return GroupScore(
        relations=len(tp),
        present=int(present.sum()),
        micro=Score.from_counts(tp.sum(), fp.sum(), fn.sum()),
        macro=macro,
        macro_present=macro_present,
    )


def _by_relation_count(
    gold: "csr_array", predicted: "csr_array", limits: GroupLimits
) -> dict[str, RowScore]:
    group_of = np.searchsorted(limits.row_starts, gold.sum(axis=1), side="right") - 1
    rows = (np.flatnonzero(group_of == place) for place in range(len(limits.row_groups)))
    return {
        name: _row_score(gold[chosen], predicted[chosen])
        for name, chosen in zip(limits.row_groups, rows, strict=True)
    }


def _row_score(gold: "csr_array", predicted: "csr_array") -> RowScore:
    scored = bool(gold.nnz)
    return RowScore(
        rows=gold.shape[0],
        exact_match=_exact_match(gold, predicted),
        false_positives=int((predicted > gold).sum()),
        micro=micro_score(gold, predicted) if scored else None,
        macro=macro_score(gold, predicted) if scored else None,
        macro_present=macro_score(gold, predicted, present_only=True),
    )


def _exact_match(gold: "csr_array", predicted: "csr_array") -> float | None:
    if not gold.shape[0]:
        return None
    return float(((gold != predicted).sum(axis=1) == 0).mean())
