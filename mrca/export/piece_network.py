"""A run of a BERT encoder as a part of an exported model."""

from typing import Any

import tensorflow as tf

from mrca.encoders import PieceEncoder
from mrca.export.exported_model import mark_specs
from mrca.layers import StatePooling
from mrca.models import RelationClassifier
from mrca.models.states_model import StatesModel

Tensors = dict[str, Any]


class PieceNetwork(tf.Module):
    """An encoder and the network after it: word pieces to raw outputs, as `raw_outputs` gives them.

    A frozen encoder's states are rounded to half precision on their way, as those are that the
    network was trained on.

    Args:
        classifier: of a run.
        encoder: its encoder.
    """

    def __init__(self, classifier: RelationClassifier, encoder: PieceEncoder) -> None:
        super().__init__()
        # Padding that is computed on.
        fixed = classifier.padding == "fixed"
        self._fixed_length = classifier.max_length if fixed else None

        # === Tracked, and so saved ===
        self._encoder = encoder.reading
        self._whole = None
        if encoder.layer is not None:
            self._whole = StatesModel(classifier.network, encoder.layer)
        self._pooling = None if encoder.pooling is None else StatePooling(encoder.pooling)
        self._network = classifier.network

    @property
    def inputs(self) -> dict[str, tf.TensorSpec]:
        """What it takes, but for entities and pairs."""
        return {
            "pieces": tf.TensorSpec((None, None), tf.int32),
            **mark_specs(self._network.num_types > 0),
        }

    def __call__(self, inputs: Tensors) -> Any:
        """Raw outputs `(candidates, columns)`.

        Args:
            inputs: as `TextToPieces` gives them: `pieces`, `case` and `role`, `(batch, time)`, and
                `lengths`, without the padding to the full length that the run may have.
        """
        if self._whole is not None:
            return self._whole(self._padded(inputs), training=False)
        pieces, role, lengths = (inputs[name] for name in ("pieces", "role", "lengths"))
        marks = {name: array for name, array in inputs.items() if name != "pieces"}
        states = self._encoder(pieces, lengths, training=False)
        if self._pooling is not None:
            states = self._pooling(states, role, lengths)[:, None]
            none = tf.zeros_like(role[:, :1])
            marks = {"case": none, "role": none, "lengths": tf.ones_like(lengths)}
        else:
            there = tf.sequence_mask(lengths, tf.shape(pieces)[1])
            states = tf.where(there[..., None], states, 0.0)
        states = tf.cast(tf.cast(states, tf.float16), tf.float32)
        return self._network(self._padded({"states": states, **marks}), training=False)

    def _padded(self, inputs: Tensors) -> Tensors:
        """The same with zeros that count as tokens, if that is how the run pads."""
        if self._fixed_length is None:
            return inputs
        more = self._fixed_length - tf.shape(inputs["case"])[1]

        def padded(array: Any) -> Any:
            return tf.pad(array, [[0, 0], [0, more], *[[0, 0]] * (len(array.shape) - 2)])

        lengths = inputs["lengths"]
        arrays = {name: padded(array) for name, array in inputs.items() if name != "lengths"}
        return {**arrays, "lengths": tf.fill(tf.shape(lengths), self._fixed_length)}
