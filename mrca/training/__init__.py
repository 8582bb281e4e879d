"""Fit once: from a configuration to a run folder, and a run folder in use."""

from mrca.training.distillation import is_distillation, teacher_config
from mrca.training.evaluate_split import (
    evaluate_split,
    evaluate_triples,
    labels_and_outputs,
    tuned_rule,
)
from mrca.training.preflight import check_output
from mrca.training.reporter import Reporter, SilentReporter
from mrca.training.run import CHUNK, PredictedTriple, Prediction, Run, load
from mrca.training.train import train

__all__ = [
    "CHUNK",
    "PredictedTriple",
    "Prediction",
    "Reporter",
    "Run",
    "SilentReporter",
    "check_output",
    "evaluate_split",
    "evaluate_triples",
    "is_distillation",
    "labels_and_outputs",
    "load",
    "teacher_config",
    "train",
    "tuned_rule",
]
