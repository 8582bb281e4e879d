from typing import Any

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.serving.served_answer import served_answers


def outputs(**changes: Any) -> dict[str, Any]:
    """Two rows; nothing is predicted of the second."""
    good = {
        "relations": [["c", "b", "d"], ["", "", ""]],
        "relation_scores": [[0.9, 0.6, 0.6], [0.0, 0.0, 0.0]],
        "scores": [[0.1, 0.6, 0.9, 0.6], [0.1, 0.2, 0.3, 0.4]],
        "labels": [[False, True, True, True], [False, False, False, False]],
        "problem": ["", "no words"],
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def test_relations_with_their_scores_best_first():
    first, second = served_answers(outputs(), 2)
    assert [name for name, _ in first.relations] == ["c", "b", "d"]
    # The numbers of single precision, as the run itself gives them.
    assert [score for _, score in first.relations] == [
        float(np.float32(n)) for n in (0.9, 0.6, 0.6)
    ]
    assert (second.relations, second.problem, first.problem) == ((), "no words", "")


@pytest.mark.parametrize("rows", [1, 2])
def test_no_relation_holds_anywhere(rows):
    answer = outputs(relations=[[]] * rows, relation_scores=[[]] * rows, problem=[""] * rows)
    assert [each.relations for each in served_answers(answer, rows)] == [()] * rows


@pytest.mark.parametrize(
    ("changes", "received"),
    [
        ({"relations": None}, "no 'relations' (but 'labels', 'problem'"),
        ({"problem": None}, "no 'problem'"),
        ({"relation_scores": [["high"] * 3] * 2}, "'relation_scores' that is no array of float32"),
        ({"relation_scores": [[0.1], [0.1, 0.2]]}, "'relation_scores' that is no array"),
        ({"relation_scores": 0.5}, "'relation_scores' of the shape ()"),
        ({"relation_scores": [[0.5]] * 2}, "'relation_scores' of the shape (2, 1) where (2, 3)"),
        ({"problem": [""]}, "'problem' of the shape (1,) where (2) fits"),
        ({"relations": [["c"], ["c", "d"]]}, "'relations' of the shape"),
    ],
)
def test_what_is_no_answer_of_an_export(changes, received):
    with pytest.raises(MrcaError, match="not as an exported run does") as refused:
        served_answers(outputs(**changes), 2)
    assert received in str(refused.value)


def test_facts_of_a_model_of_pairs():
    answer = outputs(
        subject_ids=[["0", "1", "0"], [""] * 3], object_ids=[["1", "0", "2"], [""] * 3]
    )
    first, second = served_answers(answer, 2, pairs=True)
    assert [fact[:3] for fact in first.facts] == [("0", "c", "1"), ("1", "b", "0"), ("0", "d", "2")]
    assert second.facts == ()
    with pytest.raises(MrcaError, match="no 'subject_ids'"):
        served_answers(outputs(), 2, pairs=True)
