"""Keras layers that Keras lacks."""

from mrca.layers.bilstm import BiLSTM
from mrca.layers.capsule_routing import CapsuleRouting
from mrca.layers.marked_states import MarkedStates
from mrca.layers.padded_average_pooling import PaddedAveragePooling1D
from mrca.layers.state_pooling import STATE_POOLINGS, StatePooling
from mrca.layers.token_features import TokenFeatures

__all__ = [
    "STATE_POOLINGS",
    "BiLSTM",
    "CapsuleRouting",
    "MarkedStates",
    "PaddedAveragePooling1D",
    "StatePooling",
    "TokenFeatures",
]
