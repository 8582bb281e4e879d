"""What a corpus is made of: one sentence, its marked entities and its relations."""

from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """A run of tokens, `tokens[start:end]`: `start` inclusive, `end` exclusive."""

    start: int
    end: int


class Triple(NamedTuple):
    """A fact stated by a sentence, entities as their tokens joined by one space."""

    subject: str
    relation: str
    object: str


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence with marked entities and the relations that hold in it.

    Attributes:
        tokens: the words, in order.
        subjects: spans of every marked mention of a subject entity, sorted, without repeats.
        objects: the same for object entities; a span may be in both.
        labels: names of the relations that hold, in order of first mention, without repeats;
            empty where none holds (or where the row is to be predicted).
        triples: the facts behind the labels where the corpus gives them, else empty.
        id: the row's own name, for reports; may be empty.
    """

    tokens: tuple[str, ...]
    subjects: tuple[Span, ...] = ()
    objects: tuple[Span, ...] = ()
    labels: tuple[str, ...] = ()
    triples: tuple[Triple, ...] = ()
    id: str = ""

    def text_of(self, span: Span) -> str:
        """The span's tokens joined by one space: how triples name an entity."""
        return " ".join(self.tokens[span.start : span.end])
