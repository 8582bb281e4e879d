"""Files in forms that are not read: what each is, and the way out."""

import re
from collections.abc import Callable
from typing import Any

from mrca.datasets.readers.jsonl_schema import JsonRow
from mrca.datasets.readers.row import Problem, Row, RowError, shorten

_OWN = "JSON Lines with text, entities and facts (docs/data-format.md)"

# How the content begins, what it is then, and what to bring instead.
_BEGINNINGS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (
        re.compile(rb"[TREAMN]\d+\t\S+ \S"),
        "one .ann of brat's",
        "the folder with brat's .ann and .txt files",
    ),
    (
        re.compile(rb"PK\x03\x04"),
        "a zip archive, or a workbook",
        f"the files in it, unpacked; a workbook as {_OWN}",
    ),
    (re.compile(rb"\xff\xfe|\xfe\xff"), "text encoded as UTF-16", "text encoded as UTF-8"),
    (re.compile(rb"PAR1"), "a Parquet table", f"its rows as {_OWN}"),
    (re.compile(rb"SQLite format 3"), "an SQLite data base", f"its rows as {_OWN}"),
    (
        re.compile(rb"<"),
        "XML or HTML",
        f"{_OWN}; of XML the form of the DDI corpus is read, <document><sentence text=…>",
    ),
    (
        re.compile(
            rb"(?:(?:#|-DOCSTART-)[^\n]*\n\s*)*"
            rb"\S+[ \t]+(?:\S+[ \t]+)*(?:O|[BIES]-\S+)(?:[ \t][^\n]*)?\r?\n"
        ),
        "a word and its tag in each line (CoNLL, IOB)",
        f"{_OWN}, or a form with relations such as SpERT's",
    ),
    (
        re.compile(rb"(?=[^\n]*\b(?:sentence|text|relation|label)\b)\w+(?:,\w+)+\r?\n"),
        "a table without DeepKE's columns",
        "the columns sentence,relation,head,head_offset,tail,tail_offset",
    ),
)


def _is_spans(value: Any) -> bool:
    """`[[0, 8, "PER"], …]`, not empty."""
    return bool(value) and all(
        isinstance(each, list) and len(each) == 3 and isinstance(each[2], str) for each in value
    )


def _is_list(item: dict[str, Any], *names: str) -> bool:
    return all(isinstance(item.get(name), list) for name in names)


# The same of an item of JSON, an object.
_ITEMS: tuple[tuple[Callable[[dict[str, Any]], bool], str, str], ...] = (
    (
        lambda item: any(_is_list(item, n) and _is_spans(item[n]) for n in ("label", "labels")),
        "doccano's sequence labels without relations",
        "doccano's export of a project with relations, which has entities and relations",
    ),
    (
        lambda item: "annotator" in item and "annotation_id" in item,
        "Label Studio's JSON_MIN, which leaves relations out",
        "Label Studio's export as JSON",
    ),
    (
        lambda item: _is_list(item, "sentences", "ner", "relations"),
        "DyGIE++'s documents of several sentences",
        f"{_OWN}, or SpERT's form, sentence by sentence",
    ),
    (lambda item: "paragraphs" in item, "spaCy's old JSON", "a .spacy file with doc._.rel"),
    (
        lambda item: "spo_list" in item,
        "spo_list, as DuIE has it",
        '{"text", "triple_list": [[subject, relation, object], …]}',
    ),
    (
        lambda item: _is_list(item, "train") or _is_list(item, "data"),
        "one object with all rows in a field",
        "a file for each split, such as train.json, with the list of its rows",
    ),
)


def foreign_file(head: bytes, source: str) -> Row | None:
    """The one error of a file in a form that is known but not read; `None` if it is not.

    Args:
        head: the file's beginning.
        source: its name, for messages.
    """
    for pattern, name, wanted in _BEGINNINGS:
        if pattern.match(head):
            return _row(source, wanted, name)
    lines = [line for line in head.splitlines() if line.strip()]
    if lines and not any(line.lstrip().startswith((b"{", b"[")) for line in lines):
        shown = shorten(lines[0][:80].decode(errors="replace"))
        wanted = (
            f"{_OWN}, or another form that page lists; spaCy marks the entities of plain text "
            "(docs/from-text-to-graph.md)"
        )
        return _row(source, wanted, f"a file without JSON; its first line is {shown}")
    return None


def foreign_item(item: Any, source: str) -> Row | None:
    """The one error of a file whose first item this is.

    Args:
        item: the parsed item, which is in no published form.
        source: the file's name, for messages.

    Returns:
        The error; `None` for an object with a field of our own rows, whose errors are its own.
    """
    if isinstance(item, dict):
        for fits, name, wanted in _ITEMS:
            if fits(item):
                return _row(source, wanted, name)
        if not item or not (JsonRow.model_fields.keys() | {"triples"}).isdisjoint(item):
            return None
    wanted = f"{_OWN}, or another form that page lists"
    return _row(source, wanted, f"items in no such form, the first is {shorten(item)}")


def _row(source: str, wanted: str, name: str) -> Row:
    error = RowError([Problem("error", source, 0, "", wanted, name)])
    return Row(0, None, error, ends_file=True)
