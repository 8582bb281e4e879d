"""Reader of Prodigy's relations: one JSON object per line, with tokens, spans and arcs.

{"text": "…", "tokens": [{"text": "Ada", "start": 0, "end": 3, "id": 0}, …],
"spans": [{"start": 0, "end": 8, "token_start": 0, "token_end": 1, "label": "PER"}, …],
"relations": [{"head": 1, "child": 4, "head_span": {…}, "child_span": {…}, "label": "LIVES_IN"}],
"answer": "accept"}
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.datasets.readers.left_out import LeftOut, Read
from mrca.datasets.readers.marked_text import Marked, Place, Stated, marked_row
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Row, RowError

_Offset = Annotated[int, Field(ge=0)]
_ANSWERS = {
    "reject": LeftOut("rejected task", "tasks whose answer is accept"),
    "ignore": LeftOut("ignored task", "tasks whose answer is accept"),
}


class _Token(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: str
    start: _Offset
    end: _Offset


class _Span(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    start: _Offset
    end: _Offset
    label: str | None = None


class _Relation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    head: _Offset
    child: _Offset
    head_span: _Span | None = None
    child_span: _Span | None = None
    label: Text


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: Text
    tokens: list[_Token] | None = None
    spans: list[_Span] = []
    relations: list[_Relation] | None = None
    answer: Literal["accept", "reject", "ignore"] = "accept"


def read_prodigy_item(item: Any, source: str, line: int) -> Read:
    """Turn `{"text", "tokens", "spans", "relations", "answer"}` into a row.

    The words are the `tokens`, else the text cut by the package's rules. A span is an entity, and
    so is what a relation joins without being one: its `head_span` (`child_span`), or its `head`
    alone. A relation goes from its head to its child. Tasks that were rejected or ignored are left
    out and counted.

    Args:
        item: the parsed JSON item; other fields are ignored.
        source: the file, for messages.
        line: the item's place in the file, from 1.

    Returns:
        The row; without `relations` it is not labelled.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Read(line, Row(line, None, row_error(error, _Item, source, line)))
    if parsed.answer in _ANSWERS:
        return Read(line, None, (_ANSWERS[parsed.answer],))
    try:
        return Read(line, _Reader(parsed, Place(source, line)).row())
    except RowError as error:
        return Read(line, Row(line, None, error))


class _Reader:
    """One task: its entities by their places, as they are met."""

    def __init__(self, item: _Item, place: Place) -> None:
        self._item, self._place = item, place
        tokens = item.tokens or []
        self._starts = {token.start: number for number, token in enumerate(tokens)}
        self._ends = {token.end: number + 1 for number, token in enumerate(tokens)}
        self._entities: dict[str, Marked] = {}

    def row(self) -> Row:
        """The whole row."""
        item = self._item
        for number, span in enumerate(item.spans):
            place = self._place.at(f"spans[{number}]")
            id = self._add(span, place)
            if self._entities[id].type != (span.label or ""):
                raise place.error("one label of a place", span.label)
        facts = None
        if item.relations is not None:
            facts = [
                Stated(
                    self._end(relation.head, relation.head_span, f"relations[{number}].head"),
                    relation.label,
                    self._end(relation.child, relation.child_span, f"relations[{number}].child"),
                    self._place.at(f"relations[{number}]"),
                )
                for number, relation in enumerate(item.relations)
            ]
        words = None if item.tokens is None else [token.text for token in item.tokens]
        entities = list(self._entities.values())
        return marked_row(words or item.text, entities, facts, self._place, keep_ids=False)

    def _add(self, span: _Span, place: Place) -> str:
        """The entity at a place, which may be a new one."""
        id = f"{span.start}-{span.end}"
        if id not in self._entities:
            self._entities[id] = Marked(id, [self._at(span, place)], place, span.label or "")
        return id

    def _at(self, span: _Span, place: Place) -> tuple[int, int]:
        """Where a span is: in words, or in characters where the task has no tokens."""
        if self._item.tokens is None:
            return span.start, span.end
        start, end = self._starts.get(span.start), self._ends.get(span.end)
        if start is None or end is None:
            raise place.error("offsets where tokens begin and end", [span.start, span.end])
        return start, end

    def _end(self, token: int, span: _Span | None, field: str) -> str:
        """The entity at one end of a relation."""
        tokens, place = self._item.tokens or [], self._place.at(field)
        if span is None:
            if token >= len(tokens):
                expected = f"the number of a token, below {len(tokens)}, or {field}_span"
                raise place.error(expected, token)
            one = tokens[token]
            around = (
                each for each in self._item.spans if each.start <= one.start < one.end <= each.end
            )
            span = next(around, _Span(start=one.start, end=one.end))
        return self._add(span, place)
