"""Whether every trial of a search space can be trained: its fields, conditions and values."""

import itertools
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mrca.config import RunConfig
from mrca.errors import MrcaError, did_you_mean
from mrca.experiments.search.parameter import Parameter, Scalar, same_value
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.space_problem import Place, SpaceProblem, blaming, said
from mrca.training import check_config

_FIELD = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_NOT_SEARCHED = {
    "data.dataset": "scores on two corpora cannot be compared; write a space for each",
    "data.roles": "scores of two questions cannot be compared; write a space for each",
    "candidates.kind": "scores of two questions cannot be compared; write a space for each",
    "training.seed": "a seed is no quality; `seeds` says how many runs a trial has",
}


def check_field(field: str, place: Place) -> None:
    """Check that a run's configuration has such a field.

    Raises:
        SpaceProblem: if it has not.
    """
    if not _FIELD.fullmatch(field):
        example = 'expected a dotted field, such as "model.units"'
        raise SpaceProblem(place, f"{example}; received {field!r}")
    section, _, rest = field.partition(".")
    wrong, _, option = rest.partition(".")
    known: Sequence[str] = list(RunConfig.model_fields)
    if section in known:
        kind: Any = RunConfig.model_fields[section].annotation
        known = list(kind.model_fields)
    else:
        wrong = section
    if wrong not in known:
        raise SpaceProblem(
            place,
            f"there is no setting {field!r}.{did_you_mean(wrong, known)} Expected one of "
            f"{', '.join(known)}",
        )
    if (wrong == "options") != bool(option):
        expected = f"{section}.options.NAME" if wrong == "options" else f"{section}.{wrong}"
        raise SpaceProblem(place, f"expected {expected}, received {field!r}")


def in_order(parameters: Sequence[tuple[Parameter, Place]]) -> list[tuple[Parameter, Place]]:
    """The parameters, each after the one that its `when` names.

    Args:
        parameters: each with the place of its table.

    Raises:
        SpaceProblem: if a condition cannot hold, or two tables of a field could hold at once.
    """
    tables: dict[str, list[Parameter]] = {}
    for parameter, place in parameters:
        check_field(parameter.field, place)
        if parameter.field in _NOT_SEARCHED:
            raise SpaceProblem(place, f"cannot be searched: {_NOT_SEARCHED[parameter.field]}")
        tables.setdefault(parameter.field, []).append(parameter)
    for parameter, place in parameters:
        for parent, values in parameter.when.items():
            _check_parent(tables, parent, values, (*place, "when"))
        if len(tables[parameter.field]) > 1:
            _check_alternatives(tables[parameter.field], place)
    ordered: list[tuple[Parameter, Place]] = []
    left = list(parameters)
    while left:
        known = {parameter.field for parameter, _ in ordered}
        ready = [each for each in left if known.issuperset(each[0].when)]
        if not ready:
            circle = [parameter.field for parameter, _ in (*left, left[0])]
            text = f"{' on '.join(map(repr, circle))} depends in a circle"
            raise SpaceProblem((*left[0][1], "when"), text)
        ordered += ready
        left = [each for each in left if each not in ready]
    return ordered


def _check_parent(
    tables: Mapping[str, list[Parameter]], parent: str, values: Sequence[Any], place: Place
) -> None:
    if parent not in tables:
        known = f"{did_you_mean(parent, tables)} Expected one of {', '.join(tables)}"
        raise SpaceProblem(place, f"{parent!r} is not searched.{known}")
    if len(tables[parent]) > 1:
        raise SpaceProblem(place, f"{parent!r} has several tables; expected a field with one")
    [found] = tables[parent]
    if found.values is None:
        raise SpaceProblem(place, f"{parent!r} is a range; expected a field with choices")
    for value in values:
        if not found.holds(value):
            raise SpaceProblem(
                place,
                f"{value!r} is not among the choices of {parent!r}, which are "
                f"{', '.join(map(repr, found.values))}; one of the two is wrong",
            )


def _check_alternatives(alternatives: Sequence[Parameter], place: Place) -> None:
    """Check that at most one table of a field holds at once."""
    parents = {parent for parameter in alternatives for parent in parameter.when}
    if len(parents) != 1 or not all(parameter.when for parameter in alternatives):
        raise SpaceProblem(
            place, "several tables of a field each need a `when`, all with the same other field"
        )
    [parent] = parents
    values = [value for parameter in alternatives for value in parameter.when[parent]]
    for number, value in enumerate(values):
        if any(same_value(value, other) for other in values[:number]):
            raise SpaceProblem(place, f"two tables of this field hold when {parent!r} is {value!r}")


class _Choice(NamedTuple):
    """One value of a parameter, with the value of the field that it depends on."""

    place: Place
    field: str
    value: Scalar
    condition: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.field} = {self.value!r}"


def check_values(space: SearchSpace, places: Sequence[Place]) -> None:
    """Check that a run can be trained with every value of the space, as far as that can be told.

    The lowest and highest number of every range and every choice are tried one by one, and any two
    of them together.

    Args:
        space: with parameters in order.
        places: of the parameters' tables, in that order.

    Raises:
        SpaceProblem: if not, at the key of a value that is refused.
    """
    choices = [
        list(_choices(parameter, place))
        for parameter, place in zip(space.parameters, places, strict=True)
    ]
    usual = space.assignment({})
    try:
        _try(space, usual)
    except MrcaError as error:  # the others are tried beside it; blame what is wrong on its own
        try:
            _try(space, {})
        except MrcaError:
            raise SpaceProblem(("set",), said(error)) from None
        for each in itertools.chain(*choices):
            if each.value == usual.get(each.field, each.value):
                with blaming(each.place):
                    _try(space, {**each.condition, each.field: each.value})
        raise SpaceProblem(("search",), said(error)) from None
    for each in itertools.chain(*reversed(choices)):  # a condition with what depends on it last
        _try_together(space, each)
    for one, other in itertools.combinations(choices, 2):
        # Numbers of two sections, or in the options of one, have nothing to do with each other.
        sections = {found[0].field.rpartition(".")[0] for found in (one, other)}
        words = all(isinstance(found[0].value, bool | str) for found in (one, other))
        if words or (len(sections) == 1 and "." not in sections.pop()):
            for together in itertools.product(one, other):
                _try_together(space, *together)


def _choices(parameter: Parameter, place: Place) -> Iterator[_Choice]:
    values: list[Any] = parameter.ends if parameter.choices is None else parameter.choices
    conditions = [{field: each} for field, held in parameter.when.items() for each in held]
    for condition, value in itertools.product(conditions or [{}], values):
        key = "choices" if parameter.choices else "min" if value == values[0] else "max"
        yield _Choice((*place, key), parameter.field, value, condition)


def _try_together(space: SearchSpace, *together: _Choice) -> None:
    """Try a trial with these values, if there can be one."""
    chosen: dict[str, Any] = {}
    for each in together:
        for field, value in {**each.condition, each.field: each.value}.items():
            if chosen.setdefault(field, value) != value:
                return
    settings = space.assignment(chosen)
    if chosen.keys() <= settings.keys():
        try:
            _try(space, settings)
        except MrcaError as error:
            where = " and ".join(map(str, together))
            raise SpaceProblem(together[0].place, f"with {where}: {said(error)}") from None


def _try(space: SearchSpace, settings: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that may be unwise
        check_config(space.config(settings))
