"""A classifier measured on a split of a corpus."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from keras import ops
from numpy.typing import NDArray

from mrca.config import Tune
from mrca.datasets import Corpus, GroupLimits, LabelledCandidates, group_limits
from mrca.errors import MrcaError
from mrca.evaluation import (
    DocumentReport,
    Isotonic,
    KnownFacts,
    PrecisionThreshold,
    Temperature,
    evaluate_candidates,
    threshold_for_precision,
    tune_threshold,
)
from mrca.evaluation.known_facts import NOT_ASKED
from mrca.losses import DecisionRule, FixedThreshold
from mrca.models import Classifier, SVMClassifier
from mrca.text import Document
from mrca.training.run import Run

# Where `metrics.json` keeps a threshold that training itself has chosen.
THRESHOLD = "threshold"


class Answered(NamedTuple):
    """Candidates of a split with what a classifier gives for them.

    Attributes:
        candidates: with their labels.
        outputs: raw, float32 `(candidates, columns)`.
    """

    candidates: LabelledCandidates
    outputs: NDArray[np.float32]

    @classmethod
    def of(cls, classifier: Classifier, candidates: LabelledCandidates) -> "Answered":
        """What a classifier gives for candidates of its own selection and relations."""
        return cls(candidates, classifier.raw_outputs(candidates, keep=True))


def answered(classifier: Classifier, corpus: Corpus, split: str) -> Answered:
    """What a classifier is asked about a split, and its raw outputs.

    Raises:
        MrcaError: if the corpus has no such split, or other relations than the classifier.
    """
    documents = _documents(classifier, corpus, split)
    candidates = classifier.candidates(documents).labelled(classifier.relations)
    return Answered.of(classifier, candidates)


def report_on(
    classifier: Classifier,
    found: Answered,
    limits: GroupLimits,
    ignored: Sequence[str] = (),
    known: KnownFacts = NOT_ASKED,
) -> DocumentReport:
    """How good a classifier's decisions are."""
    scores, labels = classifier.scores_and_labels(*found)
    return evaluate_candidates(
        found.candidates,
        labels,
        scores,
        classifier.relations,
        classifier.label_counts.counts,
        limits=limits,
        ignored=ignored,
        has_threshold=classifier.decision.rule.has_threshold,
        known=known,
    )


def facts_in_training(classifier: Classifier, corpus: Corpus, split: str) -> KnownFacts:
    """The facts of a split that the corpus's training documents state, of a run of pairs."""
    if classifier.selection.kind == "whole":
        return NOT_ASKED
    return KnownFacts.of(corpus, split)


def evaluate_split(classifier: Classifier, corpus: Corpus, split: str) -> DocumentReport:
    """How good a classifier is on a split, at its own decision.

    Raises:
        MrcaError: if the corpus has no such split, or other relations than the classifier.
    """
    found = answered(classifier, corpus, split)
    known = facts_in_training(classifier, corpus, split)
    return report_on(classifier, found, group_limits(corpus.limits), known=known)


def tuned_rule(classifier: Classifier, valid: Answered, tune: Tune) -> DecisionRule:
    """The decision rule with the threshold that has the best micro F1 on validation candidates.

    With `"per-relation"` each relation has the threshold of its own best F1. See
    `mrca.evaluation.tune_threshold`.

    Raises:
        MrcaError: if the rule has no threshold.
    """
    rule = classifier.decision.rule
    _check_has_threshold(rule)
    values = ops.convert_to_numpy(rule.compared(valid.outputs))
    labels, missed = valid.candidates.labels, valid.candidates.missed
    allowed = _allowed(classifier, valid)
    if tune == "per-relation":
        return rule.with_threshold(
            tune_threshold(labels, values, per_relation=True, missed=missed, allowed=allowed)
        )
    return rule.with_threshold(tune_threshold(labels, values, missed=missed, allowed=allowed))


def precise_rule(
    classifier: Classifier, valid: Answered, precision: float, per_relation: bool
) -> tuple[DecisionRule, PrecisionThreshold]:
    """The decision rule that reaches a precision on validation candidates, and what recall is left.

    Raises:
        MrcaError: if the rule has no threshold.
    """
    rule = classifier.decision.rule
    _check_has_threshold(rule)
    values = ops.convert_to_numpy(rule.compared(valid.outputs))
    found = threshold_for_precision(
        valid.candidates.labels,
        values,
        precision,
        per_relation,
        missed=valid.candidates.missed,
        allowed=_allowed(classifier, valid),
    )
    return rule.with_threshold(found.threshold), found


def calibration(classifier: Classifier, valid: Answered, kind: str) -> Temperature | Isotonic:
    """What makes of scores probabilities, fitted on validation candidates.

    Args:
        classifier: whose margins are calibrated.
        valid: its validation candidates.
        kind: `"temperature"` or `"isotonic"`.

    Raises:
        MrcaError: if there is no such kind, or no positive label.
    """
    kinds = {"temperature": Temperature, "isotonic": Isotonic}
    if kind not in kinds:
        raise MrcaError(f"Unknown calibration {kind!r}. Expected one of: {', '.join(kinds)}.")
    margins = ops.convert_to_numpy(classifier.decision.rule.margins(valid.outputs))
    return kinds[kind].fit(valid.candidates.labels, margins)  # type: ignore[attr-defined]


def trained_rule(run: Run) -> DecisionRule:
    """The rule that the loss of a run implies, or the threshold that training an SVM chose.

    Raises:
        MrcaError: if an SVM's threshold was not recorded.
    """
    if not isinstance(run.classifier, SVMClassifier):
        return run.classifier.make_loss().decision_rule
    threshold = run.metrics.get(THRESHOLD)
    if not isinstance(threshold, float):
        raise MrcaError(
            "Training chose the threshold of this SVM on validation, and an earlier version of "
            "mrca did not record it. --tune global --save finds the same one again on the corpus "
            "that it was trained on."
        )
    return FixedThreshold(threshold)


def _allowed(classifier: Classifier, valid: Answered) -> NDArray[np.bool_]:
    """Which cells are predicted if their score suffices."""
    return classifier.decision.allows(valid.candidates, classifier.relations)


def _check_has_threshold(rule: DecisionRule) -> None:
    if not rule.has_threshold:
        raise MrcaError(
            f"The run decides by {rule.name}, which has no threshold to tune. Evaluate it without "
            "--tune and --min-precision."
        )


def _documents(classifier: Classifier, corpus: Corpus, split: str) -> list[Document]:
    if split not in corpus.splits:
        raise MrcaError(
            f"The corpus {corpus.name!r} has no {split} split. It has: {', '.join(corpus.splits)}. "
            "Evaluate on one of them, such as --split valid."
        )
    unknown = sorted(set(corpus.relations) - set(classifier.relations))
    if unknown:
        raise MrcaError(
            f"The corpus {corpus.name!r} has relations that the run was not trained on: "
            f"{', '.join(unknown[:5])}{' …' if len(unknown) > 5 else ''}. Evaluate on the corpus "
            "that it was trained on, or on one with the same relations."
        )
    return corpus.splits[split]
