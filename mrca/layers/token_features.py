"""Word vectors with MRCA's case and role features."""

from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.layers.marked_states import append_marks


@keras.saving.register_keras_serializable(package="mrca")
class TokenFeatures(keras.layers.Layer):
    """Looks up frozen word vectors and appends one number for case and one for role.

        output = [vector of the word, v * case, v * role]

    with `case` +1 where the word's first character is upper case, else -1, and `role` +1 for a
    subject's word, -1 for an object's, 0 for neither; both 0 on padding. Source: MRCA, section
    3.1, equations 3.2 and 3.3.

    Args:
        num_words: rows of the table. Row 0 is padding and stays zero.
        dim: length of a word vector.
        feature_value: `v`, the ceiling of the vectors' maximum entry.

    Call arguments:
        words: int32 `(batch, time)`, rows of the table.
        case, role: int8 `(batch, time)` of -1, 0, 1.

    Returns:
        `(batch, time, dim + 2)`.
    """

    def __init__(self, num_words: int, dim: int, feature_value: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_words = num_words
        self.dim = dim
        self.feature_value = feature_value

    def build(self, words_shape: Any, case_shape: Any = None, role_shape: Any = None) -> None:
        """Create the frozen table."""
        self.table = self.add_weight(
            shape=(self.num_words, self.dim), initializer="zeros", trainable=False, name="table"
        )

    def assign_vectors(self, vectors: np.ndarray, first_row: int = 1) -> None:
        """Put `vectors` (n, dim) into the table's rows from `first_row` on."""
        table = np.array(ops.convert_to_numpy(self.table))
        table[first_row : first_row + len(vectors)] = vectors
        self.table.assign(table)

    def call(self, words: Any, case: Any, role: Any) -> Any:
        """See the class."""
        vectors = ops.cast(ops.take(self.table, words, axis=0), self.compute_dtype)
        return append_marks(vectors, case, role, self.feature_value)

    def compute_output_shape(
        self, words_shape: Any, case_shape: Any = None, role_shape: Any = None
    ) -> Any:
        """`(batch, time, dim + 2)`."""
        return (*words_shape, self.dim + 2)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "num_words": self.num_words,
            "dim": self.dim,
            "feature_value": self.feature_value,
        }
