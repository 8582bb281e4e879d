import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mrca.evaluation import row_blocks
from mrca.evaluation.boundaries import Boundaries

SCORES = st.sampled_from([-2.5, -1, 0, 0.5, 0.75, 3])  # few, so that ties are common
CELLS = st.tuples(st.integers(1, 8), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        hnp.arrays(bool, shape),
        hnp.arrays(np.float32, shape, elements=SCORES),
        st.none() | hnp.arrays(bool, shape),
    )
)


@given(CELLS, st.sampled_from([1, 7, 100]))
def test_they_are_what_counting_each_score_gives_whatever_the_size_of_blocks(cells, size):
    gold, values, allowed = cells
    asked = np.ones(gold.shape, bool) if allowed is None else allowed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_blocks, "_CELLS", size)
        found = Boundaries.of(values[gold & asked], values, allowed)
    expected = sorted({float(score) for score in values[gold & asked]}, reverse=True)
    assert found.scores.tolist() == expected
    for score, tp, predicted, above, below in zip(*found, strict=True):
        assert tp == (gold & asked & (values >= score)).sum()
        assert predicted == (asked & (values >= score)).sum()
        assert above == (asked & (values > score)).sum()
        assert below == max(values[asked & (values < score)], default=-np.inf)


def test_a_column_is_counted_as_a_matrix_is():
    values = np.array([3, 1, 2, 1], np.float32)
    found = Boundaries.of(values[[2, 3]], values)
    assert [each.tolist() for each in found] == [[2, 1], [1, 2], [2, 4], [1, 2], [1, -np.inf]]
