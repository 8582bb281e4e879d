"""What an exported model answers, read and checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from mrca.serving.client_errors import not_an_export
from mrca.text.decided import Decided


class ServedAnswer(NamedTuple):
    """What a served model says of one row.

    Attributes:
        decided: which relations are predicted, and all scores.
        problem: what is wrong with the row, or `""`.
    """

    decided: Decided
    problem: str


def served_answers(outputs: Mapping[str, Any], rows: int) -> list[ServedAnswer]:
    """The answers to a request, one for each of its rows.

    Args:
        outputs: by name, arrays or nested lists: `relations` strings `(rows, held)`, best first,
            padded with `""`; `scores` and `labels`, both `(rows, relations)`; `problem` strings
            `(rows,)`.
        rows: how many were asked about.

    Raises:
        MrcaError: if it is not what an exported run answers.
    """
    relations = _array(outputs, "relations", (rows, None), object)
    scores = _array(outputs, "scores", (rows, None), np.float32)
    labels = _array(outputs, "labels", scores.shape, bool)
    problems = _array(outputs, "problem", (rows,), object)
    answers = []
    for row in range(rows):
        names = [str(name) for name in relations[row] if name]
        places = np.flatnonzero(labels[row])
        if len(names) != len(places):
            raise not_an_export(f"{len(names)} relations where {len(places)} labels are true")
        # Both are in the order of the scores, best first, so they belong together one by one.
        best_first = places[np.argsort(-scores[row, places], kind="stable")].tolist()
        holds = dict(sorted(zip(best_first, names, strict=True)))
        answers.append(ServedAnswer(Decided(scores[row], holds), str(problems[row])))
    return answers


def _array(
    outputs: Mapping[str, Any], name: str, shape: tuple[int | None, ...], dtype: type
) -> np.ndarray:
    if name not in outputs:
        raise not_an_export(
            f"no {name!r} (but {', '.join(map(repr, sorted(outputs))) or 'nothing'})"
        )
    try:
        array: np.ndarray = np.asarray(outputs[name], dtype)
    except (TypeError, ValueError):
        raise not_an_export(f"{name!r} that is no array of {dtype.__name__}") from None
    if array.ndim != len(shape) or any(
        size not in (None, actual) for size, actual in zip(shape, array.shape, strict=True)
    ):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise not_an_export(f"{name!r} of the shape {array.shape} where ({wanted}) fits")
    return array
