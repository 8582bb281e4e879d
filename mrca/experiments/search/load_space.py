"""Search spaces as TOML files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from mrca.config import RunConfig, beside, load_recipe, read_toml, recipe_names
from mrca.datasets import CORPORA
from mrca.errors import MrcaError, did_you_mean
from mrca.experiments.search.check_space import check_field, check_values, in_order
from mrca.experiments.search.objective import check_objective
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.search_space import SearchSettings, SearchSpace
from mrca.experiments.search.space_problem import Place, SpaceProblem, blaming

# Sections whose `options` belong to what their `name` names.
_NAMED = ("loss", "classifier")
# The keys of a parameter's table.
_KEYS = [name for name in Parameter.model_fields if name != "field"]
# What keys with more than one kind of value take, in the words of someone who writes one.
_EXPECTED = {
    "min": "a number",
    "max": "a number",
    "step": "a number",
    "choices": "a list of numbers, texts, true and false",
    "when": '{ "field" = [values] }',
}


class _SpaceFile(SearchSettings):
    """The tables of a space's file."""

    recipe: str = ""
    dataset: str = ""
    fixed: dict[str, Any] = Field({}, alias="set")
    search: dict[str, Any]


def load_space(path: Path, settings: Mapping[str, Any] | None = None) -> SearchSpace:
    """Read a search space and check that every trial of it can be trained.

    A `recipe` that is a file and a `dataset` that is a folder are looked for next to the file.

    Args:
        path: the file.
        settings: of every trial, over those of `[set]`, as `RunConfig.changed` takes them.

    Raises:
        MrcaError: if the file cannot be read or anything in it does not fit, with the line; or if
            there is no such setting, or it is searched.
    """
    values = read_toml(path, "search space")
    try:
        return _space(values, path.parent, settings or {})
    except SpaceProblem as problem:
        where = problem.where(path.read_text("utf-8-sig"))
        raise MrcaError(
            f"The search space {path} does not fit{where}: {problem.text.removesuffix('.')}."
        ) from None


def _space(values: dict[str, Any], folder: Path, settings: Mapping[str, Any]) -> SearchSpace:
    try:
        file = _SpaceFile.model_validate(values)
    except ValidationError as error:
        keys = [field.alias or name for name, field in _SpaceFile.model_fields.items()]
        raise _explained(error.errors()[0], (), keys) from None
    with blaming(("objective",)):
        check_objective(file.objective)
    tables = list(_tables(file.search))
    if not tables:
        example = 'expected at least one table, such as [search."model.units"]'
        raise SpaceProblem(("search",), example)
    for field, _, place in tables:
        if field == "training.epochs" and file.algorithm == "hyperband":
            raise SpaceProblem(
                place,
                "Hyperband decides how many epochs each trial has, up to training.epochs in [set]; "
                "leave this out, or choose another algorithm",
            )
    ordered = in_order([(_parameter(*each), each[2]) for each in tables])
    for parameter, place in ordered:
        if file.algorithm == "grid" and parameter.values is None:
            raise SpaceProblem(place, "a grid needs a step between min and max, or choices")
    parameters = tuple(parameter for parameter, _ in ordered)
    space = SearchSpace(
        **file.model_dump(include=set(SearchSettings.model_fields)),
        base=_base(file, parameters, folder, settings),
        parameters=parameters,
    )
    check_values(space, [place for _, place in ordered])
    return space


def _leaves(
    values: dict[str, Any], place: Place, is_leaf: Callable[[str, Any], bool], prefix: str = ""
) -> Iterator[tuple[str, Any, Place]]:
    """Every dotted field with its value and place, however its key is written."""
    for key, value in values.items():
        here, field = (*place, key), f"{prefix}{key}"
        if isinstance(value, dict) and not is_leaf(field, value):
            yield from _leaves(value, here, is_leaf, f"{field}.")
        else:
            yield field, value, here


def _tables(search: dict[str, Any]) -> Iterator[tuple[str, Any, Place]]:
    """The field, content and place of every table of `[search]`."""

    def is_leaf(field: str, table: Any) -> bool:
        """Whether it is of a field itself, be it misplaced, and no section of fields."""
        return ("." in field and not field.endswith(".options")) or bool({*_KEYS} & {*table})

    for field, value, place in _leaves(search, ("search",), is_leaf):
        if isinstance(value, list):
            yield from ((field, each, (*place, number)) for number, each in enumerate(value))
        else:
            yield field, value, place


def _fields(values: dict[str, Any], place: Place) -> list[tuple[str, Any, Place]]:
    """The same of tables that hold values alone."""
    found = list(_leaves(values, place, lambda *_: False))
    for _, value, here in found:
        if isinstance(value, list) and any(isinstance(each, dict) for each in value):
            raise SpaceProblem(here, "expected a value, received tables")
    return found


def _parameter(field: str, table: Any, place: Place) -> Parameter:
    if not isinstance(table, dict):
        expected = "expected a table with choices = [...], or min and max"
        raise SpaceProblem(place, f"{expected}; received {table!r}")
    for key in table:
        if key not in _KEYS:
            raise SpaceProblem((*place, key), _unknown(key, _KEYS))
    if isinstance(table.get("when"), dict):
        table = {**table, "when": {name: each for name, each, _ in _fields(table["when"], ())}}
    try:
        return Parameter(field=field, **table)
    except ValidationError as error:
        raise _explained(error.errors()[0], place, _KEYS) from None


def _base(
    file: _SpaceFile, parameters: Sequence[Parameter], folder: Path, settings: Mapping[str, Any]
) -> RunConfig:
    """What a trial is before its own settings.

    A field of `[set]` may be searched too where that has a condition.

    As with `mrca train --loss`, arguments that the start gives to its own loss are left out where
    the loss is searched or another one; and so for the classifier.
    """
    start = _start(file, folder)
    searched = {parameter.field for parameter in parameters}
    always = {parameter.field for parameter in parameters if not parameter.when}
    fields = _fields(file.fixed, ("set",))
    for field, _, place in fields:
        check_field(field, place)
        if field in always:
            raise SpaceProblem(place, f"{field} is searched too: leave it out here, or there")
    fixed = {field: value for field, value, _ in fields}
    for section in _NAMED:
        own, name = getattr(start, section), f"{section}.name"
        if name in searched or fixed.get(name, own.name) != own.name:
            start = start.changed({f"{section}.options": {}})
    try:
        base = start.changed(fixed)
    except MrcaError:
        for field, value, place in fields:  # one may be wrong on its own
            with blaming(place):
                start.changed({field: value})
        with blaming(("set",)):
            raise
    for field in settings:
        if field in searched:
            raise MrcaError(f"{field} is searched, so it cannot be set too. Leave one of them out.")
    base = base.changed(settings)
    if not base.data.dataset:
        raise SpaceProblem((), 'expected a corpus, such as dataset = "webnlg"')
    return base


def _start(file: _SpaceFile, folder: Path) -> RunConfig:
    """The recipe, with the corpus."""
    usual = file.dataset if file.dataset in recipe_names() else "mrca"
    with blaming(("recipe",)):
        start = load_recipe(beside(folder, file.recipe) if file.recipe else usual)
    if not file.dataset:
        return start
    is_folder = file.dataset not in CORPORA and (folder / file.dataset).is_dir()
    dataset = str((folder / file.dataset).resolve()) if is_folder else file.dataset
    return start.changed({"data.dataset": dataset})


def _explained(problem: ErrorDetails, place: Place, known: list[str]) -> SpaceProblem:
    """One of pydantic's errors as a problem of the table at `place`."""
    if not problem["loc"]:  # raised by a validator of ours
        key, _, rest = str(problem["ctx"]["error"]).partition(": ")
        here, text = ((*place, key), rest) if key in known else (place, f"{key}: {rest}")
        return SpaceProblem(here, text.removesuffix(": "))
    key = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return SpaceProblem((*place, key), _unknown(key, known))
    if problem["type"] == "missing":
        return SpaceProblem((*place, key), "is missing")
    expected = _EXPECTED.get(key, problem["msg"].removeprefix("Input should be "))
    return SpaceProblem((*place, key), f"expected {expected}; received {problem['input']!r}")


def _unknown(key: str, known: list[str]) -> str:
    return f"there is no such key.{did_you_mean(key, known)} Expected one of {', '.join(known)}"
