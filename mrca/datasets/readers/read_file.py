"""One file of a corpus, in whichever form its content has."""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from mrca.datasets.readers.brat import is_brat, iter_brat
from mrca.datasets.readers.ddi import is_ddi, iter_ddi, iter_ddi_folder
from mrca.datasets.readers.deepke import iter_deepke
from mrca.datasets.readers.docbin import is_docbin, iter_docbin
from mrca.datasets.readers.fewrel import fewrel_names, iter_fewrel, iter_fewrel_lines
from mrca.datasets.readers.foreign import foreign_file, foreign_item
from mrca.datasets.readers.item_forms import KNOWN, OWN, ItemForm, form_of_file, forms_of
from mrca.datasets.readers.jsonl import Offsets, iter_jsonl, row_from_value
from mrca.datasets.readers.left_out import Read, tell_left_out
from mrca.datasets.readers.lines import unreadable_row
from mrca.datasets.readers.pubmed import iter_pubmed, iter_pubmed_lines
from mrca.datasets.readers.pubtator import iter_pubtator
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.datasets.readers.scibert import iter_scibert
from mrca.datasets.readers.semeval import iter_semeval
from mrca.datasets.readers.strict_json import (
    JsonError,
    decode,
    parse,
    parse_array,
    parse_sequence,
)
from mrca.datasets.readers.tabbed_pairs import iter_tabbed_pairs
from mrca.errors import MrcaError

_Unit = Literal["line", "item"]
_Form = Literal[
    "brat",
    "docbin",
    "ddi",
    "array",
    "articles",
    "fewrel",
    "objects",
    "article lines",
    "fewrel lines",
    "tagged lines",
    "tabbed pairs",
    "pubtator",
    "semeval",
    "deepke",
    "item lines",
    "foreign",
    "jsonl",
]

# How the content begins, tried in this order; then the fields of the first line decide.
_BEGINNINGS: dict[_Form, re.Pattern[bytes]] = {
    "ddi": re.compile(rb"(?:<\?xml[^>]*>\s*)?<document\b[^>]*>\s*<sentence\b"),
    "array": re.compile(rb"\["),
    "articles": re.compile(rb'\{\s*"articles"\s*:'),
    # A Wikidata property, or any name of a list whose first item is a sentence.
    "fewrel": re.compile(
        rb'\{\s*"(?:P\d+"\s*:|(?:[^"\\]|\\.)*"\s*:\s*\[\s*\{\s*"(?:tokens|h|t)"\s*:)'
    ),
    "objects": re.compile(rb"\{[ \t]*\r?\n"),
    # A quotation mark inside a JSON string has a backslash before it, so these are fields.
    "article lines": re.compile(rb'\{(?:[^\n]*,)?\s*"abstractText"\s*:'),
    "fewrel lines": re.compile(rb'\{(?:[^\n]*,)?\s*"h"\s*:(?!\s*\{)'),
    "tagged lines": re.compile(rb'\{(?=[^\n]*"label"\s*:)(?=[^\n]*\[\[ )[^\n]*<< '),
    "tabbed pairs": re.compile(rb"[^\t\n]+\t[^\n]*\t(?:L2R|R2L)\t"),
    "pubtator": re.compile(rb"[^|\s]+\|[ta]\|"),
    "semeval": re.compile(rb"\d+\t"),
    "deepke": re.compile(rb"(?=[^\n]*\bsentence\b)[^\n{\[]*\bhead_offset\b"),
}
_BY_ITEM = ("brat", "docbin", "ddi", "array", "articles", "fewrel", "objects")
_HEAD = 2**16  # bytes that tell the form
_LOOKED_AT = 100  # lines, for one that could be a row
_GZIP = b"\x1f\x8b"


def iter_rows(
    path: Path,
    *,
    require_labels: bool = False,
    offsets: Offsets = "exact",
    source: str = "",
) -> Iterator[Row]:
    """Read one file in a published form, or the user's JSON Lines; gzipped or not.

    The content decides, as `docs/data-format.md` lists it: how it begins, else the fields of its
    first item. Items of JSON may stand in an array or each in a line, whichever form they have; one
    that is broken over several lines is read too. A folder with brat's `.ann` files is read as one.
    Where FewRel's labels are properties, they are called by their readable names if a
    `pid2name.json` lies next to the file.

    Args:
        path: the file.
        require_labels: whether a row that does not say which relations are stated is an error.
        offsets: see `iter_jsonl`.
        source: the file's name in messages; by default its path.

    Yields:
        The rows in order. A row that cannot be used comes with its error and reading continues,
        except where the JSON of an array is broken, which ends it. A file in a form that is not
        read has one row, with the error that says so.

    Raises:
        MrcaError: if the file cannot be read.
    """
    source = source or str(path)
    if is_brat(path):
        yield from _labelled(iter_brat(path), require_labels, "brat", source)
        return
    if is_ddi(path):
        sentences = (_counted_in(row, _unit("ddi")) for row in iter_ddi_folder(path))
        yield from _labelled(sentences, require_labels, "ddi", source)
        return
    with opened(path) as file:
        form = _form(file)
        if form == "jsonl":
            yield from iter_jsonl(file, source, require_labels=require_labels, offsets=offsets)
            return
        rows = _iter_published(file, form, path, source, offsets)
        yield from _labelled(rows, require_labels, form, source)


def is_row_folder(path: Path) -> bool:
    """Whether `iter_rows` reads it as a file: a folder of brat's, or of DDI's `.xml`."""
    return is_brat(path) or is_ddi(path)


def _labelled(rows: Iterable[Row], require_labels: bool, form: _Form, source: str) -> Iterator[Row]:
    for row in rows:
        missing = require_labels and row.error is None and not row.labelled
        yield _without_labels(row, form, source) if missing else row


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to read, gzipped or not.

    Raises:
        MrcaError: if it cannot be read, at any place.
    """
    try:
        with _unzipped(path) as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise MrcaError(f"{path} is a broken gzip file: {error}. Bring it again.") from error
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error


def row_unit(path: Path) -> Literal["line", "item"]:
    """What a file's rows are counted in.

    Raises:
        OSError: if the file cannot be read.
    """
    if path.is_dir():
        return "item"
    with _unzipped(path) as file:
        return _unit(_form(file))


def is_plain_jsonl(path: Path) -> bool:
    """Whether a file is the user's JSON Lines, not gzipped: it can be read from any line on.

    Raises:
        MrcaError: if the file cannot be read.
    """
    with opened(path) as file:
        return not isinstance(file, gzip.GzipFile) and _form(file) == "jsonl"


@contextmanager
def _unzipped(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        if file.peek(len(_GZIP)).startswith(_GZIP):
            with gzip.open(file) as unzipped:
                yield cast(BinaryIO, unzipped)
        else:
            yield file


def _unit(form: _Form) -> _Unit:
    return "item" if form in _BY_ITEM else "line"


def _form(file: BinaryIO) -> _Form:
    """The form of a file, which is left at its beginning."""
    head = _beginning(file)
    if is_docbin(head):
        return "docbin"
    for form, pattern in _BEGINNINGS.items():
        if pattern.match(head):
            return form
    if foreign_file(head, ""):
        return "foreign"
    try:
        first = parse(_first_item(file))
    except JsonError:
        return "jsonl"
    finally:
        file.seek(0)
    if forms_of(first):
        return "item lines"
    return "foreign" if foreign_item(first, "") else "jsonl"


def _first_item(file: BinaryIO) -> str:
    """The first line that is an object or a list, since one before it may be a bad row; else the
    first one."""
    first = ""
    for line in islice(filter(str.strip, _lines(file)), _LOOKED_AT):
        if line.lstrip()[0] in "{[":
            return line
        first = first or line
    return first or "{}"


def _beginning(file: BinaryIO) -> bytes:
    """The first bytes that are not white space; the file is left at its beginning."""
    head = b""
    while not head and (piece := file.read(_HEAD)):
        head = piece.lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    return head


def _lines(file: BinaryIO) -> Iterator[str]:
    """The lines as text.

    Raises:
        JsonError: at one that is not UTF-8.
    """
    return (decode(line, first=number == 0) for number, line in enumerate(file))


def _iter_published(
    file: BinaryIO, form: _Form, path: Path, source: str, offsets: Offsets
) -> Iterator[Row]:
    if form == "fewrel":
        return iter_fewrel(file.read(), source, fewrel_names(path.parent))
    if form == "fewrel lines":
        return iter_fewrel_lines(file, source, fewrel_names(path.parent))
    if form == "articles":
        return iter_pubmed(file, source)
    if form == "foreign":
        return _iter_foreign(file, source)
    if form in ("array", "objects", "item lines"):
        return _iter_items(_items(file, form, source), _unit(form), source, offsets)
    if form == "ddi":
        return (_counted_in(row, _unit(form)) for row in iter_ddi(file.read(), source))
    whole = {"docbin": iter_docbin, "deepke": iter_deepke}
    if form in whole:
        return whole[form](file.read(), source)
    lines = {
        "tagged lines": iter_scibert,
        "semeval": iter_semeval,
        "article lines": iter_pubmed_lines,
        "tabbed pairs": iter_tabbed_pairs,
        "pubtator": iter_pubtator,
    }
    return lines[form](file, source)


def _iter_foreign(file: BinaryIO, source: str) -> Iterator[Row]:
    """The one error of a file that is not read."""
    row = foreign_file(_beginning(file), source)
    if row is None:
        row = foreign_item(parse(next(line for line in _lines(file) if line.strip())), source)
    assert row is not None
    yield row


# === Items of JSON ===


def _items(file: BinaryIO, form: _Form, source: str) -> Iterator[tuple[int, Any] | Row]:
    """The number of each item and what it is, or the row of one that is no JSON."""
    if form == "item lines":
        for number, line in enumerate(file, 1):
            try:
                text = decode(line, first=number == 1)
                if text.strip():
                    yield number, parse(text)
            except JsonError as error:
                yield unreadable_row(error, source, number)
        return
    number = 0
    parse_all = parse_array if form == "array" else parse_sequence
    try:
        for number, item in enumerate(parse_all(decode(file.read(), first=True)), 1):
            yield number, item
    except JsonError as error:
        problem = Problem(
            "error", source, number + 1, "", error.expected, error.received, unit="item"
        )
        yield Row(number + 1, None, RowError([problem]), ends_file=True)


def _iter_items(
    items: Iterator[tuple[int, Any] | Row], unit: _Unit, source: str, offsets: Offsets
) -> Iterator[Row]:
    """The rows of items that have one form or several, each known by its fields.

    An item that fits none is read as the first one, for the errors that this gives.
    """
    first = next(items, None)
    if first is None:
        return
    usual = None
    if not isinstance(first, Row):
        foreign = None if forms_of(first[1]) else foreign_item(first[1], source)
        if foreign is not None:
            yield foreign
            return
        usual = form_of_file(first[1])
    read = (
        Read(each.line, each)
        if isinstance(each, Row)
        else _read_item(each[1], source, each[0], usual, offsets)
        for each in chain([first], items)
    )
    for row in tell_left_out(read, source, unit):
        yield _counted_in(row, unit)


def _read_item(
    item: Any, source: str, number: int, usual: ItemForm | None, offsets: Offsets
) -> Read:
    forms = forms_of(item) or ([usual] if usual else [])
    if len(forms) != 1 or not isinstance(item, dict | list):
        expected = f"an object with the fields of one form ({KNOWN})"
        if len(forms) > 1:
            expected += f", not of both {forms[0].name} and {forms[1].name}"
        problem = Problem("error", source, number, "", expected, shorten(item))
        return Read(number, Row(number, None, RowError([problem])))
    if forms[0] is OWN:
        return Read(number, row_from_value(item, source, number, offsets=offsets))
    read = forms[0].read(item, source, number)
    return read if isinstance(read, Read) else Read(number, read)


def _counted_in(row: Row, unit: _Unit) -> Row:
    """The row with problems that say so."""

    def counted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
        return tuple(replace(problem, unit=unit) for problem in problems)

    if row.error is not None:
        return replace(row, error=RowError(counted(row.error.problems)))
    return replace(row, problems=counted(row.problems)) if row.problems else row


def _without_labels(row: Row, form: _Form, source: str) -> Row:
    expected = "the relations that are stated, to train on this row or to evaluate with it"
    problem = Problem("error", source, row.line, "", expected, "a row without them", _unit(form))
    return Row(row.line, None, RowError([problem]))
