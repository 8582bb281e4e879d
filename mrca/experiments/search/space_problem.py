"""What is wrong with a search space, and in which line of its file."""

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
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
        lines = (line_of(self.place[:end], document) for end in range(len(self.place), 0, -1))
        line = next(filter(None, lines), None)
        keys = [
            key if re.fullmatch(r"[\w-]+", key, re.ASCII) else json.dumps(key, ensure_ascii=False)
            for key in self.place
            if isinstance(key, str)
        ]
        return "".join(f", {each}" for each in (line and f"line {line}", ".".join(keys)) if each)


def said(error: MrcaError) -> str:
    """What an error says, in one line, without the heading of a list."""
    lines = [line.strip() for line in str(error).splitlines()]
    return "; ".join(lines[len(lines) > 1 :])


@contextmanager
def blaming(place: Place) -> Iterator[None]:
    """Make an error within the problem of a place."""
    try:
        yield
    except MrcaError as error:
        raise SpaceProblem(place, said(error)) from None


def line_of(place: Place, document: str) -> int | None:
    """The line, from 1, in which a table or a key of a TOML document starts; None without it.

    Args:
        place: tables of an array are numbered from 0.
        document: the text, valid.

    Example:
        >>> [line_of(place, '[[a]]\\nb.c = 1\\n[[a]]') for place in (("a", 0, "b", "c"), ("a", 1))]
        [2, 3]
    """
    lines = document.split("\n")
    start = 1
    for end in range(1, len(lines) + 1):
        try:
            found: Any = tomllib.loads("\n".join(lines[:end]))
        except ValueError:
            continue  # in a value of several lines
        try:
            for key in place:
                found = found[key]
            return start
        except (LookupError, TypeError):
            start = end + 1
    return None
