"""Distillation by Kullback-Leibler divergence."""

from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.distillation_loss import DistillationLoss
from mrca.losses.multi_label_loss import row_means


@keras.saving.register_keras_serializable(package="mrca")
class DistillationKL(DistillationLoss):
    """Kullback-Leibler divergence of a student's from a teacher's outputs, and the student's loss.

        mode="softmax":    T^2 sum over columns of  P log(P / Q),  P, Q = softmax(z / T)
        mode="bernoulli":  T^2 mean over columns of  P log(P / Q) + (1 - P) log((1 - P) / (1 - Q)),
                           P, Q = sigmoid(z / T)
        loss = weight divergence + loss of the student

    with P the teacher's and Q the student's. `y_true` is the teacher's outputs `(batch, columns)`;
    with the labels after them the student's own loss is added. Every column counts, the
    threshold's too. KD-DocRE's table 6 names KD_KL without formula or code: both modes are our
    reading of it. With several labels per row `"bernoulli"` is the one that makes sense.

    Args:
        mode: `"softmax"` (default) or `"bernoulli"`.
        temperature: T, above 0, default 1.
        student: the student's own loss by name, default `"adaptive_focal"` (KD-DocRE).
        student_options: that loss's arguments. With a loss in batch form, such as `"rc_dice"`, a
            row's loss depends on how rows are batched.
        weight: factor of the divergence, default 1.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: KD-DocRE (Tan et al. 2022), table 6; Hinton et al. 2015 for the temperature.
    """

    def __init__(
        self,
        mode: str = "softmax",
        temperature: float = 1.0,
        student: str = "adaptive_focal",
        student_options: dict[str, Any] | None = None,
        weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "distillation_kl",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            student, student_options, weight, name=name, reduction=reduction, dtype=dtype
        )
        self.mode = arguments.choice(self, "mode", mode, ("softmax", "bernoulli"))
        self.temperature = arguments.number(self, "temperature", temperature, above=0)

    def distances(self, teacher: Any, outputs: Any) -> Any:
        """Divergences of rows, `(batch,)`."""
        teacher, outputs = teacher / self.temperature, outputs / self.temperature
        if self.mode == "softmax":
            log_p, log_q = (ops.log_softmax(each, axis=-1) for each in (teacher, outputs))
            rows = ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)
        else:
            rows = row_means(_bernoulli(teacher, outputs) + _bernoulli(-teacher, -outputs))
        return self.temperature**2 * rows


def _bernoulli(teacher: Any, outputs: Any) -> Any:
    """P log(P / Q) of logits."""
    return ops.sigmoid(teacher) * (ops.log_sigmoid(teacher) - ops.log_sigmoid(outputs))
