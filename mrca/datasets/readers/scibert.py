"""Reader of ChemProt and SciERC as SciBERT publishes them: one tagged pair and one label a line.

{"text": "<< EGFR >> inhibitors include [[ gefitinib ]] .", "label": "INHIBITOR"}
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mrca.datasets.readers.lines import unreadable_row
from mrca.datasets.readers.one_pair import one_pair_document
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.datasets.readers.strict_json import JsonError, decode, parse
from mrca.datasets.readers.tagged_pair import tagged_pair
from mrca.text import Span

# With the spaces: brackets without them belong to names, as in `[3H]`.
_SUBJECT = re.compile(r"(\[\[ ).+?( \]\])")
_OBJECT = re.compile(r"(<< ).+?( >>)")


def iter_scibert(lines: Iterable[bytes], source: str) -> Iterator[Row]:
    """Read lines with a `text` and a `label`, one row at a time and in order.

    `[[ … ]]` is the subject and `<< … >>` the object, wherever each stands.

    Args:
        lines: the lines, such as a file opened in binary mode.
        source: the file's name, for messages.

    Yields:
        A row for each line that is not blank; one without a label is not labelled. A line that
        cannot be used comes with its error, and reading continues.
    """
    for number, line in enumerate(lines, 1):
        try:
            text = decode(line, first=number == 1)
            if text.strip():
                yield _row(parse(text), source, number)
        except JsonError as error:
            yield unreadable_row(error, source, number)


def _row(item: Any, source: str, number: int) -> Row:
    def wrong(field: str, expected: str, received: Any) -> Row:
        problem = Problem("error", source, number, field, expected, shorten(received))
        return Row(number, None, RowError([problem]))

    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        return wrong("text", "a string with `[[ subject ]]` and `<< object >>`", item)
    text, label = item["text"], item.get("label")
    if label is not None and not (isinstance(label, str) and label):
        return wrong("label", "the name of a relation", label)
    tags: list[Span] = []
    for pattern, form in ((_SUBJECT, "`[[ subject ]]`"), (_OBJECT, "`<< object >>`")):
        found = list(pattern.finditer(text))
        if len(found) != 1:
            return wrong("text", f"{form} once", text)
        tags += [Span(*found[0].span(1)), Span(*found[0].span(2))]
    if any(one.end > two.start for one, two in zip(sorted(tags), sorted(tags)[1:], strict=False)):
        return wrong("text", "a subject and an object next to each other", text)
    words, subject, object_ = tagged_pair(text, (tags[0], tags[1], tags[2], tags[3]))
    for name, span in (("subject", subject), ("object", object_)):
        if span.start == span.end:
            return wrong(name, "at least one word", text)
    document = one_pair_document(words, [subject], [object_], label)
    return Row(number, document, labelled=label is not None)
