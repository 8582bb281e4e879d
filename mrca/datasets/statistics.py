"""Counts of a corpus: labels, lengths, entities and their pairs, the long tail."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mrca.datasets.candidates import CandidateSelection, LabelledCandidates
from mrca.datasets.corpus import Corpus
from mrca.datasets.locate import split_files
from mrca.datasets.long_tail import DEFAULT_LIMITS, GroupLimits
from mrca.datasets.repeats import Repeats
from mrca.text import Document, RelationSet


@dataclass(frozen=True)
class LabelCounts:
    """How often each relation is stated in training: what losses and samplers need.

    Attributes:
        counts: candidates that have the relation, in the relation set's order.
        num_samples: candidates in all, those without a relation included.
    """

    counts: list[int]
    num_samples: int

    @classmethod
    def of(cls, candidates: LabelledCandidates) -> "LabelCounts":
        """Those of some candidates."""
        counts = candidates.labels.sum(axis=0, dtype=np.int64)
        return cls(counts.tolist(), len(candidates))


@dataclass(frozen=True)
class Spread:
    """How many of something a document has.

    Attributes:
        mean: over the documents.
        deviation: standard deviation over the documents (of a population, not of a sample).
        share_3: share of the documents that have three or more, from 0 to 1.
    """

    mean: float
    deviation: float
    share_3: float


@dataclass(frozen=True)
class SplitStatistics:
    """Counts of one split.

    Attributes:
        documents: its rows.
        tokens: words in all.
        mean_length: words per document.
        median_length: half of the documents are not longer.
        max_length: words of the longest document.
        sentences: per document; `None` where the split has no borders of sentences.
        entities: per document; `None` where none is marked.
        mentions: of entities, in all.
        mentions_per_entity: those that stand in the text; `None` where no entity is marked.
        pairs: candidate pairs in all; see `CandidateSelection`.
        empty_pairs: share of them without a fact, from 0 to 1; `None` without pairs.
        relations_per_pair: number of relations, from 1 → number of candidate pairs.
        within_sentence: share of the facts whose entities are both mentioned in one sentence, from
            0 to 1; `None` without facts, or without borders of sentences.
        empty_documents: share of the documents that state nothing, from 0 to 1.
        oracle: documents in which the entities of the facts are marked and no others.
        facts: per document; `None` where the split gives labels only.
        relations: different relations per document.
        relations_per_document: number of different relations → number of documents.
        never_seen: relations that are stated nowhere in the split.
        unmatched: mentions that do not stand in their text.
    """

    documents: int
    tokens: int
    mean_length: float
    median_length: float
    max_length: int
    sentences: float | None
    entities: Spread | None
    mentions: int
    mentions_per_entity: float | None
    pairs: int
    empty_pairs: float | None
    relations_per_pair: dict[int, int]
    within_sentence: float | None
    empty_documents: float
    oracle: int
    facts: Spread | None
    relations: Spread
    relations_per_document: dict[int, int]
    never_seen: list[str]
    unmatched: int


@dataclass(frozen=True)
class CorpusStatistics:
    """Counts of a corpus.

    Attributes:
        name: the corpus.
        fingerprint: of its data.
        splits: counts of each split.
        types: entity types of the training split, sorted.
        counted: what `train_counts` counts: `"facts"`, or `"documents"` of a corpus without facts.
        train_counts: relation → its training facts, or the training documents that state it, in
            the relation set's order.
        groups: `"head"`, `"medium"` (not of all limits), `"tail"` → relations, most frequent first.
        limits: the name of the limits between these groups.
        descriptions: relation → what it is called; see `Corpus`.
        repeats: rows that are equal.
    """

    name: str
    fingerprint: str
    splits: dict[str, SplitStatistics]
    types: tuple[str, ...]
    counted: Literal["facts", "documents"]
    train_counts: dict[str, int]
    groups: dict[str, list[str]]
    limits: str
    descriptions: dict[str, str]
    repeats: Repeats

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {**asdict(self), "types": list(self.types)}


def corpus_statistics(corpus: Corpus, limits: GroupLimits = DEFAULT_LIMITS) -> CorpusStatistics:
    """Count everything that `mrca data stats` shows.

    Args:
        corpus: what to count.
        limits: where head, medium and tail begin.
    """
    train = corpus.splits["train"]
    # What is a training row of a run: a pair of entities, or a document.
    by_facts = any(document.facts for document in train)
    counts = (_fact_counts if by_facts else _document_counts)(train, corpus.relations)
    names = corpus.relations.names
    unmatched = Counter(problem.source for problem in corpus.unmatched)
    files = split_files(corpus.folder)
    groups = limits.groups(counts)
    return CorpusStatistics(
        name=corpus.name,
        fingerprint=corpus.fingerprint,
        splits={
            split: _split_statistics(documents, corpus.relations, unmatched[str(files.get(split))])
            for split, documents in corpus.splits.items()
        },
        types=corpus.types,
        counted="facts" if by_facts else "documents",
        train_counts=dict(zip(names, counts, strict=True)),
        groups={
            group: [names[index] for index in sorted(indices, key=lambda i: (-counts[i], i))]
            for group, indices in groups.items()
        },
        limits=limits.name,
        descriptions=corpus.descriptions,
        repeats=Repeats.of(corpus.splits),
    )


def _fact_counts(documents: Sequence[Document], relations: RelationSet) -> list[int]:
    """As many as a run of pairs is trained on: of entities that stand in their text."""
    pairs = CandidateSelection("pairs")
    found = Counter(name for row in documents for pair in pairs.of(row) for name in pair.labels)
    return [found[name] for name in relations]


def _document_counts(documents: Sequence[Document], relations: RelationSet) -> list[int]:
    counts = [0] * len(relations)
    for document in documents:
        for label in document.labels:
            counts[relations.index(label)] += 1
    return counts


def _split_statistics(
    documents: Sequence[Document], relations: RelationSet, unmatched: int
) -> SplitStatistics:
    lengths = np.array([len(document.tokens) for document in documents])
    labels = [len(document.labels) for document in documents]
    facts = [len(document.facts) for document in documents]
    entities = [len(document.entities) for document in documents]
    mentions = sum(len(each.mentions) for row in documents for each in row.entities)
    pairs = [candidate for row in documents for candidate in CandidateSelection("pairs").of(row)]
    per_pair = Counter(len(pair.labels) for pair in pairs)
    empty = per_pair.pop(0, 0)
    has_borders = any(document.sentences != (0,) for document in documents)
    seen = {label for document in documents for label in document.labels}
    return SplitStatistics(
        documents=len(documents),
        tokens=int(lengths.sum()),
        mean_length=float(lengths.mean()),
        median_length=float(np.median(lengths)),
        max_length=int(lengths.max()),
        sentences=float(np.mean([len(row.sentences) for row in documents]))
        if has_borders
        else None,
        entities=_spread(entities) if any(entities) else None,
        mentions=mentions,
        mentions_per_entity=mentions / sum(entities) if any(entities) else None,
        pairs=len(pairs),
        empty_pairs=empty / len(pairs) if pairs else None,
        relations_per_pair=dict(sorted(per_pair.items())),
        within_sentence=_within_sentence(documents) if has_borders else None,
        empty_documents=float(np.mean([not each for each in labels])),
        oracle=sum(document.oracle for document in documents),
        facts=_spread(facts) if any(facts) else None,
        relations=_spread(labels),
        relations_per_document=dict(sorted(Counter(labels).items())),
        never_seen=[name for name in relations if name not in seen],
        unmatched=unmatched,
    )


def _within_sentence(documents: Iterable[Document]) -> float | None:
    """Share of the facts whose entities are both mentioned in one sentence."""
    within = []
    for document in documents:
        found = [document.sentences_of(number) for number in range(len(document.entities))]
        within += [bool(found[fact.subject] & found[fact.object]) for fact in document.facts]
    return float(np.mean(within)) if within else None


def _spread(counts: Sequence[int]) -> Spread:
    values = np.array(counts)
    return Spread(float(values.mean()), float(values.std()), float((values >= 3).mean()))


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """How often the most frequent relations are stated, alone and two at a time.

    Attributes:
        names: the relations, most frequent first.
        counts: documents that state both, shape `(relations, relations)`; on the diagonal those
            that state the one.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def conditional(self) -> NDArray[np.float64]:
        """P(b | a): of the documents that state a (first axis), the share that states b too."""
        given = np.maximum(self.counts.diagonal(), 1)
        return self.counts / given[:, None]

    @property
    def any_pair(self) -> bool:
        """Whether any document states two of the relations."""
        return bool(np.triu(self.counts, 1).any())


def label_cooccurrence(
    documents: Sequence[Document], relations: RelationSet, most: int = 25
) -> Cooccurrence:
    """Count the documents that state two relations.

    Args:
        documents: usually those of training.
        relations: the corpus's relations.
        most: of how many relations at most, the most frequent ones. Memory grows with its square.

    Raises:
        MrcaError: if a label is not one of the relations.

    Example:
        >>> rows = [Document(("A",), labels=("a", "b")), Document(("A",), labels=("b",))]
        >>> both = label_cooccurrence(rows, RelationSet("abc"))
        >>> both.names, both.counts.tolist()
        (('b', 'a'), [[2, 1], [1, 1]])
    """
    frequency = _document_counts(documents, relations)
    ranked = sorted(range(len(relations)), key=lambda index: (-frequency[index], index))
    names = tuple(relations.names[index] for index in ranked[:most] if frequency[index])
    place = {name: index for index, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for chosen in _places(documents, place):
        counts[np.ix_(chosen, chosen)] += 1
    return Cooccurrence(names, counts)


def _places(documents: Iterable[Document], place: dict[str, int]) -> Iterable[list[int]]:
    for document in documents:
        chosen = [place[label] for label in document.labels if label in place]
        if chosen:
            yield chosen
