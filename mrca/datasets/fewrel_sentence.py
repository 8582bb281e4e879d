"""One sentence of FewRel: words, the mentions of two entities, and the relation between the two."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mrca.datasets.row import Problem, RowError, shorten
from mrca.datasets.row_error import expect, row_error
from mrca.text import Example, Span, Triple

_Mention = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class FewRelSentence:
    """One sentence of FewRel.

    Attributes:
        relation: its relation's Wikidata property, such as `"P413"`.
        example: the sentence; its one label is the relation's readable name where that is known.
        pair: the names of the two entities in lower case, without their order.
    """

    relation: str
    example: Example
    pair: frozenset[str]

    @property
    def wording(self) -> str:
        """The sentence's characters: the same however it was cut into words, upper case or not."""
        return "".join(self.example.tokens).casefold()


class _Entity(BaseModel):
    name: str
    mentions: Annotated[list[_Mention], Field(min_length=1)]


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    tokens: Annotated[list[str], Field(min_length=1)]
    h: _Entity
    t: _Entity

    @field_validator("h", "t", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        if not isinstance(value, list) or len(value) not in (2, 3):
            raise expect("[name, (Wikidata id,) mentions]", value)
        return {"name": value[0], "mentions": value[-1]}


def fewrel_sentence(
    item: Any,
    relation: str,
    label: str,
    source: str,
    number: int,
    unit: Literal["line", "item"] = "item",
) -> FewRelSentence:
    """Turn `{"tokens", "h": [name, (Wikidata id,) mentions], "t": …}` into a sentence.

    Args:
        item: the parsed JSON item; fields that are not used are ignored.
        relation: its property.
        label: what its relation is called in the example.
        source: the file, for messages.
        number: its line or its place in the file.
        unit: which of both.

    Raises:
        RowError: if it cannot be used.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        raise row_error(error, _Item, source, number, unit) from error
    tokens: list[str] = []
    starts: list[int] = []  # where the words that each published word became begin
    for token in parsed.tokens:
        starts.append(len(tokens))
        tokens.extend(map(sys.intern, token.split()))
    starts.append(len(tokens))

    def spans(entity: _Entity, field: str) -> tuple[Span, ...]:
        found: set[Span] = set()
        for first, last in (run for mention in entity.mentions for run in _runs(mention)):
            if last >= len(parsed.tokens) or starts[first] == starts[last + 1]:
                expected = f"indices of words, below {len(parsed.tokens)}"
                received = shorten(entity.mentions)
                raise RowError([Problem("error", source, number, field, expected, received, unit)])
            found.add(Span(starts[first], starts[last + 1]))
        return tuple(sorted(found))

    subjects, objects = spans(parsed.h, "h"), spans(parsed.t, "t")
    subject, object_ = (
        sys.intern(" ".join(tokens[side[0].start : side[0].end])) for side in (subjects, objects)
    )
    example = Example(
        tokens=tuple(tokens),
        subjects=subjects,
        objects=objects,
        labels=(label,),
        triples=(Triple(subject, label, object_),),
        id=f"{relation}/{number}",
    )
    pair = frozenset(entity.name.strip().casefold() for entity in (parsed.h, parsed.t))
    return FewRelSentence(relation, example, pair)


def _runs(mention: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last index of each run of neighbouring words."""
    first = last = mention[0]
    for index in mention[1:]:
        if index != last + 1:
            yield first, last
            first = index
        last = index
    yield first, last
