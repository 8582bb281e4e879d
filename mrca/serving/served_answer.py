"""What an exported model answers, read and checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from mrca.serving.client_errors import not_an_export


class ServedAnswer(NamedTuple):
    """What a served model says of one row.

    Attributes:
        relations: those that are predicted with their scores, best first.
        problem: what is wrong with the row, or `""`.
    """

    relations: tuple[tuple[str, float], ...]
    problem: str


def served_answers(outputs: Mapping[str, Any], rows: int) -> list[ServedAnswer]:
    """The answers to a request, one for each of its rows.

    Args:
        outputs: by name, arrays or nested lists: `relations` strings `(rows, held)`, best first,
            padded with `""`; `relation_scores` of that shape; `problem` strings `(rows,)`.
        rows: how many were asked about.

    Raises:
        MrcaError: if it is not what an exported run answers.
    """
    relations = _array(outputs, "relations", (rows, None), object)
    scores = _array(outputs, "relation_scores", relations.shape, np.float32)
    problems = _array(outputs, "problem", (rows,), object)
    return [
        ServedAnswer(
            tuple((str(name), float(score)) for name, score in zip(*row, strict=True) if name),
            str(problem),
        )
        for *row, problem in zip(relations, scores, problems, strict=True)
    ]


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
