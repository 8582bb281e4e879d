"""Reader of DialogRE: the turns of a dialogue, and pairs of names with their relations."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mrca.datasets.readers.find_mention import find_words
from mrca.datasets.readers.jsonl import row_from_value
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import expect, row_error
from mrca.datasets.readers.row import Problem, Row, RowError
from mrca.text import tokenise

_NONE = "unanswerable"


class _Pair(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    x: Text
    y: Text
    x_type: str = ""
    y_type: str = ""
    r: list[Text] | None = None


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    turns: Annotated[list[Text], Field(min_length=1)]
    pairs: list[_Pair]

    @model_validator(mode="before")
    @classmethod
    def _two(cls, value: Any) -> Any:
        if not isinstance(value, list) or len(value) != 2:
            raise expect("a list of two: the turns, and the pairs", value)
        return {"turns": value[0], "pairs": value[1]}


def read_dialogre_item(item: Any, source: str, line: int) -> Row:
    """Turn `[[turn, …], [{"x": …, "y": …, "x_type": …, "y_type": …, "r": […]}, …]]` into a row.

    A name is an entity, marked wherever its words stand, a speaker at the beginning of each turn
    too; where they stand nowhere, in other case, and else the words of which it is a part. A turn
    is a sentence. Only the listed pairs are asked about; the relation `unanswerable` says that none
    is stated. Triggers (`t`) are not used.

    Args:
        item: the parsed JSON item.
        source: the file, for messages.
        line: the item's place in the array, from 1.

    Returns:
        The row; without an `r` in any of its pairs it is not labelled.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line, "item"))
    turns = [" ".join(turn.split("\n")) for turn in parsed.turns]
    text = "\n".join(turns)
    tokens = [token.text for token in tokenise(text)]
    types: dict[str, str] = {}
    for pair in parsed.pairs:
        types.setdefault(pair.x, pair.x_type)
        types.setdefault(pair.y, pair.y_type)
    value: dict[str, Any] = {
        "text": text,
        "entities": [
            {
                "id": name,
                "mentions": _mentions(name, text, tokens),
                **({"type": type} if type else {}),
            }
            for name, type in types.items()
        ],
        "pairs": [[pair.x, pair.y] for pair in parsed.pairs],
        "sentences": list(_starts(turns)),
    }
    labelled = not parsed.pairs or any(pair.r is not None for pair in parsed.pairs)
    if labelled:
        value["facts"] = [
            [pair.x, relation, pair.y]
            for pair in parsed.pairs
            for relation in pair.r or ()
            if relation != _NONE
        ]
    row = row_from_value(value, source, line, offsets="widen")
    if row.error is not None:
        return Row(line, None, RowError([_of_item(problem) for problem in row.error.problems]))
    return replace(row, problems=tuple(map(_of_item, row.problems)))


def _mentions(name: str, text: str, tokens: list[str]) -> list[Any]:
    """The name itself, or the places where it stands otherwise."""
    words = [token.text for token in tokenise(name)]
    if not words or find_words(tokens, words).spans:
        return [name]
    for pattern in (rf"(?<!\w){re.escape(name)}(?!\w)", re.escape(name)):
        if found := list(re.finditer(pattern, text, re.IGNORECASE)):
            return [{"char_start": each.start(), "char_end": each.end()} for each in found]
    return [name]


def _starts(turns: list[str]) -> Iterator[int]:
    """The first character of each turn that has a word."""
    start = 0
    for turn in turns:
        if turn.strip() or not start:
            yield start
        start += len(turn) + 1


def _of_item(problem: Problem) -> Problem:
    return replace(problem, unit="item")
