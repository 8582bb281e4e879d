"""A classifier measured on a split of a corpus."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mrca.datasets import Corpus, GroupLimits, LabelledCandidates, group_limits
from mrca.errors import MrcaError
from mrca.evaluation import DocumentReport, KnownFacts, evaluate_candidates
from mrca.evaluation.known_facts import NOT_ASKED
from mrca.models import Classifier
from mrca.text import Document

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


def facts_in_training(
    classifier: Classifier, corpus: Corpus, split: str, *, distant: bool = False
) -> KnownFacts:
    """The facts of a split that the corpus's training documents state, of a run of pairs.

    Args:
        classifier: who is asked.
        corpus: with that split.
        split: its name.
        distant: see `KnownFacts.of`.

    Raises:
        MrcaError: see `KnownFacts.of`.
    """
    if classifier.selection.kind == "whole":
        return NOT_ASKED
    return KnownFacts.of(corpus, split, distant=distant)


def evaluate_split(classifier: Classifier, corpus: Corpus, split: str) -> DocumentReport:
    """How good a classifier is on a split, at its own decision.

    Raises:
        MrcaError: if the corpus has no such split, or other relations than the classifier.
    """
    found = answered(classifier, corpus, split)
    known = facts_in_training(classifier, corpus, split)
    return report_on(classifier, found, group_limits(corpus.limits), known=known)


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
