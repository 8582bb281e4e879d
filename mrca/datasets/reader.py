"""One file of a corpus, in whichever form its content has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from mrca.datasets.jsonl import iter_jsonl
from mrca.datasets.relation_list import read_relation_list_item
from mrca.datasets.row import Problem, Row, RowError, shorten
from mrca.datasets.strict_json import JsonError, decode, parse_array
from mrca.datasets.triple_list import read_triple_list_item
from mrca.errors import MrcaError

_PUBLIC_FORMS = {
    "triple_list": read_triple_list_item,
    "relation_list": read_relation_list_item,
}


def iter_rows(path: Path, *, require_labels: bool = False) -> Iterator[Row]:
    """Read one file: a JSON array in a public form, or the user's JSON Lines.

    The content decides: a file that begins with `[` is an array, whose items must have a
    `triple_list` or a `relation_list`; any other is read as JSON Lines.

    Args:
        path: the file.
        require_labels: whether a row that does not say which relations hold is an error.

    Yields:
        The rows in order. A row that cannot be used comes with its error and reading goes on,
        except where the JSON of an array is broken, which ends it.

    Raises:
        MrcaError: if the file cannot be read.
    """
    try:
        if row_unit(path) == "item":
            yield from _iter_array(path.read_bytes(), str(path))
        else:
            with path.open("rb") as file:
                yield from iter_jsonl(file, str(path), require_labels=require_labels)
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error


def row_unit(path: Path) -> Literal["line", "item"]:
    """What a file's rows are counted in.

    Raises:
        OSError: if the file cannot be read.
    """
    return "item" if _first_character(path) == b"[" else "line"


def _iter_array(data: bytes, source: str) -> Iterator[Row]:
    number = 0
    try:
        for number, item in enumerate(parse_array(decode(data, first=True)), 1):
            yield _read_item(item, source, number)
    except JsonError as error:
        problem = Problem(
            "error", source, number + 1, "", error.expected, error.received, unit="item"
        )
        yield Row(number + 1, None, RowError([problem]))


def _read_item(item: Any, source: str, number: int) -> Row:
    forms = [form for form in _PUBLIC_FORMS if isinstance(item, dict) and form in item]
    if len(forms) == 1:
        return _PUBLIC_FORMS[forms[0]](item, source, number)
    expected = 'an object with "triple_list" or with "relation_list"'
    problem = Problem("error", source, number, "", expected, shorten(item), unit="item")
    return Row(number, None, RowError([problem]))


def _first_character(path: Path) -> bytes:
    """The first byte that is neither white space nor part of a byte order mark."""
    with path.open("rb") as file:
        while piece := file.read(4096):
            if rest := piece.lstrip(b"\xef\xbb\xbf \t\r\n"):
                return rest[:1]
    return b""
