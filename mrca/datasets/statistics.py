"""Counts of a corpus: labels, lengths, the long tail."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mrca.datasets.corpus import Corpus
from mrca.datasets.group_limits import DEFAULT_LIMITS, GroupLimits
from mrca.text import Example, RelationSet


@dataclass(frozen=True)
class LabelStatistics:
    """How often each relation holds in the training rows: what losses and samplers need.

    Attributes:
        counts: rows in which the relation holds, in the relation set's order.
        num_samples: rows in all, those without a relation included.
    """

    counts: list[int]
    num_samples: int


def label_statistics(examples: Iterable[Example], relations: RelationSet) -> LabelStatistics:
    """Count the rows in which each relation holds.

    Args:
        examples: the training rows.
        relations: the order of the counts.

    Raises:
        MrcaError: if a label is not one of the relations.
    """
    counts = [0] * len(relations)
    num_samples = 0
    for example in examples:
        num_samples += 1
        for label in example.labels:
            counts[relations.index(label)] += 1
    return LabelStatistics(counts, num_samples)


def long_tail_groups(
    counts: Sequence[int], head_above: int = 100, tail_below: int = 20
) -> dict[str, list[int]]:
    """Split relations by their training counts, as long-tail work does.

    Args:
        counts: training rows of each relation.
        head_above: more rows than this make a relation part of the head.
        tail_below: fewer rows than this make it part of the tail.

    Returns:
        Indices of the relations under `"head"`, `"medium"` and `"tail"`, in the order of `counts`.

    Example:
        >>> long_tail_groups([500, 100, 20, 19, 0])
        {'head': [0], 'medium': [1, 2], 'tail': [3, 4]}
    """
    groups: dict[str, list[int]] = {"head": [], "medium": [], "tail": []}
    for index, count in enumerate(counts):
        name = "head" if count > head_above else "tail" if count < tail_below else "medium"
        groups[name].append(index)
    return groups


@dataclass(frozen=True)
class Spread:
    """How many of something a sentence has.

    Attributes:
        mean: over the sentences.
        deviation: standard deviation over the sentences (of a population, not of a sample).
        share_3: share of the sentences that have three or more, from 0 to 1.
    """

    mean: float
    deviation: float
    share_3: float


@dataclass(frozen=True)
class SplitStatistics:
    """Counts of one split.

    Attributes:
        sentences: its rows.
        tokens: words in all.
        mean_length: words per sentence.
        median_length: half of the sentences are not longer.
        max_length: words of the longest sentence.
        triples: facts per sentence; `None` where the split gives labels only.
        relations: different relations per sentence.
        labels_per_sentence: number of different relations → number of sentences.
        never_seen: relations that hold nowhere in the split.
        unmatched: mentions that do not stand in their sentence.
    """

    sentences: int
    tokens: int
    mean_length: float
    median_length: float
    max_length: int
    triples: Spread | None
    relations: Spread
    labels_per_sentence: dict[int, int]
    never_seen: list[str]
    unmatched: int


@dataclass(frozen=True)
class CorpusStatistics:
    """Counts of a corpus.

    Attributes:
        name: the corpus.
        fingerprint: of its data.
        splits: counts of each split.
        train_counts: relation → training rows, in the relation set's order.
        groups: `"head"`, `"medium"`, `"tail"` → relations, most frequent first.
        limits: the name of the limits between these groups.
    """

    name: str
    fingerprint: str
    splits: dict[str, SplitStatistics]
    train_counts: dict[str, int]
    groups: dict[str, list[str]]
    limits: str

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return asdict(self)


def corpus_statistics(corpus: Corpus, limits: GroupLimits = DEFAULT_LIMITS) -> CorpusStatistics:
    """Count everything that `mrca data stats` shows.

    Args:
        corpus: what to count.
        limits: where head, medium and tail begin.
    """
    counts = label_statistics(corpus.splits["train"], corpus.relations).counts
    names = corpus.relations.names
    unmatched = Counter(Path(problem.source).stem for problem in corpus.unmatched)
    return CorpusStatistics(
        name=corpus.name,
        fingerprint=corpus.fingerprint,
        splits={
            split: _split_statistics(examples, corpus.relations, unmatched[split])
            for split, examples in corpus.splits.items()
        },
        train_counts=dict(zip(names, counts, strict=True)),
        groups={
            group: [names[index] for index in sorted(indices, key=lambda i: (-counts[i], i))]
            for group, indices in long_tail_groups(
                counts, limits.head_above, limits.tail_below
            ).items()
        },
        limits=limits.name,
    )


def _split_statistics(
    examples: Sequence[Example], relations: RelationSet, unmatched: int
) -> SplitStatistics:
    lengths = np.array([len(example.tokens) for example in examples])
    labels = [len(example.labels) for example in examples]
    triples = [len(example.triples) for example in examples]
    seen = {label for example in examples for label in example.labels}
    return SplitStatistics(
        sentences=len(examples),
        tokens=int(lengths.sum()),
        mean_length=float(lengths.mean()),
        median_length=float(np.median(lengths)),
        max_length=int(lengths.max()),
        triples=_spread(triples) if any(triples) else None,
        relations=_spread(labels),
        labels_per_sentence=dict(sorted(Counter(labels).items())),
        never_seen=[name for name in relations if name not in seen],
        unmatched=unmatched,
    )


def _spread(counts: Sequence[int]) -> Spread:
    values = np.array(counts)
    return Spread(float(values.mean()), float(values.std()), float((values >= 3).mean()))
