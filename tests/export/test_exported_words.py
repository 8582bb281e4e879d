import numpy as np
import pytest

from mrca.config import RunConfig
from mrca.encoders import WordVectors
from mrca.errors import MrcaError
from mrca.export.exported_words import exported_words
from mrca.vectors import VectorStore


@pytest.fixture
def encoder(tmp_path):
    words = ["a", "b", "c", "d"]
    full = VectorStore.write(tmp_path / "full", words, [[10, 0], [11, 0], [12, 0], [13, 0]], "some")
    return WordVectors(RunConfig(), (), ["b", "q"], np.array([[1.0, 1], [2, 2]]), full, {})


@pytest.mark.parametrize(
    "choice, words, first",
    [
        ("run", ["b", "q"], [1, 2]),
        ("full", ["b", "q", "a", "c", "d"], [1, 2, 10, 12, 13]),
        ("top:3", ["b", "q", "a", "c"], [1, 2, 10, 12]),
        ("top:400000", ["b", "q", "a", "c", "d"], [1, 2, 10, 12, 13]),
    ],
)
def test_the_run_s_words_come_first_and_keep_their_vectors(encoder, choice, words, first):
    found = exported_words(encoder, choice)
    assert found.words == words
    np.testing.assert_array_equal(found.vectors[:, 0], first)


def test_some_of_the_run_s_words_may_be_left_out(encoder):
    assert exported_words(encoder, "run", {"b"}).words == ["q"]
    words, vectors = exported_words(encoder, "top:3", {"b"})
    assert words == ["q", "a", "b", "c"]
    assert vectors[:, 0].tolist() == [2, 10, 11, 12]


def test_without_the_full_vectors_the_message_says_what_to_give(encoder):
    encoder.complete = False
    assert exported_words(encoder, "run").words == ["b", "q"]
    for choice in ("full", "top:2"):
        with pytest.raises(MrcaError, match=r"--vectors, or export with --vocabulary run"):
            exported_words(encoder, choice)


@pytest.mark.parametrize(
    "choice", ["", "all", "top", "top:", "top:0", "top:-1", "top:1e3", "50000"]
)
def test_another_choice_is_refused(encoder, choice):
    with pytest.raises(MrcaError, match=r"Expected `run`.*`full`.*`top:N`"):
        exported_words(encoder, choice)
