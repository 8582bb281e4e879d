"""A network of word vectors as a part of an exported model."""

from typing import Any

import tensorflow as tf

from mrca.export.exported_model import mark_specs
from mrca.models import RelationNetwork

Tensors = dict[str, Any]


class WordNetwork(tf.Module):
    """`vectors` and what else a network reads to raw outputs.

    Args:
        network: of a run.
    """

    def __init__(self, network: RelationNetwork) -> None:
        super().__init__()
        self.network = network

    @property
    def inputs(self) -> dict[str, tf.TensorSpec]:
        """What it takes, but for entities and pairs."""
        return {
            "vectors": tf.TensorSpec((None, None, self.network.dim), tf.float32),
            **mark_specs(self.network.num_types > 0),
        }

    def __call__(self, inputs: Tensors) -> Any:
        """Raw outputs `(candidates, columns)`."""
        others = dict(inputs)
        return self.network({"states": others.pop("vectors"), **others}, training=False)
