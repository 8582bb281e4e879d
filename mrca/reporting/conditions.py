"""What scores were measured under, in the words of a title."""

from collections.abc import Sequence

from mrca.config import Tune
from mrca.errors import counted

_NAMED = 3


def conditions(
    tune: Tune,
    ignored: Sequence[str] = (),
    limits: str | None = None,
    threshold: float | None = None,
    min_precision: float | None = None,
    calibration: str | None = None,
    top_k: int | None = None,
) -> str:
    """What differs from all relations decided as trained; empty where nothing does.

    Args:
        tune: the threshold that was chosen on validation.
        ignored: relations left out.
        limits: the name of the limits of head, medium and tail, if others than the corpus's own.
        threshold: the one that was chosen, if it is one.
        min_precision: the precision on validation that it was chosen for, in place of F1.
        calibration: what was fitted to make probabilities of the scores, if anything.
        top_k: how many relations of a candidate are predicted at most, 0 for any number, if that
            was chosen.

    Example:
        >>> conditions("global", ["employer"], threshold=0.48861)
        'threshold 0.4886, tuned on validation; left out: employer'
        >>> conditions("none")
        ''
    """
    parts = []
    if min_precision is not None:
        each = " for each relation" if tune == "per-relation" else ""
        parts.append(f"the threshold{each} with precision {min_precision:g} on validation")
    elif tune == "global":
        chosen = "threshold" if threshold is None else f"threshold {threshold:.4f},"
        parts.append(f"{chosen} tuned on validation")
    elif tune == "per-relation":
        parts.append("a threshold for each relation, tuned on validation")
    if calibration:
        parts.append(f"scores calibrated on validation ({calibration})")
    if top_k is not None:
        limit = f"at most {counted(top_k, 'relation')}" if top_k else "any number of relations"
        parts.append(f"{limit} of each candidate")
    if ignored:
        more = len(ignored) - _NAMED
        named = ", ".join(ignored[:_NAMED])
        parts.append(f"left out: {named}{f' and {more} more' if more > 0 else ''}")
    if limits:
        parts.append(f"limits: {limits}")
    return "; ".join(parts)
