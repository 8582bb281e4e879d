"""What the Dice losses share."""

from typing import Any

from keras import ops

from mrca.losses import arguments
from mrca.losses.multi_label_loss import MultiLabelLoss, row_means


class OverlapLoss(MultiLabelLoss):
    """A loss made of sums over scores and labels: over the whole batch, or each cell on its own.

    Args:
        smooth: added above and below the line; above 0.
        mode: one of `modes`.
        **kwargs: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.
    """

    modes: tuple[str, ...] = ("batch", "elementwise")

    def __init__(self, smooth: float, mode: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.smooth = arguments.number(self, "smooth", smooth, above=0)
        self.mode = arguments.choice(self, "mode", mode, self.modes)

    @property
    def depends_on_batch(self) -> bool:
        """Whether a row's loss depends on the other rows of its batch."""
        return self.mode != "elementwise"

    def total(self, cells: Any) -> Any:
        """The sum of cells `(batch, columns)` as the mode has it: a scalar, or the cells."""
        return ops.sum(cells) if self.mode == "batch" else cells

    def dice(self, scores: Any, labels: Any, squared: bool) -> Any:
        """One minus the Dice coefficient of cells `(batch, columns)`, row means `(batch,)`."""
        labels = ops.cast(labels, scores.dtype)  # which are precise where the loss is not
        power = 2 if squared else 1
        overlap = self.total(scores * labels)
        size = self.size(scores**power) + self.size(labels**power)
        losses = 1 - (2 * overlap + self.smooth) / (size + self.smooth)
        return row_means(ops.broadcast_to(losses, ops.shape(scores)))

    def size(self, cells: Any) -> Any:
        """What a denominator takes for the sum of cells."""
        return self.total(cells)
