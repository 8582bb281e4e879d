"""The values that a setting had in the trials of a search, as places on an axis."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrca.experiments.search.parameter import same_value

# So many round numbers at most stand one after another; more, or others, have a scale.
_STEPS = 7
_ROUND = 4


class SettingAxis:
    """One setting's axis: its lowest value, or first word, at 0, and its highest at 1.

    Words, and a few round numbers such as 100, 200 and 500, stand at equal distances; words stand
    above numbers. Other numbers have a scale.

    Args:
        values: all that it has to hold; None, where the setting was no part of a trial, has no
            place.
        log: whether a scale of positive numbers is logarithmic.

    Attributes:
        has_words: whether any value is no number.
        ticks: places in [0, 1] with what stands there.

    Example:
        >>> axis = SettingAxis([0.0112345, None, 0.0345678, 0.112345], log=True)
        >>> axis.places([0.0112345, 0.0345678]).round(2).tolist()
        [0.0, 0.49]
        >>> SettingAxis([64, 8]).ticks
        [(0.0, '8'), (1.0, '64')]
    """

    def __init__(self, values: Sequence[Any], log: bool = False) -> None:
        different = dict.fromkeys((type(value), value) for value in values if value is not None)
        words = [value for _, value in different if isinstance(value, bool | str)]
        numbers = sorted(value for _, value in different if not isinstance(value, bool | str))
        self.has_words = bool(words)
        self._values = [*numbers, *words]
        is_round = all(float(f"{number:.{_ROUND}g}") == number for number in numbers)
        self._is_scale = not words and len(numbers) > 1 and (len(numbers) > _STEPS or not is_round)
        if not self._is_scale:
            self.ticks = [(self._place(each), setting_text(each)) for each in self._values]
            return
        self._log = log and numbers[0] > 0
        self._low, self._high = (self._scaled(each) for each in (numbers[0], numbers[-1]))
        rounded = self._round(numbers[0], numbers[-1])
        ticks = [
            (self._place(each), f"{each:.3g}") for each in rounded if each > 0 or not self._log
        ]
        self.ticks = [tick for tick in ticks if -1e-9 <= tick[0] <= 1 + 1e-9]

    def places(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Where values stand, in [0, 1]; NaN for None."""
        return np.array([math.nan if value is None else self._place(value) for value in values])

    def _place(self, value: Any) -> float:
        if self._is_scale:
            return (self._scaled(value) - self._low) / (self._high - self._low)
        [step] = [step for step, each in enumerate(self._values) if same_value(each, value)]
        return step / (len(self._values) - 1) if len(self._values) > 1 else 0.5

    def _scaled(self, number: float) -> float:
        return math.log10(number) if self._log else float(number)

    def _round(self, low: float, high: float) -> list[float]:
        """A few round numbers around a range."""
        from matplotlib.ticker import MaxNLocator

        if not self._log:
            return list(MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high))
        powers = range(math.floor(self._low), math.ceil(self._high) + 1)
        factors = (1.0,) if len(powers) > 3 else (1.0, 2.0, 5.0)
        every = max(1, len(powers) // 6)
        return [factor * 10.0**power for power in powers[::every] for factor in factors]


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
    parts = {field: field.removesuffix(".name").split(".") for field in fields}
    names = {}
    for field, own in parts.items():
        ends = [".".join(own[-length:]) for length in range(1, len(own) + 1)]
        others = [f".{'.'.join(other)}" for name, other in parts.items() if name != field]
        alone = (end for end in ends if not any(each.endswith(f".{end}") for each in others))
        names[field] = next(alone, field)
    return names
