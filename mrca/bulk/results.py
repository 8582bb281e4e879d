"""Answers as files have them."""

import json
from typing import Any, BinaryIO

from mrca.bulk.answers import Form
from mrca.datasets import Row


class JsonLines:
    """A line for each row: its number, its id and what is answered, or its error.

    Args:
        stream: what is written to.
        file: the file that the rows are of, to begin each line with; none where it goes without
            saying.
    """

    def __init__(self, stream: BinaryIO, file: str = "") -> None:
        self._stream = stream
        self._begin: dict[str, Any] = {"file": file} if file else {}

    def write(self, row: Row, fields: dict[str, Any]) -> None:
        """Write a row's line."""
        line = {**self._begin, "line": row.line}
        if row.document is not None and row.document.id:
            line["id"] = row.document.id
        text = json.dumps({**line, **fields}, ensure_ascii=False)
        self._stream.write(f"{text}\n".encode())  # JSON is UTF-8 whatever the locale says

    def close(self) -> None:
        """Nothing follows the last line."""


class DocRedResult:
    """One JSON list of the facts of all rows, as DocRED's evaluation takes them.

    Args:
        stream: what is written to.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._before = "[\n"

    def write(self, row: Row, fields: dict[str, Any]) -> None:
        """Write a row's facts."""
        for fact in fields.get("facts", ()):
            self._stream.write((self._before + json.dumps(fact, ensure_ascii=False)).encode())
            self._before = ",\n"

    def close(self) -> None:
        """End the list."""
        self._stream.write(b"\n]\n" if self._before == ",\n" else b"[]\n")


def result_in(form: Form, stream: BinaryIO, file: str = "") -> JsonLines | DocRedResult:
    """What writes answers in a form.

    Args:
        form: which.
        stream: what is written to.
        file: see `JsonLines`.
    """
    return DocRedResult(stream) if form is Form.DOCRED else JsonLines(stream, file)
