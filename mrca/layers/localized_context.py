"""What a document says around two of its entities, by an encoder's own attention."""

from typing import Any

import keras
from keras import ops

from mrca.layers.pair_matrix import PairMatrix


@keras.saving.register_keras_serializable(package="mrca")
class LocalizedContext(keras.layers.Layer):
    """Localized context pooling of ATLOP (Zhou et al. 2021): where both entities look.

    With A the attention of an encoder's last layer,

        A_e = mean over an entity's tokens of their rows in A       (heads, time)
        q_so = mean over heads of A_s * A_o                         (time,)
        c_so = sum over t of q_so,t h_t / (sum over t of q_so,t + epsilon)

    The attention of KD-DocRE (Tan et al. 2022) is a sum over mentions and over heads, which is the
    same after the division. A pair one of whose entities has no token is all zeros, and so is one
    whose entities look at no token together.

    Everything is computed in float32: the products underflow in half precision. Nothing of the size
    (pairs, heads, time) or (pairs, time, dim) is made.

    Args:
        epsilon: 0 (default) for the formula; the authors' code has 1e-5, KD-DocRE's 1e-10, which
            draw contexts towards zero.

    Call arguments:
        states: `(batch, time, dim)`.
        attention: `(batch, heads, time, time)`; a row sums to 1 over what its token looks at.
        entities: int32 `(entities, most tokens)`, places of tokens in time, padded with -1; in the
            papers the marker before each mention.
        pairs: int32 `(pairs, 2)`, the numbers of subject and object in the batch.
        entity_rows: int32 `(entities,)`, the row of the batch that an entity belongs to.
        row_entities: int32 `(batch, E)`, the numbers of a row's entities, padded with -1.

    Returns:
        `(pairs, dim)`.
    """

    def __init__(self, epsilon: float = 0.0, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.epsilon = epsilon
        self.built = True

    def call(
        self,
        states: Any,
        attention: Any,
        entities: Any,
        pairs: Any,
        entity_rows: Any,
        row_entities: Any,
    ) -> Any:
        """See the class."""
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        attention, states = ops.cast(attention, dtype), ops.cast(states, dtype)
        batch, most = ops.shape(row_entities)
        heads, time = attention.shape[1] or ops.shape(attention)[1], ops.shape(attention)[2]

        # The share of each token in its entity: A_e is one product of these with A.
        is_token = entities >= 0
        count = ops.sum(ops.cast(is_token, dtype), axis=1, keepdims=True)
        shares = ops.where(is_token, 1 / ops.maximum(count, 1), 0)
        number = ops.arange(ops.shape(entity_rows)[0], dtype="int32")
        within = number - ops.take(row_entities[:, 0], entity_rows, axis=0)
        places = ops.expand_dims((entity_rows * most + within) * time, 1)
        places = places + ops.maximum(entities, 0)
        shares = ops.segment_sum(
            ops.reshape(shares, (-1,)),
            ops.reshape(places, (-1,)),
            num_segments=batch * most * time,
        )
        shares = ops.reshape(shares, (batch, 1, most, time))
        of_entities = ops.matmul(shares, attention)  # (batch, heads, E, time)

        # All pairs of a document's entities at once, token by token.
        by_token = ops.transpose(of_entities, (0, 3, 2, 1))
        weights = ops.matmul(by_token, ops.transpose(by_token, (0, 1, 3, 2)))
        weights = ops.reshape(ops.transpose(weights, (0, 2, 3, 1)), (batch, most * most, time))
        weights = weights / ops.cast(heads, dtype)
        total = ops.sum(weights, axis=-1, keepdims=True) + self.epsilon
        seen = total > 0
        weights = ops.where(seen, weights / ops.where(seen, total, 1), 0)
        context = ops.reshape(ops.matmul(weights, states), (batch, most, most, states.shape[-1]))
        found = PairMatrix(pairs, entity_rows, row_entities).at(context)
        return ops.cast(found, self.compute_dtype)

    def compute_output_shape(
        self,
        states_shape: Any,
        attention_shape: Any,
        entities_shape: Any,
        pairs_shape: Any,
        entity_rows_shape: Any,
        row_entities_shape: Any,
    ) -> Any:
        """`(pairs, dim)`."""
        return (pairs_shape[0], states_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "epsilon": self.epsilon}
