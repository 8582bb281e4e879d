"""Keras layers that Keras lacks; classifiers among them (`mrca.layers.heads`)."""

from mrca.layers.bilstm import BiLSTM
from mrca.layers.capsule_routing import CapsuleRouting
from mrca.layers.entity_pooling import ENTITY_POOLINGS, EntityPooling
from mrca.layers.padded_average_pooling import PaddedAveragePooling1D
from mrca.layers.pair_context import PAIR_CONTEXTS, PairContext
from mrca.layers.pair_interaction import PairInteraction
from mrca.layers.state_pooling import STATE_POOLINGS, StatePooling
from mrca.layers.token_marks import TokenMarks

__all__ = [
    "ENTITY_POOLINGS",
    "PAIR_CONTEXTS",
    "STATE_POOLINGS",
    "BiLSTM",
    "CapsuleRouting",
    "EntityPooling",
    "PaddedAveragePooling1D",
    "PairContext",
    "PairInteraction",
    "StatePooling",
    "TokenMarks",
]
