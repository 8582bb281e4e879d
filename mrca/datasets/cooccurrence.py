"""Which relations hold together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrca.datasets.statistics import label_statistics
from mrca.text import Example, RelationSet


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """How often the most frequent relations hold, alone and two at a time.

    Attributes:
        names: the relations, most frequent first.
        counts: rows in which both hold, shape `(relations, relations)`; on the diagonal those in
            which the one holds.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def conditional(self) -> NDArray[np.float64]:
        """P(b | a): of the rows in which a (first axis) holds, the share in which b does."""
        given = np.maximum(self.counts.diagonal(), 1)
        return self.counts / given[:, None]

    @property
    def any_pair(self) -> bool:
        """Whether any two of the relations hold together at all."""
        return bool(np.triu(self.counts, 1).any())


def label_cooccurrence(
    examples: Sequence[Example], relations: RelationSet, most: int = 25
) -> Cooccurrence:
    """Count the rows in which two relations hold together.

    Args:
        examples: the rows, usually those of training.
        relations: the corpus's relations.
        most: of how many relations at most, the most frequent ones. Memory grows with its square.

    Raises:
        MrcaError: if a label is not one of the relations.

    Example:
        >>> rows = [Example(("A",), labels=("a", "b")), Example(("A",), labels=("b",))]
        >>> both = label_cooccurrence(rows, RelationSet("abc"))
        >>> both.names, both.counts.tolist()
        (('b', 'a'), [[2, 1], [1, 1]])
    """
    frequency = label_statistics(examples, relations).counts
    ranked = sorted(range(len(relations)), key=lambda index: (-frequency[index], index))
    names = tuple(relations.names[index] for index in ranked[:most] if frequency[index])
    place = {name: index for index, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for chosen in _places(examples, place):
        counts[np.ix_(chosen, chosen)] += 1
    return Cooccurrence(names, counts)


def _places(examples: Iterable[Example], place: dict[str, int]) -> Iterable[list[int]]:
    for example in examples:
        chosen = [place[label] for label in example.labels if label in place]
        if chosen:
            yield chosen
