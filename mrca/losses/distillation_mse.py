"""Distillation by mean squared error."""

from typing import Any

import keras
from keras import ops

from mrca.losses.distillation_loss import DistillationLoss
from mrca.losses.multi_label_loss import row_means


@keras.saving.register_keras_serializable(package="mrca")
class DistillationMSE(DistillationLoss):
    """Mean squared error between a student's and a teacher's outputs, and the student's own loss.

        loss = weight mean over columns of (z - z_teacher)^2 + loss of the student

    `y_true` is the teacher's outputs `(batch, columns)`; with the labels after them the student's
    own loss is added. Every column counts, the threshold's too.

    Args:
        student: the student's own loss by name, default `"adaptive_focal"` (KD-DocRE).
        student_options: that loss's arguments. With a loss in batch form, such as `"rc_dice"`, a
            row's loss depends on how rows are batched.
        weight: factor of the squared error, default 1 (paper and authors' code).
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: KD-DocRE (Tan et al. 2022), equations 12 and 13, and its code, which made the published
    numbers and agrees.
    """

    def __init__(
        self,
        student: str = "adaptive_focal",
        student_options: dict[str, Any] | None = None,
        weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "distillation_mse",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            student, student_options, weight, name=name, reduction=reduction, dtype=dtype
        )

    def distances(self, teacher: Any, outputs: Any) -> Any:
        """Row means of the squared differences, `(batch,)`."""
        return row_means(ops.square(outputs - teacher))
