import numpy as np
import pytest

from mrca.encoding import Vocabulary, training_words
from mrca.text import Example

OWN = ["a", "b", "cat"]


def example(*tokens):
    return Example(tokens)


def test_own_words_follow_the_padding_row(make_store):
    vocabulary = Vocabulary(make_store(OWN), spare=5)
    assert [vocabulary.row(word) for word in OWN] == [1, 2, 3]
    assert vocabulary.first_spare_row == 4
    assert vocabulary.num_rows == 9


def test_unseen_words_are_lower_cased_sorted_and_within_the_cut(make_store):
    vocabulary = Vocabulary(make_store(OWN), spare=5)
    rows = [example("Cat", "ZOO", "dog", "far"), example("DOG", "a")]
    assert vocabulary.unseen(rows, max_length=3) == ["dog", "zoo"]
    assert vocabulary.unseen(rows, max_length=1) == ["dog"]
    assert vocabulary.unseen([], max_length=3) == []


def test_a_word_that_was_not_admitted_has_no_row(make_store):
    with pytest.raises(KeyError):
        Vocabulary(make_store(OWN), spare=5).row("dog")


def test_admitted_words_take_spare_rows_with_vectors_of_the_full_store(make_store):
    full = make_store(["dog", "x", "a"], "full")
    vocabulary = Vocabulary(make_store(OWN), full, spare=5)
    vectors = vocabulary.admit(["ax", "dog"])
    # "ax" is in neither store: the mean of its characters in the full one.
    assert vectors.tolist() == [[2.5, -2.5], [1, -1]]
    assert (vocabulary.row("ax"), vocabulary.row("dog")) == (4, 5)
    assert vocabulary.row("a") == 1


def test_without_a_full_store_words_are_spelled_out_from_the_runs_characters(make_store):
    vocabulary = Vocabulary(make_store(OWN), spare=5)
    assert vocabulary.admit(["abba", "zz"]).tolist() == [[1.5, -1.5], [0, 0]]


def test_admitting_again_changes_nothing(make_store):
    vocabulary = Vocabulary(make_store(OWN), spare=3)
    vocabulary.admit(["x", "y"])
    assert vocabulary.admit(["x", "y"]) is None
    assert vocabulary.admit([]) is None
    vectors = vocabulary.admit(["y", "z"])
    assert vectors.shape == (3, 2)
    assert [vocabulary.row(word) for word in "xyz"] == [4, 5, 6]


def test_full_spare_rows_are_given_out_anew(make_store):
    vocabulary = Vocabulary(make_store(OWN), spare=2)
    vocabulary.admit(["x", "y"])
    vectors = vocabulary.admit(["cab", "y"])
    assert vectors.shape == (2, 2)
    assert (vocabulary.row("cab"), vocabulary.row("y")) == (4, 5)
    with pytest.raises(KeyError):
        vocabulary.row("x")
    np.testing.assert_allclose(vectors[0], [1.5, -1.5])  # of a and b: c has no vector
    assert vocabulary.num_rows == 6


def test_training_words_are_lower_cased_sorted_and_complete():
    rows = [example("Über", "a"), example("A", "naïve")]
    words = training_words(rows)
    assert words == sorted(set(words))
    assert {"über", "a", "naïve", "ü", "ï", "v", "z", "!"} <= set(words)
    assert "A" not in words
    assert words == training_words(reversed(rows))


def test_training_words_of_awkward_case_fit_a_store(make_store):
    rows = [example("İstanbul", "STRASSE", "straße", "ΣΊΣΥΦΟΣ", "𝔘", "东京")]
    vocabulary = Vocabulary(make_store(training_words(rows)))
    assert vocabulary.unseen(rows, max_length=10) == []
    for token in rows[0].tokens:
        assert vocabulary.row(token.lower()) >= 1
