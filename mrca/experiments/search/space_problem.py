"""What is wrong with a search space, and in which line of its file."""

import json
import re
import tomllib
from typing import Any

from mrca.errors import MrcaError

# Keys from the top of a file to a table or a value; tables of an array are numbered from 0.
Place = tuple[str | int, ...]


class SpaceProblem(Exception):  # noqa: N818  it never leaves `load_space`
    """What is wrong with a part of a space's file.

    Attributes:
        place: where.
        text: what was expected there, and what was received.
    """

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place = place
        self.text = text

    def where(self, document: str) -> str:
        """The line of the innermost table or key that has one, and the name of the place.

        Args:
            document: the text of the file.
        """
        lines = toml_lines(document)
        ends = range(len(self.place), 0, -1)
        line = next((lines[self.place[:end]] for end in ends if self.place[:end] in lines), None)
        keys = [
            key if re.fullmatch(r"[\w-]+", key, re.ASCII) else json.dumps(key, ensure_ascii=False)
            for key in self.place
            if isinstance(key, str)
        ]
        return "".join(f", {each}" for each in (line and f"line {line}", ".".join(keys)) if each)


def said(error: MrcaError) -> str:
    """What an error says, in one line, without the heading of a list."""
    lines = [line.strip() for line in str(error).splitlines()]
    return "; ".join(lines[1:] if len(lines) > 1 else lines)


def toml_lines(text: str) -> dict[Place, int]:
    """The line, from 1, of every table and key of a TOML document.

    A table's line is its header's, and a key's the one that it starts in; tables of an array are
    numbered from 0. What is inside a value, such as an inline table, has no line of its own.

    Args:
        text: a valid document.

    Example:
        >>> toml_lines('[[a]]\\nb.c = 1\\n[[a]]')
        {('a',): 1, ('a', 0): 1, ('a', 0, 'b'): 2, ('a', 0, 'b', 'c'): 2, ('a', 1): 3}
    """
    lines: dict[Place, int] = {}
    table: Place = ()
    statement, start = "", 1
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        start = number if not statement else start
        statement += line
        try:
            content = tomllib.loads(statement)
        except ValueError:
            continue  # a value of several lines
        statement = ""
        if not content:
            continue  # a comment
        path = _first_keys(content)
        if line.lstrip().startswith("[") and start == number:
            table = _table(path, lines, repeated=line.lstrip().startswith("[["))
            path = table
        else:
            path = table + path
        for end in range(1, len(path) + 1):
            lines.setdefault(path[:end], start)
    return lines


def _first_keys(content: Any) -> Place:
    """The keys down to the first value that is no table; of a document of one statement."""
    path: Place = ()
    while isinstance(content, dict) and len(content) == 1:
        [(key, content)] = content.items()
        path += (key,)
        if isinstance(content, list):
            break
    return path


def _table(path: Place, lines: dict[Place, int], repeated: bool) -> Place:
    """The path of a header, each array on the way at its last table so far."""
    found: Place = ()
    for key in path[:-1]:
        found += (key,)
        found += _last(found, lines)
    found += (path[-1],)
    if repeated:
        number = _last(found, lines)
        found += (int(number[0]) + 1 if number else 0,)
    return found


def _last(path: Place, lines: dict[Place, int]) -> Place:
    number = -1
    while (*path, number + 1) in lines:
        number += 1
    return () if number < 0 else (number,)
