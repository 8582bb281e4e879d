"""Reader of the user's own JSON Lines, row by row."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import ValidationError

from mrca.datasets.readers.find_mention import find_words, similar_words
from mrca.datasets.readers.jsonl_schema import EntityObject, JsonFact, JsonRow, OffsetMention
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.datasets.readers.strict_json import JsonError, decode, parse
from mrca.text import Document, Entity, Fact, Span, Token, find_mention, tokenise

Offsets = Literal["exact", "widen"]

_SHOWN = 10  # words of the text in a message, at most


def iter_jsonl(
    lines: Iterable[bytes | str],
    source: str,
    *,
    require_labels: bool = False,
    offsets: Offsets = "exact",
    first_line: int = 1,
) -> Iterator[Row]:
    """Read JSON Lines, one row at a time and in order; only the current line is in memory.

    A line that cannot be used gives a `Row` with an `error`, and reading continues. Blank lines are
    skipped. The schema stands in `docs/data-format.md`.

    Args:
        lines: the lines, such as a file opened in binary mode.
        source: the file's name, for messages.
        require_labels: whether a row without `facts` and `labels` is an error (as it is where
            something is to be trained or evaluated).
        offsets: what becomes of character offsets inside a word: `"exact"`, an error; `"widen"`,
            the mention is the whole word, and the row says so.
        first_line: the number of the first of the lines in the file.

    Yields:
        A row for each line that is not blank.
    """
    for number, line in enumerate(lines, start=first_line):
        try:
            text = decode(line, first=number == 1).rstrip("\r\n")
            if not text.strip(" \t\r"):
                continue
            value = parse(text)
        except JsonError as error:
            at = "" if error.offset is None else f" at character {error.offset + 1}"
            problem = Problem("error", source, number, "", error.expected, error.received + at)
            yield Row(number, None, RowError([problem]))
            continue
        yield row_from_value(value, source, number, require_labels=require_labels, offsets=offsets)


def row_from_value(
    value: object,
    source: str,
    number: int,
    *,
    require_labels: bool = False,
    offsets: Offsets = "exact",
) -> Row:
    """One row of a decoded JSON value, such as a dict made in Python; see `iter_jsonl`."""
    try:
        parsed = JsonRow.model_validate(value)
        return _RowReader(parsed, source, number, offsets).row(require_labels)
    except ValidationError as error:
        return Row(number, None, row_error(error, JsonRow, source, number))
    except RowError as error:
        return Row(number, None, error)


@dataclass(frozen=True, slots=True)
class _Mention:
    """A mention of a row: its field, its words joined by spaces, and where it stands."""

    field: str
    name: str
    spans: tuple[Span, ...]


class _Entities:
    """A row's entities as they are met, and how facts refer to them."""

    def __init__(self) -> None:
        self.entities: list[Entity] = []
        self._by_id: dict[str, int] = {}
        self._by_name: dict[str, list[int]] = {}
        self._by_span: dict[Span, list[int]] = {}

    def add(self, mentions: Sequence[_Mention], type: str = "", id: str = "") -> int:
        """A new entity; its number."""
        number = len(self.entities)
        spans = tuple(sorted({span for mention in mentions for span in mention.spans}))
        self.entities.append(Entity(spans, type, id, mentions[0].name))
        if id:
            self._by_id[id] = number
        for name in dict.fromkeys(mention.name for mention in mentions):
            self._by_name.setdefault(name, []).append(number)
        for span in spans:
            self._by_span.setdefault(span, []).append(number)
        return number

    def named(self, mention: _Mention) -> int:
        """The entity of these words, which may be a new one: where a row does not list entities,
        mentions with the same words are one entity."""
        known = self._by_name.get(mention.name)
        if known is None:
            return self.add([mention])
        number = known[0]
        entity = self.entities[number]
        spans = tuple(sorted({*entity.mentions, *mention.spans}))
        self.entities[number] = entity._replace(mentions=spans)
        return number

    def known(self, mention: _Mention) -> int:
        """The entity of these words, marked where it was marked before."""
        return self.named(replace(mention, spans=()))

    def has_id(self, id: str) -> bool:
        """Whether an entity has this id."""
        return id in self._by_id

    def with_id(self, id: str) -> list[int]:
        """The entity of this id."""
        return [self._by_id[id]] if id in self._by_id else []

    def with_mention(self, mention: _Mention) -> list[int]:
        """The entities of these words, or else those that have such a mention."""
        if named := self._by_name.get(mention.name, []):
            return named
        return self.at(mention.spans)

    def at(self, spans: Sequence[Span]) -> list[int]:
        """The entities that have a mention exactly there."""
        return sorted({number for span in spans for number in self._by_span.get(span, ())})


class _RowReader:
    """A row's words, and the places of its entities among them."""

    def __init__(self, row: JsonRow, source: str, line: int, offsets: Offsets) -> None:
        self.parsed, self.source, self.line = row, source, line
        self._widen = offsets == "widen"
        self._problems: dict[str, Problem] = {}
        self._fields: list[str] = []
        self._words: list[Token] = tokenise(row.text) if row.text is not None else []
        words = row.tokens if row.tokens is not None else [token.text for token in self._words]
        self.tokens = tuple(sys.intern(word) for word in words)
        if not self.tokens:
            field, received = ("tokens", "[]") if row.text is None else ("text", shorten(row.text))
            raise self._error(field, "at least one word", received)

    def row(self, require_labels: bool) -> Row:
        """The whole row."""
        parsed = self.parsed
        entities = _Entities()
        if parsed.entities is not None:
            self._list_entities(entities)
            subjects = self._listed(parsed.subjects, "subjects", entities)
            objects = self._listed(parsed.objects, "objects", entities)
            facts = [
                self._fact(fact, f"facts[{index}]", entities)
                for index, fact in enumerate(parsed.facts or ())
            ]
            self._check_roles(facts, subjects, objects, entities)
            pairs = self._pairs(facts, subjects, objects, entities)
        elif parsed.pairs is not None:
            raise self._error("pairs", '"entities" beside "pairs"', "a row without them")
        else:
            pairs = None
            subjects, objects, facts = self._roles_and_facts(entities)
        every = list(range(len(entities.entities)))
        facts = list(dict.fromkeys(facts))
        labelled = parsed.labels is not None or parsed.facts is not None
        if require_labels and not labelled:
            raise self._error("facts", '"facts" or "labels"', "a row without them")
        listed = parsed.entities is not None
        document = Document(
            tokens=self.tokens,
            entities=tuple(entities.entities),
            facts=tuple(facts),
            labels=self._labels(facts),
            subjects=tuple(every if subjects is None else sorted(set(subjects))),
            objects=tuple(every if objects is None else sorted(set(objects))),
            roles="unknown" if listed and subjects is None and objects is None else "given",
            oracle=self._is_oracle(),
            pairs=pairs,
            sentences=self._sentences(),
            id=parsed.id or "",
            text=parsed.text or "",
            offsets=tuple(Span(word.start, word.end) for word in self._words),
        )
        problems = tuple(self._problems[each] for each in self._fields if each in self._problems)
        return Row(self.line, document, problems=problems, labelled=labelled)

    # === Entities, roles and facts ===

    def _list_entities(self, entities: _Entities) -> None:
        for index, given in enumerate(self.parsed.entities or ()):
            field = f"entities[{index}]"
            if isinstance(given, str):
                mentions = [self._resolve(given, field)]
                type, id = "", ""
            else:
                mentions = self._mentions(given, field)
                type, id = given.type or "", given.id or ""
            if id and entities.has_id(id):
                raise self._error(f"{field}.id", "an id that no other entity has", shorten(id))
            for mention in mentions:
                self._report_unmatched(mention)
            entities.add(mentions, sys.intern(type), id)

    def _mentions(self, given: EntityObject, field: str) -> list[_Mention]:
        if given.mentions is not None:
            return [
                self._resolve(mention, f"{field}.mentions[{place}]")
                for place, mention in enumerate(given.mentions)
            ]
        if given.model_fields_set.isdisjoint({"char_start", "token_start"}):
            return [self._resolve(given.text or "", field)]
        return [self._resolve(given, field)]

    def _listed(
        self,
        given: Sequence[str | OffsetMention] | None,
        field: str,
        entities: _Entities,
    ) -> list[int] | None:
        if given is None:
            return None
        return [
            self._refer(each, f"{field}[{index}]", entities) for index, each in enumerate(given)
        ]

    def _refer(self, given: str | OffsetMention, field: str, entities: _Entities) -> int:
        """The number of the listed entity that an id, words or offsets stand for."""
        found = entities.with_id(given) if isinstance(given, str) else []
        if not found:
            mention = self._resolve(given, field)
            by_words = isinstance(given, str)
            found = entities.with_mention(mention) if by_words else entities.at(mention.spans)
        if len(found) == 1:
            return found[0]
        received = shorten(given if isinstance(given, str) else given.model_dump(exclude_none=True))
        if found:
            which = ", ".join(f"entities[{number}]" for number in found[:3])
            raise self._error(
                field, f"the id of one entity, since several have this mention ({which})", received
            )
        raise self._error(field, "an id or a mention of one of the row's entities", received)

    def _fact(self, fact: JsonFact, field: str, entities: _Entities) -> Fact:
        return Fact(
            self._refer(fact.subject, f"{field}.subject", entities),
            sys.intern(fact.relation),
            self._refer(fact.object, f"{field}.object", entities),
            self._evidence(fact, field),
        )

    def _check_roles(
        self,
        facts: Sequence[Fact],
        subjects: Sequence[int] | None,
        objects: Sequence[int] | None,
        entities: _Entities,
    ) -> None:
        for index, fact in enumerate(facts):
            for role, number, allowed in (
                ("subject", fact.subject, subjects),
                ("object", fact.object, objects),
            ):
                if allowed is not None and number not in allowed:
                    name = entities.entities[number].name
                    field = f"facts[{index}].{role}"
                    raise self._error(field, f"one of the row's {role}s", shorten(name))

    def _pairs(
        self,
        facts: Sequence[Fact],
        subjects: Sequence[int] | None,
        objects: Sequence[int] | None,
        entities: _Entities,
    ) -> tuple[tuple[int, int], ...] | None:
        """The pairs that are asked about, where the row lists them."""
        if self.parsed.pairs is None:
            return None
        pairs: set[tuple[int, int]] = set()
        for index, given in enumerate(self.parsed.pairs):
            subject, object_ = (
                self._refer(each, f"pairs[{index}][{place}]", entities)
                for place, each in enumerate(given)
            )
            for place, number, allowed in ((0, subject, subjects), (1, object_, objects)):
                if allowed is not None and number not in allowed:
                    expected = f"one of the row's {('subjects', 'objects')[place]}"
                    received = shorten(entities.entities[number].name)
                    raise self._error(f"pairs[{index}][{place}]", expected, received)
            pairs.add((subject, object_))
        for index, fact in enumerate(facts):
            # An entity related to itself is never asked about.
            if fact.subject != fact.object and (fact.subject, fact.object) not in pairs:
                names = [entities.entities[each].name for each in (fact.subject, fact.object)]
                raise self._error(f"facts[{index}]", "one of the row's pairs", shorten(names))
        return tuple(sorted(pairs))

    def _roles_and_facts(self, entities: _Entities) -> tuple[list[int], list[int], list[Fact]]:
        """What a row without a list of entities says: mentions with the same words are one."""
        parsed = self.parsed
        facts = [
            (
                self._resolve(fact.subject, f"facts[{index}].subject"),
                sys.intern(fact.relation),
                self._resolve(fact.object, f"facts[{index}].object"),
                self._evidence(fact, f"facts[{index}]"),
            )
            for index, fact in enumerate(parsed.facts or ())
        ]
        if parsed.subjects is None and parsed.objects is None:
            for subject, _, object_, _ in facts:  # numbered as they are met
                entities.named(subject)
                entities.named(object_)
        roles: list[list[int]] = []
        for role, given, stated in (
            ("subjects", parsed.subjects, [fact[0] for fact in facts]),
            ("objects", parsed.objects, [fact[2] for fact in facts]),
        ):
            if given is None:
                for mention in stated:
                    self._report_unmatched(mention)
                roles.append([entities.named(mention) for mention in stated])
                continue
            listed = [self._resolve(each, f"{role}[{index}]") for index, each in enumerate(given)]
            for mention in listed:
                self._report_unmatched(mention)
            numbers = [entities.named(mention) for mention in listed]
            for mention in stated:
                numbers += self._stated(mention, listed, role, entities)
            roles.append(numbers)
        numbered = [
            Fact(entities.known(subject), relation, entities.known(object_), evidence)
            for subject, relation, object_, evidence in facts
        ]
        return roles[0], roles[1], numbered

    def _stated(
        self, mention: _Mention, listed: Sequence[_Mention], role: str, entities: _Entities
    ) -> list[int]:
        """A fact's entity must be one of those that the row lists, or stand nowhere."""
        marks = {span for other in listed for span in other.spans}
        if mention.spans and marks.isdisjoint(mention.spans):
            raise self._error(mention.field, f"one of the row's {role}", shorten(mention.name))
        if mention.name not in {other.name for other in listed}:
            self._report_unmatched(mention)
        return [entities.known(mention)]

    def _is_oracle(self) -> bool:
        """Whether the marks are those of the facts alone."""
        given = self.parsed
        listed = (given.entities, given.subjects, given.objects)
        return given.facts is not None and all(each is None for each in listed)

    def _labels(self, facts: Sequence[Fact]) -> tuple[str, ...]:
        stated = dict.fromkeys(fact.relation for fact in facts)
        if self.parsed.labels is None:
            return tuple(stated)
        labels = dict.fromkeys(sys.intern(label) for label in self.parsed.labels)
        if self.parsed.facts is not None and labels.keys() != stated.keys():
            expected = f"the relations of the facts, {sorted(stated)}"
            raise self._error("labels", expected, shorten(sorted(labels)))
        return tuple(labels)

    def _evidence(self, fact: JsonFact, field: str) -> tuple[int, ...]:
        last = len(self.parsed.sentences or (0,)) - 1
        for number in fact.evidence or ():
            if number > last:
                raise self._error(f"{field}.evidence", f"sentences up to {last}", str(number))
        return tuple(sorted(set(fact.evidence or ())))

    def _sentences(self) -> tuple[int, ...]:
        """The first word of each sentence."""
        given = self.parsed.sentences
        if given is None:
            return (0,)
        unit = "token" if self.parsed.text is None else "character"
        places = [word.start for word in self._words] or list(range(len(self.tokens)))
        if not given or given[0] != 0 or sorted(set(given)) != given:
            raise self._error("sentences", f"{unit} numbers, rising from 0", shorten(given))
        starts: list[int] = []
        for index, start in enumerate(given):
            after = [number for number, place in enumerate(places) if place >= start]
            if not after or (starts and after[0] == starts[-1]):
                expected = f"{unit} numbers, with a word between two"
                raise self._error(f"sentences[{index}]", expected, str(start))
            starts.append(after[0])
        return tuple(starts)

    # === Mentions ===

    def _error(self, field: str, expected: str, received: str) -> RowError:
        return RowError([Problem("error", self.source, self.line, field, expected, received)])

    def _report(
        self, kind: Literal["unmatched", "widened"], field: str, expected: str, received: str
    ) -> None:
        self._problems[field] = Problem(kind, self.source, self.line, field, expected, received)

    def _report_unmatched(self, mention: _Mention) -> None:
        if mention.spans:
            return
        expected = "words of the text, in sequence"
        if similar := similar_words(self.tokens, mention.name.split(" ")):
            expected += f" (it has {_quoted(similar)})"
        self._report("unmatched", mention.field, expected, shorten(mention.name))

    def _resolve(self, mention: str | OffsetMention, field: str) -> _Mention:
        self._fields.append(field)
        if isinstance(mention, str):
            # Words are cut as the text is: by the tokeniser, or at spaces where the row brings
            # tokens of its own.
            if self.parsed.text is None:
                words = [word for word in mention.split(" ") if word]
                spans = find_mention(self.tokens, words)
            elif words := [token.text for token in tokenise(mention)]:
                words, spans = find_words(self.tokens, words)
            if not words:
                raise self._error(field, "at least one word", shorten(mention))
            return _Mention(field, sys.intern(" ".join(words)), tuple(spans))
        if "char_start" in mention.model_fields_set:
            span = self._span_of_characters(mention, field)
        else:
            span = self._span_of_tokens(mention, field)
        return _Mention(field, sys.intern(" ".join(self.tokens[span.start : span.end])), (span,))

    def _span_of_characters(self, mention: OffsetMention, field: str) -> Span:
        text = self.parsed.text
        if text is None:
            raise self._error(field, 'token_start and token_end beside "tokens"', "char_start")
        start, end = mention.char_start or 0, mention.char_end or 0
        if end > len(text):
            raise self._error(f"{field}.char_end", f"at most {len(text)}", str(end))
        slice_ = text[start:end]
        if mention.text is not None and mention.text != slice_:
            raise self._error(f"{field}.text", shorten(slice_), shorten(mention.text))
        first = next((i for i, word in enumerate(self._words) if word.start == start), None)
        last = next((i for i, word in enumerate(self._words) if _ends(word, end)), None)
        if first is not None and last is not None:
            return Span(first, last + 1)
        inside = [i for i, word in enumerate(self._words) if word.start < end and word.end > start]
        whole = "where words stand"
        if inside:
            begin, stop = self._words[inside[0]].start, self._words[inside[-1]].end
            words = _quoted(self._words[i].text for i in inside)
            whole = f"[{begin}, {stop}] = {words}"
        received = f"[{start}, {end}] = {shorten(slice_)}"
        if not inside or not self._widen:
            raise self._error(field, f"offsets at the borders of words, such as {whole}", received)
        self._report("widened", field, f"the whole of {whole}", received)
        return Span(inside[0], inside[-1] + 1)

    def _span_of_tokens(self, mention: OffsetMention, field: str) -> Span:
        span = Span(mention.token_start or 0, mention.token_end or 0)
        if span.end > len(self.tokens):
            raise self._error(f"{field}.token_end", f"at most {len(self.tokens)}", str(span.end))
        slices = [" ".join(self.tokens[span.start : span.end])]
        if self.parsed.text is not None:
            begin, end = self._words[span.start].start, self._words[span.end - 1].end
            slices.append(self.parsed.text[begin:end])
        if mention.text is not None and mention.text not in slices:
            raise self._error(f"{field}.text", shorten(slices[-1]), shorten(mention.text))
        return span


def _ends(word: Token, end: int) -> bool:
    """Whether a word ends there; the full stop of an abbreviation need not be counted to it."""
    is_abbreviation = word.text.endswith(".") and word.text[-2:-1].isalnum()
    return word.end == end or (is_abbreviation and word.end - 1 == end)


def _quoted(words: Iterable[str]) -> str:
    """A few words of the text, each in quotes, to show how it was cut."""
    return "the words " + " ".join(map(shorten, list(words)[:_SHOWN]))
