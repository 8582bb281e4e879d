"""Keras layers that Keras lacks.

Classifiers are listed in `mrca.layers.heads`, what lets pairs see each other in
`mrca.layers.interactions`.
"""

from mrca.layers.axial_attention import AxialAttention, AxialInteraction, AxialTransformer
from mrca.layers.bilstm import BiLSTM
from mrca.layers.capsule_routing import CapsuleRouting
from mrca.layers.entity_pooling import ENTITY_POOLINGS, EntityPooling
from mrca.layers.grouped_bilinear import Bilinear, GroupedBilinear
from mrca.layers.localized_context import LocalizedContext
from mrca.layers.padded_average_pooling import PaddedAveragePooling1D
from mrca.layers.pair_context import PAIR_CONTEXTS, PairContext
from mrca.layers.pair_extractors import PairExtractors
from mrca.layers.pair_interaction import PairInteraction
from mrca.layers.pooled_dense import Dense as PooledDense
from mrca.layers.state_pooling import STATE_POOLINGS, StatePooling
from mrca.layers.token_marks import TokenMarks
from mrca.layers.u_net import UNet, UNetInteraction

__all__ = [
    "ENTITY_POOLINGS",
    "PAIR_CONTEXTS",
    "STATE_POOLINGS",
    "AxialAttention",
    "AxialInteraction",
    "AxialTransformer",
    "BiLSTM",
    "Bilinear",
    "CapsuleRouting",
    "EntityPooling",
    "GroupedBilinear",
    "LocalizedContext",
    "PaddedAveragePooling1D",
    "PairContext",
    "PairExtractors",
    "PairInteraction",
    "PooledDense",
    "StatePooling",
    "TokenMarks",
    "UNet",
    "UNetInteraction",
]
