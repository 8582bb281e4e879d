"""Losses for imbalanced multi-label data, each with the decision rule that it implies."""

from typing import Any

from mrca.errors import MrcaError, did_you_mean
from mrca.losses.binary_crossentropy import BinaryCrossentropy
from mrca.losses.decision_rule import DecisionRule, FixedThreshold, decision_rule_from_config
from mrca.losses.dice import Dice
from mrca.losses.multi_label_loss import MultiLabelLoss
from mrca.losses.rc_dice import RCDice

LOSSES: dict[str, type[MultiLabelLoss]] = {
    "rc_dice": RCDice,
    "dice": Dice,
    "binary_crossentropy": BinaryCrossentropy,
}


def get(name: str, /, **config: Any) -> MultiLabelLoss:
    """The loss registered under `name`, made with `config`.

    Raises:
        MrcaError: if there is no such loss, or an argument is unknown or out of its range.
    """
    if name not in LOSSES:
        raise MrcaError(
            f"Unknown loss {name!r}.{did_you_mean(name, LOSSES)} "
            f"Expected one of: {', '.join(LOSSES)}."
        )
    try:
        return LOSSES[name](**config)
    except MrcaError:
        raise
    except (TypeError, ValueError) as error:
        raise MrcaError(f"Loss {name!r} does not take these arguments: {config}. {error}") from None


__all__ = [
    "LOSSES",
    "BinaryCrossentropy",
    "DecisionRule",
    "Dice",
    "FixedThreshold",
    "MultiLabelLoss",
    "RCDice",
    "decision_rule_from_config",
    "get",
]
