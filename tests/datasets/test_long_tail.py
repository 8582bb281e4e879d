import pytest

from mrca.datasets import GROUP_LIMITS, GroupLimits, group_limits
from mrca.errors import MrcaError


def test_the_groups_of_rows_as_text():
    assert {name: limits.row_groups for name, limits in GROUP_LIMITS.items()} == {
        "default": ["0", "1", "2", "3", "4", "5+"],
        "reuters": ["0", "1", "2+"],
        "pubmed": ["0", "1-9", "10-14", "15+"],
    }


def test_the_groups_of_relations_as_text():
    assert str(group_limits("pubmed")) == (
        "head: 50 or more training rows; medium: 16 to 49; tail: 15 or fewer"
    )


def test_a_name_that_is_none_is_refused():
    with pytest.raises(
        MrcaError, match=r"'Reuters'\. Did you mean 'reuters'.*default, reuters, pub"
    ):
        group_limits("Reuters")


@pytest.mark.parametrize(
    ("head_above", "tail_below", "row_starts"),
    [(10, 12, (0, 1)), (10, 5, (1, 2)), (10, 5, (0, 2, 2)), (10, 5, (0, 3, 1)), (10, 5, ())],
)
def test_groups_that_overlap_or_leave_rows_out_are_refused(head_above, tail_below, row_starts):
    with pytest.raises(MrcaError, match="'mine' do not group everything once"):
        GroupLimits("mine", head_above, tail_below, row_starts)
