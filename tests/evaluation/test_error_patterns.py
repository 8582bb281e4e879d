import json
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mrca.errors import MrcaError
from mrca.evaluation.error_patterns import ErrorPatterns, error_patterns

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "index.json").read_text("utf-8"))["error_patterns_code"]["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_equals_the_papers_wording_on_stored_candidates(case):
    with np.load(GOLDEN / "error_patterns_code.npz", allow_pickle=False) as file:
        labels, outputs = (file[f"{case['id']}_{name}"] for name in ("labels", "logits"))
    # Column 0 is the threshold class in both.
    gold, scores = labels[:, 1:], outputs[:, 1:]
    found = error_patterns(gold, scores > outputs[:, :1], scores)
    assert found == ErrorPatterns(**case["counts_paper"])
    # The authors' code differs in which rankings are correct.
    theirs = error_patterns(gold, scores > outputs[:, :1], scores, ranking="code")
    counts = case["counts_code"]
    assert astuple(theirs) == tuple(
        counts[f"num_{name}"] for name in ("tp", "tn", "fp", "fn_rank_right", "fn_rank_wrong")
    )


def test_the_papers_shares():
    # Table 1: 2859 FP, 3192 FN_CRK, 889 FN_IRK; table 4: 58.80 % and 78.22 %.
    found = ErrorPatterns(tp=100, tn=1000, fp=2859, fn_crk=3192, fn_irk=889)
    assert round(100 * found.fn_share, 2) == 58.80
    assert round(100 * found.fn_crk_share, 2) == 78.22
    assert found.fn_share + found.fp_share == pytest.approx(1)
    assert found.false_share == pytest.approx(6940 / 8040)


@pytest.mark.parametrize(
    ("gold", "predicted", "scores", "pattern"),
    [
        ([0, 0, 0], [0, 0, 0], [0.1, 0.2, 0.3], "tn"),
        ([1, 0, 1], [1, 0, 1], [0.9, 0.1, 0.8], "tp"),
        ([1, 0, 1], [1, 0, 0], [0.9, 0.1, 0.4], "fp"),  # misses one only
        ([1, 0, 0], [1, 1, 0], [0.9, 0.8, 0.1], "fp"),
        ([0, 0, 0], [0, 1, 0], [0.1, 0.9, 0.1], "fp"),
        ([1, 0, 1], [0, 0, 0], [0.4, 0.1, 0.2], "fn_crk"),
        ([1, 0, 1], [0, 0, 0], [0.4, 0.3, 0.2], "fn_irk"),
        ([1, 0, 1], [0, 0, 0], [0.4, 0.1, 0.4], "fn_crk"),  # two gold ones are equal
        ([1, 0, 1], [0, 0, 0], [0.4, 0.2, 0.2], "fn_irk"),  # a gold one equals another
        ([1, 1, 1], [0, 0, 0], [0.1, 0.2, 0.3], "fn_crk"),  # there is no other
    ],
)
def test_each_candidate_has_one_pattern(gold, predicted, scores, pattern):
    found = error_patterns([gold], [predicted], [scores])
    assert found == ErrorPatterns(
        **{"tp": 0, "tn": 0, "fp": 0, "fn_crk": 0, "fn_irk": 0, pattern: 1}
    )


@given(
    st.tuples(st.integers(0, 8), st.integers(1, 6)).flatmap(
        lambda shape: st.tuples(
            hnp.arrays(bool, shape),
            hnp.arrays(np.float32, shape, elements=st.sampled_from([-1.0, 0.0, 0.25, 0.5, 2.0])),
        )
    ),
    st.sampled_from([-2.0, 0.25, 1.0, 3.0]),
)
def test_all_candidates_are_counted_by_the_definitions(pair, threshold):
    labels, scores = pair
    expected = dict.fromkeys(("tp", "tn", "fp", "fn_crk", "fn_irk"), 0)
    for gold, ranked in zip(labels, scores, strict=True):
        truth = {r for r, holds in enumerate(gold) if holds}
        decided = {r for r, score in enumerate(ranked) if score >= threshold}
        if decided:
            pattern = "tp" if decided == truth else "fp"
        elif not truth:
            pattern = "tn"
        else:
            others = set(range(len(gold))) - truth
            above = all(ranked[r] > ranked[other] for r in truth for other in others)
            pattern = "fn_crk" if above else "fn_irk"
        expected[pattern] += 1
    found = error_patterns(labels, scores >= threshold, scores)
    assert found == ErrorPatterns(**expected)
    assert found.candidates == len(labels)


@pytest.mark.parametrize(
    ("gold", "scores", "paper", "code"),
    [
        ([1, 1, 1, 1, 0], [0.5, 0.4, 0.3, 0.2, 0.1], True, False),  # four
        ([1, 1, 1, 1, 0], [0.4, 0.4, 0.3, 0.2, 0.1], True, False),  # ranks 1, 3, 4
        ([1, 1, 1, 1, 0], [0.4, 0.4, 0.4, 0.4, 0.1], True, True),  # all rank 1
        ([1, 0, 0, 0, 0], [0.4, 0.4, 0.3, 0.2, 0.1], False, True),  # as good as another
        ([1, 1, 0, 0, 0], [0.4, 0.4, 0.3, 0.2, 0.1], True, True),
        ([1, 1, 0, 0, 0], [0.4, 0.1, 0.3, 0.2, 0.1], False, False),
    ],
)
def test_the_authors_code_ranks_otherwise_than_the_paper(gold, scores, paper, code):
    found = [
        error_patterns([gold], [[0] * 5], [scores], ranking=ranking).fn_crk == 1
        for ranking in ("paper", "code")
    ]
    assert found == [paper, code]


def test_shares_without_a_denominator_are_none_and_all_goes_into_json():
    right = error_patterns([[1, 0]], [[1, 0]], [[0.9, 0.1]])
    assert json.loads(json.dumps(right.to_dict())) == {
        "tp": 1,
        "tn": 0,
        "fp": 0,
        "fn_crk": 0,
        "fn_irk": 0,
        "false_share": 0.0,
        "fn_share": None,
        "fp_share": None,
        "fn_crk_share": None,
    }
    empty = np.zeros((0, 3), bool)
    assert astuple(error_patterns(empty, empty, np.zeros((0, 3)))) == (0, 0, 0, 0, 0)
    assert error_patterns(empty, empty, np.zeros((0, 3))).false_share is None


@pytest.mark.parametrize(
    ("labels", "predictions", "scores", "message"),
    [
        ([[1, 0]], [[1, 0], [0, 0]], [[0.1, 0.2]], "one shape"),
        ([[1, 0]], [[1, 0]], [[0.1, 0.2, 0.3]], "one shape"),  # with a threshold column
        ([[1, 0]], [[0.3, 0.6]], [[0.1, 0.2]], "predictions as bool"),
        ([[1, 0]], [[1, 0]], [[0.1, float("nan")]], "finite"),
    ],
)
def test_what_cannot_be_counted_is_refused(labels, predictions, scores, message):
    with pytest.raises(MrcaError, match=message):
        error_patterns(labels, predictions, scores)


def test_there_are_two_rankings():
    with pytest.raises(MrcaError, match="Unknown ranking 'ours'"):
        error_patterns([[1, 0]], [[0, 0]], [[0.1, 0.2]], ranking="ours")
