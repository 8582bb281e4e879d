"""Routing from capsules to capsules by agreement."""

from typing import Any

import keras
from keras import ops

from mrca.errors import check_positive_integers


@keras.saving.register_keras_serializable(package="mrca")
class CapsuleRouting(keras.layers.Layer):
    """Dot-product routing with inverted attention, from input capsules `u` to output capsules `r`.

        v_ij = W_ij u_i
        iteration 1:  c_ij = 1 / b
        then:         c_ij = softmax over j of (scale v_ij . r_j)
        each:         r_j = LayerNorm(sum_i c_ij v_ij)

    Each input capsule spreads its vote over the b output capsules by how well it agrees with what
    they hold: the softmax runs over the *outputs*. Layer normalisation shares its weights between
    capsules and is left out for capsules of one number.

    Args:
        capsules: b, output capsules.
        dim: length of an output capsule.
        iterations: of routing, the uniform first one included; at least 1. With 1 the layer is a
            linear map and a normalisation.
        scale: of the agreement; `None` (default) for `dim ** -0.5` (authors' code; the
            paper of Yu et al. 2020 has 1).

    Call arguments:
        inputs: `(batch, input capsules, input dim)`.

    Returns:
        `(batch, capsules, dim)`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: Tsai et al. 2020 and their code, which counts the uniform pass.
    """

    def __init__(
        self,
        capsules: int,
        dim: int,
        iterations: int = 2,
        scale: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_positive_integers(self, capsules=capsules, dim=dim, iterations=iterations)
        self.capsules = capsules
        self.dim = dim
        self.iterations = iterations
        self.scale = scale
        self.normalise = (
            keras.layers.LayerNormalization(epsilon=1e-5, dtype=self.dtype_policy, name="normalise")
            if dim > 1
            else None
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the transformation from every input capsule to every output capsule."""
        _, inputs, dim = input_shape
        # As the authors: over the fan-in, widened by the uniform coefficients of the start.
        deviation = (self.capsules / (inputs * dim)) ** 0.5  # type: ignore[operator]
        self.kernel = self.add_weight(
            name="kernel",
            shape=(inputs, dim, self.capsules, self.dim),
            initializer=keras.initializers.RandomNormal(stddev=deviation),
        )
        if self.normalise is not None:
            self.normalise.build((None, self.capsules, self.dim))

    def call(self, inputs: Any) -> Any:
        """Route; see the class."""
        votes = ops.einsum("bim,imjn->bijn", inputs, self.kernel)
        routed = self._normalised(ops.sum(votes, axis=1) / self.capsules)
        scale = self.dim**-0.5 if self.scale is None else self.scale
        for _ in range(self.iterations - 1):
            agreement = scale * ops.einsum("bijn,bjn->bij", votes, routed)
            coefficients = ops.softmax(agreement, axis=-1)
            routed = self._normalised(ops.einsum("bij,bijn->bjn", coefficients, votes))
        return routed

    def _normalised(self, capsules: Any) -> Any:
        return capsules if self.normalise is None else self.normalise(capsules)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`(batch, capsules, dim)`."""
        return (input_shape[0], self.capsules, self.dim)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "capsules": self.capsules,
            "dim": self.dim,
            "iterations": self.iterations,
            "scale": self.scale,
        }
