"""Average pooling over time on sequences as if padded to one length."""

from typing import Any

import keras
from keras import ops

from mrca.layers.pooling_windows import PoolingWindows


@keras.saving.register_keras_serializable(package="mrca")
class PaddedAveragePooling1D(keras.layers.Layer):
    """`AveragePooling1D(pool_size, strides, padding="same")` on states padded to `max_length`.

    Equal to padding the states with zeros to `max_length` tokens and pooling them with Keras's
    layer, without computing on the padding: it is one product of the states with a constant matrix
    of window weights. So a batch may be as long as its longest row, and the layers after it still
    have one weight shape.

    A window's sum is divided by the window's width within `max_length`, not by the number of real
    tokens in it: what a phrase adds to the pooled states does not depend on how long the rest of
    its sentence is, as the threshold on the scores does not.

    Args:
        pool_size: width of the window in tokens, at least `strides`.
        strides: distance between windows in tokens.
        max_length: the length that is padded to, in tokens; at least that of any batch.

    Call arguments:
        inputs: `(batch, time, features)`, zeros past each row's end.

    Returns:
        `(batch, ceil(max_length / strides), features)`.
    """

    def __init__(self, pool_size: int, strides: int, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size = pool_size
        self.strides = strides
        self.max_length = max_length
        self._windows = PoolingWindows(pool_size, strides, max_length)
        self.steps = len(self._windows)

    def call(self, inputs: Any) -> Any:
        """See the class."""
        weights = ops.convert_to_tensor(self._windows.weights(), dtype=inputs.dtype)
        return ops.matmul(weights[:, : ops.shape(inputs)[1]], inputs)

    def compute_output_shape(self, inputs_shape: Any) -> Any:
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
