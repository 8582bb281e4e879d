"""Reader of doccano's export of sequence labelling with relations: one JSON object per line.

{"id": 1, "text": "…", "entities": [{"id": 7, "label": "PER", "start_offset": 0, "end_offset": 8}],
"relations": [{"id": 2, "from_id": 7, "to_id": 9, "type": "lives_in"}]}
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.datasets.readers.marked_text import Marked, Place, Stated, marked_row
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Row

_Id = str | int
_Offset = Annotated[int, Field(ge=0)]


class _Entity(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: _Id
    label: str = ""
    start_offset: _Offset
    end_offset: _Offset


class _Relation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    from_id: _Id
    to_id: _Id
    type: Text


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: _Id = ""
    text: Text
    entities: list[_Entity]
    relations: list[_Relation] | None = None


def read_doccano_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"text", "entities": […], "relations": […]}` into a row.

    A relation goes from `from_id` to `to_id`. Ends are exclusive.

    Args:
        item: the parsed JSON item; other fields, such as `Comments`, are ignored.
        source: the file, for messages.
        line: the item's place in the file, from 1.

    Returns:
        The row; without `relations` it is not labelled.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line))
    place = Place(source, line, document=str(parsed.id))
    entities = [
        Marked(
            str(entity.id),
            [(entity.start_offset, entity.end_offset)],
            place.at(f"entities[{number}]"),
            entity.label,
        )
        for number, entity in enumerate(parsed.entities)
    ]
    facts = [
        Stated(
            str(relation.from_id),
            relation.type,
            str(relation.to_id),
            place.at(f"relations[{number}]"),
        )
        for number, relation in enumerate(parsed.relations or ())
    ]
    return marked_row(parsed.text, entities, None if parsed.relations is None else facts, place)
