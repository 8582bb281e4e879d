"""Head, medium and tail: where they begin, by paper, and which relations are in which."""

from collections.abc import Sequence
from dataclasses import dataclass

from mrca.errors import MrcaError, did_you_mean


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """How a paper groups relations by training count and rows by their number of labels.

    Attributes:
        name: what `--limits` takes.
        head_above: a relation with more training rows than this is head.
        tail_below: one with fewer than this is tail; the rest is medium.
        row_starts: the least number of labels of each group of rows, ascending from 0.
        most_frequent: so many relations, those with the most training rows, are head and the rest
            tail, without a medium group; the two counts are not looked at then. 0: by the counts.

    Raises:
        MrcaError: if head and tail overlap, or if groups of rows leave a number out.
    """

    name: str
    head_above: int
    tail_below: int
    row_starts: tuple[int, ...]
    most_frequent: int = 0

    def __post_init__(self) -> None:
        ascending = sorted({0, *self.row_starts}) == list(self.row_starts)
        if self.tail_below > self.head_above + 1 or not ascending:
            raise MrcaError(
                f"The limits {self.name!r} do not group everything once. Expected tail_below <= "
                f"head_above + 1 and row_starts ascending from 0. Received: {self}, "
                f"row_starts {self.row_starts}."
            )

    @property
    def row_groups(self) -> list[str]:
        """The groups of rows as text.

        Example:
            >>> GroupLimits("mine", 100, 20, (0, 1, 3)).row_groups
            ['0', '1-2', '3+']
        """
        ends = [start - 1 for start in self.row_starts[1:]]
        closed = [
            str(start) if start == end else f"{start}-{end}"
            for start, end in zip(self.row_starts, ends, strict=False)
        ]
        return [*closed, f"{self.row_starts[-1]}+"]

    @property
    def names(self) -> tuple[str, ...]:
        """The groups of relations, the most frequent first."""
        return ("head", "tail") if self.most_frequent else ("head", "medium", "tail")

    def groups(self, counts: Sequence[int]) -> dict[str, list[int]]:
        """Split relations by their training counts.

        Args:
            counts: training rows of each relation.

        Returns:
            Indices of the relations under the names of the groups, in the order of `counts`. Of
            relations with equally many rows the first are the more frequent ones.

        Example:
            >>> DEFAULT_LIMITS.groups([500, 100, 20, 19, 0])
            {'head': [0], 'medium': [1, 2], 'tail': [3, 4]}
            >>> GroupLimits("mine", 0, 0, (0, 1), most_frequent=2).groups([5, 19, 100, 20])
            {'head': [2, 3], 'tail': [0, 1]}
        """
        found: dict[str, list[int]] = {name: [] for name in self.names}
        ranked = sorted(range(len(counts)), key=lambda index: -counts[index])
        first = set(ranked[: self.most_frequent])
        for index, count in enumerate(counts):
            if self.most_frequent:
                name = "head" if index in first else "tail"
            else:
                head, tail = count > self.head_above, count < self.tail_below
                name = "head" if head else "tail" if tail else "medium"
            found[name].append(index)
        return found

    def __str__(self) -> str:
        if self.most_frequent:
            return f"head: the {self.most_frequent} most frequent in training; tail: the rest"
        medium = f"medium: {self.tail_below} to {self.head_above}"
        head = f"head: {self.head_above + 1} or more training rows"
        return f"{head}; {medium}; tail: {self.tail_below - 1} or fewer"


# Yu et al. 2020 after Kang et al. 2020, whose rows have one label each; Huang et al. 2021,
# Tables 2 and 3; Tan et al. 2022 (KD-DocRE), table 4, who call the groups frequent and long-tail.
# On DocRED's training split the ten are, in the authors' code: P17 P131 P27 P150 P175 P577 P463
# P527 P495 P361. They give no groups of documents.
GROUP_LIMITS = {
    limits.name: limits
    for limits in (
        GroupLimits("default", head_above=100, tail_below=20, row_starts=(0, 1, 2, 3, 4, 5)),
        GroupLimits("reuters", head_above=34, tail_below=9, row_starts=(0, 1, 2)),
        GroupLimits("pubmed", head_above=49, tail_below=16, row_starts=(0, 1, 10, 15)),
        GroupLimits("docred", 0, 0, row_starts=(0, 1, 5, 10, 15), most_frequent=10),
    )
}
DEFAULT_LIMITS = GROUP_LIMITS["default"]


def group_limits(name: str) -> GroupLimits:
    """The limits of this name.

    Args:
        name: `"default"`, `"reuters"`, `"pubmed"` or `"docred"`.

    Raises:
        MrcaError: if there are none; it lists the names.
    """
    if name not in GROUP_LIMITS:
        raise MrcaError(
            f"No limits are called {name!r}.{did_you_mean(name, GROUP_LIMITS)} "
            f"Expected one of {', '.join(GROUP_LIMITS)}."
        )
    return GROUP_LIMITS[name]
