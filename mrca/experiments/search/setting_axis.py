"""The values that a setting had in the trials of a search, as places on an axis."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrca.experiments.search.parameter import same_value

# Up to so many round numbers are drawn as steps; more, or others, as a scale.
_STEPS = 7
_ROUND = 4
# How much of an axis numbers have beside words.
_NUMBERS = 0.75


class SettingAxis:
    """One setting's axis: its lowest value, or first word, at 0, and its highest at 1.

    A few round numbers, such as 100, 200 and 500, stand at equal distances, and so do words. Other
    numbers have a scale. Words among numbers stand above these.

    Args:
        values: all that it has to hold; None, where the setting was no part of a trial, has no
            place.
        log: whether a scale of positive numbers is logarithmic.

    Attributes:
        kind: `"words"`, `"steps"`, `"linear"`, `"log"` or `"mixed"`.
        ticks: places in [0, 1] with what stands there.

    Example:
        >>> axis = SettingAxis([0.0112345, None, 0.0345678, 0.112345], log=True)
        >>> axis.kind, axis.places([0.0112345, 0.0345678]).round(2).tolist()
        ('log', [0.0, 0.49])
        >>> SettingAxis([64, 8]).ticks
        [(0.0, '8'), (1.0, '64')]
    """

    def __init__(self, values: Sequence[Any], log: bool = False) -> None:
        given = [value for value in values if value is not None]
        distinct = list(dict.fromkeys((type(value), value) for value in given))
        values = [value for _, value in distinct]
        self.kind = _kind(values, log)
        self._numbers: SettingAxis | None = None
        if self.kind == "mixed":
            self._numbers = SettingAxis([each for each in values if not _is_word(each)], log)
            values = [value for value in values if _is_word(value)]
        if self.kind in ("linear", "log"):
            self._low, self._high = float(min(values)), float(max(values))
            self.ticks = [
                (place, f"{number:.3g}")
                for number in round_numbers(self._low, self._high, self.kind == "log")
                for place in self.places([number])
                if -1e-9 <= place <= 1 + 1e-9
            ]
            return
        self._values = sorted(values) if self.kind == "steps" else values
        self.ticks = [(self._place(each), setting_text(each)) for each in self._values]
        if self._numbers is not None:
            self.ticks = [(_NUMBERS * place, text) for place, text in self._numbers.ticks]
            self.ticks += [(self._place(each), setting_text(each)) for each in self._values]

    def places(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Where values stand, in [0, 1]; NaN for None."""
        return np.array([math.nan if value is None else self._place(value) for value in values])

    def _place(self, value: Any) -> float:
        if self.kind == "log":
            return math.log(value / self._low) / math.log(self._high / self._low)
        if self.kind == "linear":
            return float((value - self._low) / (self._high - self._low))
        if self._numbers is not None and not _is_word(value):
            return float(_NUMBERS * self._numbers._place(value))
        [step] = [step for step, each in enumerate(self._values) if same_value(each, value)]
        start = 0.0 if self._numbers is None else (1 + _NUMBERS) / 2
        share = step / (len(self._values) - 1) if len(self._values) > 1 else 0.5
        return start + (1 - start) * share


def setting_text(value: Any) -> str:
    """A setting's value as tables and axes show it: as in TOML, but for quotes.

    Example:
        >>> setting_text(True), setting_text(0.00123456), setting_text("focal")
        ('true', '0.001235', 'focal')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def short_names(fields: Sequence[str]) -> dict[str, str]:
    """Dotted fields by the shortest end that tells them apart; a name by what it names.

    Example:
        >>> short_names(["loss.name", "loss.options.gamma", "model.units"])
        {'loss.name': 'loss', 'loss.options.gamma': 'gamma', 'model.units': 'units'}
    """

    def end(field: str, parts: int) -> str:
        return ".".join(field.removesuffix(".name").split(".")[-parts:])

    names = {}
    for field in fields:
        lengths = range(1, field.count(".") + 2)
        others = [other for other in fields if other != field]
        names[field] = next(
            (
                end(field, parts)
                for parts in lengths
                if end(field, parts) not in [end(other, parts) for other in others]
            ),
            field,
        )
    return names


def _kind(values: Sequence[Any], log: bool) -> str:
    words = [_is_word(value) for value in values]
    if any(words):
        return "words" if all(words) else "mixed"
    if len(values) <= 1 or (len(values) <= _STEPS and all(_is_round(value) for value in values)):
        return "steps"
    return "log" if log and min(values) > 0 else "linear"


def _is_word(value: Any) -> bool:
    return isinstance(value, bool | str)


def _is_round(value: float) -> bool:
    return float(f"{value:.{_ROUND}g}") == value


def round_numbers(low: float, high: float, log: bool = False) -> list[float]:
    """A few round numbers around a range."""
    if not log:
        from matplotlib.ticker import MaxNLocator

        return [float(each) for each in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)]
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    each_power = (1.0,) if len(powers) > 3 else (1.0, 2.0, 5.0)
    every = max(1, len(powers) // 6)
    return [factor * 10.0**power for power in powers[::every] for factor in each_power]
