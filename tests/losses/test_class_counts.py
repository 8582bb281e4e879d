import json

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses.class_counts import ClassCounts


def test_a_relation_without_rows_counts_as_one():
    counts = ClassCounts(None, [0, 1, 7])
    assert counts.counts.tolist() == [1, 1, 7]
    assert counts.class_counts == [0, 1, 7]  # as given, for the configuration


@pytest.mark.parametrize(
    "given", [[3, 0, 5], (3, 0, 5), np.array([3, 0, 5]), np.float32([3, 0, 5]), [3.0, 0.0, 5.0]]
)
def test_whole_numbers_are_kept_as_json_integers(given):
    counts = ClassCounts(None, given, np.int64(9))
    assert json.dumps([counts.class_counts, counts.num_samples]) == "[[3, 0, 5], 9]"


def test_fractions_of_rows_are_kept_and_shares_refused():
    assert ClassCounts(None, [2.5, 0]).class_counts == [2.5, 0]
    with pytest.raises(MrcaError, match=r"0\.25, which looks like a share"):
        ClassCounts(None, [2.5, 0.25])


def test_rows_that_are_needed_and_missing_are_named():
    assert ClassCounts(None, [1, 2], 4).rows(None) == 4
    with pytest.raises(MrcaError, match="list needs `num_samples`"):
        ClassCounts(None, [1, 2]).rows([])


def test_a_bad_count_is_named_with_its_place():
    with pytest.raises(MrcaError, match=r"`class_counts\[2\]`.*at least 0.*-1"):
        ClassCounts(None, [1, 2, -1])
    with pytest.raises(MrcaError, match=r"`class_counts\[0\]`"):
        ClassCounts(None, [[1, 2], [3, 4]])
