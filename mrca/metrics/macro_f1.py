"""Macro-averaged F1 with any decision rule."""

from typing import Any

import keras
from keras import ops

from mrca.losses import DecisionRule
from mrca.metrics.micro_f1 import MicroF1


@keras.saving.register_keras_serializable(package="mrca")
class MacroF1(MicroF1):
    """Mean over all relations of their F1, from counts summed over all batches; 0 where undefined.

    A relation that is neither stated nor predicted counts 0, as in `mrca.evaluation.evaluate`.

    Args:
        decision_rule: see `MicroF1`.
        name: the metric's name in logs.
        dtype: the dtype of the result.
    """

    def __init__(
        self,
        decision_rule: DecisionRule | None = None,
        name: str = "macro_f1",
        dtype: Any = None,
    ) -> None:
        super().__init__(decision_rule, name, dtype)

    def _add_counters(self, shape: tuple[int, ...]) -> None:
        """Only when the first batch has told how many relations there are."""
        self._relations: int | None = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """See `MicroF1`."""
        if self._relations is None:
            self._relations = int(self.decision_rule.labels(y_pred).shape[-1])
            super()._add_counters((self._relations,))
        super().update_state(y_true, y_pred, sample_weight)

    def _count(self, cells: Any) -> Any:
        return ops.sum(cells, axis=0)

    def result(self) -> Any:
        """Macro F1 so far, between 0 and 1."""
        return 0.0 if self._relations is None else ops.mean(super().result())
