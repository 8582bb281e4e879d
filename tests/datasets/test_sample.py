"""The sample corpus that the package holds, by its properties; and that it can be written again."""

import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import mrca.datasets
import mrca.vectors
from mrca.text import tokenise
from mrca.vectors.fallback import word_vectors
from mrca.vectors.store import VectorStore

ROOT = Path(__file__).parents[2]
SAMPLE = Path(mrca.datasets.__file__).parent / "sample"
VECTORS = Path(mrca.vectors.__file__).parent / "sample"
SENTENCES = {"train": 1300, "valid": 200, "test": 500}
TYPES = {"PERSON", "ORGANISATION", "PLACE", "BUILDING", "WORK"}


@pytest.fixture(scope="module")
def rows():
    return {
        split: [
            json.loads(line)
            for line in (SAMPLE / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for split in SENTENCES
    }


@pytest.fixture(scope="module")
def all_rows(rows):
    return [row for split in SENTENCES for row in rows[split]]


@pytest.fixture(scope="module")
def tokens(all_rows):
    return [tokenise(row["text"]) for row in all_rows]


@pytest.fixture(scope="module")
def relations():
    return json.loads((SAMPLE / "relations.json").read_text(encoding="utf-8"))


def mentions_of(entity):
    return entity.get("mentions") or [entity]


def words_of(entity):
    return mentions_of(entity)[0]["text"]


def pairs_of(row):
    """Both types and the order of each pair, with the relations that hold."""
    held = {}
    for subject, relation, object_ in row["facts"]:
        held.setdefault((subject, object_), set()).add(relation)
    for place, subject in enumerate(row["entities"]):
        for other, object_ in enumerate(row["entities"]):
            if place != other:
                key = (subject["type"], object_["type"], place < other)
                yield key, held.get((words_of(subject), words_of(object_)), set())


def test_sentences_are_many_and_none_stands_twice(rows, all_rows):
    assert {split: len(rows[split]) for split in rows} == SENTENCES
    assert len({row["text"] for row in all_rows}) == len({row["id"] for row in all_rows}) == 2000


def test_a_row_has_the_fields_of_the_data_format(all_rows):
    for row in all_rows:
        assert list(row) == ["id", "text", "entities", "facts"]
        for entity in row["entities"]:
            place = {"mentions"} if "mentions" in entity else {"char_start", "char_end", "text"}
            assert set(entity) == place | {"type"}
            assert entity["type"] in TYPES
            assert "mentions" not in entity or len(entity["mentions"]) > 1
            for mention in mentions_of(entity):
                assert set(mention) - {"type"} == {"char_start", "char_end", "text"}


def test_mentions_stand_where_they_say_and_end_with_words(all_rows, tokens):
    for row, words in zip(all_rows, tokens, strict=True):
        starts, ends = {word.start for word in words}, {word.end for word in words}
        places = [place for entity in row["entities"] for place in mentions_of(entity)]
        for place in places:
            start, end = place["char_start"], place["char_end"]
            assert row["text"][start:end] == place["text"]
            assert start in starts and end in ends
        spans = sorted((place["char_start"], place["char_end"]) for place in places)
        assert all(left[1] <= right[0] for left, right in pairwise(spans))


def test_every_place_where_the_words_of_an_entity_stand_is_marked(all_rows):
    for row in all_rows:
        for entity in row["entities"]:
            for text in {mention["text"] for mention in mentions_of(entity)}:
                marked = [
                    place
                    for other in row["entities"]
                    for place in mentions_of(other)
                    if text in place["text"]
                ]
                assert row["text"].count(text) == len(marked)


def test_entities_are_in_the_order_of_their_first_mentions(all_rows):
    for row in all_rows:
        starts = [mentions_of(entity)[0]["char_start"] for entity in row["entities"]]
        assert starts == sorted(starts)


def test_facts_name_two_marked_entities_that_no_other_shares_the_words_with(all_rows, relations):
    for row in all_rows:
        texts = [{each["text"] for each in mentions_of(entity)} for entity in row["entities"]]
        assert len(set().union(*texts)) == sum(map(len, texts))
        names = {words_of(entity) for entity in row["entities"]}
        for subject, relation, object_ in row["facts"]:
            assert subject != object_ and {subject, object_} <= names
            assert relation in relations
        assert len(set(map(tuple, row["facts"]))) == len(row["facts"])


def test_sentences_are_of_usual_form(all_rows):
    for row in all_rows:
        text = row["text"]
        assert text.endswith(".") and not text[0].islower() and text.isprintable()
        for wrong in ("  ", " ,", ",,", ",.", " .", "the the", " a a", "{", "}", "<", ">"):
            assert wrong not in text, text


def test_twelve_relations_have_a_long_tail(rows, relations):
    counts = Counter(fact[1] for row in rows["train"] for fact in row["facts"])
    ordered = [counts[relation] for relation in relations]
    assert len(ordered) == len(counts) == 12
    assert ordered == sorted(ordered, reverse=True)
    assert ordered[0] > 600 and 10 <= ordered[-1] < 20
    assert sum(20 <= count <= 100 for count in ordered) >= 3


def test_the_readme_counts_every_relation_in_every_split(rows, relations):
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for relation in relations:
        counts = [
            sum(fact[1] == relation for row in rows[split] for fact in row["facts"])
            for split in SENTENCES
        ]
        assert min(counts) > 0
        assert f"| `{relation}` | {' | '.join(map(str, counts))} |" in readme


def test_the_readme_says_that_scores_mean_nothing_and_how_it_was_written():
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert "Scores on it say\nnothing about real corpora" in readme
    command = "python tools/sample/generate.py mrca/datasets/sample mrca/vectors/sample --seed 0"
    assert command in readme


@pytest.mark.parametrize("split", SENTENCES)
def test_most_pairs_are_in_no_relation(rows, split):
    sizes = [len(row["entities"]) for row in rows[split]]
    assert 3 < np.mean(sizes) < 4 and min(sizes) == 2 and max(sizes) < 10
    pairs = [held for row in rows[split] for _, held in pairs_of(row)]
    assert 0.84 < pairs.count(set()) / len(pairs) < 0.89


@pytest.mark.parametrize("split", SENTENCES)
def test_a_fifth_of_the_sentences_state_no_fact_and_others_up_to_five(rows, split):
    sizes = Counter(len(row["facts"]) for row in rows[split])
    assert set(sizes) == {0, 1, 2, 3, 4, 5}
    assert sizes[0] > 0.2 * len(rows[split])
    unrelated = [len(row["entities"]) for row in rows[split] if not row["facts"]]
    assert min(unrelated) == 2 and max(unrelated) > 4


@pytest.mark.parametrize("split", SENTENCES)
def test_sentences_vary_in_what_they_state(rows, split):
    facts = [row["facts"] for row in rows[split]]
    several = [{(s, o) for s, _, o in each} | {(o, s) for s, _, o in each} for each in facts]
    number = len(facts)
    # One relation several times; several relations of one pair; an entity mentioned again.
    assert sum(len({fact[1] for fact in each}) < len(each) for each in facts) > 0.2 * number
    assert sum(len(s) < 2 * len(e) for s, e in zip(several, facts, strict=True)) > 0.01 * number
    again = [any("mentions" in entity for entity in row["entities"]) for row in rows[split]]
    assert 0.1 * number < sum(again) < 0.5 * number


def test_second_mentions_have_the_same_words_or_fewer(all_rows):
    entities = [entity for row in all_rows for entity in row["entities"] if "mentions" in entity]
    same = 0
    for entity in entities:
        first, *others = entity["mentions"]
        for other in others:
            assert set(other["text"].split()) <= set(first["text"].split())
            same += other["text"] == first["text"]
    assert 0.2 * len(entities) < same < 0.8 * len(entities)


def test_the_subject_stands_before_and_after_the_object(all_rows, relations):
    before, count = Counter(), Counter()
    for row in all_rows:
        order = [words_of(entity) for entity in row["entities"]]
        for subject, relation, object_ in row["facts"]:
            count[relation] += 1
            before[relation] += order.index(subject) < order.index(object_)
    assert before["spouse"] == count["spouse"]  # symmetric: from the one who is mentioned first
    for relation in set(relations) - {"spouse"}:
        assert 0.2 < before[relation] / count[relation] < 0.9, relation


def test_types_and_order_do_not_tell_the_relation(rows):
    def count(split):
        pairs, held_by = Counter(), Counter()
        for row in rows[split]:
            for key, held in pairs_of(row):
                pairs[key] += 1
                held_by.update((key, relation) for relation in held)
        return pairs, held_by

    (train_pairs, train), (test_pairs, test) = count("train"), count("test")
    scores = []
    for least in np.arange(0.05, 0.55, 0.05):  # a relation is guessed where so many pairs have it
        guesses = [each for each in train if train[each] > least * train_pairs[each[0]]]
        right = sum(test[each] for each in guesses)
        guessed = sum(test_pairs[key] for key, _ in guesses)
        scores.append(2 * right / (guessed + test.total()))
    assert 0.3 < max(scores) < 0.5


def test_most_names_of_the_test_split_are_new(rows):
    names = {
        split: {words_of(entity) for row in rows[split] for entity in row["entities"]}
        for split in SENTENCES
    }
    assert len(names["test"] - names["train"]) > 0.7 * len(names["test"])
    assert len(names["valid"] - names["train"]) > 0.7 * len(names["valid"])


def test_texts_hold_letters_beyond_ascii(all_rows):
    assert any(not row["text"].isascii() for row in all_rows)


def test_it_is_small():
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_000_000


def test_every_word_has_a_vector_and_names_are_mostly_unknown(tokens):
    store = VectorStore.open(VECTORS)
    words = sorted({word.text for sentence in tokens for word in sentence})
    assert store.dim == 50
    assert all(character in store for character in {c for word in words for c in word.lower()})
    vectors, known = word_vectors(store, words[::5])
    assert np.abs(vectors).max(axis=1).min() > 0
    assert 0.1 < known.mean() < 0.5


def test_vectors_have_the_scale_of_glove():
    vectors = VectorStore.open(VECTORS).vectors
    assert vectors.std() == pytest.approx(0.4, abs=0.001)


@pytest.mark.slow
def test_the_generator_writes_it_again(tmp_path):
    folder = _generate(tmp_path, 0)
    files = {path.relative_to(SAMPLE) for path in SAMPLE.rglob("*") if path.is_file()}
    assert files == {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    for name in files:
        assert (folder / name).read_bytes() == (SAMPLE / name).read_bytes(), name
    kept, written = VectorStore.open(VECTORS), VectorStore.open(tmp_path / "vectors")
    assert list(kept.words()) == list(written.words())
    # Another processor sums in another order, which moves the last decimals.
    np.testing.assert_allclose(kept.vectors, written.vectors, atol=0.02)


@pytest.mark.slow
def test_another_seed_gives_another_corpus(tmp_path):
    other = (_generate(tmp_path, 1) / "train.jsonl").read_text(encoding="utf-8")
    assert other != (SAMPLE / "train.jsonl").read_text(encoding="utf-8")
    assert len(other.splitlines()) == SENTENCES["train"]


def _generate(folder: Path, seed: int) -> Path:
    """Write the corpus of a seed, and its vectors next to it."""
    corpus = folder / "sample"
    command = [sys.executable, "tools/sample/generate.py", str(corpus), str(folder / "vectors")]
    command += ["--seed", str(seed)]
    subprocess.run(command, check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    return corpus
