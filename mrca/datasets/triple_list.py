"""Reader of the public `triple_list` form (CasRel, PRGC and others publish corpora in it)."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.datasets.public_json import Text, public_row
from mrca.datasets.row import Row
from mrca.datasets.row_error import row_error


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: Text
    triple_list: list[Annotated[list[Text], Field(min_length=3, max_length=3)]]


def read_triple_list_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"text": …, "triple_list": [[subject, relation, object], …]}` into a row.

    Args:
        item: the parsed JSON item; other fields than these two are ignored.
        source: the file, for messages.
        line: the item's place in the array, from 1.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line, "item"))
    return public_row(
        parsed.text,
        [(subject, relation, object_) for subject, relation, object_ in parsed.triple_list],
        source=source,
        line=line,
        field="triple_list",
    )
