"""Facts row by row, in the forms that need to know of no other fact."""

import csv
import io
from collections.abc import Iterable
from typing import Any, BinaryIO, Protocol

from mrca.graph.found_fact import FoundEntity, FoundFact

COLUMNS = (
    *("document", "subject", "subject_type", "subject_id", "subject_start", "subject_end"),
    *("relation", "object", "object_type", "object_id", "object_start", "object_end"),
    *("offsets", "score"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # with what a spreadsheet's formula begins


class FactWriter(Protocol):
    """Writes facts, some at a time."""

    def add(self, facts: Iterable[FoundFact]) -> None:
        """Write facts, those of one document after another."""

    def close(self) -> None:
        """Write what comes after all facts."""


class SeparatedRows:
    """A row of a table for each fact, below a row of `COLUMNS`.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.

    Args:
        stream: what is written to.
        delimiter: between columns.
    """

    def __init__(self, stream: BinaryIO, delimiter: str = ",") -> None:
        self._stream, self._delimiter = stream, delimiter
        self._write([COLUMNS])

    def add(self, facts: Iterable[FoundFact]) -> None:
        """See `FactWriter`."""
        self._write(
            [
                *(defused(fact.document), *_cells(fact.subject), defused(fact.relation)),
                *(*_cells(fact.object), fact.unit, fact.score),
            ]
            for fact in facts
        )

    def close(self) -> None:
        """See `FactWriter`."""

    def _write(self, rows: Iterable[Iterable[Any]]) -> None:
        for row in map(list, rows):
            # A lone carriage return ends a line for readers, and is not quoted by itself.
            broken = any("\r" in cell for cell in row if isinstance(cell, str))
            quoting: Any = csv.QUOTE_ALL if broken else csv.QUOTE_MINIMAL
            text = io.StringIO()
            csv.writer(
                text, delimiter=self._delimiter, lineterminator="\n", quoting=quoting
            ).writerow(row)
            self._stream.write(text.getvalue().encode(errors="replace"))


def defused(text: str) -> str:
    """The text, which no spreadsheet takes for a formula.

    Example:
        >>> defused("=SUM(A1)"), defused("Ada")
        ("'=SUM(A1)", 'Ada')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(entity: FoundEntity) -> list[str | int]:
    texts = [defused(text) for text in (entity.name, entity.type, entity.id)]
    return [*texts, entity.start, entity.end]
