"""Relation names, their indices and multi-hot rows."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from mrca.errors import MrcaError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Unicode categories of characters that are none: controls, halves of a character, line borders.
_CONTROL = {"Cc", "Cs", "Zl", "Zp"}
# Characters that turn the direction of writing, and so what is read.
_TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class RelationSet:
    """An ordered set of relation names. The order is part of a trained model.

    Args:
        names: the relation names in column order, without repeats.

    Raises:
        MrcaError: if a name is blank, has a character that moves a terminal's cursor or turns the
            writing around, or stands twice; or if there is none.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names: tuple[str, ...] = tuple(names)
        self._index = {name: index for index, name in enumerate(self.names)}
        if not self.names:
            raise MrcaError("A relation set needs at least one relation name. Received: none.")
        for name in self.names:
            if any(unicodedata.category(each) in _CONTROL or each in _TURNS for each in name):
                raise MrcaError(
                    f"The relation name {name!r} has control characters in it. Expected one line "
                    "of text; take them out, in the corpus and its relations.json."
                )
            if not any(each.isprintable() and not each.isspace() for each in name):
                raise MrcaError(
                    f"A relation name is blank: {name!r}. Expected one that can be read."
                )
        if len(self._index) != len(self.names):
            repeated = sorted({name for name in self.names if self.names.count(name) > 1})
            raise MrcaError(f"Relation names must be unique. Received more than once: {repeated}.")

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RelationSet) and self.names == other.names

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return f"RelationSet({len(self)} relations)"

    def index(self, name: str) -> int:
        """Column of `name`; raises `MrcaError` if it is not one of the relations."""
        try:
            return self._index[name]
        except KeyError:
            raise MrcaError(
                f"Unknown relation {name!r}. Expected one of the set's {len(self)} relations, such "
                f"as {', '.join(repr(known) for known in self.names[:3])}."
            ) from None

    def alike(self) -> list[list[str]]:
        """The names that differ only in white space, case or Unicode form, such as in two columns.

        Example:
            >>> RelationSet(["born in", "Born  in", "works for"]).alike()
            [['born in', 'Born  in']]
        """
        groups: dict[str, list[str]] = {}
        for name in self.names:
            plain = unicodedata.normalize("NFKC", name).casefold()
            shown = (each for each in plain if each.isprintable() and not each.isspace())
            groups.setdefault("".join(shown), []).append(name)
        return [names for names in groups.values() if len(names) > 1]

    def multi_hot(self, rows: Sequence[Sequence[str]]) -> "csr_array":
        """Labels as a sparse 0/1 matrix, shape `(len(rows), len(self))`, dtype uint8.

        Args:
            rows: for each row, the names of its relations (none, one or many).
        """
        from scipy.sparse import csr_array

        columns = [sorted({self.index(name) for name in names}) for names in rows]
        starts = np.cumsum([0, *map(len, columns)])
        indices = np.fromiter(chain.from_iterable(columns), np.int64, starts[-1])
        ones = np.ones(len(indices), np.uint8)
        return csr_array((ones, indices, starts), shape=(len(rows), len(self)))
