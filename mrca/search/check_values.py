"""Whether a run can be trained with every value of a search space."""

import itertools
import math
import random
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from mrca.config import RunConfig
from mrca.errors import MrcaError
from mrca.search.parameter import Parameter, Scalar
from mrca.search.search_space import SearchSpace
from mrca.search.space_problem import Place, SpaceProblem, said

# Combinations of a section that are tried at most.
_MOST = 4000


class _Choice(NamedTuple):
    """One value of a parameter, with the value of the field that it depends on."""

    place: Place
    field: str
    value: Scalar
    condition: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.field} = {self.value!r}"


def check_values(space: SearchSpace, places: Sequence[Place]) -> None:
    """See that a run can be trained with every value of the space, as far as that can be told.

    The lowest and highest number of every range and every choice are tried one by one, all
    combinations of these within a section, and any two choices together.

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
    _check_usual(space, choices)
    for each in itertools.chain(*reversed(choices)):  # a condition with what depends on it last
        _try(space, [each])
    for together in _of_sections(choices):
        _try(space, together, trained=False)
    words = [
        found for found in choices if any(isinstance(each.value, bool | str) for each in found)
    ]
    for one, other in itertools.combinations(words, 2):
        for together in itertools.product(one, other):
            _try(space, together)


def _choices(parameter: Parameter, place: Place) -> Iterator[_Choice]:
    values: list[Any] = parameter.ends if parameter.choices is None else parameter.choices
    conditions = [{field: each} for field, held in parameter.when.items() for each in held]
    for condition, value in itertools.product(conditions or [{}], values):
        key = "choices" if parameter.choices else "min" if value == values[0] else "max"
        yield _Choice((*place, key), parameter.field, value, condition)


def _check_usual(space: SearchSpace, choices: list[list[_Choice]]) -> None:
    """Try the values that the others are tried beside; blame the one that is wrong on its own."""
    usual = space.assignment({})
    problem = _problem(space, usual)
    if problem is None:
        return
    is_base = _problem(space, {}) is not None
    for found in [] if is_base else choices:
        value = usual.get(found[0].field, found[0].value)
        alone = _problem(space, {**found[0].condition, found[0].field: value})
        if alone is not None:
            places = [each.place for each in found if each.value == value]
            raise SpaceProblem(places[0] if places else found[0].place[:-1], alone)
    settings = ", ".join(f"{field} = {value!r}" for field, value in usual.items())
    raise SpaceProblem(("set" if is_base else "search",), f"with {settings}: {problem}")


def _of_sections(choices: Iterable[list[_Choice]]) -> Iterator[Sequence[_Choice]]:
    """Every combination of ends and choices within each section of a configuration."""
    for section in RunConfig.model_fields:
        fields: dict[str, list[_Choice]] = {}
        for found in choices:
            field = found[0].field
            if field.split(".")[:2] in ([section, "options"], [section, "name"]):
                continue  # what an option may be is told by checking the run, one by one
            if field.startswith(f"{section}."):
                fields.setdefault(field, []).extend(found)
        if len(fields) < 2:
            continue
        if math.prod(map(len, fields.values())) <= _MOST:
            yield from itertools.product(*fields.values())
        else:
            draw = random.Random(0)
            for _ in range(_MOST):
                yield [draw.choice(found) for found in fields.values()]


def _try(space: SearchSpace, together: Sequence[_Choice], trained: bool = True) -> None:
    """Try a trial with these values, if there can be one."""
    chosen: dict[str, Any] = {}
    for each in together:
        for field, value in {**each.condition, each.field: each.value}.items():
            if chosen.setdefault(field, value) != value:
                return
    settings = space.assignment(chosen)
    if any(field not in settings for field in chosen):
        return
    problem = _problem(space, settings, trained)
    if problem is not None:
        where = " and ".join(map(str, together))
        raise SpaceProblem(together[0].place, f"with {where}: {problem}")


def _problem(space: SearchSpace, settings: dict[str, Any], trained: bool = True) -> str | None:
    from mrca.training import check_config

    try:
        config = space.config(settings)
        if trained:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of values that may be unwise
                check_config(config)
    except MrcaError as error:
        return said(error)
    return None
