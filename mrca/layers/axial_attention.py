"""Attention along the rows and the columns of a document's matrix of pairs."""

from typing import Any, ClassVar

import keras
from keras import ops

from mrca.errors import MrcaError, check_positive_integers
from mrca.layers.pair_matrix import PairMatrix

_AXES = ("subjects", "objects")


@keras.saving.register_keras_serializable(package="mrca")
class AxialAttention(keras.layers.Layer):
    """Each pair attends to those of its object and to those of its subject, and both are added up.

        y_so = attention over p of (q_so; k_po, v_po) + attention over p of (q_so; k_sp, v_sp)

    with queries, keys and values of either axis its own, several heads, scores divided by the root
    of a head's width, and a dense layer after either, as in the authors' code (the axial attention
    of Ho et al. 2019). Equation 7 of KD-DocRE (Tan et al. 2022) has one head, one W_Q, W_K and W_V
    for both axes, and no scale.

    Args:
        heads: of each axis.

    Call arguments:
        matrix: `(documents, E, E, width)`, of subjects and objects.
        asked: bool `(documents, E, E)`, which pairs are seen; `None` for all of them, as in the
            authors' code, where the padding of a document to 42 entities takes part.

    Returns:
        `(documents, E, E, width)`; where no pair is seen it means nothing, but is finite.

    Raises:
        MrcaError: if there is no head, or the heads do not divide the width.
    """

    def __init__(self, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive_integers(self, heads=heads)
        self.heads = heads

    def build(self, matrix_shape: Any, asked_shape: Any = None) -> None:
        """Create the weights of either axis."""
        width = matrix_shape[-1]
        self.num_weights(width)  # or an error
        self.dense = {}
        for axis in _AXES:
            for name, units in (("query", width), ("key_value", 2 * width), ("output", width)):
                layer = keras.layers.Dense(
                    units,
                    use_bias=name == "output",
                    name=f"{axis}_{name}",
                    dtype=self.dtype_policy,
                )
                layer.build((None, width))
                self.dense[f"{axis}_{name}"] = layer

    def call(self, matrix: Any, asked: Any = None) -> Any:
        """See the class."""
        # Along subjects, a column of the matrix is what is looked at.
        turned = None if asked is None else ops.transpose(asked, (0, 2, 1))
        columns = self._attend("subjects", ops.transpose(matrix, (0, 2, 1, 3)), turned)
        return ops.transpose(columns, (0, 2, 1, 3)) + self._attend("objects", matrix, asked)

    def _attend(self, axis: str, matrix: Any, asked: Any) -> Any:
        """Attention within each row of the matrices."""
        width = matrix.shape[-1]
        head = width // self.heads
        shape = ops.shape(matrix)[:3]

        def of_heads(values: Any) -> Any:
            split = ops.reshape(values, (*shape, self.heads, head))
            return ops.transpose(split, (0, 1, 3, 2, 4))

        query = of_heads(self.dense[f"{axis}_query"](matrix))
        both = self.dense[f"{axis}_key_value"](matrix)
        key, value = of_heads(both[..., :width]), of_heads(both[..., width:])
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 2, 4, 3))) * head**-0.5
        if asked is not None:
            # The least number that every float type has; scores are far above it.
            scores = ops.where(asked[:, :, None, None, :], scores, -6e4)
        found = ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 1, 3, 2, 4))
        return self.dense[f"{axis}_output"](ops.reshape(found, (*shape, width)))

    def num_weights(self, width: int) -> int:
        """How many weights it has, without making them.

        Raises:
            MrcaError: see the class.
        """
        if width % self.heads:
            raise MrcaError(
                f"Axial attention of {self.heads} heads needs a width that they divide. Received: "
                f"{width}. Change model.hidden or the heads of model.interaction_options."
            )
        return 2 * (4 * width + 1) * width

    def compute_output_shape(self, matrix_shape: Any, asked_shape: Any = None) -> Any:
        """`(documents, E, E, width)`."""
        return matrix_shape

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "heads": self.heads}


@keras.saving.register_keras_serializable(package="mrca")
class AxialTransformer(keras.layers.Layer):
    """Layers of axial attention over a document's matrix of pairs (Tan et al. 2022).

        x' = LayerNorm(W (x + attention(x)) + b)

    once a layer, as in the authors' code: there is no residual connection around W.

    Args:
        layers: how many; 6 in the code.
        heads: of each; 8 in the code.

    Call arguments:
        matrix: `(documents, E, E, width)`, of subjects and objects.
        asked: see `AxialAttention`.

    Returns:
        `(documents, E, E, width)`.

    Raises:
        MrcaError: if there is no layer or head, or the heads do not divide the width.
    """

    def __init__(self, layers: int = 6, heads: int = 8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive_integers(self, layers=layers, heads=heads)
        self.layers = layers
        self.heads = heads

    def build(self, matrix_shape: Any, asked_shape: Any = None) -> None:
        """Create the weights."""
        width, same = matrix_shape[-1], {"dtype": self.dtype_policy}
        self.attentions = [
            AxialAttention(self.heads, name=f"attention_{layer}", **same)
            for layer in range(self.layers)
        ]
        self.denses = [
            keras.layers.Dense(width, name=f"dense_{layer}", **same) for layer in range(self.layers)
        ]
        self.norms = [
            # PyTorch's epsilon; Keras's own is 1e-3.
            keras.layers.LayerNormalization(epsilon=1e-5, name=f"norm_{layer}", **same)
            for layer in range(self.layers)
        ]
        for layer in (*self.attentions, *self.denses, *self.norms):
            layer.build(matrix_shape)

    def call(self, matrix: Any, asked: Any = None) -> Any:
        """See the class."""
        for attention, dense, norm in zip(self.attentions, self.denses, self.norms, strict=True):
            matrix = norm(dense(matrix + attention(matrix, asked)))
        return matrix

    def num_weights(self, width: int) -> int:
        """How many weights it has, without making them."""
        attention = AxialAttention(self.heads).num_weights(width)
        return self.layers * (attention + (width + 3) * width)

    def compute_output_shape(self, matrix_shape: Any, asked_shape: Any = None) -> Any:
        """`(documents, E, E, width)`."""
        return matrix_shape

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "layers": self.layers, "heads": self.heads}


@keras.saving.register_keras_serializable(package="mrca")
class AxialInteraction(keras.layers.Layer):
    """Lets a pair attend to the pairs of its subject and of its object, as KD-DocRE does.

        p' = p + AxialTransformer(p)

    over the matrix of a document's entities, so that a relation over two steps can be seen: of s to
    p and of p to o. Only pairs that are asked about are seen, none of which is on the diagonal; in
    the authors' code all pairs of 42 entities are, real or not.

    Args:
        layers, heads: see `AxialTransformer`.

    Call arguments:
        pairs: `(pairs, width)`, features of each pair.
        entities: int32 `(pairs, 2)`, the numbers of its subject and object in the batch.
        entity_rows: int32 `(entities,)`, the document of each entity.
        row_entities: int32 `(documents, E)`, the numbers of a document's entities, padded with -1.

    Returns:
        `(pairs, width)`.

    Raises:
        MrcaError: see `AxialTransformer`.
    """

    reads_context: ClassVar[bool] = False

    def __init__(self, layers: int = 6, heads: int = 8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.transformer = AxialTransformer(
            layers, heads, name="transformer", dtype=self.dtype_policy
        )

    def build(
        self, pairs_shape: Any, entities_shape: Any, entity_rows_shape: Any, row_entities_shape: Any
    ) -> None:
        """Create the weights."""
        self.transformer.build((None, None, None, pairs_shape[-1]))

    def call(self, pairs: Any, entities: Any, entity_rows: Any, row_entities: Any) -> Any:
        """See the class."""
        places = PairMatrix(entities, entity_rows, row_entities)
        return pairs + places.at(self.transformer(*places.of(pairs)))

    def compute_output_shape(
        self, pairs_shape: Any, entities_shape: Any, entity_rows_shape: Any, row_entities_shape: Any
    ) -> Any:
        """`(pairs, width)`."""
        return pairs_shape

    def width(self, width: int) -> int:
        """How long what it makes of features of length `width` is."""
        return width

    def num_weights(self, width: int) -> int:
        """How many weights it has, without making them."""
        return self.transformer.num_weights(width)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        transformer = self.transformer
        return {**super().get_config(), "layers": transformer.layers, "heads": transformer.heads}
