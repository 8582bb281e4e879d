import pytest

from mrca.reporting import conditions


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["none"], ""),
        (["global"], "threshold tuned on validation"),
        (["global", (), None, 0.25], "threshold 0.2500, tuned on validation"),
        (["per-relation"], "a threshold for each relation, tuned on validation"),
        (
            ["none", (), None, None, 0.9],
            "the threshold with precision 0.9 on validation",
        ),
        (["none", (), None, None, None, "isotonic"], "scores calibrated on validation (isotonic)"),
        ([*["none", (), None, None, None, None], 1], "at most 1 relation of each candidate"),
        ([*["none", (), None, None, None, None], 0], "any number of relations of each candidate"),
        (["none", list("abcde")], "left out: a, b, c and 2 more"),
        (["none", ["a"], "reuters"], "left out: a; limits: reuters"),
    ],
)
def test_what_differs_from_the_plain_scores(given, said):
    assert conditions(*given) == said
