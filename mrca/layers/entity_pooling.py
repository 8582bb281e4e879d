"""Entities from the states of their mentions."""

from typing import Any

import keras
from keras import ops

from mrca.errors import MrcaError

ENTITY_POOLINGS = ("mean", "max", "mean_max", "logsumexp")


@keras.saving.register_keras_serializable(package="mrca")
class EntityPooling(keras.layers.Layer):
    """Pools the states of all tokens of an entity's mentions to one vector.

    * `mean`, `max`: over the tokens;
    * `mean_max`: both, concatenated;
    * `logsumexp`: a smooth maximum over the tokens, after ATLOP (Zhou et al. 2021), which takes one
      token of each mention.

    An entity without a token (its mentions are cut off) is all zeros.

    Args:
        pooling: one of the four.

    Call arguments:
        states: `(batch, time, dim)`.
        entities: int32 `(entities, most tokens)`, places of tokens in time, padded with -1.
        entity_rows: int32 `(entities,)`, the row of the batch that an entity belongs to.

    Returns:
        `(entities, dim)`; `(entities, 2 * dim)` for `mean_max`.

    Raises:
        MrcaError: if there is no such pooling.
    """

    def __init__(self, pooling: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pooling not in ENTITY_POOLINGS:
            raise MrcaError(
                f"Unknown entity pooling {pooling!r}. Expected one of: "
                f"{', '.join(ENTITY_POOLINGS)}."
            )
        self.pooling = pooling

    def call(self, states: Any, entities: Any, entity_rows: Any) -> Any:
        """See the class."""
        dim = states.shape[-1]
        time = ops.shape(states)[1]
        is_token = ops.expand_dims(entities >= 0, -1)
        places = ops.expand_dims(entity_rows, 1) * time + ops.maximum(entities, 0)
        tokens = ops.take(ops.reshape(states, (-1, dim)), places, axis=0)
        pooled = []
        if self.pooling in ("mean", "mean_max"):
            total = ops.sum(ops.where(is_token, tokens, 0), axis=1)
            count = ops.maximum(ops.sum(ops.cast(is_token, total.dtype), axis=1), 1)
            pooled.append(total / count)
        if self.pooling in ("max", "mean_max"):
            pooled.append(_max(tokens, is_token))
        if self.pooling == "logsumexp":
            largest = ops.stop_gradient(_max(tokens, is_token))
            # Masked before the exponential too: what padding points at may be far above the tokens.
            above = ops.where(is_token, tokens - ops.expand_dims(largest, 1), 0)
            total = ops.sum(ops.where(is_token, ops.exp(above), 0), axis=1)
            any_token = total > 0
            logarithm = ops.log(ops.where(any_token, total, 1))
            pooled.append(ops.where(any_token, logarithm + largest, 0))
        return ops.concatenate(pooled, axis=-1)

    def compute_output_shape(
        self, states_shape: Any, entities_shape: Any, entity_rows_shape: Any
    ) -> Any:
        """`(entities, dim)` or `(entities, 2 * dim)`."""
        return (entities_shape[0], self.width(states_shape[-1]))

    def width(self, dim: int) -> int:
        """How long the pooled vector of states of length `dim` is."""
        return 2 * dim if self.pooling == "mean_max" else dim

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "pooling": self.pooling}


def _max(tokens: Any, is_token: Any) -> Any:
    """Maximum over axis 1 where there is a token; 0 where there is none."""
    # The least number that every float type has; states are far above it.
    values = ops.where(is_token, tokens, -6e4)
    # An entity more: of no entities, backends give a maximum of another shape, or none at all.
    values = ops.pad(values, [[0, 1], [0, 0], [0, 0]], constant_values=-6e4)
    largest = ops.max(values, axis=1)[:-1]
    return ops.where(ops.any(is_token, axis=1), largest, 0)
