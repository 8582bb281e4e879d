"""Micro F1 at the threshold that gives the most of it."""

from typing import Any

import keras
from keras import ops

from mrca.errors import MrcaError
from mrca.losses import DecisionRule
from mrca.metrics.micro_f1 import MicroF1

_STEPS = 200


@keras.saving.register_keras_serializable(package="mrca")
class TunedMicroF1(MicroF1):
    """The best micro F1 that one threshold for all relations gives, from counts over all batches.

        max over t of 2 TP_t / (predicted_t + gold)        t = .005, .01, ..., .995

    where a relation is predicted at t if sigmoid(margin) >= t. The margin of the decision rule is a
    logit, so that t is a probability, or else the score's distance from its threshold. Counts are
    kept for each t, not the scores. Huang et al. 2021 choose the epoch so, over t = .4 to .6.

    Args:
        decision_rule: see `MicroF1`; one with a threshold.
        name: the metric's name in logs.
        dtype: the dtype of the result.

    Raises:
        MrcaError: if the rule has no threshold.
    """

    def __init__(
        self,
        decision_rule: DecisionRule | None = None,
        name: str = "tuned_micro_f1",
        dtype: Any = None,
    ) -> None:
        super().__init__(decision_rule, name, dtype)
        if not self.decision_rule.has_threshold:
            raise MrcaError(
                f"{type(self).__name__} tunes a threshold, and the decision rule "
                f"{self.decision_rule.name} has none. Take MicroF1 or MacroF1."
            )

    def _add_counters(self, shape: tuple[int, ...]) -> None:
        self.gold = self.add_variable(shape=(), initializer="zeros", dtype="int32", name="gold")
        self.true, self.false = (  # cells by the highest t at which they are predicted
            self.add_variable(shape=(_STEPS,), initializer="zeros", dtype="int32", name=name)
            for name in ("true", "false")
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """See `MicroF1`."""
        chances = ops.sigmoid(self.decision_rule.margins(y_pred))
        gold = self._gold(y_true, chances.shape[-1], sample_weight)
        highest = ops.clip(ops.cast(ops.floor(chances * _STEPS), "int32"), 0, _STEPS - 1)
        # What no threshold predicts is nearly everything, and would be too much to count.
        asked = ops.logical_and(self.decision_rule.within_top_k(y_pred), highest > 0)
        self.gold.assign_add(ops.sum(ops.cast(gold, "int32")))
        for counter, cells in (
            (self.true, ops.logical_and(asked, gold)),
            (self.false, ops.logical_and(asked, ops.logical_not(gold))),
        ):
            ones = ops.reshape(ops.cast(cells, "int32"), (-1,))
            places = ops.reshape(highest, (-1,))
            counter.assign_add(ops.segment_sum(ones, places, num_segments=_STEPS))

    def result(self) -> Any:
        """F1 so far at the best threshold, between 0 and 1; 0 where undefined."""
        true, false = (
            ops.cast(ops.flip(ops.cumsum(ops.flip(counts))), self.dtype)
            for counts in (self.true, self.false)
        )
        gold = ops.cast(self.gold, self.dtype)
        return ops.max(ops.divide_no_nan(2 * true, true + false + gold))
