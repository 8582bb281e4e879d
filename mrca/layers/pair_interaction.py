"""What a pair of entities learns from the other pairs of its subject and of its object."""

from typing import Any, ClassVar

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mrca")
class PairInteraction(keras.layers.Layer):
    """Lets the pairs of a document that share an entity compare themselves.

    A city that is the capital of one country is rarely that of another: whether a pair is related
    depends on how well its rivals fit. Each pair p sees the maximum over the pairs of its subject
    and that over the pairs of its object:

        p'_so = p_so + tanh(W [p_so; max over o' of p_so'; max over s' of p_s'o] + b)

    It looks along the row and the column of the matrix of pairs, as the axial attention of KD-DocRE
    (Tan et al. 2022) does, with maxima in place of attention and without the matrix. Ours.

    Call arguments:
        pairs: `(pairs, width)`, features of each pair.
        entities: int32 `(pairs, 2)`, the numbers of its subject and object in the batch.
        entity_rows: `(entities,)`; only its length is read.
        row_entities: what other interactions read.

    Returns:
        `(pairs, width)`.
    """

    reads_context: ClassVar[bool] = False

    def build(
        self,
        pairs_shape: Any,
        entities_shape: Any,
        entity_rows_shape: Any,
        row_entities_shape: Any = None,
    ) -> None:
        """Create the weights."""
        width = pairs_shape[-1]
        self.dense = keras.layers.Dense(width, "tanh", name="dense", dtype=self.dtype_policy)
        self.dense.build((None, 3 * width))

    def call(self, pairs: Any, entities: Any, entity_rows: Any, row_entities: Any = None) -> Any:
        """See the class."""
        count = ops.shape(entity_rows)[0]
        seen = [pairs]
        for side in (0, 1):
            shared = entities[:, side]
            # Entities without a pair have no maximum, and none of them is taken.
            largest = ops.segment_max(pairs, shared, num_segments=count)
            seen.append(ops.take(largest, shared, axis=0))
        return pairs + self.dense(ops.concatenate(seen, axis=-1))

    def compute_output_shape(
        self,
        pairs_shape: Any,
        entities_shape: Any,
        entity_rows_shape: Any,
        row_entities_shape: Any = None,
    ) -> Any:
        """`(pairs, width)`."""
        return pairs_shape

    def width(self, width: int) -> int:
        """How long what it makes of features of length `width` is."""
        return width

    @staticmethod
    def num_weights(width: int) -> int:
        """How many weights it has, without making them."""
        return (3 * width + 1) * width
