"""Several runs with different seeds as one result: mean and standard deviation."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mrca.errors import MrcaError


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation (divided by n - 1) of one measure over several runs.

    Args:
        values: one value per run.

    Returns:
        `(mean, deviation)`; the deviation of a single run is undefined: None.

    Raises:
        MrcaError: if there is no value.

    Example:
        >>> mean_and_deviation([0.5, 0.75, 1.0])
        (0.75, 0.25)
    """
    if not values:
        raise MrcaError("A mean needs at least one run. Received: none.")
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, None
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


def summarise_runs(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation of every measure of several runs' reports.

    Args:
        reports: one `Report.to_dict()` per run, as written or as read back from JSON.

    Returns:
        A dict of the same shape in which every measure (every float) has become
        `{"mean": float, "deviation": float or None}`, or None if it is undefined in a run.
        Whatever else the reports hold (counts, texts) is kept where all runs agree and left
        out where they differ. `"runs"` is the number of runs.

    Raises:
        MrcaError: if there is no report.
    """
    if not reports:
        raise MrcaError("A summary over seeds needs at least one run. Received: none.")
    return {"runs": len(reports), **_summarise(reports)}


def _summarise(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    summary: dict[str, Any] = {}
    for key, first in reports[0].items():
        if not all(key in report for report in reports):
            continue
        values = [report[key] for report in reports]
        if all(isinstance(value, Mapping) for value in values):
            summary[key] = _summarise(values)
        elif all(isinstance(value, float) for value in values):
            mean, deviation = mean_and_deviation(values)
            summary[key] = {"mean": mean, "deviation": deviation}
        elif any(value is None for value in values):
            summary[key] = None
        elif all(value == first for value in values):
            summary[key] = first
    return summary
