"""A fact that a model found, as every form of output takes it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

Unit = Literal["char", "token"]


class FoundEntity(NamedTuple):
    """One side of a fact.

    Attributes:
        name: the words of its longest mention (of equals the first), with single spaces.
        type: what it is, such as `"PER"`; empty where its row did not say.
        id: what its row calls it; may be empty.
        start: where its first mention begins.
        end: where that ends, exclusive.
    """

    name: str
    type: str
    id: str
    start: int
    end: int


class FoundFact(NamedTuple):
    """A relation between two entities of a document.

    Attributes:
        subject: who or what.
        relation: its name.
        object: as `subject`.
        score: how sure the model is.
        document: the id of its row; where it has none, the row's line, such as `"line 3"`.
        unit: what places count, characters or tokens.
    """

    subject: FoundEntity
    relation: str
    object: FoundEntity
    score: float
    document: str
    unit: Unit


def found_facts(
    facts: Iterable[Mapping[str, Any]], line: int, document: str = "", file: str = ""
) -> Iterator[FoundFact]:
    """Facts from a line of predictions.

    Args:
        facts: as `Prediction.facts_to_dicts` gives them.
        line: of their row, from 1.
        document: the row's id; may be empty.
        file: the row's file, where lines of several stand together.

    Example:
        >>> ada = {"text": "Ada", "char_start": 0, "char_end": 3}
        >>> bo = {"text": "Bo", "char_start": 8, "char_end": 10, "type": "PER"}
        >>> fact = {"subject": ada, "relation": "met", "object": bo, "score": 0.9}
        >>> for found in found_facts([fact], line=3):
        ...     print(found.subject.name, found.relation, found.object.type, found.document)
        Ada met PER line 3
    """
    place = document or (f"{file}, line {line}" if file else f"line {line}")
    for fact in facts:
        subject, object_ = fact["subject"], fact["object"]
        unit: Unit = "char" if "char_start" in subject else "token"
        yield FoundFact(
            _entity(subject, unit),
            fact["relation"],
            _entity(object_, unit),
            float(fact["score"]),
            place,
            unit,
        )


def _entity(side: Mapping[str, Any], unit: Unit) -> FoundEntity:
    words = [mention["text"] for mention in (side, *side.get("mentions", ()))]
    name = " ".join(max(words, key=len).split())
    start, end = side[f"{unit}_start"], side[f"{unit}_end"]
    return FoundEntity(name, side.get("type", ""), side.get("id", ""), start, end)
