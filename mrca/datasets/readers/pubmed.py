"""Reader of PubMed as BioASQ publishes it: articles with an abstract and their MeSH headings."""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mrca.datasets.readers.plain_text import plain_text_document
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Problem, Row, RowError
from mrca.datasets.readers.strict_json import JsonError, decode, parse, parse_at

_SPACE = re.compile(r"[ \t\r\n]*")
_ESCAPED = re.compile("[\udc80-\udcff]")
_PIECE = 2**16  # bytes read at a time
_LONGEST = 2**24  # characters of an article; the longest of PubMed has a few ten thousand


class _Article(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    pmid: str | int = ""
    title: str | None = None
    abstractText: str | None = None  # noqa: N815 the published name
    meshMajor: list[Text] | None = None  # noqa: N815


def read_pubmed_article(
    item: Any, source: str, line: int, unit: Literal["line", "item"] = "item"
) -> Row:
    """Turn `{"title": …, "abstractText": …, "meshMajor": […], "pmid": …, …}` into a row.

    The text is the title and the abstract, the labels are the MeSH headings; there are no marked
    entities.

    Args:
        item: the parsed JSON item; fields that are not used (`journal`, `year`) are ignored.
        source: the file, for messages.
        line: the article's line or its place in the array, from 1.
        unit: which of both.

    Returns:
        The row; without `meshMajor` it is not labelled.
    """
    try:
        article = _Article.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Article, source, line, unit))
    text = f"{article.title or ''}\n{article.abstractText or ''}"
    document = plain_text_document(text, article.meshMajor or (), str(article.pmid))
    if document is None:
        expected = "at least one word in title and abstractText"
        problem = Problem("error", source, line, "", expected, "none", unit)
        return Row(line, None, RowError([problem]))
    return Row(line, document, labelled=article.meshMajor is not None)


def iter_pubmed_lines(lines: Iterable[bytes], source: str) -> Iterator[Row]:
    """Read articles each of which stands in a line of its own, one at a time.

    Args:
        lines: the lines, such as a file opened in binary mode; blank ones are skipped.
        source: the file's name, for messages.
    """
    for number, data in enumerate(lines, 1):
        try:
            text = decode(_latin_1(data.decode("utf-8", "surrogateescape")), first=number == 1)
            if text.strip():
                yield read_pubmed_article(parse(text), source, number, "line")
        except JsonError as error:
            problem = Problem("error", source, number, "", error.expected, error.received)
            yield Row(number, None, RowError([problem]))


def iter_pubmed(file: BinaryIO, source: str) -> Iterator[Row]:
    """Read `{"articles": [{…}, {…}, …]}` article by article, however its lines are broken.

    Only a piece of the file is in memory at any time. Bytes that are not UTF-8 are read as
    ISO-8859-1, in which BioASQ published some of its years.

    Args:
        file: the file, opened in binary mode.
        source: its name, for messages.

    Yields:
        The rows in order. An article that cannot be used comes with its error, and reading
        continues, except where the JSON is broken, which ends it.
    """
    number = 0
    try:
        for number, item in enumerate(_iter_articles(_Text(file)), 1):
            yield read_pubmed_article(item, source, number)
    except JsonError as error:
        yield Row(number + 1, None, RowError([_broken(error, source, number + 1)]))


def draw_pubmed(file: BinaryIO, source: str, count: int, seed: int) -> list[Row]:
    """Draw articles of `{"articles": [{…}, …]}`, every one as likely as any other.

    One pass over the file, with the drawn articles and a piece of the file in memory (reservoir
    sampling: the k-th article takes the place of one of those drawn with probability count / k).
    Of the others only the JSON is read, so that nothing else about them is an error.

    Args:
        file: the file, opened in binary mode.
        source: its name, for messages.
        count: how many to draw.
        seed: of the draw.

    Returns:
        The rows in the order of the file: fewer than `count` where there are no more.

    Raises:
        RowError: if the JSON is broken.

    Source: Vitter 1985, algorithm R.
    """
    generator = np.random.default_rng(seed)
    drawn: list[tuple[int, Any]] = []
    number = 0
    try:
        for number, item in enumerate(_iter_articles(_Text(file)), 1):
            if number <= count:
                drawn.append((number, item))
            elif (place := int(generator.integers(number))) < count:
                drawn[place] = (number, item)
    except JsonError as error:
        raise RowError([_broken(error, source, number + 1)]) from error
    drawn.sort(key=lambda each: each[0])
    return [read_pubmed_article(item, source, number) for number, item in drawn]


def _broken(error: JsonError, source: str, number: int) -> Problem:
    return Problem("error", source, number, "", error.expected, error.received, unit="item")


def _iter_articles(text: "_Text") -> Iterator[Any]:
    for expected in ("{", '"articles"', ":", "["):
        text.take(expected)
    if text.next() != "]":
        yield text.value()
        while text.next() == ",":
            text.take(",")
            yield text.value()
    text.take("]", "`,` or `]` after an article")
    text.take("}")
    if text.next():
        raise JsonError("the end of the file after `}`", text.shown())


class _Text:
    """The file's text, read as far as it is needed and forgotten behind."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._text = ""
        self._position = 0
        self._ended = False

    def next(self) -> str:
        """The next character that is not white space, which is passed; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._position)
            self._position = found.end() if found else self._position
            if self._position < len(self._text) or self._ended:
                return self._text[self._position : self._position + 1]
            self._read()

    def take(self, expected: str, described: str = "") -> None:
        """Pass this text."""
        self.next()
        while len(self._text) - self._position < len(expected) and not self._ended:
            self._read()
        if not self._text.startswith(expected, self._position):
            raise JsonError(described or f"`{expected}`", self.shown())
        self._position += len(expected)

    def value(self) -> Any:
        """The JSON value that comes next, which is passed."""
        self.next()
        while True:
            try:
                value, end = parse_at(self._text, self._position)
                if end < len(self._text) or self._ended:
                    self._position = end
                    return value
            except JsonError:  # perhaps because the value goes on in the part not yet read
                if self._ended or len(self._text) - self._position > _LONGEST:
                    raise
            self._read()

    def shown(self) -> str:
        """What comes next, for a message."""
        return repr(self._text[self._position :][:20]) if self.next() else "the end of the file"

    def _read(self) -> None:
        """Read on, as much again as there is, so that a long value is not tried too often."""
        rest = self._text[self._position :]
        data = self._file.read(max(_PIECE, len(rest)))
        piece = _latin_1(self._decoder.decode(data, final=not data))
        self._text, self._position, self._ended = rest + piece, 0, not data


def _latin_1(text: str) -> str:
    """Text decoded with `surrogateescape`; bytes that were not UTF-8 as ISO-8859-1."""
    return _ESCAPED.sub(lambda byte: chr(ord(byte[0]) - 0xDC00), text)
