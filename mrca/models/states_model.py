"""A network of states behind the encoder that makes them."""

from typing import Any

import keras
from keras import ops


class StatesModel(keras.Model):
    """A network of states, with the encoder before it that computes them, if that is trained.

    Args:
        network: a model of `states` and what else an encoder gives.
        encoder_layer: a layer from `pieces` and `lengths` to states, and to attention for a network
            that reads it; `None` where states are given.
    """

    def __init__(self, network: keras.Model, encoder_layer: Any = None, **kwargs: Any) -> None:
        super().__init__(dtype=network.dtype_policy, **kwargs)
        self.network = network
        self.encoder_layer = encoder_layer
        self.built = True  # its parts are

    def call(self, inputs: dict[str, Any], training: bool | None = None) -> Any:
        """Inputs by name to what the network gives."""
        if self.encoder_layer is not None:
            inputs = dict(inputs)
            pieces, lengths = inputs.pop("pieces"), inputs["lengths"]
            if "attention" in self.network.input:
                states, inputs["attention"] = self.encoder_layer(
                    pieces, lengths, training=training, return_attention_scores=True
                )
            else:
                states = self.encoder_layer(pieces, lengths, training=training)
            # States of padding mean nothing; kept ones have zeros there.
            there = ops.arange(ops.shape(pieces)[1]) < ops.expand_dims(lengths, 1)
            inputs["states"] = ops.where(ops.expand_dims(there, -1), states, 0.0)
        return self.network(inputs, training=training)
