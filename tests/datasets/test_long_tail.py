import pytest

from mrca.datasets import GROUP_LIMITS, GroupLimits, group_limits
from mrca.errors import MrcaError


def test_the_groups_of_rows_as_text():
    assert {name: limits.row_groups for name, limits in GROUP_LIMITS.items()} == {
        "default": ["0", "1", "2", "3", "4", "5+"],
        "reuters": ["0", "1", "2+"],
        "pubmed": ["0", "1-9", "10-14", "15+"],
        "docred": ["0", "1-4", "5-9", "10-14", "15+"],
    }


def test_the_groups_of_relations_as_text():
    assert str(group_limits("pubmed")) == (
        "head: 50 or more training rows; medium: 16 to 49; tail: 15 or fewer"
    )
    assert str(group_limits("docred")) == "head: the 10 most frequent in training; tail: the rest"


def test_relations_are_cut_at_the_borders_of_their_counts():
    default = group_limits("default")
    groups = default.groups([101, 100, 20, 19, 0])
    assert groups == {"head": [0], "medium": [1, 2], "tail": [3, 4]}
    mine = GroupLimits("mine", head_above=2, tail_below=2, row_starts=(0, 1))
    assert mine.groups([3, 2, 1]) == {"head": [0], "medium": [1], "tail": [2]}
    assert default.groups([]) == {"head": [], "medium": [], "tail": []}


def test_the_ten_most_frequent_relations_are_the_head_of_docred():
    counts = [5, *range(20), 19]
    groups = group_limits("docred").groups(counts)
    assert groups["head"] == [12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    assert groups["tail"] == list(range(12))
    # Of equals the first; and where there are fewer, all are head.
    assert group_limits("docred").groups([7] * 11) == {"head": list(range(10)), "tail": [10]}
    assert group_limits("docred").groups([3, 0]) == {"head": [0, 1], "tail": []}


def test_a_name_that_is_none_is_refused():
    with pytest.raises(
        MrcaError, match=r"'Reuters'\. Did you mean 'reuters'.*default, reuters, pubmed, docred"
    ):
        group_limits("Reuters")


@pytest.mark.parametrize(
    ("head_above", "tail_below", "row_starts"),
    [(10, 12, (0, 1)), (10, 5, (1, 2)), (10, 5, (0, 2, 2)), (10, 5, (0, 3, 1)), (10, 5, ())],
)
def test_groups_that_overlap_or_leave_rows_out_are_refused(head_above, tail_below, row_starts):
    with pytest.raises(MrcaError, match="'mine' do not group everything once"):
        GroupLimits("mine", head_above, tail_below, row_starts)
