"""Which questions are asked about a document: it as a whole, or each pair of its entities."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mrca.text import Document, Entity, RelationSet

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Kind = Literal["whole", "pairs"]

TypePair = tuple[str, str]


class Candidate(NamedTuple):
    """A question about a document: which relations are stated between these entities?

    Attributes:
        subjects, objects: numbers of entities; one each where a pair is asked about.
        labels: the relations that are.
    """

    subjects: tuple[int, ...]
    objects: tuple[int, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class CandidateSelection:
    """Which candidates a document has.

    * `whole`: one, of all its subjects and all its objects: which relations does the text state?
      (MRCA's question.)
    * `pairs`: every pair of a subject and another entity that may be its object; with unknown
      roles every ordered pair of different entities; of a corpus that lists the pairs which it asks
      about, those. An entity without a mention in the text is
      in none, and a filter may leave pairs out: facts of such pairs are not found, and count as
      missed.

    Args:
        kind: `"whole"` or `"pairs"`.
        max_distance: leave out pairs whose nearest mentions have more tokens than this between
            them; `None` for no limit.
        type_pairs: leave out pairs of entities of other types than these (subject, object); `None`
            for no limit. Entities without a type are never left out.

    Example:
        >>> from mrca.text import Span
        >>> document = Document(
        ...     ("Ada", "met", "Bob"), tuple(Entity((Span(i, i + 1),)) for i in (0, 2))
        ... ).with_unknown_roles()
        >>> [candidate[:2] for candidate in CandidateSelection("pairs").of(document)]
        [((0,), (1,)), ((1,), (0,))]
    """

    kind: Kind = "whole"
    max_distance: int | None = None
    type_pairs: frozenset[TypePair] | None = None

    def of(self, document: Document) -> list[Candidate]:
        """The document's candidates, in the order of its subjects, then objects."""
        if self.kind == "whole":
            return [Candidate(document.subjects, document.objects, document.labels)]
        stated: dict[tuple[int, int], dict[str, None]] = {}
        for fact in document.facts:
            stated.setdefault((fact.subject, fact.object), {})[fact.relation] = None
        return [
            Candidate((subject,), (object_,), tuple(stated.get((subject, object_), ())))
            for subject, object_ in self._pairs(document)
        ]

    def select(self, documents: Sequence[Document]) -> "Candidates":
        """The candidates of many documents."""
        if self.kind == "whole":
            starts = np.arange(len(documents) + 1)
            none = np.full(len(documents), -1, np.int32)
            return Candidates(documents, "whole", starts, none, none)
        # An array for each document: a distant corpus has tens of millions of pairs.
        pairs = [
            np.array(list(self._pairs(document)), np.int32).reshape(-1, 2) for document in documents
        ]
        starts = np.cumsum([0, *map(len, pairs)], dtype=np.int64)
        numbers = np.concatenate([np.zeros((0, 2), np.int32), *pairs])
        return Candidates(documents, "pairs", starts, numbers[:, 0], numbers[:, 1])

    def learned(self, documents: Iterable[Document]) -> "CandidateSelection":
        """The same, that leaves out pairs of types between which training states nothing."""
        return replace(self, type_pairs=frozenset(pair for pair, _ in stated_types(documents)))

    def _pairs(self, document: Document) -> Iterator[tuple[int, int]]:
        entities, pairs = document.entities, document.pairs
        if pairs is None:
            pairs = tuple(product(document.subjects, document.objects))
        for subject, object_ in pairs:
            first, second = entities[subject], entities[object_]
            if subject == object_ or not (first.mentions and second.mentions):
                continue
            types = (first.type, second.type)
            if self.type_pairs is not None and all(types) and types not in self.type_pairs:
                continue
            if self.max_distance is None or distance(first, second) <= self.max_distance:
                yield subject, object_


def distance(first: Entity, second: Entity) -> int:
    """Tokens between the nearest mentions of two entities; 0 where they touch or overlap."""
    return min(
        max(later.start - earlier.end, earlier.start - later.end, 0)
        for earlier in first.mentions
        for later in second.mentions
    )


def stated_types(documents: Iterable[Document]) -> Counter[tuple[TypePair, str]]:
    """How often a relation is stated between entities of two types: ((subject, object), relation).

    Entities without a type are not counted.
    """
    found: Counter[tuple[TypePair, str]] = Counter()
    for document in documents:
        for fact in document.facts:
            types = (document.entities[fact.subject].type, document.entities[fact.object].type)
            if all(types):
                found[types, fact.relation] += 1
    return found


@dataclass(frozen=True, eq=False)
class Candidates:
    """The candidates of some documents, end to end.

    Attributes:
        documents: the documents.
        kind: of the candidates.
        starts: where each document's candidates begin, int64 `(documents + 1,)`.
        subjects, objects: numbers of each candidate's entities in its document, int32
            `(candidates,)`; -1 for whole documents.
    """

    documents: Sequence[Document]
    kind: Kind
    starts: NDArray[np.int64]
    subjects: NDArray[np.int32]
    objects: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.subjects)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Candidates of each document, `(documents,)`."""
        return np.diff(self.starts)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Each candidate's document, `(candidates,)`."""
        return np.repeat(np.arange(len(self.documents)), self.counts)

    @property
    def pairs(self) -> NDArray[np.int64]:
        """Each candidate's document, subject and object, `(candidates, 3)`."""
        return np.column_stack([self.rows, self.subjects, self.objects]).astype(np.int64)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what is asked about which documents, whatever is stated of it."""
        state = hashlib.sha256(self.kind.encode())
        for document in self.documents:
            asked = document.tokens, document.entities, document.subjects, document.objects
            state.update(repr((*asked, document.roles)).encode())
        for numbers in (self.starts, self.subjects, self.objects):
            state.update(numbers.tobytes())
        return state.hexdigest()

    def labelled(self, relations: RelationSet) -> "LabelledCandidates":
        """The same with what is stated of each.

        Raises:
            MrcaError: if a document states a relation that is none of these.
        """
        from scipy.sparse import csr_array

        stated = relations.multi_hot(
            [document.labels for document in self.documents]
        )  # or an error
        if self.kind == "whole":
            none = np.zeros(len(relations), np.int64)
            return LabelledCandidates(**vars(self), labels=stated, of_documents=stated, missed=none)
        # A label without a fact, such as `no_relation`, is of no pair.
        stated = relations.multi_hot(
            [[fact.relation for fact in document.facts] for document in self.documents]
        )
        stated_of: set[tuple[int, int]] = set()
        missed = np.zeros(len(relations), np.int64)
        for document, begin, end in zip(
            self.documents, self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True
        ):
            pairs = zip(
                self.subjects[begin:end].tolist(), self.objects[begin:end].tolist(), strict=True
            )
            place = {pair: number for number, pair in enumerate(pairs, begin)}
            seen = set()
            for fact in document.facts:
                column = relations.index(fact.relation)
                candidate = place.get((fact.subject, fact.object))
                if candidate is not None:
                    stated_of.add((candidate, column))
                elif fact[:3] not in seen:
                    missed[column] += 1
                seen.add(fact[:3])
        cells = np.array(sorted(stated_of), np.int64).reshape(-1, 2).T
        ones = np.ones(cells.shape[1], np.uint8)
        labels = csr_array((ones, (cells[0], cells[1])), shape=(len(self), len(relations)))
        return LabelledCandidates(**vars(self), labels=labels, of_documents=stated, missed=missed)

    def any_of(self, cells: "csr_array") -> "csr_array":
        """For each document whether any of its candidates has it: bool `(candidates, n)` to
        `(documents, n)`, both sparse."""
        from scipy.sparse import csr_array

        each = np.arange(len(self))
        of = csr_array(
            (np.ones(len(self), np.int64), each, self.starts),
            shape=(len(self.documents), len(self)),
        )
        return (of @ cells.astype(np.int64)).astype(bool)


@dataclass(frozen=True, eq=False)
class LabelledCandidates(Candidates):
    """Candidates with their labels.

    Attributes:
        labels: 0/1, sparse, uint8 `(candidates, relations)`.
        of_documents: the relations that each document states, sparse, uint8 `(documents,
            relations)`; of pairs, those of its facts.
        missed: facts of each relation that no candidate asks about, int64 `(relations,)`.
    """

    labels: "csr_array"
    of_documents: "csr_array"
    missed: NDArray[np.int64]
