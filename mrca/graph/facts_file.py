"""Facts as `mrca predict` prints them, read back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mrca.datasets.readers.pydantic_errors import expect, row_error
from mrca.datasets.readers.row import Problem, RowError
from mrca.datasets.readers.strict_json import JsonError, decode, parse
from mrca.graph.found_fact import FoundFact, found_facts

_Name = Annotated[str, Field(min_length=1)]
_Place = Annotated[int, Field(ge=0)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Mention(_Lenient):
    text: _Name


class _Entity(_Mention):
    char_start: _Place | None = None
    char_end: _Place | None = None
    token_start: _Place | None = None
    token_end: _Place | None = None
    mentions: list[_Mention] = []
    type: str = ""
    id: str = ""

    @model_validator(mode="after")
    def _has_a_place(self) -> "_Entity":
        kinds = (self.char_start, self.char_end), (self.token_start, self.token_end)
        if sum(None not in kind for kind in kinds) != 1:
            raise expect("char_start and char_end, or token_start and token_end", self.given())
        return self

    def given(self) -> list[str]:
        return sorted(self.model_fields_set)


class _Fact(_Lenient):
    subject: _Entity
    relation: _Name
    object: _Entity
    score: float

    @model_validator(mode="after")
    def _counts_alike(self) -> "_Fact":
        if (self.subject.char_start is None) != (self.object.char_start is None):
            raise expect("places of subject and object in the same unit", "characters and tokens")
        return self


class _Line(_Lenient):
    line: Annotated[int, Field(ge=1)]
    facts: list[_Fact]
    id: str = ""
    file: str = ""


@dataclass
class FactsRead:
    """How much was read.

    Attributes:
        rows: lines with facts, or with none found.
        facts: how many they hold.
        failed: lines of rows that could not be used, which `mrca predict` skipped.
    """

    rows: int = 0
    facts: int = 0
    failed: int = 0


def read_facts(
    lines: Iterable[bytes | str], source: str, read: FactsRead | None = None
) -> Iterator[FoundFact]:
    """Read JSON Lines of facts, one line at a time.

    Args:
        lines: such as a file opened in binary mode.
        source: the file's name, for messages.
        read: is kept up to date, if given.

    Yields:
        The facts of one line after another; a line of a row that could not be used has none.

    Raises:
        RowError: at a line that is none of `mrca predict`'s; it says which and why.
    """
    read = read or FactsRead()
    for number, line in enumerate(lines, start=1):
        try:
            text = decode(line, first=number == 1)
            if not text.strip():
                continue
            value = parse(text)
        except JsonError as error:
            at = "" if error.offset is None else f" at character {error.offset + 1}"
            raise _wrong(source, number, error.expected, error.received + at) from None
        if isinstance(value, dict) and "error" in value:
            read.failed += 1
            continue
        checked = _checked(value, source, number)
        found = found_facts(value["facts"], checked.line, checked.id, checked.file)
        read.rows += 1
        read.facts += len(checked.facts)
        yield from found


def _checked(value: Any, source: str, number: int) -> _Line:
    if isinstance(value, dict) and "relations" in value and "facts" not in value:
        expected = "facts, as a run of entity pairs (recipe pairs) finds them"
        raise _wrong(source, number, expected, "relations of a whole text, between no entities")
    try:
        return _Line.model_validate(value)
    except ValidationError as error:
        raise row_error(error, _Line, source, number) from None


def _wrong(source: str, number: int, expected: str, received: str) -> RowError:
    return RowError([Problem("error", source, number, "", expected, received)])
