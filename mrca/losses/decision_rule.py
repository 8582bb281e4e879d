"""How a model's outputs become labels: the one place that compares a score with a number."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from mrca.errors import MrcaError
from mrca.losses import arguments


class DecisionRule(ABC):
    """Turns raw model outputs into scores and labels.

    A rule travels with the loss that implies it, through metrics, evaluation and prediction, and
    is saved with the model as `decision.json`.
    """

    name: ClassVar[str]
    has_threshold: ClassVar[bool] = True
    """Whether `with_threshold` moves the decision."""

    @abstractmethod
    def scores(self, outputs: Any) -> Any:
        """Outputs `(N, C)` to one score per relation, `(N, R)`; higher is more likely."""

    @abstractmethod
    def labels(self, outputs: Any) -> Any:
        """Outputs `(N, C)` to booleans `(N, R)`: which relations are predicted."""

    @abstractmethod
    def margins(self, outputs: Any) -> Any:
        """Outputs `(N, C)` to what calibration starts from, `(N, R)`.

        The logit of the score where that is a probability, whatever threshold was chosen for the
        decision; else the score's distance from its threshold.
        """

    def compared(self, outputs: Any) -> Any:
        """What `with_threshold` compares with the threshold, `(N, R)`."""
        return self.scores(outputs)

    def with_threshold(self, threshold: float | Sequence[float]) -> "DecisionRule":
        """A rule by which a relation is predicted where `compared(outputs) >= threshold`.

        Args:
            threshold: one number for all relations, or one per relation.

        Raises:
            MrcaError: if the rule has no threshold.
        """
        raise MrcaError(f"The decision rule {self.name} has no threshold to choose.")

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """JSON values that `decision_rule_from_config` turns back into this rule."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DecisionRule":
        """The rule that `get_config` described."""
        return decision_rule_from_config(config)


def _threshold(owner: object, name: str, value: Any) -> float | list[float]:
    """One finite number, or a list of one per relation."""
    if np.ndim(value):
        return arguments.numbers(owner, name, value)
    return arguments.number(owner, name, value)


def _precise(outputs: Any) -> Any:
    """Outputs in float32 at least: half precision would round what is near a threshold onto it."""
    outputs = ops.convert_to_tensor(outputs)
    half = keras.backend.standardize_dtype(outputs.dtype) in ("float16", "bfloat16")
    return ops.cast(outputs, "float32") if half else outputs


@keras.saving.register_keras_serializable(package="mrca")
class FixedThreshold(DecisionRule):
    """A relation is predicted where `activation(output) >= threshold`.

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
        self.threshold = _threshold(self, "threshold", threshold)
        self.activation = activation

    def scores(self, outputs: Any) -> Any:
        """Outputs `(N, R)` after the activation."""
        outputs = _precise(outputs)
        return ops.sigmoid(outputs) if self.activation == "sigmoid" else outputs

    def labels(self, outputs: Any) -> Any:
        """Booleans `(N, R)`: `activation(output) >= threshold`."""
        scores = self.scores(outputs)
        return scores >= ops.convert_to_tensor(self.threshold, dtype=scores.dtype)

    def margins(self, outputs: Any) -> Any:
        """Outputs `(N, R)`: as they are before a sigmoid, else less the threshold."""
        outputs = _precise(outputs)
        if self.activation == "sigmoid":
            return outputs
        return outputs - ops.convert_to_tensor(self.threshold, dtype=outputs.dtype)

    def with_threshold(self, threshold: float | Sequence[float]) -> "FixedThreshold":
        """The same with another threshold."""
        return FixedThreshold(threshold, self.activation)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments and the rule's name."""
        return {"rule": self.name, "threshold": self.threshold, "activation": self.activation}


class _FirstColumnRule(DecisionRule):
    """What the rules share whose first column is no relation.

    Args:
        top_k: let at most this many relations of a row be predicted (more where scores are equal),
            counted over all columns as the papers' codes do; `None` for no limit.
        offset: predict where the distance is at least this, one number or one per relation; `None`
            (default, the papers') where it is strictly above 0.
    """

    def __init__(
        self, top_k: int | None = None, offset: float | Sequence[float] | None = None
    ) -> None:
        self.top_k = None if top_k is None else arguments.positive_integer(self, "top_k", top_k)
        self.offset = None if offset is None else _threshold(self, "offset", offset)

    def compared(self, outputs: Any) -> Any:
        """Distances `(N, R)`."""
        return self._distances(_precise(outputs))

    def margins(self, outputs: Any) -> Any:
        """Distances `(N, R)`."""
        return self.compared(outputs)

    def with_threshold(self, threshold: float | Sequence[float]) -> "DecisionRule":
        """The same with another offset."""
        return type(self)(self.top_k, threshold)

    def _distances(self, outputs: Any) -> Any:
        """Outputs `(N, R + 1)` to what must be above 0, `(N, R)`."""
        raise NotImplementedError

    def scores(self, outputs: Any) -> Any:
        """Outputs `(N, R + 1)` to probabilities `(N, R)`: the sigmoid of the distance."""
        return ops.sigmoid(self.compared(outputs))

    def labels(self, outputs: Any) -> Any:
        """Booleans `(N, R)`: above the threshold, and among the `top_k`."""
        outputs = _precise(outputs)
        distances = self._distances(outputs)
        above = (
            distances > 0
            if self.offset is None
            else distances >= ops.convert_to_tensor(self.offset, dtype=distances.dtype)
        )
        if self.top_k is None or self.top_k >= outputs.shape[-1]:
            return above
        least = ops.top_k(outputs, self.top_k)[0][:, -1:]
        return ops.logical_and(above, outputs[:, 1:] >= least)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments and the rule's name."""
        return {"rule": self.name, "top_k": self.top_k, "offset": self.offset}


@keras.saving.register_keras_serializable(package="mrca")
class ThresholdColumn(_FirstColumnRule):
    """A relation is predicted where its output is strictly above that of column 0, the threshold.

        score_r = sigmoid(s_r - s_0)

    Args:
        top_k: let at most this many relations of a row be predicted; ATLOP, KD-DocRE and HingeABL
            decide with 4, DocuNet with 3 or 4. `None` (default) for no limit.
        offset: how far above, if a threshold has been chosen; see `with_threshold`.
    """

    name = "threshold_column"

    def _distances(self, outputs: Any) -> Any:
        return outputs[:, 1:] - outputs[:, :1]


@keras.saving.register_keras_serializable(package="mrca")
class ZeroThreshold(_FirstColumnRule):
    """A relation is predicted where its output is above 0; column 0 is the class "no relation".

        score_r = sigmoid(s_r)

    Whether a row has no relation follows from the other columns, as in DocuNet's code; HingeABL's
    code has column 0 decide too. The relations are the same.

    Args:
        top_k: see `ThresholdColumn`.
        offset: the same.
    """

    name = "zero_threshold"

    def _distances(self, outputs: Any) -> Any:
        return outputs[:, 1:]


@keras.saving.register_keras_serializable(package="mrca")
class LargestScore(DecisionRule):
    """The relation with the largest output is predicted, and no other: one label for each row.

    score_r = softmax(z)_r. Of equal outputs the first one is taken.
    """

    name = "largest_score"
    has_threshold = False

    def scores(self, outputs: Any) -> Any:
        """Outputs `(N, R)` to probabilities that sum to 1 in each row."""
        return ops.softmax(_precise(outputs), axis=-1)

    def labels(self, outputs: Any) -> Any:
        """Booleans `(N, R)`, one true in each row."""
        outputs = _precise(outputs)
        largest = ops.one_hot(ops.argmax(outputs, axis=-1), outputs.shape[-1], dtype="bool")
        return ops.logical_and(largest, ops.logical_not(ops.isnan(outputs)))

    def margins(self, outputs: Any) -> Any:
        """The logits of the scores, `(N, R)`."""
        logs = ops.log_softmax(_precise(outputs), axis=-1)
        # log p - log(1 - p), where 1 - p must not be rounded to 0.
        return logs - ops.log(-ops.expm1(ops.minimum(logs, -1e-7)))

    def get_config(self) -> dict[str, Any]:
        """The rule's name."""
        return {"rule": self.name}


_RULES: dict[str, type[DecisionRule]] = {
    rule.name: rule for rule in (FixedThreshold, ThresholdColumn, ZeroThreshold, LargestScore)
}


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
