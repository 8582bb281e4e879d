"""What a reader yields: one row of a file, with its document or with what is wrong."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from mrca.errors import MrcaError, readable
from mrca.text import Document

_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a corpus that its owner should know.

    Attributes:
        kind: `"error"`: the row cannot be used; `"unmatched"`: a mention does not stand in the
            text; `"widened"`: a mention's offsets were inside a word, and it is the whole word now;
            `"span"`: an offset given as a hint is wrong and was not used; `"note"`: something that
            was decided for the reader, such as a held-out validation split.
        source: the file.
        line: the line of a JSON Lines file, or the item of a JSON array; both count from 1, and 0
            stands for the file as a whole.
        field: which field of the row, such as `facts[0].subject`; empty for the row itself.
        expected: what would have been right.
        received: what is there.
        unit: what `line` counts.
        document: the row's own name, where it has one and the reader knows it.
    """

    kind: Literal["error", "unmatched", "widened", "span", "note"]
    source: str
    line: int
    field: str
    expected: str
    received: str
    unit: Literal["line", "item"] = "line"
    document: str = ""

    def __str__(self) -> str:
        where = f"{self.source}, {self.unit} {self.line}" if self.line else self.source
        where += f" ({self.document})" if self.document else ""
        field = f", {self.field}" if self.field else ""
        return readable(f"{where}{field}: expected {self.expected}, received {self.received}")

    def to_dict(self) -> dict[str, str | int]:
        """The attributes by name, for JSON."""
        return asdict(self)


class RowError(MrcaError):
    """A row that cannot be used.

    Args:
        problems: what is wrong with it, at least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, in the file's order.

    Attributes:
        line: its line (JSON Lines) or item (JSON array), from 1.
        document: the row as a document; `None` if it cannot be used.
        error: why it cannot be used; `None` if it can.
        problems: what is worth knowing about a row that can be used.
        labelled: whether the row says which relations are stated (none may be).
        ends_file: whether nothing behind it was read, since the error is that of the file.
    """

    line: int
    document: Document | None
    error: RowError | None = None
    problems: tuple[Problem, ...] = ()
    labelled: bool = True
    ends_file: bool = False


def shorten(value: object) -> str:
    """The value as JSON, cut to a length that fits a message."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except RecursionError:
        return "deeply nested brackets"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
