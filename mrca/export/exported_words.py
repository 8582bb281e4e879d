"""Which words an exported model knows."""

import re
from collections.abc import Container
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mrca.encoders import WordVectors
from mrca.errors import MrcaError

RUN, FULL = "run", "full"
_TOP = re.compile(r"top:([1-9][0-9]*)")


class ExportedWords(NamedTuple):
    """Words and their vectors, `(words, dim)`."""

    words: list[str]
    vectors: NDArray[np.float32]


def check_choice(choice: str) -> None:
    """Check that it is one.

    Raises:
        MrcaError: if not.
    """
    if choice not in (RUN, FULL) and not _TOP.fullmatch(choice):
        raise MrcaError(
            f"--vocabulary is {choice!r}. Expected `run` (the words of the run's corpus), `full` "
            "(with all of the word vectors that it was trained with), or `top:N` (with the first N "
            "of those, which are the most frequent words), such as top:50000."
        )


def exported_words(
    encoder: WordVectors, choice: str, without: Container[str] = frozenset()
) -> ExportedWords:
    """A run's own words, and after them those of the full store that are asked for.

    Args:
        encoder: the run's.
        choice: `"run"`, `"full"` or `"top:N"`, the first `N` of the full store.
        without: words that are not taken from the run; from the full store they may be.

    Raises:
        MrcaError: if the choice is none of these, or the full store is needed and not at hand.
    """
    check_choice(choice)
    own = {word: row for row, word in enumerate(encoder.words) if word not in without}
    vectors = np.asarray(encoder.matrix[list(own.values())])
    if choice == RUN:
        return ExportedWords(list(own), vectors)
    full = encoder.source
    if not encoder.complete:
        raise MrcaError(
            f"--vocabulary {choice} needs the word vectors that the run was trained with "
            f"({full.name}), which are not at hand. Give their folder or file as --vectors, or "
            "export with --vocabulary run: words that are not in the run's corpus are then spelled "
            "out from their characters."
        )
    top = _TOP.fullmatch(choice)
    limit = len(full) if top is None else min(int(top[1]), len(full))
    more = {word: row for row, word in enumerate(islice(full.words(), limit)) if word not in own}
    rows = np.fromiter(more.values(), np.int64, len(more))
    return ExportedWords([*own, *more], np.concatenate([vectors, full.take(rows)]))
