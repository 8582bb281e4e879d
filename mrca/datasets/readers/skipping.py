"""Rows that cannot be used and are skipped: how many, and why the first of them."""

from typing import Literal

from mrca.datasets.readers.row import Problem, Row
from mrca.errors import counted

OnError = Literal["error", "skip"]

_SHOWN = 3  # rows whose errors are shown


class Skipping:
    """The rows of a file that are skipped.

    Args:
        source: the file.

    Attributes:
        count: how many there are so far.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._shown: list[str] = []
        self.count = 0

    def add(self, row: Row) -> None:
        """Count a row that cannot be used."""
        self.count += 1
        if self.count <= _SHOWN and row.error is not None:
            self._shown.append(str(row.error))

    def note(self) -> Problem | None:
        """What is said of them; nothing if there are none."""
        if not self.count:
            return None
        more = ["…"] if self.count > _SHOWN else []
        reasons = "\n  ".join(["", *self._shown, *more])
        received = f"{counted(self.count, 'unusable row')}, skipped:{reasons}"
        return Problem("note", self._source, 0, "", "rows that can be used", received)
