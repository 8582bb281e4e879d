"""Fit once: from a configuration to a run folder, and a run folder in use."""

from mrca.training.reporter import Reporter, SilentReporter
from mrca.training.run import CHUNK, PredictedTriple, Prediction, Run, load
from mrca.training.train import check_output, evaluate_split, split_examples, train

__all__ = [
    "CHUNK",
    "PredictedTriple",
    "Prediction",
    "Reporter",
    "Run",
    "SilentReporter",
    "check_output",
    "evaluate_split",
    "load",
    "split_examples",
    "train",
]
