"""Examples to JSON Lines that read back as the same examples."""

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mrca.errors import MrcaError
from mrca.text import Example, Span


def write_jsonl(examples: Iterable[Example], path: Path) -> int:
    """Write a file that `iter_jsonl` reads as the same examples; how many there were.

    Rows hold `tokens`, the marks as token offsets with their text, and the triples (or, where
    there are none, the labels). The file appears whole or not at all.

    Args:
        examples: what to write; they may come from a generator.
        path: the file; one of that name is replaced.

    Raises:
        MrcaError: if the file cannot be written.
    """
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                for example in examples:
                    file.write(json.dumps(to_json_row(example), ensure_ascii=False) + "\n")
                    count += 1
            Path(temporary).chmod(0o644)  # mkstemp makes files that only their owner reads
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise MrcaError(f"Cannot write {path}: {error.strerror or error}.") from error
    return count


def to_json_row(example: Example) -> dict[str, Any]:
    """The example as a row of the JSON Lines schema."""
    row: dict[str, Any] = {"id": example.id} if example.id else {}
    row["tokens"] = list(example.tokens)
    row["subjects"] = [_entity(example, span) for span in example.subjects]
    row["objects"] = [_entity(example, span) for span in example.objects]
    if example.triples:
        row["triples"] = [list(triple) for triple in example.triples]
    if example.labels != tuple(dict.fromkeys(triple.relation for triple in example.triples)):
        row["labels"] = list(example.labels)
    elif not example.triples:
        row["labels"] = []
    return row


def _entity(example: Example, span: Span) -> dict[str, Any]:
    return {"token_start": span.start, "token_end": span.end, "text": example.text_of(span)}
