import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mrca.datasets.sample import generate_sample
from mrca.errors import MrcaError
from mrca.text import tokenise
from mrca.vectors.fallback import word_vectors
from mrca.vectors.store import VectorStore

COMMITTED = Path(__file__).parents[2] / "data" / "sample"
SPLITS = ("train", "valid", "test")
CORPUS_FILES = (*(f"{split}.jsonl" for split in SPLITS), "relations.json", "README.md")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated") / "sample"
    generate_sample(folder)
    return folder


@pytest.fixture(scope="module")
def rows(sample):
    return {
        split: [
            json.loads(line)
            for line in (sample / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for split in SPLITS
    }


@pytest.fixture(scope="module")
def relations(sample):
    return json.loads((sample / "relations.json").read_text(encoding="utf-8"))


def labels_of(row):
    return {relation for _, relation, _ in row.get("triples", ())}


def spans_of(row):
    return [*row["subjects"], *row["objects"]]


def test_writing_it_again_gives_the_same_bytes(sample, tmp_path):
    generate_sample(tmp_path)
    again = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert again == {path.relative_to(sample) for path in sample.rglob("*") if path.is_file()}
    for path in again:
        assert (tmp_path / path).read_bytes() == (sample / path).read_bytes(), path


def test_an_existing_sample_is_replaced_by_that_of_another_seed(sample, tmp_path):
    generate_sample(tmp_path, seed=1)
    other = (tmp_path / "train.jsonl").read_bytes()
    assert other != (sample / "train.jsonl").read_bytes()
    generate_sample(tmp_path)
    assert (tmp_path / "train.jsonl").read_bytes() == (sample / "train.jsonl").read_bytes()


@pytest.mark.parametrize("name", CORPUS_FILES)
def test_the_committed_corpus_is_what_the_generator_writes(sample, name):
    assert (COMMITTED / name).read_bytes() == (sample / name).read_bytes()


def test_the_committed_vectors_are_what_the_generator_writes(sample):
    committed = VectorStore.open(COMMITTED / "vectors")
    generated = VectorStore.open(sample / "vectors")
    assert list(committed.words()) == list(generated.words())
    # Another processor sums in another order, which moves the last decimals.
    np.testing.assert_allclose(committed.vectors, generated.vectors, atol=0.02)


def test_it_is_small_enough_to_be_committed(sample):
    sizes = {path: path.stat().st_size for path in sample.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 3_000_000
    assert sum(size for path, size in sizes.items() if path.parent.name == "vectors") < 1_500_000


def test_sentences_are_many_and_none_stands_twice(rows):
    texts = [" ".join(row["tokens"]) for split in SPLITS for row in rows[split]]
    ids = [row["id"] for split in SPLITS for row in rows[split]]
    assert len(texts) == len(set(texts)) == len(set(ids)) == 2000


def test_a_sentence_states_none_to_five_relations(rows):
    for split in SPLITS:
        sizes = Counter(len(labels_of(row)) for row in rows[split])
        assert set(sizes) == {0, 1, 2, 3, 4, 5}
        assert sizes[1] > sizes[2] > sizes[3] > sizes[4] > sizes[5]


def test_the_twelve_relations_have_a_long_tail(rows, relations):
    counts = Counter(label for row in rows["train"] for label in labels_of(row))
    ordered = [counts[relation] for relation in relations]
    assert len(ordered) == 12 and len(counts) == 12
    assert ordered == sorted(ordered, reverse=True)
    assert ordered[0] > 600 and ordered[-1] < 20
    assert sum(20 <= count <= 100 for count in ordered) >= 3


@pytest.mark.parametrize("split", SPLITS)
def test_every_relation_occurs_in_every_split(rows, relations, split):
    assert {label for row in rows[split] for label in labels_of(row)} == set(relations)


def test_marked_spans_are_the_entities_they_name(rows):
    for row in (row for split in SPLITS for row in rows[split]):
        for span in spans_of(row):
            words = row["tokens"][span["token_start"] : span["token_end"]]
            assert words and " ".join(words) == span["text"]
        marked = [{span["text"] for span in row[role]} for role in ("subjects", "objects")]
        for subject, _, object_ in row.get("triples", ()):
            assert subject != object_
            assert subject in marked[0] and object_ in marked[1]


def test_a_sentence_without_a_relation_still_marks_two_entities(rows):
    unrelated = [row for row in rows["train"] if not labels_of(row)]
    assert len(unrelated) >= 50
    for row in unrelated:
        assert set(row) == {"id", "tokens", "subjects", "objects", "labels"}
        assert row["labels"] == [] and len(row["subjects"]) == len(row["objects"]) == 1


def test_joined_tokens_tokenise_to_themselves(rows):
    for row in (row for split in SPLITS for row in rows[split]):
        assert [token.text for token in tokenise(" ".join(row["tokens"]))] == row["tokens"]


def test_most_names_of_the_test_split_are_new(rows):
    def names(split):
        return {
            end
            for row in rows[split]
            for subject, _, object_ in row.get("triples", ())
            for end in (subject, object_)
        }

    test = names("test")
    assert len(test - names("train")) > 0.5 * len(test)


def test_every_word_has_a_vector_and_unknown_ones_differ(sample, rows):
    store = VectorStore.open(sample / "vectors")
    words = sorted({token for split in SPLITS for row in rows[split] for token in row["tokens"]})
    vectors, known = word_vectors(store, words)
    assert store.dim == 50
    assert np.abs(vectors).max(axis=1).min() > 0
    assert 0.1 < 1 - known.mean() < 0.9
    assert all(character in store for character in {c for word in words for c in word.lower()})


def test_vectors_have_the_scale_of_glove(sample):
    assert VectorStore.open(sample / "vectors").vectors.std() == pytest.approx(0.4, abs=0.001)


def test_the_readme_says_that_scores_mean_nothing(sample):
    readme = (sample / "README.md").read_text(encoding="utf-8")
    assert "Scores on it say\nnothing about real corpora" in readme
    assert "generate_sample" in readme


def test_a_folder_that_cannot_be_made_is_one_readable_error(tmp_path):
    occupied = tmp_path / "sample"
    occupied.write_text("a file, not a folder")
    with pytest.raises(MrcaError, match="Cannot write the sample corpus to"):
        generate_sample(occupied)
