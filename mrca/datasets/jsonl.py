"""Reader of the user's own JSON Lines, row by row."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from mrca.datasets.find_entity import find_entity, similar_words
from mrca.datasets.jsonl_schema import JsonRow, JsonTriple, OffsetEntity
from mrca.datasets.row import Problem, Row, RowError, shorten
from mrca.datasets.row_error import row_error
from mrca.datasets.strict_json import JsonError, decode, parse
from mrca.text import Example, Span, Token, Triple, find_mention, tokenise

_SHOWN = 10  # words of the sentence in a message, at most


def iter_jsonl(
    lines: Iterable[bytes | str], source: str, *, require_labels: bool = False
) -> Iterator[Row]:
    """Read JSON Lines, one row at a time and in order; only the current line is in memory.

    A line that cannot be used gives a `Row` with an `error`, and reading goes on. Blank lines are
    skipped. The schema stands in `docs/data-format.md`.

    Args:
        lines: the lines, such as a file opened in binary mode.
        source: the file's name, for messages.
        require_labels: whether a row without `labels` and `triples` is an error (as it is where
            something is to be trained or evaluated).

    Yields:
        A row for each line that is not blank.
    """
    for number, line in enumerate(lines, start=1):
        try:
            text = decode(line, first=number == 1)
            if not text.strip(" \t\r\n"):
                continue
            value = parse(text)
        except JsonError as error:
            at = "" if error.offset is None else f" at character {error.offset + 1}"
            problem = Problem("error", source, number, "", error.expected, error.received + at)
            yield Row(number, None, RowError([problem]))
            continue
        yield row_from_value(value, source, number, require_labels=require_labels)


def row_from_value(value: object, source: str, number: int, *, require_labels: bool = False) -> Row:
    """One row of a decoded JSON value, such as a dict made in Python; see `iter_jsonl`."""
    try:
        return _to_row(JsonRow.model_validate(value), source, number, require_labels)
    except ValidationError as error:
        return Row(number, None, row_error(error, JsonRow, source, number))
    except RowError as error:
        return Row(number, None, error)


def _to_row(parsed: JsonRow, source: str, line: int, require_labels: bool) -> Row:
    sentence = _Sentence(parsed, source, line)
    triples = [
        _resolve_triple(triple, sentence, f"triples[{index}]")
        for index, triple in enumerate(parsed.triples or ())
    ]
    marks: list[set[Span]] = []
    for role, entities in (("subject", parsed.subjects), ("object", parsed.objects)):
        mentions = [getattr(triple, role) for triple in triples]
        if entities is None:
            for mention in mentions:
                sentence.report_unmatched(mention)
            marks.append({span for mention in mentions for span in mention.spans})
            continue
        given = [
            sentence.resolve(entity, f"{role}s[{index}]") for index, entity in enumerate(entities)
        ]
        for mention in given:
            sentence.report_unmatched(mention)
        marks.append({span for mention in given for span in mention.spans})
        for mention in mentions:
            sentence.check_marked(mention, marks[-1], given, f"{role}s")
    named = tuple(
        dict.fromkeys(
            Triple(triple.subject.name, triple.relation, triple.object.name) for triple in triples
        )
    )
    labelled = parsed.labels is not None or parsed.triples is not None
    if require_labels and not labelled:
        raise sentence.error("labels", '"labels" or "triples"', "a row without them")
    example = Example(
        tokens=sentence.tokens,
        subjects=tuple(sorted(marks[0])),
        objects=tuple(sorted(marks[1])),
        labels=_labels(parsed, named, sentence),
        triples=named,
        id=str(parsed.id),
    )
    return Row(line, example, problems=sentence.problems, labelled=labelled)


def _labels(parsed: JsonRow, triples: tuple[Triple, ...], sentence: "_Sentence") -> tuple[str, ...]:
    from_triples = dict.fromkeys(triple.relation for triple in triples)
    if parsed.labels is None:
        return tuple(from_triples)
    labels = dict.fromkeys(sys.intern(label) for label in parsed.labels)
    if parsed.triples is not None and labels.keys() != from_triples.keys():
        expected = f"the relations of the triples, {sorted(from_triples)}"
        raise sentence.error("labels", expected, shorten(sorted(labels)))
    return tuple(labels)


@dataclass(frozen=True, slots=True)
class _Mention:
    """An entity of a row: its field, its tokens joined by spaces, and where it stands."""

    field: str
    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Fact:
    subject: _Mention
    relation: str
    object: _Mention


def _resolve_triple(triple: JsonTriple, sentence: "_Sentence", field: str) -> _Fact:
    return _Fact(
        sentence.resolve(triple.subject, f"{field}.subject"),
        sys.intern(triple.relation),
        sentence.resolve(triple.object, f"{field}.object"),
    )


class _Sentence:
    """A row's words, and the places of its entities among them."""

    def __init__(self, row: JsonRow, source: str, line: int) -> None:
        self.source, self.line = source, line
        self.text = row.text
        self._fields: list[str] = []
        self._unmatched: dict[str, Problem] = {}
        self._offsets: list[Token] = tokenise(row.text) if row.text is not None else []
        words = row.tokens if row.tokens is not None else [token.text for token in self._offsets]
        self.tokens = tuple(sys.intern(word) for word in words)
        if not self.tokens:
            field, received = ("tokens", "[]") if row.text is None else ("text", shorten(row.text))
            raise self.error(field, "at least one word", received)

    def error(self, field: str, expected: str, received: str) -> RowError:
        return RowError([Problem("error", self.source, self.line, field, expected, received)])

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was reported, in the order of the row's fields."""
        return tuple(self._unmatched[field] for field in self._fields if field in self._unmatched)

    def report_unmatched(self, mention: _Mention) -> None:
        if mention.spans:
            return
        expected = "words of the sentence, in sequence"
        if similar := similar_words(self.tokens, mention.name.split(" ")):
            expected += f" (it has {_quoted(similar)})"
        self._unmatched[mention.field] = Problem(
            "unmatched", self.source, self.line, mention.field, expected, shorten(mention.name)
        )

    def check_marked(
        self, mention: _Mention, marks: set[Span], given: list[_Mention], field: str
    ) -> None:
        """A triple's entity must be one of the marks that the row lists, or stand nowhere."""
        if mention.spans and marks.isdisjoint(mention.spans):
            raise self.error(mention.field, f"one of the row's {field}", shorten(mention.name))
        if mention.name not in {other.name for other in given}:
            self.report_unmatched(mention)

    def resolve(self, entity: str | OffsetEntity, field: str) -> _Mention:
        self._fields.append(field)
        if isinstance(entity, str):
            # Words are cut as the sentence's are: by the tokeniser, or at spaces where the row
            # brings tokens of its own.
            if self.text is None:
                words = [word for word in entity.split(" ") if word]
                spans = find_mention(self.tokens, words)
            elif words := [token.text for token in tokenise(entity)]:
                words, spans = find_entity(self.tokens, words)
            if not words:
                raise self.error(field, "at least one word", shorten(entity))
            return _Mention(field, sys.intern(" ".join(words)), tuple(spans))
        if "char_start" in entity.model_fields_set:
            span = self._span_of_characters(entity, field)
        else:
            span = self._span_of_tokens(entity, field)
        return _Mention(field, sys.intern(" ".join(self.tokens[span.start : span.end])), (span,))

    def _span_of_characters(self, entity: OffsetEntity, field: str) -> Span:
        if self.text is None:
            raise self.error(field, 'token_start and token_end beside "tokens"', "char_start")
        start, end = entity.char_start or 0, entity.char_end or 0
        if end > len(self.text):
            raise self.error(f"{field}.char_end", f"at most {len(self.text)}", str(end))
        slice_ = self.text[start:end]
        if entity.text is not None and entity.text != slice_:
            raise self.error(f"{field}.text", shorten(slice_), shorten(entity.text))
        first = next((i for i, token in enumerate(self._offsets) if token.start == start), None)
        last = next((i for i, token in enumerate(self._offsets) if _ends(token, end)), None)
        if first is None or last is None:
            inside = [t for t in self._offsets if t.start < end and t.end > start]
            whole = "where words stand"
            if inside:
                words = _quoted(token.text for token in inside)
                whole = f"[{inside[0].start}, {inside[-1].end}] = {words}"
            raise self.error(
                field,
                f"offsets at the borders of words, such as {whole}",
                f"[{start}, {end}] = {shorten(slice_)}",
            )
        return Span(first, last + 1)

    def _span_of_tokens(self, entity: OffsetEntity, field: str) -> Span:
        span = Span(entity.token_start or 0, entity.token_end or 0)
        if span.end > len(self.tokens):
            raise self.error(f"{field}.token_end", f"at most {len(self.tokens)}", str(span.end))
        slices = [" ".join(self.tokens[span.start : span.end])]
        if self.text is not None:
            begin, end = self._offsets[span.start].start, self._offsets[span.end - 1].end
            slices.append(self.text[begin:end])
        if entity.text is not None and entity.text not in slices:
            raise self.error(f"{field}.text", shorten(slices[-1]), shorten(entity.text))
        return span


def _ends(token: Token, end: int) -> bool:
    """Whether a word ends there; the full stop of an abbreviation need not be counted to it."""
    is_abbreviation = token.text.endswith(".") and token.text[-2:-1].isalnum()
    return token.end == end or (is_abbreviation and token.end - 1 == end)


def _quoted(words: Iterable[str]) -> str:
    """A few words of the sentence, each in quotes, to show how it was cut."""
    return "the words " + " ".join(map(shorten, list(words)[:_SHOWN]))
