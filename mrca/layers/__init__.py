"""Keras layers that Keras lacks."""

from mrca.layers.bilstm import BiLSTM
from mrca.layers.capsule_routing import CapsuleRouting
from mrca.layers.padded_average_pooling import PaddedAveragePooling1D
from mrca.layers.token_features import TokenFeatures

__all__ = ["BiLSTM", "CapsuleRouting", "PaddedAveragePooling1D", "TokenFeatures"]
