"""What an exported model answers, read and checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from mrca.serving.client_errors import not_an_export


class ServedFact(NamedTuple):
    """A fact between two entities, which are told by the ids that were sent."""

    subject: str
    relation: str
    object: str
    score: float


class ServedAnswer(NamedTuple):
    """What a served model says of one row.

    Attributes:
        relations: those that are predicted with their scores, best first.
        facts: of a model that is asked about entity pairs what it predicts, best first.
        problem: what is wrong with the row, or `""`.
    """

    relations: tuple[tuple[str, float], ...]
    facts: tuple[ServedFact, ...]
    problem: str


def served_answers(
    outputs: Mapping[str, Any], rows: int, *, pairs: bool = False
) -> list[ServedAnswer]:
    """The answers to a request, one for each of its rows.

    Args:
        outputs: by name, arrays or nested lists: `relations` strings `(rows, held)`, best first,
            padded with `""`; `relation_scores` of that shape; `problem` strings `(rows,)`. Where
            pairs were asked about, `subject_ids` and `object_ids` as `relations`.
        rows: how many were asked about.
        pairs: whether the model is asked about entity pairs.

    Raises:
        MrcaError: if it is not what an exported run answers.
    """
    names = _array(outputs, "relations", (rows, None), object)
    scores = _array(outputs, "relation_scores", names.shape, np.float32)
    problems = _array(outputs, "problem", (rows,), object)
    ids = [
        _array(outputs, name, names.shape, object) if pairs else np.full(names.shape, "")
        for name in ("subject_ids", "object_ids")
    ]
    answers = []
    for row, problem in enumerate(problems):
        columns = zip(ids[0][row], names[row], ids[1][row], scores[row], strict=True)
        found = [ServedFact(str(s), str(r), str(o), float(x)) for s, r, o, x in columns if r]
        facts = tuple(found) if pairs else ()
        answers.append(
            ServedAnswer(tuple((each[1], each[3]) for each in found), facts, str(problem))
        )
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
