"""Reader of DeepKE's tables: a sentence, its head, its tail and their relation in each row.

sentence,relation,head,head_offset,tail,tail_offset
Ada Moss lives in Oslo.,lives_in,Ada Moss,0,Oslo,18
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mrca.datasets.readers.lines import unreadable_row
from mrca.datasets.readers.marked_text import Place
from mrca.datasets.readers.one_pair import one_pair_document
from mrca.datasets.readers.row import Row, RowError, shorten
from mrca.datasets.readers.strict_json import JsonError, decode
from mrca.datasets.readers.tagged_pair import marked_pair
from mrca.text import Span

_NEEDED = ("sentence", "head", "head_offset", "tail", "tail_offset")


def iter_deepke(data: bytes, source: str) -> Iterator[Row]:
    """Read a CSV file of one pair and one relation in each row.

    Offsets count the characters before the head (the tail). The sentence is cut by the package's
    rules, and at the borders of both. `head_type` and `tail_type` are read where they stand.

    Args:
        data: the whole file.
        source: its name, for messages.

    Yields:
        A row for each of the table's, with the line that it begins in; without a `relation` column,
        or with nothing in it, it is not labelled. A row that cannot be used comes with its error,
        and reading continues, except where the table itself is broken.
    """
    try:
        text = decode(data, first=True)
    except JsonError as error:
        yield replace(unreadable_row(error, source, 0), ends_file=True)
        return
    table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        missing = [name for name in _NEEDED if name not in (table.fieldnames or ())]
        if missing:
            raise Place(source, 1).error(f"the columns {', '.join(_NEEDED)}", table.fieldnames)
        line = table.line_num + 1
        for cells in table:
            yield _row(cells, Place(source, line))
            line = table.line_num + 1
    except RowError as error:
        yield Row(line, None, error, ends_file=True)
    except csv.Error as error:
        broken = Place(source, line).error("a row of a CSV table", str(error))
        yield Row(line, None, broken, ends_file=True)


def _row(cells: Mapping[str | None, str | None], place: Place) -> Row:
    try:
        if None in cells or None in cells.values():
            raise place.error("as many cells as columns", [cells[name] for name in cells])
        found = {name: cell or "" for name, cell in cells.items() if name is not None}
        sentence, label = found["sentence"], found.get("relation", "").strip() or None
        ends = {side: _span(found, side, place) for side in ("head", "tail")}
        words, subject, object_ = marked_pair(sentence, ends["head"], ends["tail"])
        for side, span in (("head", subject), ("tail", object_)):
            if span.start == span.end:
                raise place.at(side).error("at least one word", found[side])
    except RowError as error:
        return Row(place.line, None, error)
    types = found.get("head_type", ""), found.get("tail_type", "")
    document = one_pair_document(words, [subject], [object_], label, types=types)
    return Row(place.line, document, labelled=label is not None)


def _span(cells: Mapping[str, str], side: str, place: Place) -> Span:
    """Where the head (the tail) stands."""
    sentence, name, offset = cells["sentence"], cells[side], cells[f"{side}_offset"].strip()
    if not (offset.isdecimal() and len(offset) < 10):
        raise place.at(f"{side}_offset").error("a whole number", cells[f"{side}_offset"])
    span = Span(int(offset), int(offset) + len(name))
    there = sentence[span.start : span.end]
    if there != name or not name:
        raise place.at(f"{side}_offset").error(f"{shorten(name)} at {offset}", there)
    return span
