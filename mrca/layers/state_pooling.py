"""One vector of a sentence from the states of its tokens."""

from typing import Any

import keras
from keras import ops

from mrca.errors import MrcaError

STATE_POOLINGS = ("first", "mean", "entities")


@keras.saving.register_keras_serializable(package="mrca")
class StatePooling(keras.layers.Layer):
    """Pools `(batch, time, dim)` states to one vector for each row.

    * `first`: the first state, which is [CLS] of a BERT encoder (Yu et al. 2020, section 3);
    * `mean`: the mean over the row's tokens;
    * `entities`: the first state, the mean over subjects' tokens and the mean over objects' tokens,
      concatenated; zeros for a role that no token has (after R-BERT, Wu and He 2019).

    Args:
        pooling: one of the three.

    Call arguments:
        states: `(batch, time, dim)`.
        role: `(batch, time)`, 1 on subjects, -1 on objects, 0 elsewhere.
        lengths: int32 `(batch,)`, the number of real tokens of each row.

    Returns:
        `(batch, dim)`; `(batch, 3 * dim)` for `entities`.

    Raises:
        MrcaError: if there is no such pooling.
    """

    def __init__(self, pooling: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pooling not in STATE_POOLINGS:
            raise MrcaError(
                f"Unknown pooling {pooling!r}. Expected one of: {', '.join(STATE_POOLINGS)}."
            )
        self.pooling = pooling

    def call(self, states: Any, role: Any, lengths: Any) -> Any:
        """See the class."""
        first = states[:, 0]
        if self.pooling == "first":
            return first
        if self.pooling == "mean":
            return _mean(states, ops.arange(ops.shape(states)[1]) < ops.expand_dims(lengths, 1))
        role = ops.cast(role, "int32")
        return ops.concatenate([first, _mean(states, role == 1), _mean(states, role == -1)], -1)

    def compute_output_shape(
        self, states_shape: Any, role_shape: Any = None, lengths_shape: Any = None
    ) -> Any:
        """`(batch, dim)` or `(batch, 3 * dim)`."""
        return (states_shape[0], self.width(states_shape[-1]))

    def width(self, dim: int) -> int:
        """How long the pooled vector of states of length `dim` is."""
        return 3 * dim if self.pooling == "entities" else dim

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "pooling": self.pooling}


def _mean(states: Any, chosen: Any) -> Any:
    """Mean over the chosen tokens `(batch, time)`, zeros where none is."""
    # Half precision would lose the later tokens of a long sum.
    dtype = keras.backend.result_type(states.dtype, "float32")
    weights = ops.cast(chosen, dtype)
    total = ops.sum(ops.cast(states, dtype) * ops.expand_dims(weights, -1), axis=1)
    mean = total / ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1)
    return ops.cast(mean, states.dtype)
