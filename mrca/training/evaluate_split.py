"""A run measured on a split of a corpus."""

from typing import Literal

import numpy as np

from mrca.datasets import Corpus, group_limits
from mrca.errors import MrcaError
from mrca.evaluation import Report, Score, evaluate, triple_score, tune_threshold
from mrca.losses import FixedThreshold
from mrca.text import Example
from mrca.training.run import Run


def evaluate_split(run: Run, corpus: Corpus, split: str) -> Report:
    """How well a run does on a split, at its own decision rule.

    Raises:
        MrcaError: if the corpus has no such split, or other relations than the run.
    """
    labels, outputs = labels_and_outputs(run, corpus, split)
    scores, holds = run.decide(outputs)
    limits = group_limits(corpus.limits)
    return evaluate(labels, holds, run.relations, run.label_counts.counts, scores, limits)


def evaluate_triples(run: Run, corpus: Corpus, split: str) -> Score:
    """How well a run finds triples, asked about one pair of a subject and an object at a time.

    The pairs asked about are those of the row's marked subjects with its marked objects, so the
    score takes the marks' roles as given.

    Raises:
        MrcaError: as `evaluate_split`, and if no row says which triples hold.
    """
    examples = _examples(run, corpus, split)
    if not any(example.triples for example in examples):
        raise MrcaError(
            f"No row of the {split} split says which triples hold, so triples cannot be scored. "
            'Expected "triples" in its file.'
        )
    predicted = [{fact.triple for fact in facts} for facts in run.predict_triples_iter(examples)]
    return triple_score([set(example.triples) for example in examples], predicted)


def tuned_rule(run: Run, corpus: Corpus, tune: Literal["global", "per-relation"]) -> FixedThreshold:
    """The run's decision rule with the threshold that has the best validation micro F1.

    With `"per-relation"` each relation has the threshold of its own best F1. See
    `mrca.evaluation.tune_threshold`.

    Raises:
        MrcaError: as `evaluate_split`, and if the run's rule has no threshold.
    """
    rule = run.decision_rule
    if not isinstance(rule, FixedThreshold):
        raise MrcaError(
            f"The run {run.folder} decides by {rule.name}, which has no threshold to tune. "
            "Evaluate it without --tune."
        )
    labels, outputs = labels_and_outputs(run, corpus, "valid")
    scores, _ = run.decide(outputs)
    if tune == "per-relation":
        return FixedThreshold(tune_threshold(labels, scores, per_relation=True), rule.activation)
    return FixedThreshold(tune_threshold(labels, scores), rule.activation)


def labels_and_outputs(run: Run, corpus: Corpus, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Gold labels 0/1 `(rows, relations)` and the run's raw outputs `(rows, columns)`.

    Raises:
        MrcaError: if the corpus has no such split, or other relations than the run.
    """
    examples = _examples(run, corpus, split)
    return run.relations.multi_hot([row.labels for row in examples]), run.outputs(
        examples, keep=True
    )


def _examples(run: Run, corpus: Corpus, split: str) -> list[Example]:
    if split not in corpus.splits:
        raise MrcaError(
            f"The corpus {corpus.name!r} has no {split} split. It has: {', '.join(corpus.splits)}. "
            "Evaluate on one of them, such as --split valid."
        )
    unknown = sorted(set(corpus.relations) - set(run.relations))
    if unknown:
        raise MrcaError(
            f"The corpus {corpus.name!r} has relations that the run {run.folder} was not trained "
            f"on: {', '.join(unknown[:5])}{' …' if len(unknown) > 5 else ''}. Evaluate on the "
            "corpus that it was trained on, or on one with the same relations."
        )
    return corpus.splits[split]
