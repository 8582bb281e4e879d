"""What the Dice losses share."""

from typing import Any

from keras import ops

from mrca.errors import MrcaError
from mrca.losses.multi_label_loss import MultiLabelLoss


class OverlapLoss(MultiLabelLoss):
    """A loss made of sums over scores and labels: over the whole batch, or each cell on its own.

    Args:
        smooth: added above and below the line; above 0.
        mode: `"batch"` or `"elementwise"`.
        **kwargs: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.
    """

    def __init__(self, smooth: float, mode: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        kind = type(self).__name__
        if not isinstance(smooth, int | float) or not smooth > 0:
            raise MrcaError(
                f"Argument `smooth` of {kind} must be a number above 0. Received: {smooth!r}."
            )
        if mode not in ("batch", "elementwise"):
            raise MrcaError(
                f"Argument `mode` of {kind} must be 'batch' or 'elementwise'. Received: {mode!r}."
            )
        self.smooth = smooth
        self.mode = mode

    def total(self, cells: Any) -> Any:
        """The sum of cells `(batch, columns)` as the mode has it: a scalar, or the cells."""
        return ops.sum(cells) if self.mode == "batch" else cells

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "smooth": self.smooth, "mode": self.mode}
