"""Reader of DocRED's form: sentences of words, clusters of mentions, facts with their evidence.

Re-DocRED is published so too, and HacRED with the same fields under other names.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.datasets.readers.cut_words import cut_words
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.text import Document, Entity, Fact, Span

# HacRED publishes each document twice, cut into words and into characters.
_HACRED = {
    "id": "title",
    "sents_word": "sents",
    "vertex_word": "vertexSet",
    "labels_word": "labels",
}

_Place = Annotated[int, Field(ge=0)]


class _Mention(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    name: str = ""
    sent_id: _Place
    pos: Annotated[list[_Place], Field(min_length=2, max_length=2)]
    type: str = ""


class _Label(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    r: Text
    h: _Place
    t: _Place
    evidence: list[_Place] = []


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    title: str | int = ""
    sents: Annotated[list[list[str]], Field(min_length=1)]
    vertexSet: list[Annotated[list[_Mention], Field(min_length=1)]]  # noqa: N815
    labels: list[_Label] | None = None


def read_docred_item(
    item: Any, source: str, line: int, unit: Literal["line", "item"] = "item"
) -> Row:
    """Turn `{"title": …, "sents": …, "vertexSet": …, "labels": …}` into a row.

    An entity is a cluster of mentions, in the published order; its type is that of most of them,
    and of these the first. Roles are unknown. A fact that stands twice counts once, with all its
    evidence. Words that are only white space are left out, and words with white space in them are
    cut there; sentences without a word are left out, and the others numbered anew.

    Args:
        item: the parsed JSON item, with DocRED's names or with HacRED's of words; other fields are
            ignored.
        source: the file, for messages.
        line: the item's place in the file, from 1.
        unit: what `line` counts.

    Returns:
        The row; without `labels` it is not labelled. A mention whose published `name` has nothing
        to do with the words at its place is marked there and reported.
    """
    if isinstance(item, dict) and "vertexSet" not in item:
        item = {_HACRED.get(name, name): value for name, value in item.items()}
    title = shorten(item.get("title", "")) if isinstance(item, dict) else ""
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line, unit, title))
    try:
        return _Reader(parsed, source, line, unit).row()
    except RowError as error:
        return Row(line, None, error)


class _Reader:
    """One document: its words, and where the published words and sentences are among them."""

    def __init__(self, item: _Item, source: str, line: int, unit: Literal["line", "item"]) -> None:
        self._item, self._source, self._line, self._unit = item, source, line, unit
        self._tokens: list[str] = []
        self._places: list[list[int]] = []  # of each sentence's published words
        for sentence in item.sents:
            words, starts = cut_words(sentence)
            self._places.append([len(self._tokens) + start for start in starts])
            self._tokens += words
        if not self._tokens:
            raise self._error("sents", "at least one word", shorten(item.sents))

    def row(self) -> Row:
        """The whole row."""
        item = self._item
        problems: list[Problem] = []
        entities = [
            self._entity(mentions, f"vertexSet[{number}]", problems)
            for number, mentions in enumerate(item.vertexSet)
        ]
        stated: dict[tuple[int, str, int], set[int]] = {}
        numbers, sentences = self._sentences()
        for number, label in enumerate(item.labels or ()):
            self._check_label(label, f"labels[{number}]")
            found = stated.setdefault((label.h, sys.intern(label.r), label.t), set())
            found.update(numbers[each] for each in label.evidence if each in numbers)
        every = tuple(range(len(entities)))
        document = Document(
            tokens=tuple(self._tokens),
            entities=tuple(entities),
            facts=tuple(Fact(*fact, tuple(sorted(found))) for fact, found in stated.items()),
            subjects=every,
            objects=every,
            roles="unknown",
            sentences=sentences,
            id=str(item.title),
        )
        return Row(self._line, document, None, tuple(problems), item.labels is not None)

    def _sentences(self) -> tuple[dict[int, int], tuple[int, ...]]:
        """Published numbers of sentences with words → theirs here, and where these begin."""
        kept = [number for number, places in enumerate(self._places) if places[0] < places[-1]]
        numbers = {number: place for place, number in enumerate(kept)}
        return numbers, tuple(self._places[number][0] for number in kept)

    def _entity(self, mentions: Sequence[_Mention], field: str, problems: list[Problem]) -> Entity:
        spans = [
            self._span(mention, f"{field}[{number}]", problems)
            for number, mention in enumerate(mentions)
        ]
        type = Counter(mention.type for mention in mentions).most_common(1)[0][0]
        return Entity(tuple(sorted(set(spans))), sys.intern(type), name=self._words(spans[0]))

    def _span(self, mention: _Mention, field: str, problems: list[Problem]) -> Span:
        sentence = mention.sent_id
        if sentence >= len(self._places):
            expected = f"the number of a sentence, below {len(self._places)}"
            raise self._error(f"{field}.sent_id", expected, str(sentence))
        places = self._places[sentence]
        start, end = mention.pos
        if not start < end < len(places) or places[start] == places[end]:
            expected = f"the places of words of sentence {sentence}, start below end, end up to "
            raise self._error(f"{field}.pos", f"{expected}{len(places) - 1}", shorten(mention.pos))
        span = Span(places[start], places[end])
        words = self._words(span)
        if not same_words(words, mention.name):
            problems.append(
                self._problem("span", f"{field}.name", shorten(words), shorten(mention.name))
            )
        return span

    def _check_label(self, label: _Label, field: str) -> None:
        count = len(self._item.vertexSet)
        for name, number in (("h", label.h), ("t", label.t)):
            if number >= count:
                expected = f"the number of an entity of vertexSet, below {count}"
                raise self._error(f"{field}.{name}", expected, str(number))
        for number in label.evidence:
            if number >= len(self._places):
                expected = f"numbers of sentences, below {len(self._places)}"
                raise self._error(f"{field}.evidence", expected, str(number))

    def _words(self, span: Span) -> str:
        return sys.intern(" ".join(self._tokens[span.start : span.end]))

    def _problem(
        self, kind: Literal["error", "span"], field: str, expected: str, received: str
    ) -> Problem:
        title = shorten(self._item.title) if self._item.title != "" else ""
        return Problem(
            *(kind, self._source, self._line, field, expected, received), self._unit, title
        )

    def _error(self, field: str, expected: str, received: str) -> RowError:
        return RowError([self._problem("error", field, expected, received)])


def same_words(words: str, published: str) -> bool:
    """Whether a mention's words and the ones published with it are the same but for white space,
    or one of them is a part of the other (`Ca2`, `Ca`)."""
    first, second = ("".join(each.split()) for each in (words, published))
    return first in second or second in first
