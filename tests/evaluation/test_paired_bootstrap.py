import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.evaluation import paired_bootstrap as module_function
from mrca.evaluation.paired_bootstrap import paired_bootstrap, resampled_f1
from mrca.evaluation.scores import (
    ign_precision_recall_f1,
    macro_score,
    micro_score,
)

SCORES = {
    "micro": lambda gold, run: micro_score(gold, run).f1,
    "macro": lambda gold, run: macro_score(gold, run).f1,
    "macro_present": lambda gold, run: (macro_score(gold, run, present_only=True)).f1,
}


def rows(seed, n=60, relations=7):
    """Gold labels, rare to the right, the last never positive, and two runs of predictions."""
    generator = np.random.default_rng(seed)
    gold = generator.random((n, relations)) < np.linspace(0.5, 0.0, relations)
    gold[0, 0] = True
    runs = [
        (gold & (generator.random(gold.shape) < 0.8)) | (generator.random(gold.shape) < 0.05)
        for _ in range(2)
    ]
    return gold, np.stack(runs)


@pytest.mark.parametrize("metric", SCORES)
@pytest.mark.parametrize("columns", [list(range(7)), [0, 2, 6]])
def test_each_resample_is_scored_as_its_rows_would_be(metric, columns):
    gold, runs = rows(1)
    (result,) = resampled_f1(gold, runs, metric, resamples=20, seed=3, groups=[columns])
    drawn = np.random.default_rng(3).integers(60, size=(20, 60))
    for chosen, f1 in zip(
        [np.arange(60), *drawn], [result.observed, *result.resampled], strict=True
    ):
        parts = [(gold[chosen][:, columns], run[chosen][:, columns]) for run in runs]
        assert f1 == pytest.approx(np.mean([SCORES[metric](*part) for part in parts]), abs=1e-6)


@pytest.mark.parametrize("metric", SCORES)
def test_rows_of_one_document_are_drawn_together(metric):
    gold, runs = rows(8)
    documents = np.random.default_rng(2).choice([3, 5, 8, 13, 21, 34, 55], size=60)
    (result,) = resampled_f1(gold, runs, metric, resamples=20, seed=3, documents=documents)
    names = np.unique(documents)
    drawn = np.random.default_rng(3).integers(len(names), size=(20, len(names)))
    for chosen, f1 in zip(
        [np.arange(len(names)), *drawn], [result.observed, *result.resampled], strict=True
    ):
        places = np.concatenate([np.flatnonzero(documents == names[each]) for each in chosen])
        score = np.mean([SCORES[metric](gold[places], run[places]) for run in runs])
        assert f1 == pytest.approx(score, abs=1e-6)
    each_alone = resampled_f1(gold, runs, metric, resamples=20, documents=np.arange(60))
    by_rows = resampled_f1(gold, runs, metric, resamples=20)
    assert (each_alone[0].resampled == by_rows[0].resampled).all()


def test_ign_f1_is_resampled_with_what_is_known():
    gold, runs = rows(10)
    known = gold & (np.random.default_rng(4).random(gold.shape) < 0.5)
    documents = np.arange(60) // 6
    (result,) = resampled_f1(
        gold, runs, "ign", resamples=20, seed=3, documents=documents, known=known
    )
    drawn = np.random.default_rng(3).integers(10, size=(20, 10))
    for chosen, f1 in zip(
        [np.arange(10), *drawn], [result.observed, *result.resampled], strict=True
    ):
        places = np.concatenate([np.flatnonzero(documents == each) for each in chosen])
        truth = gold[places]
        scores = []
        for run in runs:
            guess = run[places]
            hits = truth & guess
            counts = [cells.sum() for cells in (hits, guess, truth, hits & known[places])]
            scores.append(ign_precision_recall_f1(*counts)[2])
        assert f1 == pytest.approx(np.mean(scores), abs=1e-9)
    better = paired_bootstrap(gold, gold, runs[0], "ign", documents=documents, known=known)
    assert 0 < better.difference < 1
    assert better.p_value < 0.05


def test_pairs_of_few_documents_make_no_difference_certain():
    gold, runs = rows(9, n=40)
    many = [np.tile(each, (20, 1)) for each in (gold, *runs)]
    by_pair = paired_bootstrap(*many)
    by_document = paired_bootstrap(*many, documents=np.tile(np.arange(40) // 10, 20))
    assert by_document.difference == by_pair.difference
    assert by_document.high - by_document.low > by_pair.high - by_pair.low
    assert by_document.p_value > by_pair.p_value


def test_a_method_does_not_differ_from_itself():
    gold, runs = rows(2)
    same = paired_bootstrap(gold, runs[0], runs[0])
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)
    assert module_function is paired_bootstrap


def test_both_sides_are_treated_alike():
    gold, runs = rows(3)
    there, back = paired_bootstrap(gold, *runs), paired_bootstrap(gold, *runs[::-1])
    assert there.difference == -back.difference
    assert there.p_value == back.p_value
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.low <= there.difference <= there.high
    assert there == paired_bootstrap(gold, *runs)  # seeded
    assert there != paired_bootstrap(gold, *runs, seed=1)


def test_more_rows_make_a_difference_certain():
    gold, runs = rows(4, n=40)
    better = gold | runs[0]
    few = paired_bootstrap(gold[:8], better[:8], runs[0][:8])
    many = paired_bootstrap(
        np.tile(gold, (20, 1)), *(np.tile(m, (20, 1)) for m in (better, runs[0]))
    )
    assert many.p_value == pytest.approx(1 / 1001)
    assert many.p_value <= few.p_value
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize("metric", SCORES)
def test_methods_that_are_equally_good_differ_in_one_of_twenty_tests_or_so(metric):
    found = 0
    for seed in range(120):
        gold, runs = rows(seed, n=150)
        found += paired_bootstrap(gold, *runs, metric, resamples=200).p_value < 0.05
    assert 0.01 <= found / 120 <= 0.12


def test_the_interval_is_around_what_was_observed_even_where_relations_get_lost():
    gold = np.eye(30, dtype=bool)  # one positive each: a third of them is missing from a resample
    first, second = gold.copy(), gold.copy()
    second[:10] = False
    (perfect,) = resampled_f1(gold, first, "macro")
    assert perfect.resampled.mean() < 0.7
    assert perfect.interval()[0] > 0.8
    assert perfect.interval()[1] == 1.0
    result = paired_bootstrap(gold, first, second, "macro")
    assert result.difference == pytest.approx(1 / 3)
    assert result.low < result.difference < result.high
    assert result.p_value < 0.05


def test_many_rows_are_worked_through_in_parts(monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules["mrca.evaluation.paired_bootstrap"], "_CHUNK_CELLS", 1000)
    gold, runs = rows(5)
    (result,) = resampled_f1(gold, runs[0], resamples=100)
    assert result.resampled.shape == (100,)
    assert len(set(result.resampled)) > 50
    assert result.observed == pytest.approx(micro_score(gold, runs[0]).f1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"first": np.zeros((60, 6), bool)}, r"Expected predictions of shape \(60, 7\)"),
        ({"second": np.zeros((0, 60, 7), bool)}, r"Received \(0, 60, 7\)"),
        ({"first": np.full((60, 7), 0.3)}, "as bool or as integers 0 and 1"),
        ({"metric": "weighted"}, "Expected one of micro, macro, macro_present"),
        ({"resamples": 0}, "at least one resample"),
        ({"metric": "ign"}, "takes the gold labels that training states"),
        ({"metric": "ign", "known": np.zeros((2, 7), bool)}, "must have one shape"),
        ({"documents": [1, 2]}, r"the document of each of 60 rows\. Received: shape \(2,\)"),
    ],
)
def test_what_does_not_fit_is_refused(options, said):
    gold, runs = rows(6)
    with pytest.raises(MrcaError, match=said):
        paired_bootstrap(**{"labels": gold, "first": runs[0], "second": runs[1], **options})


def test_there_must_be_rows():
    nothing = np.zeros((0, 3), bool)
    with pytest.raises(MrcaError, match="test rows to draw from"):
        paired_bootstrap(nothing, nothing, nothing)
