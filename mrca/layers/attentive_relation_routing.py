"""A classifier that routes a sentence's capsules to relations."""

from typing import Any

import keras
from keras import ops

from mrca.errors import check_positive_integers
from mrca.layers import CapsuleRouting


@keras.saving.register_keras_serializable(package="mrca")
class AttentiveRelationRouting(keras.layers.Layer):
    """Attentive relation routing (ARR): sentence features `x` to one logit per relation.

        u = reshape(W_p x + b_p)          primary capsules, (capsules, capsule_dim)
        r = CapsuleRouting(u)             a capsule for each column, (columns, relation_dim)
        logit_j = w . r_j + bias          one w and one bias for all columns

    Any loss can follow. The paper gives neither the capsules' numbers nor code, and its printed
    shapes do not fit each other; this is the routing that it builds on (Tsai et al. 2020).

    Args:
        columns: output columns.
        capsules: primary capsules.
        capsule_dim: length of a primary capsule.
        relation_dim: length of a relation's capsule.
        iterations: of routing, the uniform first one included; default 2 (the paper's best on
            FewRel-LT; 3 on TACRED).
        scale: see `CapsuleRouting`.

    Call arguments:
        inputs: `(batch, features)`.

    Returns:
        Logits `(batch, columns)`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: Yu et al. 2020, section 4.1.
    """

    def __init__(
        self,
        columns: int,
        capsules: int = 16,
        capsule_dim: int = 16,
        relation_dim: int = 16,
        iterations: int = 2,
        scale: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_positive_integers(self, capsules=capsules, capsule_dim=capsule_dim)
        self.columns = columns
        self.capsules = capsules
        self.capsule_dim = capsule_dim
        self.relation_dim = relation_dim
        self.iterations = iterations
        self.scale = scale
        same = {"dtype": self.dtype_policy}
        self.primary = keras.layers.Dense(capsules * capsule_dim, name="primary", **same)
        self.routing = CapsuleRouting(
            columns, relation_dim, iterations, scale, name="routing", **same
        )
        self.squeeze = keras.layers.Dense(1, name="squeeze", **same)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Build the three parts."""
        self.primary.build(input_shape)
        self.routing.build((None, self.capsules, self.capsule_dim))
        self.squeeze.build((None, self.columns, self.relation_dim))

    def call(self, inputs: Any) -> Any:
        """Route; see the class."""
        primary = ops.reshape(self.primary(inputs), (-1, self.capsules, self.capsule_dim))
        return ops.squeeze(self.squeeze(self.routing(primary)), axis=-1)

    def num_weights(self, features: int) -> int:
        """How many weights it has for inputs of `features` numbers, without making them."""
        primary = self.capsules * self.capsule_dim
        normalise = 2 * self.relation_dim if self.relation_dim > 1 else 0
        votes = primary * self.columns * self.relation_dim
        return (features + 1) * primary + votes + normalise + self.relation_dim + 1

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`(batch, columns)`."""
        return (input_shape[0], self.columns)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "columns": self.columns,
            "capsules": self.capsules,
            "capsule_dim": self.capsule_dim,
            "relation_dim": self.relation_dim,
            "iterations": self.iterations,
            "scale": self.scale,
        }
