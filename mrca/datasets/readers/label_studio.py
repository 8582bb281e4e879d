"""Reader of Label Studio's JSON export: tasks, whose annotations have regions and relations.

{"id": 1, "data": {"text": "…"}, "annotations": [{"result": [
{"id": "a", "type": "labels", "value": {"start": 0, "end": 8, "text": "…", "labels": ["PER"]}},
{"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": ["lives_in"]}]}]}
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.datasets.readers.left_out import LeftOut, Read
from mrca.datasets.readers.marked_text import Marked, Place, Stated, marked_row
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Row, RowError

_Offset = Annotated[int, Field(ge=0)]
_LABELS = ("labels", "hypertextlabels")
_CANCELLED = LeftOut("cancelled annotation", "annotations that were submitted")
_UNANNOTATED = LeftOut("unannotated task", "tasks that somebody has annotated")
_OTHER = LeftOut("other result", "labels of text, and relations")


class _Value(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    start: _Offset
    end: _Offset
    text: str | None = None
    labels: Annotated[list[Text], Field(min_length=1, max_length=1)]


class _Region(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: Text
    value: _Value


class _Relation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    from_id: Text
    to_id: Text
    direction: Literal["right", "left", "bi"] = "right"
    labels: Annotated[list[Text], Field(min_length=1)]


class _Annotation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: int | str = ""
    was_cancelled: bool = False
    ground_truth: bool = False
    result: list[dict[str, Any]]


class _Task(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: int | str = ""
    data: dict[str, Any]
    annotations: list[_Annotation]


def read_label_studio_item(item: Any, source: str, line: int) -> Read:
    """Turn a task, `{"data": {"text": …}, "annotations": […]}`, into a row.

    The text is the `text` of the task's `data`, or the only string that it has. A region with a
    label is an entity, a relation a fact for each of its labels: from `from_id` to `to_id` where
    its direction is `right`, the other way where it is `left`, both where it is `bi`. Of several
    annotations the one that is marked as ground truth is taken. Cancelled annotations, tasks
    without an annotation and results of other types are left out and counted.

    Args:
        item: the parsed JSON item; other fields, such as `predictions`, are ignored.
        source: the file, for messages.
        line: the item's place in the file, from 1.
    """
    try:
        task = _Task.model_validate(item)
    except ValidationError as error:
        return Read(line, Row(line, None, row_error(error, _Task, source, line)))
    place = Place(source, line, document=str(task.id))
    submitted = [each for each in task.annotations if not each.was_cancelled]
    left_out = [_CANCELLED] * (len(task.annotations) - len(submitted))
    if not submitted:
        return Read(line, None, tuple(left_out or [_UNANNOTATED]))
    try:
        number = _chosen(task.annotations, submitted, place)
        at = f"annotations[{number}].result"
        results = list(enumerate(task.annotations[number].result))
        regions = [each for each in results if each[1].get("type") in _LABELS]
        relations = [each for each in results if each[1].get("type") == "relation"]
        left_out += [_OTHER] * (len(results) - len(regions) - len(relations))
        entities = [_entity(each, place.at(f"{at}[{index}]")) for index, each in regions]
        facts = [
            fact for index, each in relations for fact in _facts(each, place.at(f"{at}[{index}]"))
        ]
        row = marked_row(_text(task, place), entities, facts, place)
    except RowError as error:
        row = Row(line, None, error)
    return Read(line, row, tuple(left_out))


def _chosen(annotations: list[_Annotation], submitted: list[_Annotation], place: Place) -> int:
    """The number of the annotation that counts."""
    right = [each for each in submitted if each.ground_truth]
    if len(right) == 1 or len(submitted) == 1:
        return annotations.index((right if len(right) == 1 else submitted)[0])
    expected = "one annotation, or one that is marked as ground truth (the star in Label Studio)"
    received = [each.id for each in right or submitted]
    raise place.at("annotations").error(expected, received)


def _text(task: _Task, place: Place) -> str:
    texts = [each for each in task.data.values() if isinstance(each, str)]
    given = task.data.get("text")
    if isinstance(given, str):
        return given
    if len(texts) == 1:
        return texts[0]
    raise place.at("data").error('"text", or one string', sorted(task.data))


def _entity(result: dict[str, Any], place: Place) -> Marked:
    try:
        region = _Region.model_validate(result)
    except ValidationError as error:
        raise _below(error, _Region, place) from None
    value = region.value
    return Marked(region.id, [(value.start, value.end)], place, value.labels[0], value.text)


def _facts(result: dict[str, Any], place: Place) -> Iterator[Stated]:
    try:
        relation = _Relation.model_validate(result)
    except ValidationError as error:
        raise _below(error, _Relation, place) from None
    ends = [(relation.from_id, relation.to_id)]
    if relation.direction != "right":
        ends = [*(ends if relation.direction == "bi" else ()), ends[0][::-1]]
    return (Stated(start, label, end, place) for label in relation.labels for start, end in ends)


def _below(error: ValidationError, model: type[BaseModel], place: Place) -> RowError:
    """pydantic's errors of a part of an item."""
    found = row_error(error, model, place.source, place.line)
    return RowError(
        [
            place.at(f"{place.field}.{each.field}").problem("error", each.expected, each.received)
            for each in found.problems
        ]
    )
