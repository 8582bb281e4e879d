"""What a search can maximise: the measures of a report."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mrca.config import RunConfig
from mrca.datasets import Corpus, group_limits
from mrca.errors import MrcaError
from mrca.evaluation import KnownFacts, evaluate_candidates
from mrca.evaluation.measures import MEASURES, find_measure, unknown_measure
from mrca.experiments.decided_labels import asked_about

# Parts of a report whose keys are a corpus's own.
_OF_CORPUS = ("by_relation_count", "relations")
# Before a measure of the set of relations of each document, where pairs are asked about.
_OF_DOCUMENTS = "documents."

OBJECTIVES: tuple[str, ...] = (*MEASURES, "average_precision")
_LAST = {name.rpartition(".")[2] for name in OBJECTIVES}


def check_objective(name: str) -> None:
    """Check that a report may have such a measure, as far as that can be told without a corpus.

    Raises:
        MrcaError: if it has not.
    """
    measure = name.removeprefix(_OF_DOCUMENTS)
    part, _, rest = measure.partition(".")
    of_corpus = part in _OF_CORPUS and rest.rpartition(".")[2] in _LAST
    if measure not in OBJECTIVES and not of_corpus:
        raise _unknown(name)


def check_defined(name: str, corpus: Corpus, config: RunConfig) -> None:
    """Check that a corpus's validation split has such a measure, before anything is trained.

    Args:
        name: the measure.
        corpus: what is searched on.
        config: what is asked about it.

    Raises:
        MrcaError: if it has not.
    """
    asked, counts = asked_about(corpus, config, "valid")
    nothing = np.zeros(asked.labels.shape)
    limits = group_limits(corpus.limits)
    report = evaluate_candidates(
        asked,
        nothing.astype(bool),
        nothing,
        corpus.relations,
        counts,
        limits=limits,
        known=KnownFacts.of(corpus, "valid"),
    )
    if objective_value(report.to_dict(), name) is None:
        why = "no row of it has such a relation"
        if name.startswith(_OF_DOCUMENTS) and report.documents is None:
            why = f"whole documents are asked about (leave {_OF_DOCUMENTS!r} out)"
        raise MrcaError(
            f"The objective {name} is undefined on the validation split of {corpus.name}: {why}. "
            "Choose another objective."
        )


def objective_value(report: Mapping[str, Any], name: str) -> float | None:
    """Read a measure off a report's `to_dict()`; None where the split leaves it undefined.

    Raises:
        MrcaError: if there is no such measure.

    Example:
        >>> objective_value({"micro": {"f1": 0.5}, "groups": {"tail": None}}, "micro.f1")
        0.5
        >>> objective_value({"groups": {"tail": None}}, "groups.tail.micro.f1") is None
        True
    """
    value = find_measure(report, name)
    if isinstance(value, Mapping):
        raise _unknown(name)
    return None if value is None else float(value)


def _unknown(name: str) -> MrcaError:
    return unknown_measure(
        name,
        OBJECTIVES,
        " or average_precision; or one of these behind by_relation_count.NUMBER, or "
        "relations.NAME.f1; where entity pairs are asked about, documents. before any of these "
        "but those of facts is of the set of relations of each document",
    )
