"""What the losses against a threshold column share."""

from typing import Any, NamedTuple

from keras import ops

from mrca.losses import arguments
from mrca.losses.decision_rule import DecisionRule, ThresholdColumn
from mrca.losses.multi_label_loss import MultiLabelLoss


class ThresholdColumnLoss(MultiLabelLoss):
    """A loss over logits whose column 0 is the threshold class TH, learnt with the relations.

    Labels have a column for each relation `(batch, R)`, or one before them `(batch, R + 1)` whose
    value does not matter (the papers' codes mark rows without relations there).

    Args:
        top_k: see `ThresholdColumn`.
        **kwargs: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.
    """

    def __init__(self, top_k: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.top_k = None if top_k is None else arguments.positive_integer(self, "top_k", top_k)

    def columns(self, num_relations: int) -> int:
        """One more than there are relations."""
        return num_relations + 1

    def label_columns(self, columns: int) -> tuple[int, ...]:
        """With the threshold's column or without."""
        return (columns - 1, columns)

    @property
    def decision_rule(self) -> DecisionRule:
        """A relation is predicted where its logit is strictly above the threshold class's."""
        return ThresholdColumn(self.top_k)


class Split(NamedTuple):
    """A batch, taken apart at the threshold column."""

    positive: Any
    """Booleans `(batch, R)`: which relations are predicted."""
    scores: Any
    """Logits of the relations `(batch, R)`."""
    threshold: Any
    """Logits of the threshold class `(batch, 1)`."""

    @property
    def margins(self) -> Any:
        """How far each logit is on its own side of the threshold class's, `(batch, R)`."""
        distance = self.scores - self.threshold
        return ops.where(self.positive, distance, -distance)


def split(labels: Any, outputs: Any) -> Split:
    """Labels with the threshold's column or without, and outputs `(batch, R + 1)`, taken apart."""
    relations = outputs.shape[-1] - 1
    positive = ops.greater(labels[:, -relations:], 0.5)
    return Split(positive, outputs[:, 1:], outputs[:, :1])


def sum_where(mask: Any, cells: Any) -> Any:
    """Row sums of the cells in the mask, `(batch,)`."""
    return ops.sum(ops.where(mask, cells, 0.0), axis=-1)
