"""The loss of one relation as a function of its score."""

from typing import Any

import numpy as np
from keras import ops

from mrca.losses.decision_rule import LargestScore
from mrca.losses.distillation_loss import DistillationLoss
from mrca.losses.multi_label_loss import MultiLabelLoss


def loss_curve(
    loss: MultiLabelLoss, scores: np.ndarray, label: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The loss, and its slope, of rows that hold the score of one relation.

    Each score is a row, and a batch, of its own. Beside it stands what the loss needs:

    * against a threshold column, or "no relation": that column, with logit 0;
    * over a softmax: one other class, with logit 0, which holds where the relation does not;
    * distillation: a teacher's output of 1 for a positive label and -1 for a negative one, and no
      loss of the student's own.

    A Dice loss in batch form also pulls at negatives through sums that they share with positives,
    which a batch of one row does not show.

    The slope is a central difference, so it is the same on every backend, and is that of the
    curve: where a loss takes a factor as constant (`stop_gradient`, `stop_gradient_weights`),
    training descends along another. At a kink or jump it is that of the flatter side.

    Args:
        loss: made with `dtype="float64"` it gives smoother slopes; with `class_counts` for one
            relation, or for the relation and the other class of a softmax.
        scores: the relation's scores or logits, shape `(points,)`.
        label: whether the relation is stated.

    Returns:
        Losses and slopes, both of shape `(points,)`.

    Raises:
        MrcaError: if the loss was made for another number of relations.

    Example:
        >>> from mrca.losses import BinaryCrossentropy
        >>> losses, slopes = loss_curve(BinaryCrossentropy(), np.array([0.0]), label=True)
        >>> losses.round(3).tolist(), slopes.round(3).tolist()
        ([0.693], [-0.5])
    """
    scores = np.asarray(scores, np.float64)
    loss(_labels(loss, scores, label), _outputs(loss, scores))  # checks that shapes and counts fit
    here = _row_losses(loss, scores, label)
    step = np.finfo(here.dtype).eps ** (1 / 3)  # where rounding and curvature weigh the same
    left = (here - _row_losses(loss, scores - step, label)) / step
    right = (_row_losses(loss, scores + step, label) - here) / step
    flatter = np.where(np.abs(left) < np.abs(right), left, right)
    even = np.abs(np.abs(right) - np.abs(left)) < 0.1
    slopes = np.where(even, (left + right) / 2, flatter)
    return here.astype(np.float64), slopes.astype(np.float64)


def decision_point(loss: MultiLabelLoss, low: float, high: float) -> float | None:
    """The score from which on the loss's decision rule has the relation hold.

    Args:
        loss: as `loss_curve` takes it.
        low: where to look from, a score.
        high: where to look to, a score.

    Returns:
        The score, to six digits after the point; `None` if all from `low` to `high` is decided
        the same way.
    """

    def holds(score: float) -> bool:
        labels = loss.decision_rule.labels(_tensor(loss, _outputs(loss, np.array([score]))))
        return bool(ops.convert_to_numpy(labels)[0, 0])

    if holds(low) or not holds(high):
        return None
    while high - low > 1e-7 * max(1.0, abs(low), abs(high)):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return round(high, 6) + 0.0  # without the sign of -0.0


def _row_losses(loss: MultiLabelLoss, scores: np.ndarray, label: bool) -> np.ndarray:
    outputs, labels = _outputs(loss, scores), _labels(loss, scores, label)

    def rows(kept: slice) -> np.ndarray:
        values = loss.call(_tensor(loss, labels[kept]), _tensor(loss, outputs[kept]))
        return ops.convert_to_numpy(values)

    if not loss.depends_on_batch:
        return rows(slice(None))
    return np.concatenate([rows(slice(row, row + 1)) for row in range(len(scores))])


def _outputs(loss: MultiLabelLoss, scores: np.ndarray) -> np.ndarray:
    others = np.zeros_like(scores)
    if isinstance(loss.decision_rule, LargestScore):
        return np.stack([scores, others], axis=-1)
    columns = [others] * (loss.columns(1) - 1)
    return np.stack([*columns, scores], axis=-1)


def _labels(loss: MultiLabelLoss, scores: np.ndarray, label: bool) -> np.ndarray:
    if isinstance(loss, DistillationLoss):
        return _outputs(loss, np.full_like(scores, 1.0 if label else -1.0))
    row = [float(label)]
    if isinstance(loss.decision_rule, LargestScore):
        row.append(float(not label))
    return np.tile(row, (len(scores), 1))


def _tensor(loss: MultiLabelLoss, array: np.ndarray) -> Any:
    return ops.convert_to_tensor(array, dtype=loss.dtype)
