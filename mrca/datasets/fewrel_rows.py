"""Rows of FewRel's files, each with its example or with what is wrong."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from mrca.datasets.fewrel_sentence import fewrel_sentence
from mrca.datasets.row import Problem, Row, RowError, shorten
from mrca.datasets.strict_json import JsonError, decode, parse

_Unit = Literal["line", "item"]


def iter_fewrel(data: bytes, source: str, names: Mapping[str, str]) -> Iterator[Row]:
    """Read the official form, an object of property → list of sentences.

    Args:
        data: the whole file.
        source: its name, for messages.
        names: property → label, where that is not the property itself.

    Yields:
        The rows in order, counted through the file. A sentence that cannot be used comes with its
        error and reading goes on, except where the JSON is broken.
    """
    try:
        value = parse(decode(data, first=True))
    except JsonError as error:
        yield _broken(source, 0, "", error, "item")
        return
    if not isinstance(value, dict):  # an object that is empty, say, is not taken for FewRel
        yield _broken(source, 0, "", JsonError("an object, `{…}`", shorten(value)), "item")
        return
    count = 0
    for relation, items in value.items():
        if not isinstance(items, list) or not relation:
            count += 1
            expected = JsonError("a property with a list of sentences", shorten(items))
            yield _broken(source, count, relation, expected, "item")
            continue
        for number, item in enumerate(items, 1):
            count += 1
            label = names.get(relation, relation)
            yield _row(item, relation, label, source, count, number, f"{relation}[{number - 1}]")


def iter_fewrel_lines(
    lines: Iterable[bytes], source: str, names: Mapping[str, str]
) -> Iterator[Row]:
    """Read JSON Lines of FewRel's sentences, one at a time.

    Args:
        lines: the lines, such as a file opened in binary mode; blank ones are skipped.
        source: the file's name, for messages.
        names: as of `iter_fewrel`.

    Yields:
        A row for each line; one without a `relation` is not labelled.
    """
    places: Counter[str] = Counter()
    for line, data in enumerate(lines, 1):
        try:
            text = decode(data, first=line == 1)
            if not text.strip():
                continue
            item = parse(text)
        except JsonError as error:
            yield _broken(source, line, "", error, "line")
            continue
        relation = item.get("relation") if isinstance(item, dict) else None
        if relation is not None and not (isinstance(relation, str) and relation):
            expected = JsonError("a property, such as `P413`", shorten(relation))
            yield _broken(source, line, "relation", expected, "line")
            continue
        relation = relation or ""
        places[relation] += 1
        label = names.get(relation, relation)
        yield _row(item, relation, label, source, line, places[relation], unit="line")


def _row(
    item: Any,
    relation: str,
    label: str,
    source: str,
    line: int,
    number: int,
    place: str = "",
    unit: _Unit = "item",
) -> Row:
    """A sentence as a row; `place` goes before the names of its fields."""
    try:
        example = fewrel_sentence(item, relation, label, source, line, unit).example
    except RowError as error:
        problems = [
            replace(problem, field=".".join(filter(None, (place, problem.field))))
            for problem in error.problems
        ]
        return Row(line, None, RowError(problems))
    if not relation:
        return Row(line, replace(example, labels=(), triples=(), id=""), labelled=False)
    return Row(line, replace(example, id=f"{relation}/{number}"))


def _broken(source: str, line: int, field: str, error: JsonError, unit: _Unit) -> Row:
    problem = Problem("error", source, line, field, error.expected, error.received, unit)
    return Row(line, None, RowError([problem]))
