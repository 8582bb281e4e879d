"""One setting that is searched."""

import json
import math
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import keras_tuner

Scalar = bool | int | float | str
# What a float holds exactly.
_Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
_Number = _Whole | Annotated[float, Field(allow_inf_nan=False)]
_MOST_VALUES = 1000
# Of a number that is drawn; more would tell nothing.
_DIGITS = 6


class Parameter(BaseModel):
    """A range of numbers, or values to choose from, for one field of a run's configuration.

    A range whose ends (and step) are all whole numbers gives whole numbers.

    Attributes:
        field: the dotted field, such as `"model.units"`.
        min: lowest number.
        max: highest number, which is tried too.
        step: distance between two numbers that are tried; with `log` the factor between them.
        log: whether numbers are spread evenly by their logarithms.
        choices: the values, in place of a range.
        when: another searched field with those of its values for which this one is part of a trial.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    field: str
    min: _Number | None = None
    max: _Number | None = None
    step: _Number | None = None
    log: bool = False
    choices: list[_Number | bool | str] | None = None
    when: dict[str, list[_Number | bool | str]] = {}

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Parameter":
        if self.choices is not None:
            if {"min", "max", "step", "log"} & self.model_fields_set:
                raise ValueError("expected choices or a range (min, max, step, log), not both")
            if not 1 <= len(self.choices) <= _MOST_VALUES:
                raise ValueError(
                    f"expected 1 to {_MOST_VALUES} choices, received {len(self.choices)}"
                )
            for place, each in enumerate(self.choices):
                if any(same_value(each, other) for other in self.choices[:place]):
                    raise ValueError(f"expected different choices, received {each!r} twice")
        elif self.min is None or self.max is None:
            raise ValueError("expected choices = [...], or both min and max")
        else:
            _check_range(self.min, self.max, self.step, self.log)
        if len(self.when) > 1:
            raise ValueError(
                f"when: expected one searched field, received {', '.join(self.when)}; a field that "
                "has a `when` of its own brings that along"
            )
        if any(not values for values in self.when.values()):
            raise ValueError("when: expected at least one value")
        return self

    @property
    def values(self) -> list[Scalar] | None:
        """Every value there is, or None for a range without a step."""
        if self.choices is not None:
            return list(self.choices)
        if self.step is None or self.min is None or self.max is None:
            return None
        count = _steps(self.min, self.max, self.step, self.log)
        if self.log:
            return [_tidy(self.min * self.step**place) for place in range(count + 1)]
        return [_tidy(self.min + place * self.step) for place in range(count + 1)]

    @property
    def ends(self) -> list[Scalar]:
        """Lowest and highest number; of other choices all."""
        values = self.values
        if values is None:
            assert self.min is not None and self.max is not None
            values = [self.min, self.max]
            if float in map(type, values):
                values = [float(self.min), float(self.max)]
        numbers = [each for each in values if not isinstance(each, bool | str)]
        return values if len(numbers) < len(values) else sorted({min(numbers), max(numbers)})

    def declare(self, hp: "keras_tuner.HyperParameters", name: str) -> Scalar | None:
        """Ask KerasTuner for a value; None where a condition around it does not hold.

        Values to choose from go by their texts, since KerasTuner's are all of one kind.

        Args:
            hp: the trial's.
            name: what the hyperparameter is called there.
        """
        values = self.values
        if values is not None:
            texts = self.texts(values)
            text = hp.Choice(name, texts)
            return None if text is None else values[texts.index(text)]
        assert self.min is not None and self.max is not None
        is_whole = isinstance(self.min, int) and isinstance(self.max, int)
        ask, kind = (hp.Int, int) if is_whole else (hp.Float, float)
        number = ask(name, self.min, self.max, sampling="log" if self.log else "linear")
        if number is None:
            return None
        # Rounding may lead out of the range, and so does KerasTuner at the end of a log range.
        number = kind(number if is_whole else f"{number:.{_DIGITS}g}")
        return min(max(number, kind(self.min)), kind(self.max))

    def texts(self, values: list[Any]) -> list[str]:
        """Some of the values as KerasTuner knows them."""
        if all(isinstance(each, str) for each in self.values or []):
            return list(values)
        return [json.dumps(each, ensure_ascii=False) for each in values]

    def holds(self, value: Any) -> bool:
        """Whether it is one of the values to choose from."""
        return any(same_value(value, each) for each in self.values or [])


def same_value(left: Any, right: Any) -> bool:
    """Whether two values of a setting are the same: 1 is not true, and 1.0 is not 1."""
    return type(left) is type(right) and left == right


def _check_range(low: float, high: float, step: float | None, log: bool) -> None:
    if low > high:
        raise ValueError(f"expected min to be at most max, received min {low}, max {high}")
    if log and low <= 0:
        raise ValueError(f"log: expected min to be above 0, received {low}")
    if step is None:
        return
    whole = isinstance(low, int) and isinstance(high, int)
    if whole and isinstance(step, float) and step.is_integer():
        raise ValueError(f"step: expected {step:.0f}, as min and max are whole; received {step}")
    least = 1 if log else 0
    if step <= least:
        raise ValueError(
            f"step: expected more than {least}{', the factor of a log range' if log else ''}, "
            f"received {step}"
        )
    exact = math.log(high / low, step) if log else (high - low) / step
    if not exact < _MOST_VALUES:
        raise ValueError(f"step: expected at most {_MOST_VALUES} steps, received {exact:.4g}")
    count = _steps(low, high, step, log)
    end = low * step**count if log else low + count * step
    if not math.isclose(end, high, rel_tol=1e-9):
        by = f"powers of {step}" if log else f"steps of {step}"
        count = max(count, 1)
        nearest = _tidy(low * step**count if log else low + count * step)
        raise ValueError(
            f"step: {by} from min {low} do not lead to max {high}; expected another step, or a max "
            f"such as {nearest}"
        )


def _steps(low: float, high: float, step: float, log: bool) -> int:
    return round(math.log(high / low, step) if log else (high - low) / step)


def _tidy(number: float) -> float:
    """0.15000000000000002 as 0.15; whole numbers as they are."""
    return number if isinstance(number, int) else float(f"{number:.12g}")
