from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets.readers.cut_words import cut_words


def test_white_space_is_left_out_and_cuts():
    assert cut_words(["A", "\xa0", "B C", "", "D\u3000"]) == (
        ["A", "B", "C", "D"],
        [0, 1, 1, 3, 3, 4],
    )
    assert cut_words([]) == ([], [0])


@given(st.lists(st.text(max_size=4), max_size=8))
def test_a_run_of_published_words_has_their_words(published):
    words, starts = cut_words(published)
    assert all(word and not any(map(str.isspace, word)) for word in words)
    for first in range(len(published) + 1):
        for last in range(first, len(published) + 1):
            expected = " ".join(published[first:last]).split()
            assert words[starts[first] : starts[last]] == expected
