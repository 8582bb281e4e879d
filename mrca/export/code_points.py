"""What this Python knows about characters, as small arrays that a graph can hold.

A set of characters is an array of edges, int32 and rising: a code point is in the set if the number
of edges at or below it is odd. Python's own answers are asked for, one code point at a time, so
that a graph agrees with the Python that made it, whatever Unicode version that follows.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

# Of `Σ`, the one character whose lower case depends on its neighbours.
CAPITAL_SIGMA = ord("Σ")
FINAL_SIGMA = ord("ς")


@cache
def matching(pattern: str) -> np.ndarray:
    """Edges of the characters that a regular expression for one character matches."""
    runs = re.finditer(f"(?:{pattern})+", "".join(_characters()))
    return np.array([edge for run in runs for edge in run.span()], np.int32)


@cache
def upper_case() -> np.ndarray:
    """Edges of the characters for which `str.isupper` holds."""
    return _edges(str.isupper)


@cache
def cased() -> np.ndarray:
    """Edges of the characters beside which `Σ` is inside a word.

    That is, cased and not ignorable, in the terms of the Unicode standard, section 3.13.
    """
    return _edges(lambda character: f"AΣ{character}".lower()[1] == "σ")


@cache
def case_ignorable() -> np.ndarray:
    """Edges of the characters that `Σ` looks past at its neighbours."""

    def is_ignorable(character: str) -> bool:
        alone, followed = f"AΣ{character}".lower(), f"AΣ{character}A".lower()
        return alone[1] == "ς" and followed[1] == "σ"

    return _edges(is_ignorable)


class LowerCase(NamedTuple):
    """The characters that `str.lower` changes.

    Attributes:
        upper: their code points, int32 `(n,)`, rising.
        lower: what each becomes, int32 `(n, width)`, -1 after the last.
    """

    upper: np.ndarray
    lower: np.ndarray


@cache
def lower_case() -> LowerCase:
    """The lower case of every character that has another; `Σ` as inside a word."""
    changed = {c: c.lower() for c in _characters() if c.lower() != c}
    lower = np.full((len(changed), max(map(len, changed.values()))), -1, np.int32)
    for row, lowered in zip(lower, changed.values(), strict=True):
        row[: len(lowered)] = [ord(character) for character in lowered]
    return LowerCase(np.array([ord(c) for c in changed], np.int32), lower)


def _characters() -> map:
    return map(chr, range(sys.maxunicode + 1))


def _edges(holds: Callable[[str], bool]) -> np.ndarray:
    flags = np.fromiter(map(holds, _characters()), np.bool_)
    return np.flatnonzero(np.diff(flags, prepend=False, append=False)).astype(np.int32)
