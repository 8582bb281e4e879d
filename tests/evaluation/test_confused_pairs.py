from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import confusion_matrix

from mrca.errors import MrcaError
from mrca.evaluation.confused_pairs import ConfusedPair, confused_pairs
from mrca.text import RelationSet

RELATIONS = RelationSet(["born", "died", "wed", "led"])


def test_every_pair_of_a_missed_and_a_falsely_predicted_relation_counts_once_per_row():
    labels = [[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]]
    predictions = [[0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 1, 0], [1, 1, 0, 0]]
    # The third row misses `born` and has nothing wrong in its place, the last the other way round.
    assert confused_pairs(labels, predictions, RELATIONS) == [
        ConfusedPair("born", "wed", rows=2, rows_missed=3),
        ConfusedPair("born", "led", rows=1, rows_missed=3),
        ConfusedPair("died", "wed", rows=1, rows_missed=1),
        ConfusedPair("died", "led", rows=1, rows_missed=1),
    ]
    assert len(confused_pairs(labels, predictions, RELATIONS, most=2)) == 2
    assert confused_pairs(labels, labels, RELATIONS) == []


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.tuples(hnp.arrays(bool, (9, n)), hnp.arrays(bool, (9, n)))
    ),
    st.integers(1, 40),
)
def test_the_pairs_are_those_that_counting_row_by_row_finds(cells, most):
    labels, predictions = cells
    names = [f"r{i}" for i in range(labels.shape[1])]
    counts: Counter[tuple[int, int]] = Counter()
    for gold, predicted in zip(labels, predictions, strict=True):
        for a in np.flatnonzero(gold & ~predicted):
            counts.update((int(a), int(b)) for b in np.flatnonzero(predicted & ~gold))
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    found = confused_pairs(labels, predictions, RelationSet(names), most)
    assert [(pair.missed, pair.predicted, pair.rows) for pair in found] == [
        (names[a], names[b], rows) for (a, b), rows in expected
    ]


def test_with_one_label_a_row_they_are_the_confusion_matrix():
    generator = np.random.default_rng(3)
    gold, predicted = generator.integers(0, 4, (2, 200))
    matrix = confusion_matrix(gold, predicted)
    eye = np.eye(4, dtype=int)
    pairs = confused_pairs(eye[gold], eye[predicted], RELATIONS, most=12)
    names = list(RELATIONS)
    for pair in pairs:
        assert pair.rows == matrix[names.index(pair.missed), names.index(pair.predicted)]
    assert sum(pair.rows for pair in pairs) == (gold != predicted).sum()


def test_undecided_scores_are_refused():
    with pytest.raises(MrcaError, match="predictions as bool"):
        confused_pairs(np.eye(4, dtype=int), np.eye(4), RELATIONS)
