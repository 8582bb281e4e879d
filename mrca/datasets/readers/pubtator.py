"""Reader of PubTator's form: an abstract, its entities by character offsets, their relations.

    10491763|t|Hepatocyte nuclear factor-6: associations …
    10491763|a|The transcription factor …
    10491763	0	27	Hepatocyte nuclear factor-6	GeneOrGeneProduct	3175
    10491763	Association	3175	D003924	No

A blank line follows. BioRED and BC5CDR are published so.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from mrca.datasets.readers.jsonl import row_from_value
from mrca.datasets.readers.lines import text_lines
from mrca.datasets.readers.row import Problem, Row, RowError, shorten

_TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
_WITHOUT_ID = ("", "-", "-1")
_MESH = re.compile(r"[A-Z]\d+(?:\|[A-Z]\d+)+")  # several at once, as BC5CDR joins them
_ENTITY, _RELATIONS = 6, (4, 5)  # columns; BioRED's relations say too whether they are new


def iter_pubtator(lines: Iterable[bytes], source: str) -> Iterator[Row]:
    """Read the PubTator form, one document at a time and in order.

    The text is the title and the abstract; the form has no borders of sentences. An entity is what
    has one id, with all its mentions; a mention with several ids is one of each of these, unless a
    relation names them as one, and a mention without an id is an entity of its own. Offsets inside
    a word are widened to it.

    The relations have no direction: each two entities are asked about once, as a pair of the one
    that is mentioned first and the one that is mentioned later, and a fact goes that way, however
    the file has it.

    Args:
        lines: the lines, such as a file opened in binary mode.
        source: the file's name, for messages.

    Yields:
        A row for each document, with the line of its title. One that cannot be used comes with its
        error, and reading continues.
    """
    group: list[tuple[int, str]] = []
    for number, line in text_lines(lines, source):
        if isinstance(line, Row):
            yield line
        elif group and not line.strip():
            yield _read(group, source)
            group = []
        elif line.strip():
            group.append((number, line))
    if group:
        yield _read(group, source)


def _read(group: Sequence[tuple[int, str]], source: str) -> Row:
    number = group[0][0]
    try:
        value, id = _value(group, source)
    except RowError as error:
        return Row(number, None, error)
    row = row_from_value(value, source, number, offsets="widen")
    if row.error is not None:
        problems = [replace(problem, document=id) for problem in row.error.problems]
        return Row(number, None, RowError(problems))
    return replace(row, problems=tuple(replace(each, document=id) for each in row.problems))


def _value(group: Sequence[tuple[int, str]], source: str) -> tuple[dict[str, Any], str]:
    """The document as a row of the JSON Lines schema, and its id."""
    texts: dict[str, str] = {}
    id = ""
    rest = list(group)
    while rest and (text := _TEXT.fullmatch(rest[0][1])):
        id, part, texts[text[2]] = text[1], text[2], text[3]
        rest.pop(0)
        if part == "a":
            break
    if "t" not in texts:
        expected = "a title, such as `10491763|t|Hepatocyte …`"
        raise _error(source, group[0][0], id, expected, group[0][1])
    mentions: list[tuple[int, list[str]]] = []
    stated: list[tuple[int, list[str]]] = []
    for number, line in rest:
        columns = line.split("\t")
        if columns[0] != id:
            raise _error(source, number, id, f"a line of {id}, or a blank one", line)
        if len(columns) == _ENTITY:
            mentions.append((number, columns))
        elif len(columns) in _RELATIONS:
            stated.append((number, columns))
        else:
            expected = f"{_ENTITY} columns of a mention, or {_RELATIONS[0]} or {_RELATIONS[1]} of"
            raise _error(source, number, id, f"{expected} a relation, cut by tabs", line)
    named = {name for _, columns in stated for name in columns[2:4]}
    entities: dict[str, dict[str, Any]] = {}
    for number, columns in mentions:
        _add_mention(columns, number, source, named, entities)
    listed = sorted(entities.values(), key=_first_place)
    places = {entity["id"]: place for place, entity in enumerate(listed)}
    facts: dict[tuple[str, str, str], None] = {}
    for number, columns in stated:
        for name in columns[2:4]:
            if name not in places:
                expected = f"ids of entities of {id}"
                raise _error(source, number, id, expected, "\t".join(columns))
        first, later = sorted(columns[2:4], key=places.__getitem__)
        facts[first, columns[1], later] = None
    names = list(places)
    return {
        "id": id,
        "text": f"{texts['t']}\n{texts.get('a', '')}",
        "entities": listed,
        "pairs": [[first, later] for at, first in enumerate(names) for later in names[at + 1 :]],
        "facts": [list(fact) for fact in facts],
    }, id


def _first_place(entity: dict[str, Any]) -> int:
    return min(mention["char_start"] for mention in entity["mentions"])


def _add_mention(
    columns: Sequence[str],
    number: int,
    source: str,
    named: Collection[str],
    entities: dict[str, dict[str, Any]],
) -> None:
    document, start, end, text, type, given = columns
    if not (start.isdecimal() and end.isdecimal() and len(start + end) < 20 and type):
        expected = "two offsets, a text, a type and an id"
        raise _error(source, number, document, expected, "\t".join(columns))
    mention = {"char_start": int(start), "char_end": int(end), "text": text}
    if given in named:
        ids = [given]
    elif given in _WITHOUT_ID:
        ids = [f"{type} at {start}"]
    else:
        ids = given.split("|") if _MESH.fullmatch(given) else given.split(",")
    for id in filter(None, map(str.strip, ids)):
        entity = entities.setdefault(id, {"id": id, "type": type, "mentions": []})
        entity["mentions"].append(mention)


def _error(source: str, number: int, id: str, expected: str, received: str) -> RowError:
    return RowError(
        [Problem("error", source, number, "", expected, shorten(received), document=id)]
    )
