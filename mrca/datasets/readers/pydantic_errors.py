"""pydantic's errors as problems that name line, field, expected and received."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from mrca.datasets.readers.row import Problem, RowError, shorten
from mrca.errors import did_you_mean

# Names of union branches, which pydantic puts into an error's path although no field is so called.
BRANCHES = ("as string", "as offsets", "as object", "as list")


def expect(expected: str, received: object) -> PydanticCustomError:
    """An error for a pydantic validator to raise: what would be right, and what is there."""
    return PydanticCustomError(
        "mrca", "{expected}", {"expected": expected, "received": shorten(received)}
    )


def words_without_space(words: list[str], field: str) -> list[str]:
    """The words, none of which holds a space; for a validator.

    Raises:
        PydanticCustomError: if one does.
    """
    for index, word in enumerate(words):
        if " " in word:
            raise expect("words without a space in them", f"{field}[{index}] = {word!r}")
    return words


def row_error(
    error: ValidationError,
    model: type[BaseModel],
    source: str,
    line: int,
    unit: Any = "line",
    document: str = "",
) -> RowError:
    """One problem for each of pydantic's errors.

    Args:
        error: what validating the row raised.
        model: the row's model, for the names of its fields.
        source: the file.
        line: the row's line or item, from 1.
        unit: `"line"` or `"item"`.
        document: the row's own name.
    """
    return RowError(
        [
            replace(_problem(detail, model, source, line, unit), document=document)
            for detail in error.errors(include_url=False)
        ]
    )


def _problem(
    detail: ErrorDetails,
    model: type[BaseModel],
    source: str,
    line: int,
    unit: Literal["line", "item"],
) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    received = shorten(detail["input"])
    if kind == "mrca":
        expected, received = context["expected"], context["received"]
    elif kind == "missing":
        expected, received = "this field", "a row without it"
    elif kind == "extra_forbidden":
        *places, name = detail["loc"]
        known = _model_at(model, places).model_fields
        expected = f"no other fields than {', '.join(known)}"
        received = f"this field ({received}).{did_you_mean(str(name), known)}"
    elif kind in ("model_type", "model_attributes_type"):
        expected = "a JSON object, `{…}`"
    elif kind == "string_too_short":
        expected = "at least one character"
    elif kind in ("too_short", "too_long"):
        expected = f"{context.get('min_length', context.get('max_length'))} items"
    else:
        expected = detail["msg"].removeprefix("Input should be ").removeprefix("Input should ")
    return Problem("error", source, line, _path(detail["loc"]), expected, received, unit)


def _model_at(model: type[BaseModel], places: Iterable[int | str]) -> type[BaseModel]:
    """The model of the object at a place in a row."""
    for place in places:
        field = model.model_fields.get(str(place))  # no item of a list, no branch of a union
        if field is not None:
            model = next(_models_in(field.annotation))
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models among the types that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in BRANCHES:
            path += f".{part}" if path else part
    return path
