"""The schema of the user's JSON Lines, as pydantic models. `docs/data-format.md` explains it."""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from mrca.datasets.row_error import expect

Name = Annotated[str, Field(min_length=1)]
Offset = Annotated[int, Field(ge=0)]


class OffsetEntity(BaseModel):
    """An entity by place: character offsets or token offsets, ends exclusive, and its text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    char_start: Offset | None = None
    char_end: Offset | None = None
    token_start: Offset | None = None
    token_end: Offset | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _one_kind_of_offsets(self) -> "OffsetEntity":
        given = self.model_fields_set - {"text"}
        if given not in ({"char_start", "char_end"}, {"token_start", "token_end"}):
            raise expect(
                "char_start with char_end, or token_start with token_end",
                ", ".join(sorted(given)) or "no offsets",
            )
        start, end = self.offsets
        if start is None or end is None or start >= end:
            raise expect("whole numbers with start < end", [start, end])
        return self

    @property
    def offsets(self) -> tuple[int | None, int | None]:
        """Start and end, of whichever kind was given."""
        if "char_start" in self.model_fields_set:
            return self.char_start, self.char_end
        return self.token_start, self.token_end


def _entity_branch(value: Any) -> str | None:
    if isinstance(value, str):
        return "as string"
    return "as offsets" if isinstance(value, dict | OffsetEntity) else None


Entity = Annotated[
    Annotated[Name, Tag("as string")] | Annotated[OffsetEntity, Tag("as offsets")],
    Discriminator(
        _entity_branch,
        custom_error_type="entity",
        custom_error_message="a string, or an object with offsets",
    ),
]


class TripleObject(BaseModel):
    """A fact as a JSON object."""

    model_config = ConfigDict(extra="forbid", strict=True)

    subject: Entity
    relation: Name
    object: Entity


class TripleList(TripleObject):
    """A fact as a JSON list of three: subject, relation, object."""

    @model_validator(mode="before")
    @classmethod
    def _three(cls, value: Any) -> Any:
        if len(value) != 3:
            raise expect("three items: subject, relation, object", value)
        return dict(zip(("subject", "relation", "object"), value, strict=True))


def _triple_branch(value: Any) -> str | None:
    if isinstance(value, list):
        return "as list"
    return "as object" if isinstance(value, dict | TripleObject) else None


JsonTriple = Annotated[
    Annotated[TripleObject, Tag("as object")] | Annotated[TripleList, Tag("as list")],
    Discriminator(
        _triple_branch,
        custom_error_type="triple",
        custom_error_message='{"subject": …, "relation": …, "object": …} or a list of these three',
    ),
]


class JsonRow(BaseModel):
    """One line: a sentence, its entities and its relations."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str | int = ""
    text: str | None = None
    tokens: list[Name] | None = None
    subjects: list[Entity] | None = None
    objects: list[Entity] | None = None
    triples: list[JsonTriple] | None = None
    labels: list[Name] | None = None

    @field_validator("id", mode="before")
    @classmethod
    def _id_is_a_name(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise expect("a string or a whole number", value)
        return str(value)

    @field_validator("tokens")
    @classmethod
    def _tokens_hold_no_space(cls, value: list[str] | None) -> list[str] | None:
        for index, token in enumerate(value or ()):
            if " " in token:
                raise expect("tokens without a space in them", f"tokens[{index}] = {token!r}")
        return value

    @model_validator(mode="before")
    @classmethod
    def _no_nulls(cls, value: Any) -> Any:
        if isinstance(value, dict):
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
