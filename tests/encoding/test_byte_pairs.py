import pytest

from mrca.encoding import BytePairs
from mrca.errors import MrcaError

VOCABULARY = ["<s>", "<pad>", "</s>", "<unk>", "Ġ", *"adAs<>*", "Ġa", "Ġad", "da", "Ġ*"]
MERGES = ["#version: 0.2", "Ġ a", "Ġa d", "d a", "Ġ *"]


def spelled(word, **options):
    return [VOCABULARY[id] for id in BytePairs(VOCABULARY, MERGES, **options).pieces(word)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ada", ["Ġad", "a"]),
        ("da", ["Ġ", "da"]),
        ("Ada", ["Ġ", "A", "da"]),
        ("<s>", ["Ġ", "<", "s", ">"]),  # never the special piece
        ("a*", ["Ġa", "*"]),
        ("ax", ["Ġa", "<unk>"]),
        ("", ["<unk>"]),
    ],
)
def test_words_are_split_as_after_a_space(word, expected):
    assert spelled(word) == expected


def test_words_may_be_lower_cased():
    assert spelled("Ada", lower_case=True) == ["Ġad", "a"]


def test_special_pieces_and_the_asterisk():
    byte_pairs = BytePairs(VOCABULARY, MERGES)
    assert (byte_pairs.pad, byte_pairs.unk, byte_pairs.cls, byte_pairs.sep) == (1, 3, 0, 2)
    assert byte_pairs.marker("*") == VOCABULARY.index("Ġ*")
    assert len(byte_pairs) == len(VOCABULARY)
    with pytest.raises(MrcaError, match=r"keeps none free.*marker_style=asterisks"):
        _ = byte_pairs.markers


def test_an_asterisk_of_two_pieces_marks_nothing():
    with pytest.raises(MrcaError, match=r"the piece `\*` around mentions.*has none"):
        _ = BytePairs(VOCABULARY[:-1], MERGES[:-1]).marker("*")


@pytest.mark.parametrize(
    ("vocabulary", "merges", "reason"),
    [
        (VOCABULARY[1:], MERGES, "it lacks <s>"),
        (VOCABULARY, ["x y"], "merges that do not fit"),
        (VOCABULARY, ["a"], "merges that do not fit"),
    ],
)
def test_what_is_no_vocabulary_of_robertas(vocabulary, merges, reason):
    with pytest.raises(MrcaError, match=reason):
        BytePairs(vocabulary, merges)


def test_those_that_split_otherwise_are_described_otherwise():
    described = {
        BytePairs(VOCABULARY, merges, lower_case).description
        for merges in (MERGES, MERGES[:-1])
        for lower_case in (False, True)
    }
    assert len(described) == 4
