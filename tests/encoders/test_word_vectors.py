import shutil

import numpy as np
import pytest

from mrca.config import RunConfig
from mrca.datasets import CandidateSelection
from mrca.encoders import Places, WordVectors
from mrca.encoders.word_vectors import corpus_words
from mrca.encoding import Batch
from mrca.errors import MrcaError
from mrca.runs import layout
from mrca.text import Document, Entity, Span
from mrca.vectors import VectorStore

CONFIG = RunConfig().changed({"features.max_length": 4})
ROWS = [
    Document(("Cat", "ZOO", "cat", "a", "far"), (Entity((Span(0, 1),), "PET"),), subjects=(0,)),
    Document(("B",)),
]


def vectors_of(words):
    """Word `i` has the vector `(i + 1, -(i + 1))`."""
    numbers = np.arange(1, len(words) + 1, dtype="float32")
    return np.stack([numbers, -numbers], axis=1)


@pytest.fixture
def make_store(tmp_path):
    def make(words, name="tiny"):
        return VectorStore.write(tmp_path / name, words, vectors_of(words), name)

    return make


@pytest.fixture
def opened(make_store):
    """Opened for a training on the rows, with a full store that knows other words too."""
    store = make_store(["a", "b", "c", "cat", "far", "o", "t", "x", "dog", "zoo"])
    config = CONFIG.changed({"vectors.name": str(store.folder)})
    return WordVectors.open(config, ROWS, ("PET",))


def states(encoder, documents, **settings):
    whole = CandidateSelection("whole").select(documents)
    encoded = encoder.encode(whole)
    return encoded.batch(Batch(np.arange(len(documents)), 4), "masked")


# === Which words ===


def test_corpus_words_are_lower_cased_sorted_and_complete():
    rows = [Document(("Über", "a")), Document(("A", "naïve"))]
    words = corpus_words(rows)
    assert words == sorted(set(words))
    assert {"über", "a", "naïve", "ü", "ï", "v", "z", "!"} <= set(words)
    assert "A" not in words
    assert words == corpus_words(reversed(rows))


def test_words_of_awkward_case_fit_a_store(make_store):
    row = Document(("İstanbul", "STRASSE", "straße", "ΣΊΣΥΦΟΣ", "𝔘", "东京"))
    store = make_store(corpus_words([row]))
    encoder = WordVectors(CONFIG, (), list(store.words()), store.vectors, store, {})
    for token in row.tokens:
        assert token.lower() in encoder.words


# === From words to states ===


def test_a_words_state_is_its_vector_looked_up_in_lower_case(opened):
    inputs = states(opened, ROWS)
    cat, zoo, a = 4, 10, 1
    assert inputs["states"][0, :, 0].tolist() == [cat, zoo, cat, a]  # cut at max_length
    assert inputs["states"][1].tolist() == [[2, -2], [0, 0], [0, 0], [0, 0]]
    assert inputs["states"].dtype == "float32"
    assert inputs["case"].tolist() == [[1, 1, -1, -1], [1, 0, 0, 0]]
    assert inputs["role"].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    assert inputs["types"].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]


def test_features_are_left_out_where_the_configuration_says_so(opened):
    config = opened.config.changed({"features.case": False, "features.role": False})
    plain = WordVectors.open(config, ROWS, ())
    inputs = states(plain, ROWS)
    assert not inputs["case"].any()
    assert not inputs["role"].any()
    assert "types" not in inputs


def test_a_word_of_no_store_is_the_mean_of_its_characters(opened):
    inputs = states(opened, [Document(("TaX", "qq", "Dog"))])
    np.testing.assert_allclose(inputs["states"][0, :3, 0], [(7 + 1 + 8) / 3, 0, 9])


def test_reading_new_words_leaves_the_runs_own_alone(opened):
    words, matrix = list(opened.words), np.array(opened.matrix)
    states(opened, [Document(("dog", "unheard"))])
    assert opened.words == words
    np.testing.assert_array_equal(opened.matrix, matrix)


def test_no_documents(opened):
    encoded = opened.encode(CandidateSelection("whole").select([]))
    assert len(encoded) == 0
    assert encoded.arrays["words"].shape == (0,)
    assert opened.words_read([]) == []


def test_what_is_read_and_what_is_cut(opened):
    assert opened.words_read(ROWS) == [4, 1]
    assert opened.documents_cut(ROWS) == 1
    assert (opened.unit, opened.dim, opened.feature_value()) == ("tokens", 2, 10)


def test_entities_of_pairs_stand_where_their_mentions_do(opened):
    row = Document(
        ("Cat", "and", "dog", "or", "far"),
        (Entity((Span(0, 1), Span(3, 5))), Entity((Span(2, 3),))),
    ).with_unknown_roles()
    encoded = opened.encode(CandidateSelection("pairs").select([row]))
    inputs = encoded.batch(Batch(np.array([0]), 4), "masked")
    assert inputs["entities"].tolist() == [[0, 3], [2, -1]]
    assert inputs["pairs"].tolist() == [[0, 1], [1, 0]]


def test_with_the_words_of_more_documents(opened):
    more = opened.with_words_of([Document(("Dog", "unheard"))])
    assert {*opened.words, "dog", "unheard"} <= set(more.words)
    assert more.words == sorted(more.words)
    rows = [*ROWS, Document(("Dog",))]
    np.testing.assert_array_equal(states(more, rows)["states"], states(opened, rows)["states"])
    assert more.describe() == opened.describe()


# === In a run folder ===


def load(folder, opened, **places):
    environment = opened.describe()["vectors"]
    return WordVectors.load(folder, opened.config, opened.types, Places(environment, **places))


@pytest.fixture
def saved(opened, tmp_path):
    opened.save(tmp_path / "run")
    return tmp_path / "run"


def test_saved_and_loaded_it_reads_alike(opened, saved):
    rows = [*ROWS, Document(("Dog", "unheard", "xx"))]
    again = load(saved, opened)
    assert again.complete
    np.testing.assert_array_equal(states(again, rows)["states"], states(opened, rows)["states"])
    assert again.describe() == opened.describe()
    assert again.feature_value() == opened.feature_value()
    assert opened.bytes_on_disk() <= sum(
        path.stat().st_size for path in (saved / layout.VECTORS).iterdir()
    )
    again.save(saved)  # a training that was killed while it saved may have left them already


def test_without_the_full_store_unseen_words_are_spelled_out_with_one_warning(opened, saved):
    shutil.rmtree(opened.source.folder)
    again = load(saved, opened)
    assert not again.complete
    with pytest.warns(UserWarning, match=r"not at hand.*--vectors"):
        first = states(again, [Document(("Dog",))])
    assert first["states"][0, 0, 0] == pytest.approx(6)  # of o alone: d and g have no vector
    states(again, [Document(("Dog",))])  # a second warning would be an error here
    np.testing.assert_array_equal(states(again, ROWS)["states"][1, 0], [2, -2])


def test_a_full_store_that_is_another_by_now_or_damaged_is_as_good_as_away(opened, saved):
    folder = opened.source.folder
    VectorStore.write(folder, ["dog"], vectors_of(["dog"]), "tiny", overwrite=True)
    assert not load(saved, opened).complete
    (folder / "meta.json").write_text("{")
    assert not load(saved, opened).complete


def test_the_full_store_may_be_given_at_another_place(opened, saved, tmp_path):
    moved = tmp_path / "elsewhere"
    opened.source.folder.rename(moved)
    again = load(saved, opened, vectors=str(moved))
    assert again.complete
    assert states(again, [Document(("Dog",))])["states"][0, 0, 0] == 9


def test_vectors_of_another_dimension_or_an_encoder_are_refused(opened, saved, tmp_path):
    wide = VectorStore.write(tmp_path / "wide", ["a"], np.ones((1, 3), "float32"), "wide")
    with pytest.raises(MrcaError, match=r"have 3 dimensions, the run .* was trained with 2"):
        load(saved, opened, vectors=str(wide.folder))
    with pytest.raises(MrcaError, match=r"word vectors, not .* Leave --encoder out"):
        load(saved, opened, encoder="hub:x")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"encoder.trainable": True}, "word vectors stay as they are"),
        ({"features.markers": True}, "word vectors do not have"),
    ],
)
def test_what_it_cannot_do(settings, said):
    (problem,) = WordVectors.problems(CONFIG.changed(settings))
    assert said in problem
    assert not list(WordVectors.problems(CONFIG))
