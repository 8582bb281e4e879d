"""A dense layer on pooled windows that does not multiply what is zero or said twice."""

from typing import Any

import keras
from keras import ops

from mrca.layers.pooling_windows import PoolingWindows


@keras.saving.register_keras_serializable(package="mrca", name="PooledDense")
class Dense(keras.layers.Dense):
    """`keras.layers.Dense` on what `PaddedAveragePooling1D` and `Flatten` made of states.

    Weights and outputs are those of Keras's layer. But a batch is shorter than `max_length`:
    windows past its end are zero, and all windows that hold the whole batch have the same sum over
    their own width. With X the sum of all states, K_w the kernel's rows of window w and n_w its
    width, windows a to b being whole and the last with a token being c:

        y = X (sum_{a <= w < b} K_w / n_w) + sum_{w < a, b <= w < c} pooled_w K_w + bias

    Of 24 tokens and the paper's 50 windows there are 13 products in place of 50, and in a compiled
    model nothing of the size (batch, 50, features) is made. Training takes Keras's product: dropout
    before it is another for each window.

    Args:
        units: outputs.
        pool_size, strides, max_length: of the pooling.
        **kwargs: of `keras.layers.Dense`.

    Call arguments:
        inputs: pooled and laid out, `(batch, windows * features)`.
        states: what was pooled, `(batch, time, features)`, zeros past each row's end; without them
            this is Keras's layer.
        training: whether `inputs` have gone through dropout, and so are what is multiplied.
    """

    # The class's name is a file format: Keras writes the weights of a layer under it.

    def __init__(
        self, units: int, pool_size: int, strides: int, max_length: int, **kwargs: Any
    ) -> None:
        super().__init__(units, **kwargs)
        self.pool_size = pool_size
        self.strides = strides
        self.max_length = max_length
        self._windows = PoolingWindows(pool_size, strides, max_length)

    def build(self, inputs_shape: Any, states_shape: Any = None) -> None:
        """Make kernel and bias as Keras does."""
        super().build(inputs_shape)

    def call(self, inputs: Any, states: Any = None, training: bool | None = None) -> Any:
        """See the class."""
        if states is None or training:
            return super().call(inputs)
        outputs = self._merged_product(states, ops.cast(self.kernel, states.dtype))
        outputs = outputs if self.bias is None else ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def _merged_product(self, states: Any, kernel: Any) -> Any:
        batch, time, features = ops.shape(states)
        first, last, end = self._windows.cut(time)
        weights = ops.convert_to_tensor(self._windows.weights(), dtype=states.dtype)
        # A window that holds the first token and all others weighs them all alike.
        of_whole = ops.transpose(weights[first:last, :1])
        each = ops.reshape(kernel, (len(self._windows), -1))
        whole = ops.reshape(ops.matmul(of_whole, each[first:last]), (features, self.units))
        outputs = ops.matmul(ops.sum(states, axis=1), whole)
        for start, stop in ((0, first), (last, end)):
            pooled = ops.matmul(weights[start:stop, :time], states)
            pooled = ops.reshape(pooled, (batch, (stop - start) * features))
            part = kernel[start * features : stop * features]
            outputs = outputs + ops.matmul(pooled, part)
        return outputs

    def compute_output_shape(self, inputs_shape: Any, states_shape: Any = None) -> Any:
        """`(batch, units)`."""
        return (inputs_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "max_length": self.max_length,
        }
