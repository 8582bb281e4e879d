"""Losses for imbalanced multi-label data, each with the decision rule that it implies."""

import inspect
from collections.abc import Sequence
from typing import Any

from mrca.errors import MrcaError, check_options, did_you_mean
from mrca.losses.adaptive_focal import AdaptiveFocal
from mrca.losses.adaptive_hinge_balance import AdaptiveHingeBalance
from mrca.losses.adaptive_margin import AdaptiveMargin
from mrca.losses.adaptive_multi_threshold import AdaptiveMultiThreshold
from mrca.losses.adaptive_threshold_global import AdaptiveThresholdGlobal
from mrca.losses.adaptive_thresholding import AdaptiveThresholding
from mrca.losses.balanced_softmax import BalancedSoftmax
from mrca.losses.binary_crossentropy import BinaryCrossentropy
from mrca.losses.categorical_crossentropy import CategoricalCrossentropy
from mrca.losses.categorical_focal import CategoricalFocal
from mrca.losses.class_balanced_focal import ClassBalancedFocal
from mrca.losses.class_balanced_negative_tolerant import ClassBalancedNegativeTolerant
from mrca.losses.decision_rule import (
    DecisionRule,
    FixedThreshold,
    LargestScore,
    SegmentThresholds,
    ThresholdColumn,
    ZeroThreshold,
    decision_rule_from_config,
)
from mrca.losses.dice import Dice
from mrca.losses.distillation_kl import DistillationKL
from mrca.losses.distillation_loss import DistillationLoss
from mrca.losses.distillation_mse import DistillationMSE
from mrca.losses.distribution_balanced import DistributionBalanced
from mrca.losses.distribution_balanced_crossentropy import DistributionBalancedCrossentropy
from mrca.losses.focal import Focal
from mrca.losses.mean_separate_adaptive_thresholding import MeanSeparateAdaptiveThresholding
from mrca.losses.multi_label_loss import MultiLabelLoss
from mrca.losses.negative_tolerant_focal import NegativeTolerantFocal
from mrca.losses.rc_dice import RCDice
from mrca.losses.rebalanced_focal import RebalancedFocal
from mrca.losses.reweighted_crossentropy import ReweightedCrossentropy
from mrca.losses.self_adjusting_dice import SelfAdjustingDice
from mrca.losses.separate_adaptive_thresholding import SeparateAdaptiveThresholding

LOSSES: dict[str, type[MultiLabelLoss]] = {
    "rc_dice": RCDice,
    "dice": Dice,
    "self_adjusting_dice": SelfAdjustingDice,
    "binary_crossentropy": BinaryCrossentropy,
    "reweighted_crossentropy": ReweightedCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "categorical_focal": CategoricalFocal,
    "focal": Focal,
    "class_balanced_focal": ClassBalancedFocal,
    "rebalanced_focal": RebalancedFocal,
    "negative_tolerant_focal": NegativeTolerantFocal,
    "distribution_balanced": DistributionBalanced,
    "distribution_balanced_crossentropy": DistributionBalancedCrossentropy,
    "class_balanced_negative_tolerant": ClassBalancedNegativeTolerant,
    "adaptive_thresholding": AdaptiveThresholding,
    "balanced_softmax": BalancedSoftmax,
    "adaptive_margin": AdaptiveMargin,
    "adaptive_focal": AdaptiveFocal,
    "separate_adaptive_thresholding": SeparateAdaptiveThresholding,
    "mean_separate_adaptive_thresholding": MeanSeparateAdaptiveThresholding,
    "adaptive_hinge_balance": AdaptiveHingeBalance,
    "adaptive_multi_threshold": AdaptiveMultiThreshold,
    "adaptive_threshold_global": AdaptiveThresholdGlobal,
    "distillation_mse": DistillationMSE,
    "distillation_kl": DistillationKL,
}


def get(name: str, /, **config: Any) -> MultiLabelLoss:
    """The loss registered under `name`, made with `config`.

    Raises:
        MrcaError: if there is no such loss, or an argument is unknown, missing or out of its range.
    """
    loss = _class(name)
    check_options(f"Loss {name!r}", loss, config)
    try:
        return loss(**config)
    except MrcaError:
        raise
    except (TypeError, ValueError) as error:
        raise MrcaError(f"Loss {name!r} does not take these arguments: {config}. {error}") from None


def needs_counts(name: str) -> bool:
    """Whether the loss called `name` takes `class_counts` and `num_samples`.

    Raises:
        MrcaError: if there is no such loss.
    """
    return "class_counts" in inspect.signature(_class(name)).parameters


def for_corpus(
    name: str, options: dict[str, Any], class_counts: Sequence[int], num_samples: int
) -> MultiLabelLoss:
    """The loss called `name`, with the corpus's label counts where it takes them.

    Args:
        name: one of `LOSSES`.
        options: its arguments; counts that stand here are left as they are.
        class_counts: training rows of each relation, in column order.
        num_samples: training rows.

    Raises:
        MrcaError: see `get`.
    """
    counts = {"class_counts": list(class_counts), "num_samples": num_samples}
    if needs_counts(name):
        options = {**counts, **options}
    if issubclass(LOSSES[name], DistillationLoss):
        default = inspect.signature(LOSSES[name]).parameters["student"].default
        given = options.get("student_options") or {}
        if needs_counts(options.get("student", default)) and isinstance(given, dict):
            options = {**options, "student_options": {**counts, **given}}
    return get(name, **options)


def check(name: str, options: dict[str, Any]) -> MultiLabelLoss:
    """The loss called `name` as far as it can be made before a corpus is at hand.

    Raises:
        MrcaError: see `get`.
    """
    return for_corpus(name, options, class_counts=[1], num_samples=1)


def _class(name: str) -> type[MultiLabelLoss]:
    if not isinstance(name, str) or name not in LOSSES:
        raise MrcaError(
            f"Unknown loss {name!r}.{did_you_mean(str(name), LOSSES)} "
            f"Expected one of: {', '.join(LOSSES)}."
        )
    return LOSSES[name]


__all__ = [
    "LOSSES",
    "AdaptiveFocal",
    "AdaptiveHingeBalance",
    "AdaptiveMargin",
    "AdaptiveMultiThreshold",
    "AdaptiveThresholdGlobal",
    "AdaptiveThresholding",
    "BalancedSoftmax",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocal",
    "ClassBalancedFocal",
    "ClassBalancedNegativeTolerant",
    "DecisionRule",
    "Dice",
    "DistillationKL",
    "DistillationLoss",
    "DistillationMSE",
    "DistributionBalanced",
    "DistributionBalancedCrossentropy",
    "FixedThreshold",
    "Focal",
    "LargestScore",
    "MeanSeparateAdaptiveThresholding",
    "MultiLabelLoss",
    "NegativeTolerantFocal",
    "RCDice",
    "RebalancedFocal",
    "ReweightedCrossentropy",
    "SegmentThresholds",
    "SelfAdjustingDice",
    "SeparateAdaptiveThresholding",
    "ThresholdColumn",
    "ZeroThreshold",
    "check",
    "decision_rule_from_config",
    "for_corpus",
    "get",
    "needs_counts",
]
