"""How many runs with which seeds."""

from typing import Annotated, Any

from pydantic import BeforeValidator

_LIMIT = 2**32


def checked_seeds(value: Any) -> int | tuple[int, ...]:
    """What says which seeds there are: a number of successive ones, or the seeds themselves.

    Raises:
        ValueError: if it is neither.

    Example:
        >>> checked_seeds(3), checked_seeds([1, 5, 42])
        (3, (1, 5, 42))
    """
    if type(value) is int and value >= 1:
        return value
    seeds = tuple(value) if isinstance(value, list | tuple) else ()
    fit = all(type(seed) is int and 0 <= seed < _LIMIT for seed in seeds)
    if not seeds or not fit or len(set(seeds)) < len(seeds):
        raise ValueError(
            f"expected a number of runs, at least 1, or a list of different seeds, each from 0 to "
            f"{_LIMIT - 1}; received {value!r}"
        )
    return seeds


Seeds = Annotated[int | tuple[int, ...], BeforeValidator(checked_seeds)]


def seeds_from(first: int, seeds: int | tuple[int, ...]) -> tuple[int, ...]:
    """The seeds themselves.

    Example:
        >>> seeds_from(7, 3), seeds_from(7, (1, 5))
        ((7, 8, 9), (1, 5))
    """
    return tuple(range(first, first + seeds)) if isinstance(seeds, int) else seeds
