"""Checks of losses' arguments, which all say the same way what is wrong."""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from mrca.errors import MrcaError


def number(
    owner: object,
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
    at_most: float = math.inf,
) -> float:
    """`value` as a float, if it is a finite number within the bounds.

    Raises:
        MrcaError: if it is not; names the argument and the class of `owner`.
    """
    try:
        fits = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        fits = False
    if not fits or not (above < value < below and at_least <= value <= at_most):
        bounds = [
            f"{text} {bound:g}"
            for text, bound in (
                ("above", above),
                ("at least", at_least),
                ("below", below),
                ("at most", at_most),
            )
            if math.isfinite(bound)
        ]
        wanted = " ".join(["a finite number", " and ".join(bounds)]).strip()
        raise MrcaError(_message(owner, name, wanted, value))
    return float(value)


def positive_integer(owner: object, name: str, value: Any) -> int:
    """`value` as a plain integer, if it is one of at least 1."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise MrcaError(_message(owner, name, "an integer of at least 1", value))
    return int(value)


def even_integer(owner: object, name: str, value: Any) -> int:
    """`value` as an integer, if it is an even one of at least 2."""
    if not isinstance(value, int | float | np.integer) or not value >= 2 or value % 2 != 0:
        raise MrcaError(_message(owner, name, "an even integer of at least 2", value))
    return int(value)


def choice(owner: object, name: str, value: Any, options: Sequence[Any]) -> Any:
    """`value`, if it is one of the options."""
    # By type too: False is not the option 0.
    if not any(type(value) is type(option) and value == option for option in options):
        raise MrcaError(_message(owner, name, " or ".join(map(repr, options)), value))
    return value


def boolean(owner: object, name: str, value: Any) -> bool:
    """`value` as a plain boolean, if it is one."""
    if not isinstance(value, bool | np.bool_):
        raise MrcaError(_message(owner, name, "True or False", value))
    return bool(value)


def numbers(owner: object, name: str, values: Any, **bounds: float) -> list[float]:
    """`values` as a plain list of finite numbers, at least one, each within the bounds of `number`.

    Raises:
        MrcaError: if they are not; names the place in the list.
    """
    given = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(given, list | tuple) or not given:
        raise MrcaError(_message(owner, name, "a list of numbers, one per relation", values))
    return [number(owner, f"{name}[{place}]", each, **bounds) for place, each in enumerate(given)]


def _message(owner: object, name: str, wanted: str, value: Any) -> str:
    return (
        f"Argument `{name}` of {type(owner).__name__} must be {wanted}. "
        f"Received: {value!r} of type {type(value).__name__}."
    )
