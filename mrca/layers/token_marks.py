"""States with MRCA's case and role features, and entity types."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mrca")
class TokenMarks(keras.layers.Layer):
    """Appends one number for case, one for role and one for each entity type to each token's state.

        output = [state, v * case, v * role, v * one_hot(type)]

    with `case` +1 where the word's first character is upper case, else -1, and `role` +1 for a
    subject's word, -1 for an object's, 0 for neither; all 0 on padding. Source: MRCA, section 3.1,
    equations 3.2 and 3.3; the types are ours.

    Args:
        feature_value: `v`, the ceiling of the states' maximum entry.
        num_types: entity types; 0 for none.

    Call arguments:
        states: `(batch, time, dim)`.
        case, role: int8 `(batch, time)` of -1, 0, 1.
        types: int16 `(batch, time)`, types from 1, 0 for none; with `num_types` only.

    Returns:
        `(batch, time, dim + 2 + num_types)`.
    """

    def __init__(self, feature_value: float, num_types: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feature_value = feature_value
        self.num_types = num_types

    def call(self, states: Any, case: Any, role: Any, types: Any = None) -> Any:
        """See the class."""
        marks = ops.cast(ops.stack([case, role], axis=-1), states.dtype) * self.feature_value
        parts = [states, marks]
        if self.num_types:
            # A type of 0 is no column, and so zeros.
            typed = ops.one_hot(ops.cast(types, "int32") - 1, self.num_types, dtype=states.dtype)
            parts.append(typed * self.feature_value)
        return ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, states_shape: Any, *marks: Any, **more: Any) -> Any:
        """`(batch, time, dim + 2 + num_types)`."""
        return (*states_shape[:-1], states_shape[-1] + 2 + self.num_types)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "feature_value": self.feature_value,
            "num_types": self.num_types,
        }
