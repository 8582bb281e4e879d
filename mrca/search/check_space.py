"""Fields and conditions of a search space."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mrca.config import RunConfig
from mrca.errors import did_you_mean
from mrca.search.parameter import Parameter
from mrca.search.space_problem import Place, SpaceProblem

_FIELD = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_NOT_SEARCHED = {
    "data.dataset": "scores on two corpora cannot be compared; write a space for each",
    "training.seed": "a seed is no quality; `seeds` says how many runs a trial has",
}


def check_field(field: str, place: Place) -> None:
    """See that a run's configuration has such a field.

    Raises:
        SpaceProblem: if it has not.
    """
    section, _, rest = field.partition(".")
    if not _FIELD.fullmatch(field):
        example = 'expected a dotted field, such as "model.units"'
        raise SpaceProblem(place, f"{example}; received {field!r}")
    if section not in RunConfig.model_fields:
        known: Sequence[str] = list(RunConfig.model_fields)
        wrong = section
    else:
        kind: Any = RunConfig.model_fields[section].annotation
        known = list(kind.model_fields)
        wrong, _, option = rest.partition(".")
        if wrong in known and (wrong == "options") == bool(option):
            return
        if wrong in known:
            expected = f"{section}.options.NAME" if wrong == "options" else f"{section}.{wrong}"
            raise SpaceProblem(place, f"expected {expected}, received {field!r}")
    raise SpaceProblem(
        place,
        f"there is no setting {field!r}.{did_you_mean(wrong, known)} Expected one of "
        f"{', '.join(known)}",
    )


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
        _check_alternatives(tables[parameter.field], place)
    depths = [_depth(tables, parameter, place) for parameter, place in parameters]
    ordered = sorted(zip(depths, parameters, strict=True), key=lambda item: item[0])
    return [each for _, each in ordered]


def _check_parent(
    tables: Mapping[str, list[Parameter]], parent: str, values: Sequence[Any], place: Place
) -> None:
    if parent not in tables:
        raise SpaceProblem(
            place,
            f"{parent!r} is not searched.{did_you_mean(parent, tables)} Expected one of "
            f"{', '.join(tables)}",
        )
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
    """See that at most one table of a field holds at once."""
    if len(alternatives) == 1:
        return
    parents = {parent for parameter in alternatives for parent in parameter.when}
    if len(parents) != 1 or not all(parameter.when for parameter in alternatives):
        raise SpaceProblem(
            place, "several tables of a field each need a `when`, all with the same other field"
        )
    [parent] = parents
    seen: set[tuple[type, Any]] = set()
    for parameter in alternatives:
        values = {(type(value), value) for value in parameter.when[parent]}
        if twice := seen & values:
            value = next(iter(twice))[1]
            raise SpaceProblem(place, f"two tables of this field hold when {parent!r} is {value!r}")
        seen |= values


def _depth(tables: Mapping[str, list[Parameter]], parameter: Parameter, place: Place) -> int:
    """How many fields a parameter depends on."""
    chain = [parameter.field]
    while parameter.when:
        [parent] = parameter.when
        if parent in chain:
            circle = " on ".join(map(repr, [*chain, parent]))
            raise SpaceProblem((*place, "when"), f"{circle} depends in a circle")
        chain.append(parent)
        [parameter] = tables[parent]
    return len(chain) - 1
