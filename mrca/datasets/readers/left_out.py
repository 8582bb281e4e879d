"""What a reader leaves out of a file: counted, and told once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from mrca.datasets.readers.row import Problem, Row, RowError
from mrca.errors import counted


class LeftOut(NamedTuple):
    """Something of a file that has no place in a document.

    Attributes:
        noun: what it is, such as `"event"`.
        expected: what would have been read.
    """

    noun: str
    expected: str


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one item of a file.

    Attributes:
        line: its line or item, from 1.
        row: the row that it is; `None` if it is left out.
        left_out: what of it, or that it as a whole, is left out.
    """

    line: int
    row: Row | None
    left_out: tuple[LeftOut, ...] = ()


def tell_left_out(
    items: Iterable[Read], source: str, unit: Literal["line", "item"] = "item"
) -> Iterator[Row]:
    """The rows of a file; the last one says what was left out.

    A file of which everything is left out has one row, with that error.

    Args:
        items: what became of each item, in order.
        source: the file's name, for messages.
        unit: what they are counted in.
    """
    counts: dict[LeftOut, int] = {}
    first: dict[LeftOut, int] = {}
    last: Row | None = None
    for item in items:
        for each in item.left_out:
            counts[each] = counts.get(each, 0) + 1
            first.setdefault(each, item.line)
        if item.row is not None:
            if last is not None:
                yield last
            last = item.row
    notes = tuple(
        Problem(
            *("note", source, 0, "", each.expected),
            f"{counted(count, each.noun)}, left out (the first: {unit} {first[each]})",
        )
        for each, count in counts.items()
    )
    if last is not None:
        yield replace(last, problems=(*last.problems, *notes))
    elif notes:
        error = RowError([replace(note, kind="error") for note in notes])
        yield Row(0, None, error, ends_file=True)
