"""Reader of SemEval-2010 Task 8: a numbered sentence with two tagged entities, then its relation.

    1   "The <e1>fire</e1> was caused by <e2>lightning</e2>."
    Cause-Effect(e2,e1)
    Comment: anything

A blank line follows. The unlabelled test form has the first line only. KBP37 is published so too,
with other relations, and `no_relation` for none.
"""

import re
from collections.abc import Iterable, Iterator

from mrca.datasets.readers.lines import text_lines
from mrca.datasets.readers.one_pair import NO_RELATION, one_pair_document
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.datasets.readers.tagged_pair import tagged_pair
from mrca.text import Span

_NUMBER = re.compile(r"\d+\t")
_SENTENCE = re.compile(r'(\d+)\t\s*"(.*)"\s*', re.DOTALL)
_RELATION = re.compile(r"[^\s()]+\((?:e1,e2|e2,e1)\)")
_TAG = re.compile(r"</?e[12]>")
_ORDERS = (["<e1>", "</e1>", "<e2>", "</e2>"], ["<e2>", "</e2>", "<e1>", "</e1>"])


def iter_semeval(lines: Iterable[bytes], source: str) -> Iterator[Row]:
    """Read the text form of SemEval-2010 Task 8, one row at a time and in order.

    A label is a relation and its direction: `Cause-Effect(e2,e1)` is a fact from `e2` to `e1` with
    the relation `Cause-Effect`. Roles are unknown, so that both directions are asked about. A label
    without a direction is one that says that no relation is stated (`Other`, `no_relation`). The
    sentence is cut by the package's rules, and at the borders of both entities.

    Args:
        lines: the lines, such as a file opened in binary mode.
        source: the file's name, for messages.

    Yields:
        A row for each sentence, with the line that it stands in; one without a relation is not
        labelled. A sentence that cannot be used comes with its error, and reading continues.
    """
    group: list[tuple[int, str]] = []
    for number, line in text_lines(lines, source):
        if group and (isinstance(line, Row) or not line.strip() or _NUMBER.match(line)):
            yield _read_group(group, source)
            group = []
        if isinstance(line, Row):
            yield line
        elif line.strip():
            group.append((number, line))
    if group:
        yield _read_group(group, source)


def _read_group(group: list[tuple[int, str]], source: str) -> Row:
    number, line = group[0]
    try:
        sentence = _SENTENCE.fullmatch(line)
        if sentence is None:
            expected = 'a number, a tab and a sentence in quotes, `1⇥"The <e1>…</e1> …"`'
            if re.fullmatch(rf"\d+\t(?:Other|no_relation|{_RELATION.pattern})\s*", line):
                expected += " (this is a key; TEST_FILE_FULL.TXT has sentences and relations)"
            raise _error(source, number, "", expected, line)
        relation = _relation(group[1:], source)
        words, subject, object_ = _tagged_words(sentence[2], source, number)
    except RowError as error:
        return Row(number, None, error)
    document = one_pair_document(
        words, [subject], [object_], relation, directed=True, id=sentence[1]
    )
    return Row(number, document, labelled=relation is not None)


def _relation(lines: list[tuple[int, str]], source: str) -> str | None:
    if not lines or lines[0][1].startswith("Comment"):
        return None
    (number, line), *rest = lines
    if line.strip() not in NO_RELATION and _RELATION.fullmatch(line.strip()) is None:
        expected = (
            "a relation with its direction, such as `Cause-Effect(e1,e2)`, or one of "
            f"{', '.join(sorted(NO_RELATION))}"
        )
        raise _error(source, number, "relation", expected, line)
    if rest and not rest[0][1].startswith("Comment"):
        raise _error(source, rest[0][0], "", "`Comment:` or a blank line", rest[0][1])
    return line.strip()


def _tagged_words(text: str, source: str, number: int) -> tuple[list[str], Span, Span]:
    """The words, and the spans of `e1` and `e2`."""
    tags = list(_TAG.finditer(text))
    names = [tag[0] for tag in tags]
    if names not in _ORDERS:
        expected = "`<e1>…</e1>` and `<e2>…</e2>`, once each"
        raise _error(source, number, "sentence", expected, " ".join(names) or text)
    places = {tag[0]: Span(*tag.span()) for tag in tags}
    first, last, first_object, last_object = (places[name] for name in _ORDERS[0])
    words, subject, object_ = tagged_pair(text, (first, last, first_object, last_object))
    for name, found, start, end in (
        ("e1", subject, first, last),
        ("e2", object_, first_object, last_object),
    ):
        if found.start == found.end:
            raise _error(source, number, name, "at least one word", text[start.end : end.start])
    return words, subject, object_


def _error(source: str, number: int, field: str, expected: str, received: str) -> RowError:
    return RowError([Problem("error", source, number, field, expected, shorten(received))])
