"""Average pooling over time that knows where each row ends."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mrca")
class MaskedAveragePooling1D(keras.layers.Layer):
    """`AveragePooling1D(pool_size, strides, padding="same")` over the real tokens of each row.

    Output step `p` is the mean of the row's states in the window
    `[p * strides - left, p * strides - left + pool_size)`, where `left` is what "same" padding
    puts before a sequence of `max_length`. Only real tokens count, above and below the line; a
    step whose centre `p * strides` lies past the row's end is 0. Where every row is `max_length`
    long it equals Keras's layer.

    The number of output steps is `ceil(max_length / strides)` however long the batch is, so that
    the layers after it have one weight shape.

    Args:
        pool_size: width of the window in tokens, at least `strides`.
        strides: distance between windows in tokens.
        max_length: the longest sequence, in tokens; tokens past it are not pooled.

    Call arguments:
        inputs: `(batch, time, features)`.
        lengths: int32 `(batch,)`, the number of real tokens of each row.

    Returns:
        `(batch, ceil(max_length / strides), features)`.
    """

    def __init__(self, pool_size: int, strides: int, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size = pool_size
        self.strides = strides
        self.max_length = max_length
        self.steps = -(-max_length // strides)
        self._left = max((self.steps - 1) * strides + pool_size - max_length, 0) // 2

    def build(self, inputs_shape: Any, lengths_shape: Any = None) -> None:
        """Nothing to create."""

    def call(self, inputs: Any, lengths: Any) -> Any:
        """See the class."""
        lengths = ops.minimum(ops.cast(lengths, "int32"), self.max_length)[:, None, None]
        centre = ops.arange(self.steps, dtype="int32")[None, :, None] * self.strides
        token = ops.arange(ops.shape(inputs)[1], dtype="int32")[None, None, :]
        first = centre - self._left
        inside = ops.logical_and(token >= first, token < first + self.pool_size)
        inside = ops.logical_and(inside, token < lengths)
        weights = ops.cast(ops.logical_and(inside, centre < lengths), inputs.dtype)
        count = ops.maximum(ops.sum(weights, axis=-1, keepdims=True), 1)
        return ops.matmul(weights / count, inputs)

    def compute_output_shape(self, inputs_shape: Any, lengths_shape: Any = None) -> Any:
        """`(batch, steps, features)`."""
        return (inputs_shape[0], self.steps, inputs_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "max_length": self.max_length,
        }
