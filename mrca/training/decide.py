"""What a run decides by after training: fitted on validation, or put back."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mrca.config import Tune
from mrca.datasets import Corpus
from mrca.errors import MrcaError
from mrca.evaluation import (
    Isotonic,
    PrecisionThreshold,
    Score,
    Temperature,
    threshold_for_precision,
    tune_threshold,
)
from mrca.evaluation.scores import confusion_counts
from mrca.losses import DecisionRule, FixedThreshold
from mrca.models import Decision, SVMClassifier
from mrca.models.classifier import configured_rule
from mrca.models.decision import by_row_blocks
from mrca.training.evaluate_split import THRESHOLD, Answered, answered
from mrca.training.run import Run

Calibrate = Literal["temperature", "isotonic", "none"]
_CALIBRATIONS: dict[str, type[Temperature | Isotonic]] = {
    "temperature": Temperature,
    "isotonic": Isotonic,
}


class Chosen(NamedTuple):
    """A decision, and what was chosen for it.

    Attributes:
        decision: rule and calibration.
        changed: whether anything was fitted on validation candidates, or limited.
        threshold: one for all relations or one for each; `None` if none was chosen.
        reached: what that gives on validation, if it was chosen for a precision.
        own: what the decision that it replaces gives there, in that case.
    """

    decision: Decision
    changed: bool
    threshold: float | list[float] | None = None
    reached: PrecisionThreshold | None = None
    own: Score | None = None


def choose_decision(
    run: Run,
    corpus: Corpus,
    *,
    tune: Tune | None = None,
    min_precision: float | None = None,
    calibrate: Calibrate | None = None,
    top_k: int | None = None,
) -> Chosen:
    """Choose what a run decides by, in place of its present decision, which stays as it is.

    Args:
        run: any.
        corpus: with a validation split.
        tune: the threshold with the best micro F1, one for all relations or the best for each (see
            `mrca.evaluation.tune_threshold`); `"none"` for what the run was trained with.
        min_precision: the threshold with this precision and most recall, in place of the best F1.
        calibrate: what makes of scores probabilities; `"none"` for none.
        top_k: at most so many relations of a candidate, 0 for no limit; thresholds are chosen with
            it. `None`: as it is.

    Raises:
        MrcaError: if the rule has no threshold to choose, the corpus does not fit the run, or the
            validation split has no positive label.
    """
    classifier = run.classifier
    decision, threshold, reached, own = classifier.decision, None, None, None
    tunes = min_precision is not None or tune not in (None, "none")
    calibrates = calibrate not in (None, "none")
    valid = answered(classifier, corpus, "valid") if tunes or calibrates else None
    if tune == "none":
        decision = decision.with_rule(_trained_rule(run))
    if top_k is not None:
        decision = decision.with_rule(decision.rule.with_top_k(top_k or None))
    if tunes and valid is not None:
        eligible = decision.eligible(valid.outputs, valid.candidates, classifier.relations)
        per_relation = tune == "per-relation"
        threshold, reached = _threshold(decision.rule, valid, eligible, per_relation, min_precision)
        if reached is not None:
            own = _micro(valid, classifier.scores_and_labels(*valid)[1])
        decision = decision.with_rule(decision.rule.with_threshold(threshold))
    if calibrate is not None:
        calibration = None
        if calibrates and valid is not None:
            margins = by_row_blocks(decision.rule.margins, valid.outputs)
            calibration = _CALIBRATIONS[calibrate].fit(valid.candidates.labels, margins)
        decision = decision.with_calibration(calibration)
    changed = valid is not None or top_k is not None
    return Chosen(decision, changed, threshold, reached, own)


def _threshold(
    rule: DecisionRule,
    valid: Answered,
    eligible: NDArray[np.bool_],
    per_relation: bool,
    precision: float | None,
) -> tuple[float | list[float], PrecisionThreshold | None]:
    if not rule.has_threshold:
        raise MrcaError(
            f"The run decides by {rule.name}, which has no threshold to tune. Evaluate it without "
            "--tune and --min-precision."
        )
    values = by_row_blocks(rule.compared, valid.outputs)
    labels, missed = valid.candidates.labels, valid.candidates.missed
    if precision is not None:
        found = threshold_for_precision(
            labels, values, precision, per_relation, missed=missed, allowed=eligible
        )
        return found.threshold, found
    if per_relation:
        each = tune_threshold(labels, values, per_relation=True, missed=missed, allowed=eligible)
        return each, None
    return tune_threshold(labels, values, missed=missed, allowed=eligible), None


def _micro(valid: Answered, labels: NDArray[np.bool_]) -> Score:
    """Precision and recall of what is decided, with the facts that no candidate asks about."""
    gold, missed = valid.candidates.labels, valid.candidates.missed
    tp, fp, fn = (int(counts.sum()) for counts in confusion_counts(gold, labels))
    return Score.from_counts(tp, fp, fn + int(missed.sum()))


def _trained_rule(run: Run) -> DecisionRule:
    """The rule that the loss of a run implies, or the threshold that training an SVM chose."""
    if not isinstance(run.classifier, SVMClassifier):
        return configured_rule(run.config, run.classifier.make_loss())
    threshold = run.metrics.get(THRESHOLD)
    if not isinstance(threshold, float):
        raise MrcaError(
            "Training chose the threshold of this SVM on validation, and an earlier version of "
            "mrca did not record it. --tune global --save finds the same one again on the corpus "
            "that it was trained on."
        )
    return FixedThreshold(threshold)
