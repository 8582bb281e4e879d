import numpy as np
import pytest

from mrca.vectors import VectorStore, word_vectors


@pytest.fixture
def store(tmp_path):
    words = ["cat", "b", "a", "É".lower()]
    return VectorStore.write(tmp_path / "store", words, [[1, 1], [2, 0], [0, 4], [8, 8]], "tiny")


def word_vector(store, word):
    return word_vectors(store, [word])[0][0]


def test_known_words_are_looked_up_in_lower_case(store):
    np.testing.assert_array_equal(word_vector(store, "CAT"), [1, 1])
    np.testing.assert_array_equal(word_vector(store, "É"), [8, 8])


def test_unknown_words_are_the_mean_of_their_known_characters(store):
    np.testing.assert_allclose(word_vector(store, "AB"), [1, 2])
    np.testing.assert_allclose(word_vector(store, "abb"), [4 / 3, 4 / 3])
    np.testing.assert_allclose(word_vector(store, "axé"), [4, 6])  # x is not in the store


def test_words_without_any_known_character_are_zeros(store):
    np.testing.assert_array_equal(word_vector(store, "xyz"), [0, 0])
    np.testing.assert_array_equal(word_vector(store, ""), [0, 0])
    np.testing.assert_array_equal(word_vector(store, "\ud800"), [0, 0])


def test_an_unknown_word_does_not_depend_on_the_words_before(store):
    alone = word_vector(store, "ab")
    together, known = word_vectors(store, ["bb", "xyz", "ab", "cat", "ab"])
    np.testing.assert_array_equal(together[2], alone)
    np.testing.assert_array_equal(together[4], alone)
    assert known.tolist() == [False, False, False, True, False]


def test_shape_and_type(store):
    matrix, known = word_vectors(store, ["b", "a", "cat", "b"])
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, [[2, 0], [0, 4], [1, 1], [2, 0]])
    assert known.all()
    empty, none = word_vectors(store, [])
    assert empty.shape == (0, 2)
    assert none.shape == (0,)


def test_a_runs_own_store_gives_unknown_words_the_vectors_of_the_full_one(store, tmp_path):
    own_words = ["cat", "a", "b", "x", "é"]  # the full store lacks x
    matrix, known = word_vectors(store, own_words)
    assert known.tolist() == [True, True, True, False, True]
    own = VectorStore.write(tmp_path / "own", own_words, matrix, "own")
    unseen = ["axb", "xx", "éa", "xab", "y"]
    np.testing.assert_array_equal(word_vectors(own, unseen)[0], word_vectors(store, unseen)[0])
