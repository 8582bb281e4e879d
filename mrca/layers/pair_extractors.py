"""Subject and object of a pair, each as the pair's context shows it."""

from typing import Any

import keras
from keras import ops

from mrca.layers.grouped_bilinear import GroupedBilinear


@keras.saving.register_keras_serializable(package="mrca")
class PairExtractors(keras.layers.Layer):
    """Features of a pair from its two entities, its context next to either.

        z_s = tanh(W_s [s; c] + b_s)        z_o = tanh(W_o [o; c] + b_o)

    [z_s; z_o] is what ATLOP (Zhou et al. 2021) and HingeABL (Wang et al. 2023) classify with a
    bilinear form. With `bilinear` it is `units` grouped bilinear forms of the two, the pair
    representation of KD-DocRE (Tan et al. 2022, eq 6).

    Args:
        units: numbers of z_s and of z_o, and of bilinear forms.
        bilinear: whether to take the forms.

    Call arguments:
        sides: `(pairs, 2, dim)`, subject and object.
        context: `(pairs, width)`; `None` for none.

    Returns:
        `(pairs, 2 * units)`, or `(pairs, units)` of bilinear forms.

    Raises:
        MrcaError: if the units are not a multiple of 64, the size of a group, where there are more.
    """

    def __init__(self, units: int, bilinear: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.bilinear = bilinear
        same = {"dtype": self.dtype_policy}
        self.subject = keras.layers.Dense(units, "tanh", name="subject", **same)
        self.object = keras.layers.Dense(units, "tanh", name="object", **same)
        self.forms = GroupedBilinear(units, use_bias=False, name="forms", **same)

    def build(self, sides_shape: Any, context_shape: Any = None) -> None:
        """Create the weights."""
        width = sides_shape[-1] + (context_shape[-1] if context_shape else 0)
        self.subject.build((None, width))
        self.object.build((None, width))
        if self.bilinear:
            self.forms.build((None, 2 * self.units))

    def call(self, sides: Any, context: Any = None) -> Any:
        """See the class."""
        halves = []
        for side, extract in enumerate((self.subject, self.object)):
            seen = [sides[:, side]] if context is None else [sides[:, side], context]
            halves.append(extract(ops.concatenate(seen, axis=-1)))
        features = ops.concatenate(halves, axis=-1)
        return self.forms(features) if self.bilinear else features

    def compute_output_shape(self, sides_shape: Any, context_shape: Any = None) -> Any:
        """`(pairs, 2 * units)` or `(pairs, units)`."""
        return (sides_shape[0], self.width)

    @property
    def width(self) -> int:
        """How many features a pair has."""
        return self.units if self.bilinear else 2 * self.units

    def num_weights(self, side: int, context: int) -> int:
        """How many weights it has for entities and contexts that long, without making them."""
        weights = 2 * (side + context + 1) * self.units
        return weights + (self.forms.num_weights(2 * self.units) if self.bilinear else 0)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "units": self.units, "bilinear": self.bilinear}
