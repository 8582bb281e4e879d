"""Fit once: from a configuration to a run folder, loaded and measured."""

from mrca.training.checks import check_config, check_output
from mrca.training.distillation import is_distillation, teacher_config
from mrca.training.evaluate_split import (
    answered,
    calibration,
    evaluate_split,
    facts_in_training,
    precise_rule,
    report_on,
    trained_rule,
    tuned_rule,
)
from mrca.training.reporter import Reporter, SilentReporter, StopTraining
from mrca.training.run import Run, load
from mrca.training.stages import first_stage_config, second_stage_config
from mrca.training.train import open_encoder, train, trainable_weights

__all__ = [
    "Reporter",
    "Run",
    "SilentReporter",
    "StopTraining",
    "answered",
    "calibration",
    "check_config",
    "check_output",
    "evaluate_split",
    "facts_in_training",
    "first_stage_config",
    "is_distillation",
    "load",
    "open_encoder",
    "precise_rule",
    "report_on",
    "second_stage_config",
    "teacher_config",
    "train",
    "trainable_weights",
    "trained_rule",
    "tuned_rule",
]
