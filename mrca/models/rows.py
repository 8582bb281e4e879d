"""What a user gives a classifier: documents, dicts or strings, and how they are told apart."""

import warnings
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from mrca.datasets import row_from_value
from mrca.errors import MrcaError
from mrca.text import Document
from mrca.text.inline_marks import marked_document

Row = Document | dict[str, Any] | str
"""A document, a dict of the JSON Lines schema, or text with inline marks."""


def documents_of(
    rows: Iterable[Row], *, offsets: Any = "exact", labelled: bool = False
) -> Iterator[Document]:
    """Documents from whatever a user has.

    Args:
        rows: documents, dicts of the JSON Lines schema (docs/data-format.md), or strings with
            inline marks, `<e>Ada Lovelace</e> was born in <e>London</e>.`
        offsets: what becomes of character offsets inside a word; see `iter_jsonl`.
        labelled: whether a row has to say which relations are stated.

    Raises:
        MrcaError: if a row is malformed; it says which and why.
    """
    for number, value in enumerate(rows, 1):
        if isinstance(value, Document):
            yield value
            continue
        if isinstance(value, str):
            if labelled:
                raise MrcaError(
                    f"Row {number} is a string, which says nothing of relations. Expected a "
                    'document, or a dict with "facts" or "labels".'
                )
            document, problem = marked_document(value)
            if problem:
                raise MrcaError(f"Row {number}: {problem}. Received: {value[:80]!r}.")
            yield document
            continue
        row = row_from_value(value, "rows", number, require_labels=labelled, offsets=offsets)
        if row.document is None:
            assert row.error is not None
            raise row.error
        for each in row.problems:
            warnings.warn(str(each), stacklevel=3)
        yield row.document


def is_row(value: Any) -> bool:
    """Whether this is meant as a row: any dict but one of the network's inputs."""
    return isinstance(value, Document | str) or (isinstance(value, dict) and "lengths" not in value)


def are_rows(value: Any) -> bool:
    """Whether these are documents, dicts or strings, and not what Keras takes."""
    return isinstance(value, list | tuple) and all(map(is_row, value))


def peeked(values: Iterator[Any]) -> tuple[list[Any], Iterator[Any]]:
    """The first of some values, if there is one, and a generator of all of them."""
    first = list(islice(values, 1))
    return first, (value for value in chain(first, values))
