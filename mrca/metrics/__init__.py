"""Streaming Keras metrics that share the losses' decision rules."""

from mrca.metrics.macro_f1 import MacroF1
from mrca.metrics.micro_f1 import MicroF1
from mrca.metrics.tuned_micro_f1 import TunedMicroF1

__all__ = [
    "MacroF1",
    "MicroF1",
    "TunedMicroF1",
]
