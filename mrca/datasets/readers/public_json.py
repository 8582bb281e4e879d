"""The public forms of sentences with facts: text split at spaces, mentions found by sequence.

`{"text", "triple_list"}` is what CasRel, PRGC and others publish corpora in, `{"text",
"relation_list"}` what TPLinker and MRCA do.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.text import Document, Entity, Fact, find_mention

Text = Annotated[str, Field(min_length=1)]


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: Text
    id: str | int = ""


class _TripleListItem(_Item):
    triple_list: list[Annotated[list[Text], Field(min_length=3, max_length=3)]]


class _Relation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    subject: Text
    object: Text
    predicate: Text
    subj_char_span: list[int] | None = None
    obj_char_span: list[int] | None = None
    subj_tok_span: list[int] | None = None
    obj_tok_span: list[int] | None = None


class _RelationListItem(_Item):
    relation_list: list[_Relation]


def read_triple_list_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"text": …, "triple_list": [[subject, relation, object], …]}` into a row.

    Args:
        item: the parsed JSON item; other fields are ignored.
        source: the file, for messages.
        line: the item's place in the array, from 1.
    """
    try:
        parsed = _TripleListItem.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _TripleListItem, source, line, "item"))
    stated = [(subject, relation, object_) for subject, relation, object_ in parsed.triple_list]
    return _row(parsed, stated, source, line, "triple_list")


def read_relation_list_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"text": …, "id": …, "relation_list": [{"subject": …, …}, …]}` into a row.

    Published spans are not always right, so they are hints: each is compared with the text, a
    wrong one is reported, and the search for the mention's words decides. Both public forms of a
    corpus therefore give the same documents.

    Args:
        item: the parsed JSON item; fields that are not used (`entity_list`) are ignored.
        source: the file, for messages.
        line: the item's place in the array, from 1.
    """
    try:
        parsed = _RelationListItem.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _RelationListItem, source, line, "item"))
    stated = [(fact.subject, fact.predicate, fact.object) for fact in parsed.relation_list]
    wrong = list(_wrong_spans(parsed, source, line))
    return _row(parsed, stated, source, line, "relation_list", wrong)


def split_words(text: str) -> tuple[str, ...]:
    """The words of text that is tokenised with spaces; repeated spaces give no empty word."""
    return tuple(map(sys.intern, filter(None, text.split(" "))))


def _row(
    item: _Item,
    stated: Iterable[tuple[str, str, str]],
    source: str,
    line: int,
    field: str,
    problems: Iterable[Problem] = (),
) -> Row:
    """The row that a text and its facts make.

    A mention is marked at every place where its words stand in the text. A fact that stands twice
    (the `relation_list` form has one for each place of its entities) counts once.
    """
    tokens = split_words(item.text)
    if not tokens:
        received = shorten(item.text)
        problem = Problem("error", source, line, "text", "at least one word", received, "item")
        return Row(line, None, RowError([problem]))
    entities: dict[str, Entity] = {}
    facts: dict[Fact, None] = {}
    noticed = list(problems)
    for index, (subject, relation, object_) in enumerate(stated):
        names = []
        for role, mention in (("subject", subject), ("object", object_)):
            words = split_words(mention)
            place, received = f"{field}[{index}].{role}", shorten(mention)
            if not words:
                problem = Problem(
                    "error", source, line, place, "at least one word", received, "item"
                )
                return Row(line, None, RowError([problem]))
            name = sys.intern(" ".join(words))
            names.append(name)
            if name not in entities:
                entities[name] = Entity(tuple(find_mention(tokens, words)), name=name)
            if not entities[name].mentions:
                noticed.append(
                    Problem(
                        *("unmatched", source, line, place, "words of the text", shorten(name)),
                        unit="item",
                    )
                )
        first, second = (list(entities).index(name) for name in names)
        facts[Fact(first, sys.intern(relation), second)] = None
    document = Document(
        tokens=tokens,
        entities=tuple(entities.values()),
        facts=tuple(facts),
        labels=tuple(dict.fromkeys(fact.relation for fact in facts)),
        subjects=tuple(sorted({fact.subject for fact in facts})),
        objects=tuple(sorted({fact.object for fact in facts})),
        oracle=True,
        id=str(item.id),
    )
    return Row(line, document, problems=tuple(noticed))


def _wrong_spans(item: _RelationListItem, source: str, line: int) -> Iterator[Problem]:
    tokens = split_words(item.text)
    for index, fact in enumerate(item.relation_list):
        for field, span, mention in (
            ("subj_char_span", fact.subj_char_span, fact.subject),
            ("obj_char_span", fact.obj_char_span, fact.object),
            ("subj_tok_span", fact.subj_tok_span, fact.subject),
            ("obj_tok_span", fact.obj_tok_span, fact.object),
        ):
            if span is None:
                continue
            if len(span) != 2 or not 0 <= span[0] < span[1]:
                received = shorten(span)
            elif "char" in field:
                received = shorten(item.text[span[0] : span[1]])
            else:
                received = shorten(" ".join(tokens[span[0] : span[1]]))
            if received != shorten(mention):
                place = f"relation_list[{index}].{field}"
                yield Problem("span", source, line, place, shorten(mention), received, "item")
