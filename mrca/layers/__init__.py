"""Keras layers that Keras lacks."""

from mrca.layers.bilstm import BiLSTM
from mrca.layers.masked_average_pooling import MaskedAveragePooling1D
from mrca.layers.token_features import TokenFeatures

__all__ = ["BiLSTM", "MaskedAveragePooling1D", "TokenFeatures"]
