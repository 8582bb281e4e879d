"""What the distillation losses share."""

from abc import abstractmethod
from typing import Any

import numpy as np

from mrca.errors import MrcaError
from mrca.losses import arguments
from mrca.losses.decision_rule import DecisionRule
from mrca.losses.multi_label_loss import MultiLabelLoss


class DistillationLoss(MultiLabelLoss):
    """How far a student's outputs are from a teacher's, next to the student's own loss.

    `y_true` holds the teacher's outputs `(batch, columns)`, and after them, where the student's
    own loss is to be added, the labels as that loss takes them. Columns and decision rule are the
    student's.

    Args:
        student: the name of the student's own loss.
        student_options: its arguments.
        weight: factor of the distance, above 0.
        **kwargs: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.
    """

    def __init__(
        self, student: str, student_options: dict[str, Any] | None, weight: float, **kwargs: Any
    ) -> None:
        from mrca.losses import LOSSES, get  # the registry holds this class too

        super().__init__(**kwargs)
        students = [name for name, kind in LOSSES.items() if not issubclass(kind, DistillationLoss)]
        self.student = arguments.choice(self, "student", student, students)
        if not isinstance(student_options, dict | None):
            raise MrcaError(
                f"Argument `student_options` of {type(self).__name__} must be the student's "
                f"arguments by name. Received: {student_options!r}."
            )
        given = student_options or {}
        self.weight = arguments.number(self, "weight", weight, above=0)
        self._student = get(student, **{"dtype": self.dtype, **given})
        config = self._student.get_config()
        self.student_options = {name: config[name] for name in given}

    def check_shapes(self, labels: tuple[int | None, ...], outputs: tuple[int | None, ...]) -> None:
        """As every loss, and as the student's own where labels follow the teacher's outputs."""
        super().check_shapes(labels, outputs)
        columns, given = outputs[1], labels[1]
        assert columns is not None and given is not None  # as seen above
        if given > columns:
            self._student.check_shapes((labels[0], given - columns), outputs)

    def check_labels(self, labels: np.ndarray, columns: int) -> None:
        """As the student's own loss; the teacher's outputs before them may be any numbers."""
        self._student.check_labels(labels[:, columns:], columns)

    @abstractmethod
    def distances(self, teacher: Any, outputs: Any) -> Any:
        """Teacher's and student's outputs `(batch, columns)` to one number per row, `(batch,)`."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Teacher's outputs, with labels or without, and outputs to losses `(batch,)`."""
        columns = y_pred.shape[-1]
        losses = self.weight * self.distances(y_true[:, :columns], y_pred)
        if y_true.shape[-1] == columns:
            return losses
        return losses + self._student.call(y_true[:, columns:], y_pred)

    def columns(self, num_relations: int) -> int:
        """What the student's own loss needs."""
        return self._student.columns(num_relations)

    def label_columns(self, columns: int) -> tuple[int, ...]:
        """The teacher's outputs alone, or followed by labels."""
        labels = self._student.label_columns(columns)
        return (columns, *(columns + each for each in labels))

    @property
    def depends_on_batch(self) -> bool:
        """As the student's own loss does."""
        return self._student.depends_on_batch

    @property
    def decision_rule(self) -> DecisionRule:
        """The student's."""
        return self._student.decision_rule
