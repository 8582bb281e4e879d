"""One file of a corpus, in whichever form its content has."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from mrca.datasets.readers.dialogre import read_dialogre_item
from mrca.datasets.readers.docred import iter_docred_lines, read_docred_item
from mrca.datasets.readers.fewrel import fewrel_names, iter_fewrel, iter_fewrel_lines
from mrca.datasets.readers.jsonl import Offsets, iter_jsonl
from mrca.datasets.readers.public_json import read_relation_list_item, read_triple_list_item
from mrca.datasets.readers.pubmed import iter_pubmed, iter_pubmed_lines, read_pubmed_article
from mrca.datasets.readers.pubtator import iter_pubtator
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.datasets.readers.scibert import iter_scibert
from mrca.datasets.readers.semeval import iter_semeval
from mrca.datasets.readers.spert import read_spert_item
from mrca.datasets.readers.strict_json import JsonError, decode, parse_array
from mrca.datasets.readers.tabbed_pairs import iter_tabbed_pairs
from mrca.datasets.readers.tacred import read_tacred_item
from mrca.errors import MrcaError

# The field by which an item of a JSON array is known, and the reader of such items.
_ITEMS = {
    "triple_list": read_triple_list_item,
    "relation_list": read_relation_list_item,
    "token": read_tacred_item,
    "abstractText": read_pubmed_article,
    "entities": read_spert_item,
    "vertexSet": read_docred_item,
}

_Form = Literal[
    "array",
    "articles",
    "fewrel",
    "article lines",
    "fewrel lines",
    "docred lines",
    "tagged lines",
    "tabbed pairs",
    "pubtator",
    "semeval",
    "jsonl",
]

# How the content begins, tried in this order; all else is the user's JSON Lines.
_BEGINNINGS: dict[_Form, re.Pattern[bytes]] = {
    "array": re.compile(rb"\["),
    "articles": re.compile(rb'\{\s*"articles"\s*:'),
    # A Wikidata property, or any name of a list whose first item is a sentence.
    "fewrel": re.compile(
        rb'\{\s*"(?:P\d+"\s*:|(?:[^"\\]|\\.)*"\s*:\s*\[\s*\{\s*"(?:tokens|h|t)"\s*:)'
    ),
    # A quotation mark inside a JSON string has a backslash before it, so these are fields.
    "article lines": re.compile(rb'\{(?:[^\n]*,)?\s*"abstractText"\s*:'),
    "fewrel lines": re.compile(rb'\{(?:[^\n]*,)?\s*"h"\s*:'),
    "docred lines": re.compile(rb'\{(?:[^\n]*,)?\s*"(?:vertexSet|vertex_word)"\s*:'),
    "tagged lines": re.compile(rb'\{(?=[^\n]*"label"\s*:)(?=[^\n]*\[\[ )[^\n]*<< '),
    "tabbed pairs": re.compile(rb"[^\t\n]+\t[^\n]*\t(?:L2R|R2L)\t"),
    "pubtator": re.compile(rb"[^|\s]+\|[ta]\|"),
    "semeval": re.compile(rb"\d+\t"),
}
_HEAD = 2**16  # bytes that tell the form
_GZIP = b"\x1f\x8b"


def iter_rows(
    path: Path,
    *,
    require_labels: bool = False,
    offsets: Offsets = "exact",
    source: str = "",
) -> Iterator[Row]:
    """Read one file in a published form, or the user's JSON Lines; gzipped or not.

    The content decides:

    * `[` begins a JSON array, whose items have a `triple_list`, a `relation_list`, a `token`
      (TACRED), an `abstractText` (PubMed), `entities` (SpERT) or a `vertexSet` (DocRED), or are
      lists of turns and pairs (DialogRE);
    * a first line with a `vertexSet` or a `vertex_word` is that of a file with one such document
      per line (HacRED);
    * `{"articles":` begins PubMed as BioASQ publishes it; a first line with an `abstractText` is
      that of a file with one such article per line;
    * `{"P413":`, or another name and a list of sentences, begins FewRel as it is published; a first
      line with an `h` is that of a file with one such sentence per line. Labels are the properties,
      or their readable names where a `pid2name.json` lies next to the file;
    * a first line with a `label`, `[[ … ]]` and `<< … >>` begins ChemProt or SciERC as SciBERT
      publishes them;
    * a first line with pairs of entities (`L2R`, `R2L`) between tabs begins CDR or GDA;
    * `10491763|t|` begins the PubTator form (BioRED);
    * a number and a tab begin a file of SemEval-2010 Task 8;
    * any other file is read as JSON Lines.

    Args:
        path: the file.
        require_labels: whether a row that does not say which relations are stated is an error.
        offsets: see `iter_jsonl`.
        source: the file's name in messages; by default its path.

    Yields:
        The rows in order. A row that cannot be used comes with its error and reading continues,
        except where the JSON of an array is broken, which ends it.

    Raises:
        MrcaError: if the file cannot be read.
    """
    source = source or str(path)
    with opened(path) as file:
        form = _form(file)
        if form == "jsonl":
            yield from iter_jsonl(file, source, require_labels=require_labels, offsets=offsets)
            return
        for row in _iter_published(file, form, path, source):
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


def _unit(form: _Form) -> Literal["line", "item"]:
    return "item" if form in ("array", "articles", "fewrel") else "line"


def _form(file: BinaryIO) -> _Form:
    """The form of a file, which is left at its beginning."""
    head = b""
    while not head and (piece := file.read(_HEAD)):
        head = piece.lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    found = (form for form, pattern in _BEGINNINGS.items() if pattern.match(head))
    return next(found, "jsonl")


def _iter_published(file: BinaryIO, form: _Form, path: Path, source: str) -> Iterator[Row]:
    if form == "fewrel":
        return iter_fewrel(file.read(), source, fewrel_names(path.parent))
    if form == "fewrel lines":
        return iter_fewrel_lines(file, source, fewrel_names(path.parent))
    if form == "array":
        return _iter_array(file.read(), source)
    if form == "articles":
        return iter_pubmed(file, source)
    lines = {
        "tagged lines": iter_scibert,
        "semeval": iter_semeval,
        "article lines": iter_pubmed_lines,
        "docred lines": iter_docred_lines,
        "tabbed pairs": iter_tabbed_pairs,
        "pubtator": iter_pubtator,
    }
    return lines[form](file, source)


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
    if isinstance(item, list):
        return read_dialogre_item(item, source, number)
    known = [field for field in _ITEMS if isinstance(item, dict) and field in item]
    if len(known) == 1:
        return _ITEMS[known[0]](item, source, number)
    expected = "an object with exactly one of " + ", ".join(f'"{field}"' for field in _ITEMS)
    problem = Problem("error", source, number, "", expected, shorten(item), unit="item")
    return Row(number, None, RowError([problem]))


def _without_labels(row: Row, form: _Form, source: str) -> Row:
    expected = "the relations that are stated, to train on this row or to evaluate with it"
    problem = Problem("error", source, row.line, "", expected, "a row without them", _unit(form))
    return Row(row.line, None, RowError([problem]))
