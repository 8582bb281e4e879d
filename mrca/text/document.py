"""What a corpus is made of: a document, its entities, and the facts that it states."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Literal, NamedTuple

Roles = Literal["given", "unknown"]
_SHOWN = 60  # characters of a document where it is shown in one line


class Span(NamedTuple):
    """A run of tokens, `tokens[start:end]`: `start` inclusive, `end` exclusive."""

    start: int
    end: int


class Entity(NamedTuple):
    """Someone or something that a document mentions, once or more often.

    Attributes:
        mentions: where, sorted, without repeats; empty where the document does not hold its words.
        type: what it is, such as `"PER"`; empty where the corpus does not say.
        id: its name in the corpus; may be empty.
        name: the words by which the corpus refers to it; those of its first mention where it has
            one.
    """

    mentions: tuple[Span, ...]
    type: str = ""
    id: str = ""
    name: str = ""


class Fact(NamedTuple):
    """A relation between two entities of a document, given by their numbers.

    Attributes:
        subject: a number in the document's `entities`.
        relation: its name.
        object: as `subject`.
        evidence: numbers of the sentences that state it; empty where the corpus does not say.
    """

    subject: int
    relation: str
    object: int
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A text with marked entities and the facts that it states. A sentence is a short document.

    Attributes:
        tokens: the words, in order.
        entities: who and what is marked.
        facts: what is stated between two of them, without repeats.
        labels: names of the relations that are stated, in order of first mention, without repeats;
            those of the facts, which need not be given, and where a corpus has labels only, what
            it says.
        subjects: numbers of the entities that may be the subject of a fact, rising. With unknown
            roles all entities are among them.
        objects: the same for objects.
        roles: whether it is known which entities are subjects and which are objects.
        oracle: whether the marked entities are those of the facts and no others, so that the marks
            give away what a model is to find.
        pairs: the pairs (subject, object) that the corpus asks about, sorted, where it says which:
            any other is neither a fact nor a negative. `None`: every pair of a subject and an
            object.
        sentences: the first token of each sentence, rising from 0.
        id: the document's own name, for reports; may be empty.
        text: the string that the words were cut from; empty where there is none.
        offsets: where each word stands in `text`; empty without a text.
    """

    tokens: tuple[str, ...]
    entities: tuple[Entity, ...] = ()
    facts: tuple[Fact, ...] = ()
    labels: tuple[str, ...] = ()
    subjects: tuple[int, ...] = ()
    objects: tuple[int, ...] = ()
    roles: Roles = "given"
    oracle: bool = False
    pairs: tuple[tuple[int, int], ...] | None = None
    sentences: tuple[int, ...] = (0,)
    id: str = ""
    text: str = ""
    offsets: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        if self.facts and not self.labels:
            stated = dict.fromkeys(fact.relation for fact in self.facts)
            object.__setattr__(self, "labels", tuple(stated))

    def __repr__(self) -> str:
        words = shorten(" ".join(self.tokens), _SHOWN, placeholder=" …")
        held = {"entities": self.entities, "facts": self.facts, "labels": self.labels}
        counts = "".join(f", {name}: {len(each)}" for name, each in held.items() if each)
        return f"Document({words!r}{counts})"

    def words(self, span: Span) -> str:
        """The span's tokens joined by one space."""
        return " ".join(self.tokens[span.start : span.end])

    def spans(self, role: Literal["subject", "object"]) -> tuple[Span, ...]:
        """Every mention of an entity that may be the subject (or object), sorted, once each."""
        numbers = self.subjects if role == "subject" else self.objects
        return tuple(sorted({span for each in numbers for span in self.entities[each].mentions}))

    def sentences_of(self, number: int) -> set[int]:
        """Numbers of the sentences in which an entity is mentioned, or a part of a mention is."""
        found: set[int] = set()
        for start, end in self.entities[number].mentions:
            first = bisect_right(self.sentences, start) - 1
            found.update(range(first, bisect_right(self.sentences, end - 1)))
        return found

    def with_unknown_roles(self) -> "Document":
        """The same document where any entity may be subject and object of a fact, and every pair
        is asked about."""
        every = tuple(range(len(self.entities)))
        return replace(self, subjects=every, objects=every, roles="unknown", pairs=None)

    def without_text(self) -> "Document":
        """The same document without the string behind its words: what training needs."""
        return replace(self, text="", offsets=())
