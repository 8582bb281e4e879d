import numpy as np
import pytest

from mrca.datasets import label_cooccurrence
from mrca.errors import MrcaError
from mrca.text import Example, RelationSet


def rows(*labels):
    return [Example(("A",), labels=tuple(names)) for names in labels]


def test_counts_and_shares_of_the_most_frequent_relations_in_the_order_of_their_counts():
    examples = rows("ab", "b", "bc", "abd", "", "b")
    together = label_cooccurrence(examples, RelationSet("dcxab"), most=3)
    assert together.names == ("b", "a", "d")  # d before c, as in the relation set; x never holds
    assert together.counts.tolist() == [[5, 2, 1], [2, 2, 1], [1, 1, 1]]
    np.testing.assert_allclose(together.conditional, [[1, 0.4, 0.2], [1, 1, 0.5], [1, 1, 1]])
    assert together.any_pair


def test_rows_with_one_relation_or_none_hold_no_pair():
    assert not label_cooccurrence(rows("a", "b", ""), RelationSet("ab")).any_pair
    none = label_cooccurrence(rows(""), RelationSet("ab"))
    assert (none.names, none.counts.shape, none.any_pair) == ((), (0, 0), False)


def test_a_label_that_is_no_relation_is_refused():
    with pytest.raises(MrcaError, match="Unknown relation 'z'"):
        label_cooccurrence(rows("z"), RelationSet("ab"))
