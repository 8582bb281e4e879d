"""A decision's scores inside the TensorFlow graph."""

from collections.abc import Callable
from typing import Any

from keras import ops

from mrca.errors import MrcaError
from mrca.evaluation import Temperature
from mrca.models import Decision


def graph_scores(decision: Decision) -> Callable[[Any], Any]:
    """`Decision.scores` as a function of tensors.

    Raises:
        MrcaError: if its calibration is none that a graph computes.
    """
    calibration = decision.calibration
    if calibration is None:
        return decision.rule.scores
    if isinstance(calibration, Temperature):
        temperature = calibration.value
        return lambda outputs: ops.sigmoid(decision.margins(outputs) / temperature)
    raise MrcaError(
        f"The run's scores are calibrated by {calibration.name} curves, which rise so steeply that "
        "an exported model cannot be held to give the same. Calibrate it with one number (`mrca "
        "evaluate RUN --calibrate temperature --save`) or not at all (`--calibrate none --save`)."
    )


def steepness(decision: Decision) -> float:
    """How much farther apart than outputs their scores can be."""
    calibration = decision.calibration
    return max(1.0, 0.25 / calibration.value) if isinstance(calibration, Temperature) else 1.0
