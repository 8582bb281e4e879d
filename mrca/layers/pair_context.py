"""What a document says around two of its entities."""

from typing import Any

import keras
from keras import ops

from mrca.errors import MrcaError

PAIR_CONTEXTS = ("mean_max", "attention")


@keras.saving.register_keras_serializable(package="mrca")
class PairContext(keras.layers.Layer):
    """The states of a document as a pair of its entities sees them.

    * `mean_max`: mean and maximum over the document's tokens, the same for all its pairs;
    * `attention`: these, and a mean weighted for the pair by scaled dot-product attention
      (Vaswani et al. 2017) with the pair as the query:

        a_t = softmax over t of (W_q [s; o] + b) . (W_k h_t) / sqrt(units)      c = sum_t a_t h_t

      It stands for ATLOP's `LocalizedContext`, which takes a_t from the attention of a pretrained
      encoder; here it is learned, so that any encoder will do. Ours.

    Args:
        context: one of the two.
        units: length of queries and keys; with `attention`.

    Call arguments:
        states: `(batch, time, dim)`.
        lengths: int32 `(batch,)`, the number of real tokens of each row.
        pairs: `(pairs, width)`, subject and object side by side.
        rows: int32 `(pairs,)`, the row of the batch that a pair belongs to.

    Returns:
        `(pairs, 2 * dim)`, or `(pairs, 3 * dim)` with attention.

    Raises:
        MrcaError: if there is no such context.
    """

    def __init__(self, context: str, units: int = 256, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if context not in PAIR_CONTEXTS:
            raise MrcaError(
                f"Unknown pair context {context!r}. Expected one of: {', '.join(PAIR_CONTEXTS)}."
            )
        self.context = context
        self.units = units
        same = {"dtype": self.dtype_policy}
        if context == "attention":
            self.query = keras.layers.Dense(units, name="query", **same)
            self.key = keras.layers.Dense(units, use_bias=False, name="key", **same)

    def build(
        self, states_shape: Any, lengths_shape: Any, pairs_shape: Any, rows_shape: Any
    ) -> None:
        """Create the weights of queries and keys."""
        if self.context == "attention":
            self.query.build(pairs_shape)
            self.key.build(states_shape)

    def call(self, states: Any, lengths: Any, pairs: Any, rows: Any) -> Any:
        """See the class."""
        time, dim = ops.shape(states)[1], states.shape[-1]
        steps = ops.arange(time, dtype="int32")
        is_token = steps < ops.expand_dims(ops.cast(lengths, "int32"), 1)
        chosen = ops.expand_dims(is_token, -1)
        count = ops.cast(ops.maximum(ops.expand_dims(lengths, 1), 1), states.dtype)
        mean = ops.sum(ops.where(chosen, states, 0), axis=1) / count
        # States are far above the least number that every float type has.
        largest = ops.max(ops.where(chosen, states, -6e4), axis=1)
        largest = ops.where(ops.any(chosen, axis=1), largest, 0)
        of_row = ops.take(ops.concatenate([mean, largest], axis=-1), rows, axis=0)
        if self.context == "mean_max":
            return of_row
        # Every pair is scored with every token of the batch, and other rows' tokens are masked:
        # one product, with nothing of the size (pairs, time, dim).
        tokens = ops.reshape(states, (-1, dim))
        keys = ops.reshape(self.key(states), (-1, self.units))
        scores = ops.matmul(self.query(pairs), ops.transpose(keys)) * self.units**-0.5
        row_of_token = ops.repeat(ops.arange(ops.shape(states)[0], dtype="int32"), time)
        seen = ops.logical_and(
            ops.expand_dims(rows, 1) == ops.expand_dims(row_of_token, 0),
            ops.reshape(is_token, (1, -1)),
        )
        weights = ops.softmax(ops.where(seen, scores, -6e4), axis=-1)
        return ops.concatenate([of_row, ops.matmul(weights, tokens)], axis=-1)

    def compute_output_shape(
        self, states_shape: Any, lengths_shape: Any, pairs_shape: Any, rows_shape: Any
    ) -> Any:
        """`(pairs, 2 * dim)` or `(pairs, 3 * dim)`."""
        return (pairs_shape[0], self.width(states_shape[-1]))

    def width(self, dim: int) -> int:
        """How long the context of states of length `dim` is."""
        return (3 if self.context == "attention" else 2) * dim

    def num_weights(self, dim: int, pair: int) -> int:
        """How many weights it has, without making them."""
        return (pair + 1 + dim) * self.units if self.context == "attention" else 0

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "context": self.context, "units": self.units}
