"""Streaming Keras metrics that share the losses' decision rules."""

from mrca.metrics.micro_f1 import MicroF1

__all__ = [
    "MicroF1",
]
