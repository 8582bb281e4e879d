"""Reader of the public `relation_list` form (TPLinker and MRCA publish corpora in it)."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mrca.datasets.public_json import Text, public_row, split_words
from mrca.datasets.row import Problem, Row, shorten
from mrca.datasets.row_error import row_error


class _Relation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    subject: Text
    object: Text
    predicate: Text
    subj_char_span: list[int] | None = None
    obj_char_span: list[int] | None = None
    subj_tok_span: list[int] | None = None
    obj_tok_span: list[int] | None = None


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: Text
    id: str | int = ""
    relation_list: list[_Relation]


def read_relation_list_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"text": …, "id": …, "relation_list": [{"subject": …, …}, …]}` into a row.

    Published spans are not always right, so they are hints: each is compared with the sentence, a
    wrong one is reported, and the search for the mention's words decides. Both public forms of a
    corpus therefore give the same examples.

    Args:
        item: the parsed JSON item; fields that are not used (`entity_list`) are ignored.
        source: the file, for messages.
        line: the item's place in the array, from 1.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line, "item"))
    return public_row(
        parsed.text,
        [(fact.subject, fact.predicate, fact.object) for fact in parsed.relation_list],
        source=source,
        line=line,
        field="relation_list",
        id=str(parsed.id),
        problems=_wrong_spans(parsed, source, line),
    )


def _wrong_spans(item: _Item, source: str, line: int) -> Iterator[Problem]:
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
