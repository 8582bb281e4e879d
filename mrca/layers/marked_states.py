"""States with MRCA's case and role features."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mrca")
class MarkedStates(keras.layers.Layer):
    """Appends one number for case and one for role to each token's state.

        output = [state, v * case, v * role]

    as `TokenFeatures` does to word vectors. Source: MRCA, section 3.1, equations 3.2 and 3.3.

    Args:
        feature_value: `v`, the ceiling of the states' maximum entry.

    Call arguments:
        states: `(batch, time, dim)`.
        case, role: int8 `(batch, time)` of -1, 0, 1.

    Returns:
        `(batch, time, dim + 2)`.
    """

    def __init__(self, feature_value: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feature_value = feature_value

    def call(self, states: Any, case: Any, role: Any) -> Any:
        """See the class."""
        return append_marks(states, case, role, self.feature_value)

    def compute_output_shape(
        self, states_shape: Any, case_shape: Any = None, role_shape: Any = None
    ) -> Any:
        """`(batch, time, dim + 2)`."""
        return (*states_shape[:-1], states_shape[-1] + 2)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "feature_value": self.feature_value}


def append_marks(states: Any, case: Any, role: Any, value: float) -> Any:
    """`[state, value * case, value * role]` for each token."""
    marks = ops.cast(ops.stack([case, role], axis=-1), states.dtype) * value
    return ops.concatenate([states, marks], axis=-1)
