"""Words to rows of the model's table."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from mrca.text import Example
from mrca.vectors import VectorStore, word_vectors

# Row 0 of the table is padding.
FIRST_ROW = 1

# The characters whose vectors every run carries, so that it can spell out a word it never saw:
# printable Latin script, beside whatever characters its corpus holds.
_LATIN = range(0x21, 0x250)


def training_words(examples: Iterable[Example]) -> list[str]:
    """The words whose vectors a run needs: every lower-cased word of the examples, and characters.

    Sorted, so that the same corpus gives the same table.
    """
    words = {token.lower() for example in examples for token in example.tokens}
    characters = {character for word in words for character in word}
    return sorted(words | characters | {chr(code).lower() for code in _LATIN})


class _Unseen(NamedTuple):
    row: int
    vector: np.ndarray


class Vocabulary:
    """Gives each word its row in a model's table, and new words one of the table's spare rows.

    The table is laid out as padding, the run's own words, then `spare` rows. A word that the run
    does not know takes a spare row, with its vector from `fallback` where that store has it, and
    otherwise from the run's own characters (see `word_vectors`). When the spare rows are used up
    they are given out anew.

    Args:
        store: the run's own words and vectors.
        fallback: the full store that the run's words came from, or `None`.
        spare: how many unseen words fit at a time.
    """

    def __init__(self, store: VectorStore, fallback: VectorStore | None = None, spare: int = 0):
        self.store = store
        self.fallback = fallback
        self.spare = spare
        self._rows = {word: row for row, word in enumerate(store.words(), FIRST_ROW)}
        self._unseen: dict[str, _Unseen] = {}

    @property
    def num_rows(self) -> int:
        """Rows of the table: padding, the run's words, spare rows."""
        return FIRST_ROW + len(self._rows) + self.spare

    @property
    def first_spare_row(self) -> int:
        """Where the spare rows begin."""
        return FIRST_ROW + len(self._rows)

    def row(self, word: str) -> int:
        """The row of a lower-cased word.

        Raises:
            KeyError: if the word has none yet; see `admit`.
        """
        row = self._rows.get(word)
        return row if row is not None else self._unseen[word].row

    def unseen(self, examples: Iterable[Example], max_length: int) -> list[str]:
        """Lower-cased words that are not the run's own, of each row's first tokens, sorted."""
        words = {token.lower() for example in examples for token in example.tokens[:max_length]}
        return sorted(word for word in words if word not in self._rows)

    def admit(self, words: list[str]) -> np.ndarray | None:
        """Give spare rows to unseen words.

        Args:
            words: at most `spare` words, as `unseen` gives them.

        Returns:
            Vectors `(n, dim)` for the table's spare rows from `first_spare_row` on, or `None` if
            every word has a row already and the table need not change.
        """
        new = [word for word in words if word not in self._unseen]
        if not new:
            return None
        if len(self._unseen) + len(new) > self.spare:
            self._unseen.clear()
            new = words
        source = self.store if self.fallback is None else self.fallback
        found, _ = word_vectors(source, new)
        for word, vector in zip(new, found, strict=True):
            self._unseen[word] = _Unseen(self.first_spare_row + len(self._unseen), vector)
        return np.stack([entry.vector for entry in self._unseen.values()])
