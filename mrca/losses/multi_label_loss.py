"""The base of every loss in this package."""

import inspect
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.errors import MrcaError
from mrca.losses.decision_rule import DecisionRule


def row_means(cells: Any) -> Any:
    """Cells `(batch, columns)` to the mean of each row, `(batch,)`.

    In the cells' own dtype, where `ops.mean` rounds float64 to float32 on JAX.
    """
    return ops.sum(cells, axis=-1) / ops.cast(ops.shape(cells)[-1], cells.dtype)


class MultiLabelLoss(keras.losses.Loss, ABC):
    """A loss over multi-hot labels that says how its outputs are decided.

    A subclass defines `decision_rule`, and `call(y_true, y_pred)` with labels and outputs of shape
    `(batch, columns)`, which returns one value per row, shape `(batch,)`, so that `sample_weight`
    of shape `(batch,)` works. Inputs arrive in the loss's own dtype: float32 even under mixed
    precision. It keeps every constructor argument, as a JSON value, in an attribute of its name.

    Args:
        reduction: `"sum_over_batch_size"` (default: the mean over rows), `"sum"` or `None`.
        name: the loss's name in logs.
        dtype: the dtype to compute in; default `keras.config.floatx()`.
    """

    class_counts: list[float] | None = None
    """Training rows per relation, where the loss weighs relations by them."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss; labels and outputs may be nested lists too, and labels sparse.

        A label is 0 or 1: half a label, one that is unknown (NaN) and -1 are refused where their
        values are known, that is, in all that is no tensor. The loss of an empty batch is 0.

        Args:
            y_true: labels.
            y_pred: outputs `(batch, columns)`.
            sample_weight: `None`, a number, or one for each row, `(batch,)` or `(batch, 1)`.

        Raises:
            MrcaError: if the shapes of labels, outputs and weights do not fit each other or the
                loss, or a label is neither 0 nor 1.
        """
        if hasattr(y_true, "toarray"):  # SciPy's
            y_true = y_true.toarray()
        labels, outputs = self._tensor(y_true), self._tensor(y_pred)
        self.check_shapes(_shape(labels), _shape(outputs))
        if isinstance(y_true, list | tuple | np.ndarray):
            with suppress(NotImplementedError):  # a list may hold tensors of a graph
                self.check_labels(np.asarray(y_true), outputs.shape[-1])
        if sample_weight is not None:
            sample_weight = self._tensor(sample_weight)
            self._check_weights(_shape(sample_weight), _shape(outputs))
        if keras.backend.backend() == "torch" and self.reduction == "sum_over_batch_size":
            # Keras's own mean rounds float64 to float32 there.
            rows = _Rows(self)(labels, outputs, sample_weight)
            return ops.sum(rows) / max(rows.shape[0], 1)
        loss = super().__call__(labels, outputs, sample_weight)
        # Keras leaves the values of an empty batch unreduced.
        reduced = self.reduction not in (None, "none")
        return ops.sum(loss) if reduced and tuple(loss.shape) == (0,) else loss

    def _tensor(self, values: Any) -> Any:
        # Keras would take a list for a structure of scalars.
        dtype = self.dtype if isinstance(values, list | tuple) else None
        return ops.convert_to_tensor(values, dtype=dtype, sparse=False)

    def columns(self, num_relations: int) -> int:
        """How many output columns the model needs for `num_relations` relations."""
        return num_relations

    def label_columns(self, columns: int) -> tuple[int, ...]:
        """How many columns labels may have where outputs have `columns`."""
        return (columns,)

    @property
    def depends_on_batch(self) -> bool:
        """Whether a row's loss depends on the other rows of its batch."""
        return False

    @property
    @abstractmethod
    def decision_rule(self) -> DecisionRule:
        """How outputs trained with this loss become labels."""

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument, as JSON values."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def check_shapes(self, labels: tuple[int | None, ...], outputs: tuple[int | None, ...]) -> None:
        """Check that labels and outputs of these shapes fit each other and the loss.

        Args:
            labels: their shape; `None` where it is not known yet.
            outputs: the same.

        Raises:
            MrcaError: if they do not; says what was expected and received.
        """
        kind = type(self).__name__
        received = f"Received labels of shape {labels} and outputs of shape {outputs}."
        if len(labels) != 2 or len(outputs) != 2:
            raise MrcaError(f"{kind} expects labels and outputs of (batch, columns). {received}")
        if None not in (labels[0], outputs[0]) and labels[0] != outputs[0]:
            raise MrcaError(f"{kind} expects as many rows of labels as of outputs. {received}")
        if labels[1] is None or outputs[1] is None:
            raise MrcaError(
                f"{kind} expects labels and outputs with a known number of columns. {received} "
                "Set it, for example with `ensure_shape` or the dataset's signature."
            )
        if outputs[1] < self.columns(1):
            raise MrcaError(
                f"{kind} expects outputs with at least {self.columns(1)} columns. {received}"
            )
        if self.class_counts is not None and self.columns(len(self.class_counts)) != outputs[1]:
            raise MrcaError(
                f"{kind} was made with {len(self.class_counts)} class_counts, one for each "
                f"relation, and so expects {self.columns(len(self.class_counts))} columns of "
                f"outputs. {received}"
            )
        expected = self.label_columns(outputs[1])
        if labels[1] not in expected:
            raise MrcaError(
                f"{kind} expects labels with {' or '.join(map(str, expected))} columns for "
                f"{outputs[1]} columns of outputs. {received}"
            )

    def check_labels(self, labels: np.ndarray, columns: int) -> None:
        """Check that labels are 0 or 1.

        Args:
            labels: `(batch, columns)`, as `check_shapes` has seen them.
            columns: of the outputs.

        Raises:
            MrcaError: if one is neither.
        """
        if labels.size and not np.isin(labels, (0, 1)).all():
            row, column = np.argwhere(~np.isin(labels, (0, 1)))[0]
            raise MrcaError(
                f"{type(self).__name__} takes labels that are 0 or 1. Received "
                f"{labels[row, column]} in row {row}, column {column}. Leave rows out whose labels "
                "are not known, and decide which relations hold."
            )

    def _check_weights(
        self, weights: tuple[int | None, ...], outputs: tuple[int | None, ...]
    ) -> None:
        rows = outputs[0]
        fits = weights in ((), (1,), (1, 1)) or (
            weights[1:] in ((), (1,)) and (None in (rows, weights[0]) or weights[0] == rows)
        )
        if not fits:
            raise MrcaError(
                f"{type(self).__name__} expects one weight for each row, (batch,) or (batch, 1). "
                f"Received sample_weight of shape {weights} and outputs of shape {outputs}."
            )


class _Rows(keras.losses.Loss):
    """The weighted values of a loss's rows, before they are reduced."""

    def __init__(self, loss: MultiLabelLoss) -> None:
        super().__init__(name=loss.name, reduction=None, dtype=loss.dtype)
        self.call = loss.call


def _shape(tensor: Any) -> tuple[int | None, ...]:
    try:
        return tuple(tensor.shape)
    except ValueError:
        raise MrcaError(
            "A loss needs labels, outputs and weights of a known number of dimensions. Set the "
            "shape, for example with `ensure_shape` or the dataset's signature."
        ) from None
