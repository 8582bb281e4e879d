from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets.readers.tagged_pair import tagged_pair
from mrca.text import Span


def tagged(text: str) -> tuple[list[str], list[str], list[str]]:
    """Words, subject and object of a text with `(`, `)` and `{`, `}` as its tags."""
    tags = [Span(text.index(tag), text.index(tag) + 1) for tag in "(){}"]
    words, subject, object_ = tagged_pair(text, (tags[0], tags[1], tags[2], tags[3]))
    return words, words[subject.start : subject.end], words[object_.start : object_.end]


def test_words_are_cut_at_the_borders_of_both():
    assert tagged("pre-(A)s of {the U.S.}.") == (
        ["pre-", "A", "s", "of", "the", "U.S.", "."],
        ["A"],
        ["the", "U.S."],
    )
    assert tagged("{A}(B)") == (["A", "B"], ["B"], ["A"])
    assert tagged("({A}B)") == (["A", "B"], ["A", "B"], ["A"])


def test_without_a_word_between_its_tags_it_is_empty():
    assert tagged("A ( ) {}B") == (["A", "B"], [], [])


@given(*[st.text(st.characters(exclude_characters="(){}"), max_size=6)] * 5)
def test_no_character_is_lost(before, subject, between, object_, after):
    words, first, second = tagged(f"{before}({subject}){between}{{{object_}}}{after}")
    assert "".join(words) == "".join(f"{before}{subject}{between}{object_}{after}".split())
    assert "".join(first) == "".join(subject.split())
    assert "".join(second) == "".join(object_.split())
