"""Fit once: from a configuration to a run folder, loaded and measured."""

from mrca.training.checks import check_config, check_output
from mrca.training.decide import Chosen, choose_decision
from mrca.training.evaluate_split import (
    answered,
    evaluate_split,
    facts_in_training,
    report_on,
)
from mrca.training.plan import open_encoder, trainable_weights
from mrca.training.reporter import Reporter, SilentReporter, StopTraining
from mrca.training.run import Run, load
from mrca.training.train import train

__all__ = [
    "Chosen",
    "Reporter",
    "Run",
    "SilentReporter",
    "StopTraining",
    "answered",
    "check_config",
    "check_output",
    "choose_decision",
    "evaluate_split",
    "facts_in_training",
    "load",
    "open_encoder",
    "report_on",
    "train",
    "trainable_weights",
]
