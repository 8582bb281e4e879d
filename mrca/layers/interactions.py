"""What lets the pairs of a document see each other."""

from collections.abc import Callable
from typing import Any

import keras

from mrca.errors import MrcaError, check_options, did_you_mean
from mrca.layers.axial_attention import AxialInteraction
from mrca.layers.pair_interaction import PairInteraction
from mrca.layers.u_net import UNetInteraction

INTERACTIONS: dict[str, Callable[..., Any]] = {
    "strongest": PairInteraction,
    "axial": AxialInteraction,
    "u_net": UNetInteraction,
}


def get(name: str, /, dtype: Any = None, **options: Any) -> keras.layers.Layer | None:
    """The interaction registered under `name`, a layer called `interaction`.

    It takes pairs `(pairs, width)` with `pairs`, `entity_rows` and `row_entities` as a batch has
    them. `reads_context` says of which pairs: of contexts, or of what is before the classifier.

    Args:
        name: one of `INTERACTIONS`; `"none"` for none.
        dtype: Keras's dtype policy.
        **options: its own arguments.

    Raises:
        MrcaError: if there is no such interaction, or an argument is unknown or out of its range.
    """
    known = ("none", *INTERACTIONS)
    if name not in known:
        raise MrcaError(
            f"Unknown pair interaction {name!r}.{did_you_mean(str(name), known)} "
            f"Expected one of: {', '.join(known)}."
        )
    owner = f"model.pair_interaction {name!r}"
    if name == "none":
        if options:
            raise MrcaError(f"{owner} takes no arguments. Received: {', '.join(options)}.")
        return None
    check_options(owner, INTERACTIONS[name], options)
    layer: keras.layers.Layer = INTERACTIONS[name](**options, dtype=dtype, name="interaction")
    return layer
