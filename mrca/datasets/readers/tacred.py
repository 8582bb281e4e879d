"""Reader of TACRED's form: a sentence's tokens with one subject, one object and one relation."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from mrca.datasets.readers.one_pair import one_pair_document
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import expect, row_error, words_without_space
from mrca.datasets.readers.row import Row
from mrca.text import Span

# TACRED writes brackets as the Penn Treebank does; word vectors know them as themselves.
_BRACKETS = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
}

_Place = Annotated[int, Field(ge=0)]


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int = ""
    token: list[Text]
    subj_start: _Place
    subj_end: _Place
    obj_start: _Place
    obj_end: _Place
    subj_type: str = ""
    obj_type: str = ""
    relation: Text | None = None

    @field_validator("token")
    @classmethod
    def _words_hold_no_space(cls, token: list[str]) -> list[str]:
        return words_without_space(token, "token")

    @field_validator("subj_end", "obj_end")
    @classmethod
    def _end_is_a_word(cls, end: int, info: ValidationInfo) -> int:
        # Fields that are wrong themselves are not in `info.data` and have errors of their own.
        start = info.data.get(f"{info.field_name}".replace("end", "start"), 0)
        last = len(info.data.get("token", range(end + 1))) - 1
        if not start <= end <= last:
            raise expect(f"the place of a word from {start} to {last}, the last", end)
        return end


def read_tacred_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"token": […], "subj_start": …, "subj_end": …, "relation": …, …}` into a row.

    The published ends are inclusive. The one label is the relation, `no_relation` included. Tokens
    such as `-LRB-` become the brackets that they stand for.

    Args:
        item: the parsed JSON item; fields that are not used (`stanford_ner`, …) are ignored.
        source: the file, for messages.
        line: the item's place in the array, from 1.

    Returns:
        The row; without a `relation` it is not labelled.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line, "item"))
    document = one_pair_document(
        (_BRACKETS.get(token, token) for token in parsed.token),
        [Span(parsed.subj_start, parsed.subj_end + 1)],
        [Span(parsed.obj_start, parsed.obj_end + 1)],
        parsed.relation,
        types=(parsed.subj_type, parsed.obj_type),
        id=str(parsed.id),
    )
    return Row(line, document, labelled=parsed.relation is not None)
