"""The names of a report's measures: what a search maximises and a comparison has as columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from mrca.errors import MrcaError, did_you_mean
from mrca.evaluation.fact_scores import FACT_SCORES

_AVERAGES = ("micro", "macro", "macro_present")
_SCORES = ("f1", "precision", "recall")
_OF_AVERAGES = [f"{average}.{score}" for average in _AVERAGES for score in _SCORES]

# Measures of decided labels. The higher, the better.
MEASURES: tuple[str, ...] = (
    *_OF_AVERAGES,
    "exact_match",
    *(f"groups.{group}.{each}" for group in ("head", "medium", "tail") for each in _OF_AVERAGES),
    *(f"{part}.{score}" for part in FACT_SCORES if part != "confusion" for score in _SCORES),
)


def find_measure(report: Mapping[str, Any], name: str) -> Any:
    """What a report's `to_dict()`, or a summary of several, holds under a dotted name.

    Args:
        report: the report.
        name: such as `"micro.f1"`; a relation's own name in it may have dots.

    Returns:
        The value; None where the split leaves it, or what it is part of, undefined.

    Raises:
        MrcaError: if there is none of that name.

    Example:
        >>> find_measure({"micro": {"f1": 0.5}, "groups": {"tail": None}}, "micro.f1")
        0.5
        >>> find_measure({"groups": {"tail": None}}, "groups.tail.micro.f1") is None
        True
    """
    value: Any = report
    rest = name
    while rest and value is not None:
        keys = (
            [key for key in value if rest == key or rest.startswith(f"{key}.")]
            if (isinstance(value, Mapping))
            else []
        )
        if not keys:
            raise unknown_measure(name)
        key = max(keys, key=len)
        value, rest = value[key], rest[len(key) + 1 :]
    return value


def unknown_measure(name: str, known: Sequence[str] = MEASURES, more: str = "") -> MrcaError:
    """That there is no measure of this name, with those that there are.

    Args:
        name: what was asked for.
        known: the names that it may have been meant for.
        more: what else there is, in words.
    """
    parts = [part for part in FACT_SCORES if part != "confusion"]
    return MrcaError(
        f"There is no measure {name!r}.{did_you_mean(name, known)} Expected "
        f"{'|'.join(_AVERAGES)}.f1|precision|recall; the same behind groups.head|medium|tail, such "
        f"as groups.tail.micro.f1; of facts {'|'.join(parts)}.f1|precision|recall; "
        f"exact_match{more}."
    )
