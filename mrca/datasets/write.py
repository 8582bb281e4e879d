"""Examples to JSON Lines that read back as the same examples."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mrca.errors import MrcaError
from mrca.resources import whole_file
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
    return write_rows(map(to_json_row, examples), path)


def write_rows(rows: Iterable[dict[str, Any]], path: Path) -> int:
    """Write JSON objects, one per line, as `write_jsonl` does; how many there were.

    Raises:
        MrcaError: if the file cannot be written.
    """
    count = 0
    try:
        with (
            whole_file(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise MrcaError(f"Cannot write {path}: {error.strerror or error}.") from error
    return count


def to_json_row(example: Example, *, labelled: bool = True) -> dict[str, Any]:
    """The example as a row of the JSON Lines schema.

    Args:
        example: what to write.
        labelled: whether it is known which relations hold; else `labels` is left out.
    """
    row: dict[str, Any] = {"id": example.id} if example.id else {}
    row["tokens"] = list(example.tokens)
    row["subjects"] = [_entity(example, span) for span in example.subjects]
    row["objects"] = [_entity(example, span) for span in example.objects]
    if example.triples:
        row["triples"] = [list(triple) for triple in example.triples]
    if example.labels != tuple(dict.fromkeys(triple.relation for triple in example.triples)):
        row["labels"] = list(example.labels)
    elif labelled and not example.triples:
        row["labels"] = []
    return row


def _entity(example: Example, span: Span) -> dict[str, Any]:
    return {"token_start": span.start, "token_end": span.end, "text": example.text_of(span)}
