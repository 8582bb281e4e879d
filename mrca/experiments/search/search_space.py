"""What a search may try."""

import hashlib
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field

from mrca.config import RunConfig
from mrca.experiments.search.parameter import Parameter, Scalar, same_value

if TYPE_CHECKING:
    import keras_tuner

Algorithm = Literal["random", "bayesian", "hyperband", "grid"]


class SearchSettings(BaseModel):
    """How a space is searched, and for how long.

    Attributes:
        objective: what is maximised on the validation split, one of
            `mrca.experiments.search.OBJECTIVES`.
        algorithm: what chooses the next trial.
        seeds: runs of each trial, with successive seeds; their mean counts.
        max_trials: budget; a grid may end before.
        max_hours: budget of wall-clock time, in hours; None for no limit.
        max_parameters: trainable weights beyond which a trial is not trained; None for no limit.
        stop_hopeless: whether a trial ends early that is behind the others in micro F1; by default
            where that is the objective.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    objective: str = "micro.f1"
    algorithm: Algorithm = "bayesian"
    seeds: Annotated[int, Field(ge=1, le=100)] = 1
    max_trials: Annotated[int, Field(ge=1)] = 20
    max_hours: Annotated[float, Field(gt=0)] | None = None
    max_parameters: Annotated[int, Field(ge=1)] | None = None
    stop_hopeless: bool | None = None

    @property
    def stops_hopeless(self) -> bool:
        """`stop_hopeless`, or its default."""
        if self.stop_hopeless is None:
            return self.objective == "micro.f1"
        return self.stop_hopeless


class SearchSpace(SearchSettings):
    """What a search starts from, what it varies, and how; made by `load_space`.

    Attributes:
        base: what a trial is before its own settings.
        parameters: what is searched; the field that a `when` names stands before.
    """

    base: RunConfig
    parameters: tuple[Parameter, ...]

    def declare(self, hp: "keras_tuner.HyperParameters") -> dict[str, Any]:
        """Ask KerasTuner for the settings of a trial.

        Hyperparameters are called like their fields; where a field has several tables, each has its
        number behind it.

        Args:
            hp: the trial's hyperparameters; those that it does not know are added to it.

        Returns:
            `{dotted field: value}` of those that are part of the trial.
        """
        settings: dict[str, Any] = {}
        for name, parameter in zip(self._names(), self.parameters, strict=True):
            with ExitStack() as scopes:
                for parent, texts in self._conditions(parameter):
                    scopes.enter_context(hp.conditional_scope(parent, texts))
                value = parameter.declare(hp, name)
            if value is not None:
                settings[parameter.field] = value
        return settings

    def config(self, settings: dict[str, Any], seed: int | None = None) -> RunConfig:
        """What a trial is trained with.

        Args:
            settings: `{dotted field: value}`, as `declare` returns them.
            seed: `training.seed`, in place of the base's.

        Raises:
            MrcaError: if a value does not fit, which `load_space` has checked.
        """
        values = settings if seed is None else {**settings, "training.seed": seed}
        return self.base.changed(values)

    def changed(self, **values: Any) -> "SearchSpace":
        """A copy with some fields changed, such as a budget."""
        return SearchSpace(**{**dict(self), **values})

    def epochs(self, settings: dict[str, Any]) -> int:
        """How many a run of a trial has at most."""
        return int(settings.get("training.epochs", self.base.training.epochs))

    def assignment(self, chosen: dict[str, Any]) -> dict[str, Any]:
        """The settings of a trial in which some fields have the given values.

        What they depend on is chosen so that they are part of it, if that can be; all others have
        their base's value or, if it is not among theirs, their first.
        """
        chosen = dict(chosen)
        for parameter in reversed(self.parameters):
            if parameter.field in chosen:
                for parent, values in parameter.when.items():
                    chosen.setdefault(parent, values[0])
        base = flat(self.base.model_dump())
        settings: dict[str, Any] = {}
        for parameter in self.parameters:
            if is_active(parameter, settings):
                usual = base.get(parameter.field)
                first = parameter.ends[0] if parameter.choices is None else parameter.choices[0]
                default = usual if _may_be(parameter, usual) else first
                settings[parameter.field] = chosen.get(parameter.field, default)
        return settings

    def content(self) -> dict[str, Any]:
        """Everything that decides what a trial is, and not the budgets, by dotted names."""
        settings = set(SearchSettings.model_fields) - {"max_trials", "max_hours"}
        parameters = zip(self._names(), self.parameters, strict=True)
        return flat(
            {
                **self.model_dump(include=settings),
                **self.base.model_dump(),
                "search": {
                    name: each.model_dump(exclude={"field"}, exclude_unset=True)
                    for name, each in parameters
                },
            }
        )

    def fingerprint(self) -> str:
        """SHA-256 of `content`."""
        return hashlib.sha256(json.dumps(self.content(), sort_keys=True).encode()).hexdigest()

    def to_toml(self, recipe: str) -> str:
        """The space as a file.

        Args:
            recipe: the file beside it that holds `base`.
        """
        tables: dict[str, Any] = {}
        for parameter in self.parameters:
            table = parameter.model_dump(exclude={"field"}, exclude_unset=True)
            tables.setdefault(parameter.field, []).append(table)
        search = {field: found[0] if len(found) == 1 else found for field, found in tables.items()}
        settings = self.model_dump(include=set(SearchSettings.model_fields), exclude_none=True)
        return tomli_w.dumps({"recipe": recipe, **settings, "search": search})

    def _names(self) -> list[str]:
        """What each parameter is called in KerasTuner."""
        fields = [parameter.field for parameter in self.parameters]
        return [
            field if fields.count(field) == 1 else f"{field} #{fields[:place].count(field) + 1}"
            for place, field in enumerate(fields)
        ]

    def _conditions(self, parameter: Parameter) -> list[tuple[str, list[str]]]:
        """The fields that a parameter depends on, the outermost first, with their texts."""
        conditions: list[tuple[str, list[str]]] = []
        while parameter.when:
            [(field, values)] = parameter.when.items()
            [parameter] = [each for each in self.parameters if each.field == field]
            conditions.insert(0, (field, parameter.texts(values)))
        return conditions


def is_active(parameter: Parameter, settings: dict[str, Any]) -> bool:
    """Whether a parameter is part of a trial whose settings before it are these."""
    return all(
        any(same_value(settings.get(field), each) for each in values)
        for field, values in parameter.when.items()
    )


def _may_be(parameter: Parameter, value: Scalar | None) -> bool:
    """Whether a parameter can have the value; of a number in a range between steps too."""
    if value is None or parameter.choices is not None:
        return parameter.holds(value)
    low, high = parameter.ends[0], parameter.ends[-1]
    return type(value) is type(low) and low <= value <= high  # type: ignore[operator]


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as dotted fields.

    Example:
        >>> flat({"a": {"b": 1, "c": {"d": 2}}})
        {'a.b': 1, 'a.c.d': 2}
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
