"""How a model's outputs become labels: the one place that compares a score with a number."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from keras import ops

from mrca.errors import MrcaError


class DecisionRule(ABC):
    """Turns raw model outputs into scores and labels.

    A rule travels with the loss that implies it, through metrics, evaluation and prediction, and
    is saved with the model as `decision.json`.
    """

    name: ClassVar[str]

    @abstractmethod
    def scores(self, outputs: Any) -> Any:
        """Outputs `(N, C)` to one score per relation, `(N, R)`; higher is more likely."""

    @abstractmethod
    def labels(self, outputs: Any) -> Any:
        """Outputs `(N, C)` to booleans `(N, R)`: which relations hold."""

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """JSON values that `decision_rule_from_config` turns back into this rule."""


class FixedThreshold(DecisionRule):
    """A relation holds where `activation(output) >= threshold`.

    Args:
        threshold: one number for all relations, or one per relation.
        activation: `"linear"` takes outputs as they are (RC-Dice), `"sigmoid"` as logits of
            independent probabilities.
    """

    name = "fixed_threshold"

    def __init__(self, threshold: float | Sequence[float] = 0.5, activation: str = "linear"):
        if activation not in ("linear", "sigmoid"):
            raise MrcaError(
                "Argument `activation` of FixedThreshold must be 'linear' or 'sigmoid'. "
                f"Received: {activation!r}."
            )
        values: Any = threshold  # or what NumPy has for it
        self.threshold: float | list[float]
        try:
            self.threshold = [float(each) for each in values] if np.ndim(values) else float(values)
        except (TypeError, ValueError):
            raise MrcaError(
                "Argument `threshold` of FixedThreshold must be a number, or a list of one per "
                f"relation. Received: {threshold!r}."
            ) from None
        self.activation = activation

    def scores(self, outputs: Any) -> Any:
        """Outputs `(N, R)` after the activation."""
        return ops.sigmoid(outputs) if self.activation == "sigmoid" else outputs

    def labels(self, outputs: Any) -> Any:
        """Booleans `(N, R)`: `activation(output) >= threshold`."""
        scores = ops.convert_to_tensor(self.scores(outputs))
        return scores >= ops.convert_to_tensor(self.threshold, dtype=scores.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments and the rule's name."""
        return {"rule": self.name, "threshold": self.threshold, "activation": self.activation}


_RULES: dict[str, type[DecisionRule]] = {FixedThreshold.name: FixedThreshold}


def decision_rule_from_config(config: dict[str, Any]) -> DecisionRule:
    """The rule that `get_config` described.

    Raises:
        MrcaError: if the rule is not known, which means that a newer version wrote it, or if its
            arguments do not fit.
    """
    arguments = dict(config) if isinstance(config, dict) else {}
    name = arguments.pop("rule", None)
    if name not in list(_RULES):
        raise MrcaError(
            f"Unknown decision rule {name!r}. Expected one of {sorted(_RULES)}. The file may come "
            "from a newer version of mrca: upgrade with `pip install --upgrade mrca`."
        )
    try:
        return _RULES[name](**arguments)
    except TypeError as error:
        raise MrcaError(f"Decision rule {name!r} does not take {arguments}. {error}") from None
