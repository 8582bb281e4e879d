"""Texts whose entities are marked by places: what the tools of annotators write."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from mrca.datasets.readers.cut_words import cut_words
from mrca.datasets.readers.jsonl import row_from_value
from mrca.datasets.readers.row import Problem, Row, RowError, shorten

_MARK = re.compile(r"entities\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands, for messages.

    Attributes:
        source: the file.
        line: the line or item, from 1.
        field: which field of it; may be empty.
        unit: what `line` counts.
        document: the row's own name; may be empty.
    """

    source: str
    line: int
    field: str = ""
    unit: Literal["line", "item"] = "line"
    document: str = ""

    def at(self, field: str) -> "Place":
        """The same with another field."""
        return replace(self, field=field)

    def error(self, expected: str, received: object) -> RowError:
        """An error there; what was received is shown as JSON."""
        return RowError([self.problem("error", expected, shorten(received))])

    def problem(
        self, kind: Literal["error", "unmatched", "widened", "span"], expected: str, received: str
    ) -> Problem:
        """A problem there."""
        return Problem(
            kind, self.source, self.line, self.field, expected, received, self.unit, self.document
        )


class Marked(NamedTuple):
    """An entity as a file has it.

    Attributes:
        id: its name, which facts use; no other entity of the row has it.
        spans: the place of each mention, ends exclusive: characters of a text, or words.
        place: where the file says so.
        type: may be empty.
        text: the words that the file gives beside its places; `None` where it gives none.
    """

    id: str
    spans: Sequence[tuple[int, int]]
    place: Place
    type: str = ""
    text: str | None = None


class Stated(NamedTuple):
    """A fact as a file has it: ids of entities and the relation between them."""

    subject: str
    relation: str
    object: str
    place: Place


def marked_row(
    text: str | Sequence[str],
    entities: Sequence[Marked],
    facts: Sequence[Stated] | None,
    place: Place,
    number: int | None = None,
    *,
    keep_ids: bool = True,
) -> Row:
    """The row that a text, its entities and its facts make.

    All entities are listed, whether a fact names them or not, and roles are unknown. Offsets inside
    a word are widened to it, and the row says so. Of words, those that are only white space are
    left out, and those with white space in them are cut there.

    Args:
        text: a text, which the package cuts into words, or words.
        entities: with their places in it.
        facts: `None` if the file does not say which there are.
        place: where the row stands.
        number: of the row, if it is not `place.line`.
        keep_ids: whether the entities' ids are the file's own.

    Returns:
        The row; one that cannot be used comes with its error.
    """
    number = place.line if number is None else number
    try:
        _check(entities, facts or ())
        value = _of_text(text, entities) if isinstance(text, str) else _of_words(text, entities)
    except RowError as error:
        return Row(number, None, error)
    value["facts"] = [[fact.subject, fact.relation, fact.object] for fact in facts or ()]
    if place.document:
        value["id"] = place.document
    row = row_from_value(value, place.source, number, offsets="widen")
    problems = row.error.problems if row.error else row.problems
    told = tuple(_where_it_stands(problem, entities, place) for problem in problems)
    if row.error:
        return Row(number, None, RowError(told))
    document = row.document
    if document is not None and not keep_ids:
        bare = tuple(entity._replace(id="") for entity in document.entities)
        document = replace(document, entities=bare)
    return replace(row, document=document, problems=told, labelled=facts is not None)


def _check(entities: Sequence[Marked], facts: Sequence[Stated]) -> None:
    ids: set[str] = set()
    for entity in entities:
        if not entity.id or entity.id in ids:
            raise entity.place.error("an id that no other entity has", entity.id)
        ids.add(entity.id)
    for fact in facts:
        if not fact.relation:
            raise fact.place.error("the name of a relation", fact.relation)
        for id in (fact.subject, fact.object):
            if id not in ids:
                raise fact.place.error("the ids of two entities of the same text", id)


def _of_text(text: str, entities: Sequence[Marked]) -> dict[str, Any]:
    return {
        "text": text,
        "entities": [
            _entity(
                entity,
                [{"char_start": start, "char_end": end} for start, end in _spans(text, entity)],
            )
            for entity in entities
        ],
    }


def _of_words(words: Sequence[str], entities: Sequence[Marked]) -> dict[str, Any]:
    tokens, starts = cut_words(words)
    mentions = []
    for entity in entities:
        _check_spans(entity, len(words))
        spans = [(starts[start], starts[end]) for start, end in entity.spans]
        if any(start == end for start, end in spans):
            shown = [words[start:end] for start, end in entity.spans]
            raise entity.place.error("at least one word that is not white space", shown)
        mentions.append([{"token_start": start, "token_end": end} for start, end in spans])
    return {"tokens": tokens, "entities": list(map(_entity, entities, mentions))}


def _entity(entity: Marked, mentions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    type = {"type": entity.type} if entity.type else {}
    return {"id": entity.id, "mentions": mentions, **type}


def _spans(text: str, entity: Marked) -> Sequence[tuple[int, int]]:
    """The places of an entity; the words that the file gives, if it does, stand there.

    A tool that runs in a browser may count a character outside the basic plane, such as an emoji,
    as two. Places are read so where the file's words stand there, and only there.
    """
    spans = entity.spans
    if entity.text is None:
        _check_spans(entity, len(text))
        return spans
    units = [0]
    for character in text:
        units.append(units[-1] + 1 + (ord(character) > 0xFFFF))
    of_unit = {unit: place for place, unit in enumerate(units)}
    counted_twice = [(of_unit.get(start, -1), of_unit.get(end, -1)) for start, end in spans]
    for each in (spans, counted_twice):
        if _are_inside(each, len(text)) and _says(text, each, entity.text):
            return each
    _check_spans(entity, len(text))
    received = " ".join(text[start:end] for start, end in spans)
    raise entity.place.error(f"{shorten(entity.text)} at {_shown(spans)}", received)


def _are_inside(spans: Sequence[tuple[int, int]], length: int) -> bool:
    return all(0 <= start < end <= length for start, end in spans)


def _check_spans(entity: Marked, length: int) -> None:
    if not _are_inside(entity.spans, length):
        expected = f"a start below its end, and an end up to {length}, where the text ends"
        raise entity.place.error(expected, entity.spans)


def _says(text: str, spans: Sequence[tuple[int, int]], words: str) -> bool:
    """Whether these are the words there, but for white space."""
    there = "".join(text[start:end] for start, end in spans)
    return "".join(there.split()) == "".join(words.replace("\\n", " ").split())


def _shown(spans: Sequence[tuple[int, int]]) -> str:
    return " and ".join(f"[{start}, {end}]" for start, end in spans)


def _where_it_stands(problem: Problem, entities: Sequence[Marked], place: Place) -> Problem:
    """A problem of the row that was made, as one of the file."""
    mark = _MARK.match(problem.field)
    if mark:
        place = entities[int(mark[1])].place
    field = place.field if mark else problem.field
    return Problem(
        *(problem.kind, place.source, place.line, field, problem.expected, problem.received),
        *(place.unit, place.document),
    )
