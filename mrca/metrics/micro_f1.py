"""Micro-averaged F1 with any decision rule."""

from typing import Any

import keras
from keras import ops

from mrca.errors import MrcaError
from mrca.losses import DecisionRule, FixedThreshold, decision_rule_from_config


@keras.saving.register_keras_serializable(package="mrca")
class MicroF1(keras.metrics.Metric):
    """Micro F1, `2 TP / (2 TP + FP + FN)`, from counts summed over all batches; 0 where undefined.

    Keras's own `F1Score` averages neither this way for multi-label data with a threshold on raw
    scores, nor with `>=`; this one is exact and decides as the loss does.

    Args:
        decision_rule: how outputs become labels; default `score >= 0.5`. Take a loss's own as
            `loss.decision_rule`.
        name: the metric's name in logs.
        dtype: the dtype of the result.
    """

    def __init__(
        self,
        decision_rule: DecisionRule | None = None,
        name: str = "micro_f1",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.decision_rule = decision_rule or FixedThreshold()
        self._add_counters(())

    def _add_counters(self, shape: tuple[int, ...]) -> None:
        # Integers count exactly where float32 stops at 2^24 cells.
        self.true_positives, self.false_positives, self.false_negatives = (
            self.add_variable(shape=shape, initializer="zeros", dtype="int32", name=name)
            for name in ("true_positives", "false_positives", "false_negatives")
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add labels `(batch, relations)` and raw outputs `(batch, columns)` to the counts.

        Labels may have more columns, for what the loss takes beside them (a threshold column, a
        teacher's outputs): the relations are the last ones. Class indices `(batch,)` are taken
        too. A teacher's outputs alone are no labels; there is nothing to count then.

        Raises:
            MrcaError: if there are fewer columns than relations.
            ValueError: on sample weights (use `metrics`, not `weighted_metrics`).
        """
        predicted = self.decision_rule.labels(y_pred)
        gold = self._gold(y_true, predicted.shape[-1], sample_weight)
        for counter, cells in (
            (self.true_positives, ops.logical_and(gold, predicted)),
            (self.false_positives, ops.logical_and(ops.logical_not(gold), predicted)),
            (self.false_negatives, ops.logical_and(gold, ops.logical_not(predicted))),
        ):
            counter.assign_add(self._count(ops.cast(cells, "int32")))

    def _gold(self, y_true: Any, relations: int, sample_weight: Any) -> Any:
        """Labels as booleans `(batch, relations)`; see `update_state`."""
        if sample_weight is not None:
            raise ValueError(
                f"{type(self).__name__} counts rows and does not take sample weights: give it to "
                "`metrics`, not `weighted_metrics`."
            )
        gold = ops.convert_to_tensor(y_true)
        if len(gold.shape) == 2 and gold.shape[1] == 1 and relations > 1:
            gold = gold[:, 0]
        if len(gold.shape) == 1:
            gold = ops.one_hot(ops.cast(gold, "int32"), relations)
        elif gold.shape[1] is not None and gold.shape[1] < relations:
            raise MrcaError(
                f"{type(self).__name__} expects labels with at least {relations} columns, one for "
                f"each relation. Received shape {tuple(gold.shape)}."
            )
        return ops.greater(ops.cast(gold[:, -relations:], "float32"), 0.5)

    def _count(self, cells: Any) -> Any:
        """What counters add of cells `(batch, relations)`."""
        return ops.sum(cells)

    def result(self) -> Any:
        """F1 so far, between 0 and 1."""
        hits = 2 * ops.cast(self.true_positives, self.dtype)
        misses = ops.cast(self.false_positives + self.false_negatives, self.dtype)
        return ops.divide_no_nan(hits, hits + misses)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "decision_rule": self.decision_rule.get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MicroF1":
        """The metric that `get_config` described."""
        return cls(
            **{**config, "decision_rule": decision_rule_from_config(config["decision_rule"])}
        )
