import pytest

from mrca.config import checked_seeds, seeds_from


def test_a_number_counts_from_the_first_and_a_list_is_itself():
    assert seeds_from(7, checked_seeds(3)) == (7, 8, 9)
    assert seeds_from(7, checked_seeds([233, 1])) == (233, 1)


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "3", [], [1, 1], [-1], [2**32], [1.5], [True]])
def test_what_is_neither_is_refused(value):
    with pytest.raises(ValueError, match="expected a number of runs, at least 1, or a list"):
        checked_seeds(value)
