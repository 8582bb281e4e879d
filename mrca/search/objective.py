"""What a search can maximise: the measures of a report."""

from collections.abc import Mapping
from typing import Any

from mrca.errors import MrcaError, did_you_mean

_AVERAGES = ("micro", "macro", "macro_present")
_SCORES = [f"{average}.{score}" for average in _AVERAGES for score in ("f1", "precision", "recall")]

OBJECTIVES: tuple[str, ...] = (
    *_SCORES,
    "exact_match",
    "average_precision",
    *(f"groups.{group}.{score}" for group in ("head", "medium", "tail") for score in _SCORES),
)


def check_objective(name: str) -> None:
    """See that a report has such a measure.

    Raises:
        MrcaError: if it has not.
    """
    if name not in OBJECTIVES:
        raise MrcaError(
            f"There is no measure {name!r}.{did_you_mean(name, OBJECTIVES)} Expected "
            f"{'|'.join(_AVERAGES)}.f1|precision|recall, exact_match, average_precision, or "
            "groups.head|medium|tail. before one of the first, such as groups.tail.micro.f1."
        )


def objective_value(report: Mapping[str, Any], name: str) -> float | None:
    """The measure called `name` of `Report.to_dict()`; None where the split leaves it undefined.

    Example:
        >>> objective_value({"micro": {"f1": 0.5}, "groups": {"tail": None}}, "micro.f1")
        0.5
        >>> objective_value({"groups": {"tail": None}}, "groups.tail.micro.f1") is None
        True
    """
    value: Any = report
    for key in name.split("."):
        if value is None:
            return None
        value = value[key]
    return None if value is None else float(value)
