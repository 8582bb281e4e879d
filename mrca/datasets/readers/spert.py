"""Reader of SpERT's form: tokens, all entities with their types, relations between them."""

import sys
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import expect, row_error, words_without_space
from mrca.datasets.readers.row import Row
from mrca.text import Document, Entity, Fact, Span

_Place = Annotated[int, Field(ge=0)]


class _Entity(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    type: str = ""
    start: _Place
    end: _Place


class _Relation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    type: Text
    head: _Place
    tail: _Place


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    tokens: Annotated[list[Text], Field(min_length=1)]
    entities: list[_Entity]
    relations: list[_Relation] | None = None
    orig_id: str | int = ""

    @field_validator("tokens")
    @classmethod
    def _tokens_hold_no_space(cls, tokens: list[str]) -> list[str]:
        return words_without_space(tokens, "tokens")

    @field_validator("entities")
    @classmethod
    def _entities_have_words(cls, entities: list[_Entity], info: ValidationInfo) -> list[_Entity]:
        words = len(info.data.get("tokens", ()))
        for number, entity in enumerate(entities):
            if not entity.start < entity.end <= words:
                place = f"entities[{number}] = [{entity.start}, {entity.end}]"
                raise expect(f"a start below its end, and an end up to {words}", place)
        return entities

    @field_validator("relations")
    @classmethod
    def _relations_have_entities(
        cls, relations: list[_Relation] | None, info: ValidationInfo
    ) -> list[_Relation] | None:
        count = len(info.data.get("entities", ()))
        for number, relation in enumerate(relations or ()):
            if max(relation.head, relation.tail) >= count:
                place = f"relations[{number}] = [{relation.head}, {relation.tail}]"
                raise expect(f"numbers of entities, below {count}", place)
        return relations


def read_spert_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"tokens": […], "entities": […], "relations": […]}` into a row.

    `head` is the subject, `tail` the object; ends are exclusive. Each entity has one mention.

    Args:
        item: the parsed JSON item; other fields are ignored.
        source: the file, for messages.
        line: the item's place in the array, from 1.

    Returns:
        The row; without `relations` it is not labelled.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line, "item"))
    tokens = tuple(map(sys.intern, parsed.tokens))
    every = tuple(range(len(parsed.entities)))
    facts = dict.fromkeys(
        Fact(relation.head, sys.intern(relation.type), relation.tail)
        for relation in parsed.relations or ()
    )
    document = Document(
        tokens=tokens,
        entities=tuple(
            Entity(
                (Span(entity.start, entity.end),),
                sys.intern(entity.type),
                name=" ".join(tokens[entity.start : entity.end]),
            )
            for entity in parsed.entities
        ),
        facts=tuple(facts),
        labels=tuple(dict.fromkeys(fact.relation for fact in facts)),
        subjects=every,
        objects=every,
        roles="unknown",
        id=str(parsed.orig_id),
    )
    return Row(line, document, labelled=parsed.relations is not None)
