"""Reader of OpenNRE's form: a sentence as words or as text, a head, a tail and a relation."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mrca.datasets.readers.cut_words import cut_words
from mrca.datasets.readers.marked_text import Place
from mrca.datasets.readers.one_pair import one_pair_document
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import expect, row_error
from mrca.datasets.readers.row import Row, RowError
from mrca.datasets.readers.tagged_pair import marked_pair
from mrca.text import Span

_Place = Annotated[int, Field(ge=0)]


class _Entity(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    pos: Annotated[list[_Place], Field(min_length=2, max_length=2)]
    id: str | int = ""
    type: str = ""


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    token: list[str] | None = None
    text: Text | None = None
    h: _Entity
    t: _Entity
    relation: Text | None = None

    @model_validator(mode="after")
    def _one_sentence(self) -> "_Item":
        if (self.token is None) == (self.text is None):
            raise expect(
                'exactly one of "token" and "text"', "neither" if self.text is None else "both"
            )
        return self


def read_opennre_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"token": […] or "text": …, "h": {"id", "pos"}, "t": {…}, "relation"}` into a row.

    `h` is the subject, `t` the object. Ends are exclusive; places are numbers of words beside
    `token`, and of characters beside `text`, which is cut by the package's rules and at the borders
    of both entities.

    Args:
        item: the parsed JSON item; other fields, such as `name`, are ignored.
        source: the file, for messages.
        line: the item's place in the file, from 1.

    Returns:
        The row; without a `relation` it is not labelled.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line))
    place = Place(source, line)
    try:
        words, subject, object_ = _pair(parsed, place)
    except RowError as error:
        return Row(line, None, error)
    document = one_pair_document(
        words,
        [subject],
        [object_],
        parsed.relation,
        directed=parsed.relation == "Other",  # SemEval's, whose other labels have a direction
        types=(parsed.h.type, parsed.t.type),
        ids=(str(parsed.h.id), str(parsed.t.id)),
    )
    return Row(line, document, labelled=parsed.relation is not None)


def _pair(item: _Item, place: Place) -> tuple[list[str], Span, Span]:
    """Words, subject and object."""
    given = item.token if item.token is not None else item.text or ""
    ends = {"h.pos": item.h.pos, "t.pos": item.t.pos}
    for field, (start, end) in ends.items():
        if not start < end <= len(given):
            unit = "words" if item.token is not None else "characters"
            expected = f"a start below its end, and an end up to {len(given)}, the {unit} there are"
            raise place.at(field).error(expected, [start, end])
    if item.token is None:
        words, *spans = marked_pair(item.text or "", Span(*item.h.pos), Span(*item.t.pos))
    else:
        words, starts = cut_words(item.token)
        spans = [Span(starts[start], starts[end]) for start, end in ends.values()]
    for field, span in zip(ends, spans, strict=True):
        if span.start == span.end:
            raise place.at(field).error("at least one word", ends[field])
    return words, spans[0], spans[1]
