"""The schema of the user's JSON Lines, as pydantic models. `docs/data-format.md` explains it."""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from mrca.datasets.readers.pydantic_errors import expect, words_without_space


def _id(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise expect("a string that is not empty, or a whole number", value)
    return str(value)


Name = Annotated[str, Field(min_length=1)]
Offset = Annotated[int, Field(ge=0)]
Id = Annotated[str, BeforeValidator(_id)]

_OFFSETS = ({"char_start", "char_end"}, {"token_start", "token_end"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class OffsetMention(_Strict):
    """A mention by place: character offsets or token offsets, ends exclusive, and its text."""

    char_start: Offset | None = None
    char_end: Offset | None = None
    token_start: Offset | None = None
    token_end: Offset | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _one_kind_of_offsets(self) -> "OffsetMention":
        given = self.model_fields_set & set().union(*_OFFSETS)
        if given not in self.kinds():
            raise expect(self.wanted(), ", ".join(sorted(given)) or "no offsets")
        if given:
            start, end = self.offsets
            if start is None or end is None or start >= end:
                raise expect("whole numbers with start < end", [start, end])
        return self

    def kinds(self) -> tuple[set[str], ...]:
        """The sets of offsets of which one must be given."""
        return _OFFSETS

    def wanted(self) -> str:
        """The same in words."""
        return "char_start with char_end, or token_start with token_end"

    @property
    def offsets(self) -> tuple[int | None, int | None]:
        """Start and end, of whichever kind was given."""
        if "char_start" in self.model_fields_set:
            return self.char_start, self.char_end
        return self.token_start, self.token_end


def _mention_branch(value: Any) -> str | None:
    if isinstance(value, str):
        return "as string"
    return "as offsets" if isinstance(value, dict | OffsetMention) else None


Mention = Annotated[
    Annotated[Name, Tag("as string")] | Annotated[OffsetMention, Tag("as offsets")],
    Discriminator(
        _mention_branch,
        custom_error_type="mention",
        custom_error_message="a string, or an object with offsets",
    ),
]


class EntityObject(OffsetMention):
    """An entity as a JSON object: its mentions (or its one mention), its type and its id."""

    mentions: Annotated[list[Mention], Field(min_length=1)] | None = None
    type: Name | None = None
    id: Id | None = None

    def kinds(self) -> tuple[set[str], ...]:
        """No offsets where mentions, or a text to look for, are given."""
        return (set(),) if self.mentions is not None else (*_OFFSETS, set())

    def wanted(self) -> str:
        """See `OffsetMention`."""
        if self.mentions is not None:
            return "no offsets beside mentions"
        return super().wanted()

    @model_validator(mode="after")
    def _something_to_find(self) -> "EntityObject":
        offsets = self.model_fields_set & set().union(*_OFFSETS)
        if self.mentions is not None and self.text is not None:
            raise expect("mentions, or one mention's text, not both", "mentions and text")
        if not offsets and self.mentions is None and not self.text:
            raise expect("mentions, or one mention by its offsets or its text", "none of these")
        return self


def _entity_branch(value: Any) -> str | None:
    if isinstance(value, str):
        return "as string"
    return "as object" if isinstance(value, dict | EntityObject) else None


JsonEntity = Annotated[
    Annotated[Name, Tag("as string")] | Annotated[EntityObject, Tag("as object")],
    Discriminator(
        _entity_branch,
        custom_error_type="entity",
        custom_error_message="a string, or an object with offsets, or one with mentions",
    ),
]


class FactObject(_Strict):
    """A fact as a JSON object."""

    subject: Mention
    relation: Name
    object: Mention
    evidence: list[Offset] | None = None


class FactList(FactObject):
    """A fact as a JSON list of three: subject, relation, object."""

    @model_validator(mode="before")
    @classmethod
    def _three(cls, value: Any) -> Any:
        if len(value) != 3:
            raise expect("three items: subject, relation, object", value)
        return dict(zip(("subject", "relation", "object"), value, strict=True))


def _fact_branch(value: Any) -> str | None:
    if isinstance(value, list):
        return "as list"
    return "as object" if isinstance(value, dict | FactObject) else None


JsonFact = Annotated[
    Annotated[FactObject, Tag("as object")] | Annotated[FactList, Tag("as list")],
    Discriminator(
        _fact_branch,
        custom_error_type="fact",
        custom_error_message='{"subject": …, "relation": …, "object": …} or a list of these three',
    ),
]


class JsonRow(_Strict):
    """One line: a document, its entities and its facts."""

    id: Id | None = None
    text: str | None = None
    tokens: list[Name] | None = None
    sentences: list[Offset] | None = None
    entities: list[JsonEntity] | None = None
    subjects: list[Mention] | None = None
    objects: list[Mention] | None = None
    pairs: list[Annotated[list[Mention], Field(min_length=2, max_length=2)]] | None = None
    facts: list[JsonFact] | None = None
    labels: list[Name] | None = None

    @field_validator("tokens")
    @classmethod
    def _tokens_hold_no_space(cls, value: list[str] | None) -> list[str] | None:
        return None if value is None else words_without_space(value, "tokens")

    @model_validator(mode="before")
    @classmethod
    def _no_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if "triples" in value:  # what version 0.1 called them
            if "facts" in value:
                raise expect('"facts" alone ("triples" is its old name)', "both")
            value = {"facts" if key == "triples" else key: each for key, each in value.items()}
        for name, content in value.items():
            if content is None and name in cls.model_fields:
                raise expect(f"a value for {name!r}, or the field left out", None)
        return value

    @model_validator(mode="after")
    def _text_or_tokens(self) -> "JsonRow":
        if (self.text is None) == (self.tokens is None):
            given = "neither" if self.text is None else "both"
            raise expect('exactly one of "text" and "tokens"', given)
        return self
