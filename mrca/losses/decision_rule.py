"""How a model's outputs become labels: the one place that compares a score with a number."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from mrca.errors import MrcaError
from mrca.losses import arguments

# The settings of rules that are chosen after training.
_CHOSEN = {"threshold", "offset", "top_k"}


class DecisionRule(ABC):
    """Turns raw model outputs into scores and labels.

    A rule travels with the loss that implies it, through metrics, evaluation and prediction, and
    is saved with the model as `decision.json`.

    Attributes:
        top_k: how many relations of a row are predicted at most (more where they are equal), those
            with the largest scores; `None` for no limit.
    """

    name: ClassVar[str]
    has_threshold: ClassVar[bool] = True
    """Whether `with_threshold` moves the decision."""
    top_k: int | None = None

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

    def with_top_k(self, top_k: int | None) -> "DecisionRule":
        """The same with another limit; `None` for none.

        Raises:
            MrcaError: if it is no integer of at least 1.
        """
        return self.from_config({**self.get_config(), "top_k": top_k})

    def within_top_k(self, outputs: Any) -> Any:
        """Outputs `(N, C)` to booleans `(N, R)`: whether a relation is among the `top_k`."""
        relations = self.compared(outputs)
        ranked = self._ranked(outputs)
        if self.top_k is None or self.top_k >= ranked.shape[-1]:
            return ops.ones_like(relations, dtype="bool")
        least = ops.top_k(ranked, self.top_k)[0][:, -1:]
        return (ranked >= least)[:, -relations.shape[-1] :]

    def _ranked(self, outputs: Any) -> Any:
        """What `top_k` counts: the last columns are the relations'."""
        return self.compared(outputs)

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """JSON values that `decision_rule_from_config` turns back into this rule."""

    def reads_as(self, other: "DecisionRule") -> bool:
        """Whether two rules read the same outputs alike, and differ in what was chosen at most."""
        ours, others = (
            {name: value for name, value in rule.get_config().items() if name not in _CHOSEN}
            for rule in (self, other)
        )
        return ours == others

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DecisionRule":
        """The rule that `get_config` described."""
        return decision_rule_from_config(config)


def _threshold(owner: object, name: str, value: Any) -> float | list[float]:
    """One finite number, or a list of one per relation."""
    if np.ndim(value):
        return arguments.numbers(owner, name, value)
    return arguments.number(owner, name, value)


def _limit(owner: object, top_k: Any) -> int | None:
    """An integer of at least 1, or None."""
    return None if top_k is None else arguments.positive_integer(owner, "top_k", top_k)


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
        top_k: see `DecisionRule`.
    """

    name = "fixed_threshold"

    def __init__(
        self,
        threshold: float | Sequence[float] = 0.5,
        activation: str = "linear",
        top_k: int | None = None,
    ) -> None:
        if activation not in ("linear", "sigmoid"):
            raise MrcaError(
                "Argument `activation` of FixedThreshold must be 'linear' or 'sigmoid'. "
                f"Received: {activation!r}."
            )
        self.threshold = _threshold(self, "threshold", threshold)
        self.activation = activation
        self.top_k = _limit(self, top_k)

    def scores(self, outputs: Any) -> Any:
        """Outputs `(N, R)` after the activation."""
        outputs = _precise(outputs)
        return ops.sigmoid(outputs) if self.activation == "sigmoid" else outputs

    def labels(self, outputs: Any) -> Any:
        """Booleans `(N, R)`: `activation(output) >= threshold`, and among the `top_k`."""
        scores = self.scores(outputs)
        reached = scores >= ops.convert_to_tensor(self.threshold, dtype=scores.dtype)
        return ops.logical_and(reached, self.within_top_k(outputs))

    def margins(self, outputs: Any) -> Any:
        """Outputs `(N, R)`: as they are before a sigmoid, else less the threshold."""
        outputs = _precise(outputs)
        if self.activation == "sigmoid":
            return outputs
        return outputs - ops.convert_to_tensor(self.threshold, dtype=outputs.dtype)

    def with_threshold(self, threshold: float | Sequence[float]) -> "FixedThreshold":
        """The same with another threshold."""
        return FixedThreshold(threshold, self.activation, self.top_k)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments and the rule's name."""
        return {
            "rule": self.name,
            "threshold": self.threshold,
            "activation": self.activation,
            "top_k": self.top_k,
        }


class _DistanceRule(DecisionRule):
    """What the rules share by which a relation is predicted where its distance is above 0.

    Args:
        top_k: see `DecisionRule`.
        offset: predict where the distance is at least this, one number or one per relation; `None`
            (default, the papers') where it is strictly above 0.
    """

    def __init__(
        self, top_k: int | None = None, offset: float | Sequence[float] | None = None
    ) -> None:
        self.top_k = _limit(self, top_k)
        self.offset = None if offset is None else _threshold(self, "offset", offset)

    @abstractmethod
    def _distances(self, outputs: Any) -> Any:
        """Outputs `(N, C)` to what must be above 0, `(N, R)`."""

    def compared(self, outputs: Any) -> Any:
        """Distances `(N, R)`."""
        return self._distances(_precise(outputs))

    def margins(self, outputs: Any) -> Any:
        """Distances `(N, R)`."""
        return self.compared(outputs)

    def with_threshold(self, threshold: float | Sequence[float]) -> "DecisionRule":
        """The same with another offset."""
        return self.from_config({**self.get_config(), "offset": threshold})

    def scores(self, outputs: Any) -> Any:
        """Outputs `(N, C)` to probabilities `(N, R)`: the sigmoid of the distance."""
        return ops.sigmoid(self.compared(outputs))

    def labels(self, outputs: Any) -> Any:
        """Booleans `(N, R)`: above the threshold, and among the `top_k`."""
        distances = self.compared(outputs)
        above = (
            distances > 0
            if self.offset is None
            else distances >= ops.convert_to_tensor(self.offset, dtype=distances.dtype)
        )
        return ops.logical_and(above, self.within_top_k(outputs))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments and the rule's name."""
        return {"rule": self.name, "top_k": self.top_k, "offset": self.offset}


@keras.saving.register_keras_serializable(package="mrca")
class ThresholdColumn(_DistanceRule):
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
class ZeroThreshold(_DistanceRule):
    """A relation is predicted where its output is above 0; column 0 is the class "no relation".

        score_r = sigmoid(s_r)

    Whether a row has no relation follows from the other columns, as in DocuNet's code; HingeABL's
    code has column 0 decide too. The relations are the same.

    Args:
        top_k: see `ThresholdColumn`; column 0 takes one of the places, as in both codes.
        offset: the same.
    """

    name = "zero_threshold"

    def _distances(self, outputs: Any) -> Any:
        return outputs[:, 1:]

    def _ranked(self, outputs: Any) -> Any:
        return _precise(outputs)


@keras.saving.register_keras_serializable(package="mrca")
class SegmentThresholds(_DistanceRule):
    """A relation is predicted where its output is strictly above its segment's threshold.

        score_r = sigmoid(s_r - t_r)

    Columns 0 to S - 1 are the thresholds of S segments, the others the relations.

    Args:
        segments: for each relation the number of its segment, from 0.
        lam: `None` (default): t_r is the column of r's own segment; or a number: the sum of all
            threshold columns divided by it, for every relation.
        top_k: see `DecisionRule`; by distance.
        offset: how far above, if a threshold has been chosen; see `with_threshold`.

    Raises:
        MrcaError: if an argument is out of its range, or a segment has no relation.
    """

    name = "segment_thresholds"

    def __init__(
        self,
        segments: Sequence[int],
        lam: float | None = None,
        top_k: int | None = None,
        offset: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__(top_k, offset)
        self.segments = [
            int(number) for number in arguments.numbers(self, "segments", segments, at_least=0)
        ]
        if set(self.segments) != set(range(max(self.segments) + 1)):
            raise MrcaError(
                "Argument `segments` of SegmentThresholds must number segments from 0 without a "
                f"gap, one number per relation. Received: {segments!r}."
            )
        self.lam = None if lam is None else arguments.number(self, "lam", lam, above=0)

    def _distances(self, outputs: Any) -> Any:
        thresholds = outputs[:, : max(self.segments) + 1]
        if self.lam is None:
            own = ops.take(thresholds, self.segments, axis=1)
        else:
            own = ops.sum(thresholds, axis=-1, keepdims=True) / self.lam
        return outputs[:, max(self.segments) + 1 :] - own

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments and the rule's name."""
        return {**super().get_config(), "segments": self.segments, "lam": self.lam}


@keras.saving.register_keras_serializable(package="mrca")
class LargestScore(DecisionRule):
    """The relation with the largest output is predicted, and no other: one label for each row.

    score_r = softmax(z)_r. Of equal outputs the first one is taken.
    """

    name = "largest_score"
    has_threshold = False

    def with_top_k(self, top_k: int | None) -> "DecisionRule":
        """Itself: one relation is within any limit."""
        return self

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
    rule.name: rule
    for rule in (FixedThreshold, ThresholdColumn, ZeroThreshold, SegmentThresholds, LargestScore)
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
