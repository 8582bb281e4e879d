"""Reader of CDR and GDA in the tab-separated form that document-level code reads.

A line is a document: its PubMed number, its sentences of words joined by `|`, then 17 columns for
each pair of a first entity (chemical, gene) and a second one (disease):

    1:CID:2  R2L  NON-CROSS  58-61  51-52
    D008750  alpha - methyldopa|alpha - methyldopa  Chemical  58:203  61:206  2:6
    D007022  hypotensive                            Disease   51      52      2
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from mrca.datasets.readers.cut_words import cut_words
from mrca.datasets.readers.docred import same_words
from mrca.datasets.readers.lines import text_lines
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.text import Document, Entity, Fact, Span

_COLUMNS = 17
_LABEL = re.compile(r"1:([^:\s]+):2")
_NONE = "NR"
_FILTERED = "not_include"
_ENTITIES = {"first entity": 5, "second entity": 11}  # where the columns of each begin
_OFFSETS = re.compile(r"\d{1,9}(?::\d{1,9})*")


def iter_tabbed_pairs(lines: Iterable[bytes], source: str) -> Iterator[Row]:
    """Read documents with their pairs of entities, one line each.

    The first entity of a pair is the subject, the second the object, in whichever order they stand
    in the text. `1:CID:2` states the relation `CID`, `1:NR:2` none. The pairs that the file lists
    are those that are asked about; `not_include` marks those that its makers took out (the disease
    is more general than one that is related), and these are neither facts nor negatives.

    Args:
        lines: the lines, such as a file opened in binary mode; blank ones are skipped.
        source: the file's name, for messages.
    """
    for number, line in text_lines(lines, source):
        if isinstance(line, Row):
            yield line
        elif line.strip():
            try:
                yield _Reader(line.split("\t"), source, number).row()
            except RowError as error:
                yield Row(number, None, error)


class _Reader:
    """One line: its words and its entities as they are met."""

    def __init__(self, columns: Sequence[str], source: str, line: int) -> None:
        self._source, self._line, self._id = source, line, columns[0]
        if len(columns) < 2 or (len(columns) - 2) % _COLUMNS:
            expected = f"a number, a text and {_COLUMNS} columns for each pair, cut by tabs"
            raise self._error("", expected, f"{len(columns)} columns")
        self._pairs = [
            columns[start : start + _COLUMNS] for start in range(2, len(columns), _COLUMNS)
        ]
        sentences = [sentence.split(" ") for sentence in columns[1].split("|")]
        published = [word for sentence in sentences for word in sentence]
        self._tokens, self._starts = cut_words(published)
        if not self._tokens:
            raise self._error("text", "at least one word", shorten(columns[1]))
        ends = [0]
        for sentence in sentences:
            ends.append(ends[-1] + len(sentence))
        self._sentences = sorted({self._starts[end] for end in ends} - {len(self._tokens)})
        self._numbers: dict[str, int] = {}
        self._entities: list[Entity] = []
        self._problems: list[Problem] = []

    def row(self) -> Row:
        """The whole row."""
        facts: dict[Fact, None] = {}
        pairs: set[tuple[int, int]] = set()
        filtered: set[tuple[int, int]] = set()
        for index, pair in enumerate(self._pairs):
            first, second = (
                self._entity(pair[start : start + 6], f"pair {index + 1}, {name}")
                for name, start in _ENTITIES.items()
            )
            label = _LABEL.fullmatch(pair[0])
            if pair[0] == _FILTERED:
                filtered.add((first, second))
            elif label is None:
                expected = f"a label such as 1:CID:2, 1:{_NONE}:2 or {_FILTERED}"
                raise self._error(f"pair {index + 1}, label", expected, shorten(pair[0]))
            else:
                pairs.add((first, second))
                if label[1] != _NONE:
                    facts[Fact(first, sys.intern(label[1]), second)] = None
        subjects, objects = (
            tuple(sorted({pair[place] for pair in pairs | filtered})) for place in (0, 1)
        )
        every = {(first, second) for first in subjects for second in objects if first != second}
        document = Document(
            tokens=tuple(self._tokens),
            entities=tuple(self._entities),
            facts=tuple(facts),
            subjects=subjects,
            objects=objects,
            pairs=None if pairs == every else tuple(sorted(pairs)),
            sentences=tuple(self._sentences),
            id=self._id,
        )
        return Row(self._line, document, problems=tuple(self._problems))

    def _entity(self, columns: Sequence[str], field: str) -> int:
        """The number of an entity; the first pair that names it says where it stands."""
        id, names, type, starts, ends, _ = columns
        if not id:
            raise self._error(f"{field}, id", "at least one character", shorten(id))
        if id in self._numbers:
            return self._numbers[id]
        for name, offsets in (("starts", starts), ("ends", ends)):
            if not _OFFSETS.fullmatch(offsets):
                expected = "places of words, joined by colons"
                raise self._error(f"{field}, {name}", expected, shorten(offsets))
        places = list(zip(starts.split(":"), ends.split(":"), strict=False))
        words = names.split("|")
        if not len(words) == starts.count(":") + 1 == ends.count(":") + 1:
            expected = "as many names, starts and ends"
            raise self._error(field, expected, shorten([names, starts, ends]))
        spans = []
        for (start, end), published in zip(places, words, strict=True):
            span = self._span(int(start), int(end), field)
            spans.append(span)
            found = " ".join(self._tokens[span.start : span.end])
            if not same_words(found, published):
                self._problems.append(
                    Problem(
                        *("span", self._source, self._line, f"{field}, names"),
                        *(shorten(found), shorten(published)),
                        document=self._id,
                    )
                )
        self._numbers[id] = len(self._entities)
        name = " ".join(self._tokens[spans[0].start : spans[0].end])
        self._entities.append(Entity(tuple(sorted(set(spans))), sys.intern(type), id, name))
        return self._numbers[id]

    def _span(self, start: int, end: int, field: str) -> Span:
        last = len(self._starts) - 1
        if not start < end <= last or self._starts[start] == self._starts[end]:
            expected = f"places of words, start below end, end up to {last}"
            raise self._error(field, expected, f"{start} and {end}")
        return Span(self._starts[start], self._starts[end])

    def _error(self, field: str, expected: str, received: str) -> RowError:
        problem = Problem(
            *("error", self._source, self._line, field, expected, received), document=self._id
        )
        return RowError([problem])
