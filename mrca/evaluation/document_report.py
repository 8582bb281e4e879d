"""Everything that is said about one model on the documents of one split."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.datasets import LabelledCandidates, distance
from mrca.datasets.long_tail import DEFAULT_LIMITS, GroupLimits
from mrca.evaluation.calibration import expected_calibration_error
from mrca.evaluation.error_patterns import ErrorPatterns, error_patterns
from mrca.evaluation.fact_scores import (
    FACT_SCORES,
    FactScores,
    GoldFacts,
    fact_scores,
    predicted_facts,
)
from mrca.evaluation.false_positive_rate import FalsePositiveRate, false_positive_rate
from mrca.evaluation.known_facts import NOT_ASKED, KnownFacts
from mrca.evaluation.report import SCORE_HEAD, Report, evaluate, score_row
from mrca.evaluation.row_blocks import row_blocks
from mrca.evaluation.scores import Score, labels_and_predictions
from mrca.text import RelationSet
from mrca.text.html_table import html_table

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Tokens between the nearest mentions of a pair: where each group begins.
_DISTANCES = (0, 5, 10, 20, 40)
_MOST_TYPE_PAIRS = 12
_CELLS_PER_LABEL = 4


@dataclass(frozen=True, slots=True)
class PairGroup:
    """Candidates that have something in common.

    Attributes:
        name: what.
        candidates: how many.
        score: micro, over their facts.
    """

    name: str
    candidates: int
    score: Score


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """One model on one split; undefined measures are None, never 0 or NaN.

    Attributes:
        candidates: over what was asked: facts of entity pairs, or the relations of whole documents.
        documents: the set of relations of each document, the union over its candidates; None where
            whole documents were asked about.
        empty_candidates: what is predicted for candidates without a gold label.
        empty_documents: the same of documents.
        facts: Ign F1, Infer-F1, facts within and across sentences, and pairs that are related at
            all; None where whole documents were asked about.
        missed: gold facts that no candidate asked about; they count as false negatives.
        by_distance: pairs by the tokens between their nearest mentions.
        by_types: pairs by the types of subject and object, the most facts first.
        patterns: of errors; None for a decision without a threshold, or without scores.
        calibration_error: expected calibration error of the highest scores, four for each gold
            label; None where scores are no probabilities.
        oracle: whether the marks are those of the facts alone.
    """

    candidates: Report
    documents: Report | None
    empty_candidates: FalsePositiveRate
    empty_documents: FalsePositiveRate
    facts: FactScores | None
    missed: int
    by_distance: list[PairGroup]
    by_types: list[PairGroup]
    patterns: ErrorPatterns | None
    calibration_error: float | None
    oracle: bool

    def _repr_html_(self) -> str:
        rows = self.candidates.score_rows()
        if self.documents is not None:
            rows.append(score_row("relations of a document", self.documents.micro))
        return html_table(SCORE_HEAD, rows)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: that of the candidates, and the rest beside it."""
        return {
            **self.candidates.to_dict(),
            **(dict.fromkeys(FACT_SCORES) if self.facts is None else self.facts.to_dict()),
            "documents": None if self.documents is None else self.documents.to_dict(),
            "empty_candidates": self.empty_candidates.to_dict(),
            "empty_documents": self.empty_documents.to_dict(),
            "missed": self.missed,
            "by_distance": [_group_dict(group) for group in self.by_distance],
            "by_types": [_group_dict(group) for group in self.by_types],
            "patterns": None if self.patterns is None else self.patterns.to_dict(),
            "calibration_error": self.calibration_error,
            "oracle": self.oracle,
        }


def evaluate_candidates(
    candidates: LabelledCandidates,
    predictions: ArrayLike,
    scores: NDArray[np.floating] | None,
    relations: RelationSet,
    train_counts: Sequence[int],
    *,
    limits: GroupLimits = DEFAULT_LIMITS,
    ignored: Sequence[str] = (),
    has_threshold: bool = True,
    known: KnownFacts = NOT_ASKED,
) -> DocumentReport:
    """Measure what was decided about candidates.

    Args:
        candidates: with their gold labels.
        predictions: decided labels, `(candidates, relations)`, bool or 0/1 integers.
        scores: what the decision rule cut, or calibrated, same shape; None where nothing but
            decisions is known.
        relations: the columns' names.
        train_counts: for each relation, the number of training candidates that have it.
        limits: see `evaluate`.
        ignored: relations left out of everything.
        has_threshold: whether a relation is predicted where its score is above something.
        known: the facts of these documents that training states; see `known_facts`.

    Raises:
        MrcaError: see `evaluate`.
    """
    gold, predicted = labels_and_predictions(candidates.labels, predictions)
    if ignored:
        for name in ignored:
            relations.index(name)  # or an error
        kept = [column for column, name in enumerate(relations) if name not in set(ignored)]
        candidates = replace(
            candidates,
            of_documents=candidates.of_documents[:, kept],
            missed=candidates.missed[kept],
        )
        relations = RelationSet(relations.names[column] for column in kept)
        gold, predicted = gold[:, kept], predicted[:, kept]
        scores = None if scores is None else scores[:, kept]
        train_counts = [train_counts[column] for column in kept]
    pairs = candidates.kind == "pairs"
    stated = candidates.of_documents
    found = candidates.any_of(predicted) if pairs else predicted
    facts = None
    if pairs:
        stated_facts = GoldFacts.of(candidates.documents, relations, known)
        facts = fact_scores(stated_facts, predicted_facts(candidates.pairs, predicted))
    return DocumentReport(
        candidates=evaluate(
            gold,
            predicted,
            relations,
            train_counts,
            scores,
            limits,
            missed=candidates.missed.tolist(),
        ),
        documents=evaluate(stated, found, relations, train_counts, None, limits) if pairs else None,
        empty_candidates=false_positive_rate(gold, predicted),
        empty_documents=false_positive_rate(stated, found),
        facts=facts,
        missed=int(candidates.missed.sum()),
        by_distance=_by_distance(candidates, gold, predicted) if pairs else [],
        by_types=_by_types(candidates, gold, predicted) if pairs else [],
        patterns=(
            error_patterns(gold, predicted, scores)
            if has_threshold and scores is not None
            else None
        ),
        calibration_error=None if scores is None else _calibration_error(gold, scores),
        oracle=any(document.oracle for document in candidates.documents),
    )


def _calibration_error(gold: "csr_array", scores: NDArray[np.floating]) -> float | None:
    """Of the highest scores only: nearly all others are near 0, and right; None unless all are
    probabilities."""
    if not scores.size or not (scores.min() >= 0 and scores.max() <= 1):
        return None
    most = min(_CELLS_PER_LABEL * gold.nnz, scores.size)
    if not most:
        return None
    top = scores.ravel()[:0]
    for block in row_blocks(scores):
        top = np.append(top, scores[block])
        top = np.partition(top, max(len(top) - most, 0))[-most:]
    # Of the cells with the lowest of these scores, the first ones.
    above, level = (np.argwhere(cells) for cells in (scores > top.min(), scores == top.min()))
    highest = tuple(np.concatenate([above, level[: most - len(above)]]).T)
    hits = np.isin(
        *(np.ravel_multi_index(each, scores.shape) for each in (highest, gold.nonzero()))
    )
    return expected_calibration_error(hits, scores[highest])


def _by_distance(
    candidates: LabelledCandidates, gold: "csr_array", predictions: "csr_array"
) -> list[PairGroup]:
    tokens = np.array([distance(*pair) for pair in _entity_pairs(candidates)], np.int64)
    place = np.searchsorted(_DISTANCES, tokens, side="right") - 1
    ends = [f"{start}-{end - 1}" for start, end in pairwise(_DISTANCES)]
    names = [*ends, f"{_DISTANCES[-1]}+"]
    groups = [
        _group(f"{name} tokens", place == number, gold, predictions)
        for number, name in enumerate(names)
    ]
    return [group for group in groups if group.candidates]


def _by_types(
    candidates: LabelledCandidates, gold: "csr_array", predictions: "csr_array"
) -> list[PairGroup]:
    types = np.array(
        [
            f"{first.type} → {second.type}" if first.type and second.type else ""
            for first, second in _entity_pairs(candidates)
        ]
    )
    groups = [
        _group(str(name), types == name, gold, predictions) for name in np.unique(types) if name
    ]
    ranked = sorted(groups, key=lambda group: (-group.score.support, -group.candidates))
    return ranked[:_MOST_TYPE_PAIRS]


def _entity_pairs(candidates: LabelledCandidates) -> Any:
    for row, subject, object_ in candidates.pairs.tolist():
        entities = candidates.documents[row].entities
        yield entities[subject], entities[object_]


def _group(
    name: str,
    chosen: NDArray[np.bool_],
    gold: "csr_array",
    predictions: "csr_array",
) -> PairGroup:
    rows = np.flatnonzero(chosen)
    truth, guess = gold[rows], predictions[rows]
    hits = int(truth.multiply(guess).sum())
    score = Score.from_counts(hits, int(guess.sum()) - hits, int(truth.sum()) - hits)
    return PairGroup(name, int(chosen.sum()), score)


def _group_dict(group: PairGroup) -> dict[str, Any]:
    return {"name": group.name, "candidates": group.candidates, **group.score.to_dict()}
