"""A bidirectional LSTM for batches of sequences that differ in length."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from mrca.devices import gpus


@keras.saving.register_keras_serializable(package="mrca")
class BiLSTM(keras.layers.Layer):
    """A bidirectional LSTM that never computes a state on padding.

    For each direction, with gates `i, f, o = sigmoid(·)` and `g = tanh(·)` of
    `x_t W + h_{t-1} U + b`:

        c_t = f c_{t-1} + i g        h_t = o tanh(c_t)

    The forward direction starts at the first token and the backward direction at the last *real*
    one. Equal to `keras.layers.Bidirectional(keras.layers.LSTM(units, return_sequences=True))`
    under a right-padded mask, with outputs past the end set to 0, and faster: one input product
    for all time steps, and a hand-written gradient that turns the per-step products for the
    weights into one product over all steps.

    On a GPU Keras's LSTM computes the states, since it takes cuDNN there: each row's tokens are
    turned round for the backward direction, so that no mask is needed, and what comes out on
    padding is set to 0. The weights are the same, and so are the numbers up to the precision of
    cuDNN's products.

    Args:
        units: size of each direction's state.
        use_cudnn: whether Keras's LSTM computes the states; by default if there is a GPU that the
            backend can use. As in Keras's layer it is no part of the configuration, since a model
            moves between machines. May be set to False later, for what is traced from then on.

    Call arguments:
        inputs: `(batch, time, features)`.
        lengths: int32 `(batch,)`, the number of real tokens of each row.

    Returns:
        States `(batch, time, 2 * units)`, forward then backward; zeros past a row's end.
    """

    def __init__(self, units: int, *, use_cudnn: bool | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.use_cudnn = bool(gpus()) if use_cudnn is None else use_cudnn
        if self.use_cudnn and keras.backend.backend() == "tensorflow":
            self.supports_jit = False  # XLA has no cuDNN's recurrence there

    def build(self, inputs_shape: Any, lengths_shape: Any = None) -> None:
        """Create kernel, recurrent kernel and bias for each direction, as Keras's LSTM does."""
        features = inputs_shape[-1]
        self._weights_of: list[tuple[Any, Any, Any]] = []
        for direction in ("forward", "backward"):
            kernel = self.add_weight(
                shape=(features, 4 * self.units),
                initializer="glorot_uniform",
                name=f"{direction}_kernel",
            )
            recurrent_kernel = self.add_weight(
                shape=(self.units, 4 * self.units),
                initializer="orthogonal",
                name=f"{direction}_recurrent_kernel",
            )
            bias = self.add_weight(
                shape=(4 * self.units,), initializer=self._forget_bias, name=f"{direction}_bias"
            )
            self._weights_of.append((kernel, recurrent_kernel, bias))
        if self.use_cudnn:
            self._run_keras = _lstm_of_keras(features, self.units, self.compute_dtype)

    def _forget_bias(self, shape: Any, dtype: Any = None) -> Any:
        # Gates are stored as i, f, o, g; the forget gate starts open (Jozefowicz et al. 2015).
        position = ops.arange(shape[0])
        is_forget = ops.logical_and(position >= self.units, position < 2 * self.units)
        return ops.cast(is_forget, dtype)

    def call(self, inputs: Any, lengths: Any) -> Any:
        """See the class."""
        lengths = ops.cast(lengths, "int32")
        weights_of = [
            [ops.cast(weight, inputs.dtype) for weight in weights] for weights in self._weights_of
        ]
        if self.use_cudnn:
            return self._by_keras(inputs, lengths, weights_of)
        time_major = ops.transpose(inputs, (1, 0, 2))
        step = ops.arange(ops.shape(time_major)[0], dtype="int32")
        is_token = ops.expand_dims(ops.expand_dims(step, 1) < lengths, -1)
        states = [
            _lstm(time_major, is_token, weights, reverse)
            for weights, reverse in zip(weights_of, (False, True), strict=True)
        ]
        return ops.transpose(ops.concatenate(states, axis=-1), (1, 0, 2))

    def _by_keras(self, inputs: Any, lengths: Any, weights_of: list[list[Any]]) -> Any:
        """The same states from Keras's LSTM, which runs on into the padding behind each row."""
        batch, time = ops.shape(inputs)[:2]
        step = ops.expand_dims(ops.arange(time, dtype="int32"), 0)
        lengths = ops.expand_dims(lengths, 1)
        is_token = step < lengths
        # The place in the flat batch of the token that each is exchanged with, and back.
        row = ops.expand_dims(ops.arange(batch, dtype="int32"), 1)
        partner = row * time + ops.where(is_token, lengths - 1 - step, step)

        def turned(sequence: Any) -> Any:
            return ops.take(_rows(sequence), partner, axis=0)

        forward, backward = weights_of
        states = [
            self._run_keras(inputs, forward),
            turned(self._run_keras(turned(inputs), backward)),
        ]
        return ops.where(ops.expand_dims(is_token, -1), ops.concatenate(states, axis=-1), 0.0)

    def compute_output_shape(self, inputs_shape: Any, lengths_shape: Any = None) -> Any:
        """`(batch, time, 2 * units)`."""
        return (*inputs_shape[:-1], 2 * self.units)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument but `use_cudnn`."""
        return {**super().get_config(), "units": self.units}


def _lstm_of_keras(features: int, units: int, dtype: str) -> Callable[[Any, list[Any]], Any]:
    """Keras's LSTM as a function of inputs (B, T, D) and of a direction's weights.

    The variables that it insists on having are never read, and no part of the layer or its files.
    """
    if keras.backend.backend() == "jax":
        dtype = "float32"  # JAX hands cuDNN any other as if it were that
    lstm = keras.layers.LSTM(
        units,
        return_sequences=True,
        kernel_initializer="zeros",
        recurrent_initializer="zeros",
        seed=0,  # or one would be drawn, and the layers after it start from others than on a CPU
        dtype=dtype,
    )
    lstm.build((None, None, features))

    def run(inputs: Any, weights: list[Any]) -> Any:
        values = [_in_order_of_keras(weight) for weight in weights]
        with keras.StatelessScope(zip(lstm.trainable_variables, values, strict=True)):
            return ops.cast(lstm(inputs), inputs.dtype)

    return run


def _in_order_of_keras(weight: Any) -> Any:
    """Gates in the order i, f, o, g to Keras's i, f, g, o."""
    i, f, o, g = ops.split(weight, 4, axis=-1)
    return ops.concatenate([i, f, g, o], axis=-1)


# A gate's input where there is no token: sigmoid(_CLOSED) is exactly 0 in every float type.
_CLOSED = -1e4


def _lstm(inputs: Any, is_token: Any, weights: list[Any], reverse: bool) -> Any:
    """One direction over time-major `inputs` (T, B, D), with booleans `is_token` (T, B, 1).

    Every gate is closed on padding: the cell becomes 0 there, no gradient passes, and in either
    direction a row's first real token meets a zero state.
    """
    units = weights[1].shape[0]

    @ops.custom_gradient
    def run(inputs: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
        projected = ops.where(is_token, ops.matmul(inputs, kernel) + bias, _CLOSED)
        zero = ops.zeros_like(projected[0, :, :units])

        def forward_step(carry: Any, projection: Any) -> Any:
            hidden, cell = carry[0], carry[1]
            gates = projection + ops.matmul(hidden, recurrent_kernel)
            i, f, o = ops.split(ops.sigmoid(gates[:, : 3 * units]), 3, axis=-1)
            g = ops.tanh(gates[:, 3 * units :])
            cell = f * cell + i * g
            # The gates ride along in the carry, since a scan returns what it carries.
            carry = [o * ops.tanh(cell), cell, i, f, o, g]
            return carry, carry

        _, (hiddens, cells, i, f, o, g) = ops.scan(
            forward_step, [zero] * 6, projected, reverse=reverse
        )

        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            if upstream is None:
                (upstream,) = arguments
            tanh_cells = ops.tanh(cells)
            # Per step: the output's gradient, then what turns it into the cell's and the gates'.
            # One array, because Keras's scan takes only one where the time axis is unknown.
            steps = ops.concatenate(
                [
                    upstream,
                    o * (1 - tanh_cells * tanh_cells),
                    f,
                    g * i * (1 - i),
                    _previous(cells, reverse) * f * (1 - f),
                    tanh_cells * o * (1 - o),
                    i * (1 - g * g),
                ],
                axis=-1,
            )
            transposed = ops.transpose(recurrent_kernel)

            def backward_step(carry: Any, step: Any) -> Any:
                d_hidden = carry[0] + step[:, :units]
                d_cell = carry[1] + d_hidden * step[:, units : 2 * units]
                d_gates = step[:, 3 * units :] * ops.concatenate(
                    [d_cell, d_cell, d_hidden, d_cell], axis=-1
                )
                d_previous_cell = d_cell * step[:, 2 * units : 3 * units]
                carry = [ops.matmul(d_gates, transposed), d_previous_cell, d_gates]
                return carry, carry

            _, (_, _, d_gates) = ops.scan(
                backward_step,
                [zero, zero, ops.zeros_like(projected[0])],
                steps,
                reverse=not reverse,
            )
            return (
                ops.matmul(d_gates, ops.transpose(kernel)),
                ops.matmul(ops.transpose(_rows(inputs)), _rows(d_gates)),
                ops.matmul(ops.transpose(_rows(_previous(hiddens, reverse))), _rows(d_gates)),
                ops.sum(d_gates, axis=(0, 1)),
            )

        return hiddens, gradient

    return run(inputs, *weights)


def _previous(states: Any, reverse: bool) -> Any:
    """Each step's preceding state: `states` (T, B, U) moved by one step, zeros first."""
    zero = ops.zeros_like(states[:1])
    return ops.concatenate([states[1:], zero] if reverse else [zero, states[:-1]], axis=0)


def _rows(sequence: Any) -> Any:
    """(T, B, U) to (T * B, U)."""
    return ops.reshape(sequence, (-1, sequence.shape[-1]))
