import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.evaluation import macro_score
from mrca.evaluation.tau_search import TAUS, search_tau
from mrca.layers.tau_normalisation import tau_normalised


def long_tailed(rows=200, relations=4, seed=0):
    """Features and a kernel whose first relations' vectors are longest, as after training."""
    generator = np.random.default_rng(seed)
    directions = generator.normal(size=(8, relations))
    gold = generator.integers(relations, size=rows)
    features = directions.T[gold] + 0.8 * generator.normal(size=(rows, 8))
    kernel = directions / np.linalg.norm(directions, axis=0) * [8, 4, 2, 1]
    return features.astype("float32"), kernel.astype("float32"), np.eye(relations, dtype=int)[gold]


def macro_f1(features, kernel, labels):
    decided = np.eye(labels.shape[1], dtype=int)[np.argmax(features @ kernel, axis=1)]
    return macro_score(labels, decided).f1


def test_the_best_tau_undoes_the_lengths():
    features, kernel, labels = long_tailed()
    found = search_tau(features, kernel, labels)
    assert [tau for tau, _ in found.table] == list(TAUS)
    assert (TAUS[0], TAUS[1], TAUS[-1], len(TAUS)) == (0, 0.1, 2, 21)
    for tau, f1 in found.table:
        assert f1 == macro_f1(features, tau_normalised(kernel, tau), labels)
    best = max(f1 for _, f1 in found.table)
    assert best > found.table[0][1] + 0.1
    assert 0.5 < found.tau < 1.5
    # The first of equals, and the kernel that belongs to it.
    assert found.tau == next(tau for tau, f1 in found.table if f1 == best)
    np.testing.assert_array_equal(found.kernel, tau_normalised(kernel, found.tau))
    assert macro_f1(features, found.kernel, labels) == best


def test_of_equals_the_first_is_taken():
    features, kernel, labels = long_tailed()
    even = kernel / np.linalg.norm(kernel, axis=0)
    assert search_tau(features, even, labels, [1.5, 0.5]).tau == 1.5


def test_what_does_not_fit_is_told():
    features, kernel, labels = long_tailed()
    for wrong in (
        (features[:, :7], kernel, labels),
        (features[:-1], kernel, labels),
        (features, kernel[:, :3], labels),
        (features[:0], kernel, labels[:0]),
        (features[0], kernel, labels),
    ):
        with pytest.raises(MrcaError, match="Received shapes"):
            search_tau(*wrong)
    with pytest.raises(MrcaError, match="at least one to try"):
        search_tau(features, kernel, labels, [])
    with pytest.raises(MrcaError, match="tau must be"):
        search_tau(features, kernel, labels, [-1])
    with pytest.raises(MrcaError, match="integers 0 and 1"):
        search_tau(features, kernel, 2 * labels)
