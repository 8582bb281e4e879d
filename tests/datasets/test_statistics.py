import json

import numpy as np
import pytest

from mrca.datasets import (
    GROUP_LIMITS,
    corpus_statistics,
    label_cooccurrence,
    load_corpus,
)
from mrca.errors import MrcaError
from mrca.text import Document, RelationSet


def test_corpus_statistics(write_corpus):
    three = {
        "text": "A met B .",
        "facts": [["A", "a", "B"], ["B", "a", "A"], ["A", "b", "B"], ["A", "c", "Z"]],
    }
    folder = write_corpus(relations=["c", "b", "a"], train=[three, "a", "a b", ""], valid=["a"])
    statistics = corpus_statistics(load_corpus(str(folder)))
    train = statistics.splits["train"]
    assert (train.documents, train.tokens) == (4, 13)
    assert (train.mean_length, train.median_length, train.max_length) == (3.25, 3, 4)
    assert train.facts is not None
    assert (train.facts.mean, train.facts.share_3) == (1.0, 0.25)
    assert train.relations.mean == 1.5
    assert train.relations.deviation == pytest.approx(1.25**0.5)
    assert train.relations.share_3 == 0.25
    assert train.relations_per_document == {0: 1, 1: 1, 2: 1, 3: 1}
    assert train.empty_documents == 0.25
    assert train.oracle == 1
    assert train.unmatched == 1
    assert train.never_seen == []
    valid = statistics.splits["valid"]
    assert (valid.facts, valid.entities, valid.empty_pairs) == (None, None, None)
    assert (valid.pairs, valid.mentions, valid.empty_documents) == (0, 0, 0)
    assert valid.never_seen == ["c", "b"]
    assert statistics.types == ()
    # Facts, of entities that stand in the text; rows with labels alone have none.
    assert statistics.counted == "facts"
    assert statistics.train_counts == {"c": 0, "b": 1, "a": 2}
    assert statistics.groups == {"head": [], "medium": [], "tail": ["a", "b", "c"]}
    assert statistics.limits == "default"
    assert json.loads(json.dumps(statistics.to_dict()))["splits"]["train"]["documents"] == 4


def test_entities_and_their_pairs_are_counted(write_corpus):
    rows = [
        {
            "text": "Ada and Bo met Ada in Rome",
            "entities": ["Ada", "Bo", {"text": "Rome", "type": "LOC"}],
            "facts": [["Ada", "met", "Bo"], ["Bo", "met", "Ada"], ["Ada", "knows", "Bo"]],
        },
        {"text": "Cleo slept", "entities": [{"text": "Cleo", "type": "PER"}], "facts": []},
        {
            "text": "Dan or Eve",
            "entities": ["Dan", "Eve", "Fay"],
            "subjects": ["Dan"],
            "facts": [],
        },
        {"text": "nobody", "labels": []},
    ]
    statistics = corpus_statistics(load_corpus(str(write_corpus(train=rows, valid=["met"]))))
    train = statistics.splits["train"]
    assert train.entities is not None
    assert (train.entities.mean, train.entities.share_3) == (7 / 4, 0.5)
    assert train.mentions == 4 + 1 + 2  # Fay is not there
    assert train.unmatched == 1
    assert train.pairs == 6 + 0 + 1 + 0
    assert train.empty_pairs == 5 / 7
    assert train.empty_documents == 0.75
    assert train.oracle == 0
    assert statistics.types == ("LOC", "PER")
    assert statistics.to_dict()["types"] == ["LOC", "PER"]
    assert statistics.counted == "facts"
    assert statistics.train_counts == {"knows": 1, "met": 2}


def test_sentences_and_relations_of_pairs_are_counted(write_corpus):
    entities = ["Ada", {"mentions": ["Bo", "He"], "id": "b"}, "Rome"]
    row = {
        "text": "Ada met Bo. He left Rome. Ada slept.",
        "sentences": [0, 12, 26],
        "entities": entities,
        "facts": [["Ada", "met", "b"], ["Ada", "knows", "b"], ["b", "left", "Rome"]],
    }
    across = {**row, "facts": [["Rome", "left", "Ada"]]}
    plain = {"text": "Ada met Bo", "entities": ["Ada", "Bo"], "facts": []}
    folder = write_corpus(relations=["met", "knows", "left"], train=[row, across], valid=[plain])
    splits = corpus_statistics(load_corpus(str(folder))).splits
    train, valid = splits["train"], splits["valid"]
    assert (train.sentences, train.within_sentence) == (3, 0.75)
    assert train.mentions_per_entity == 5 / 3
    assert (train.pairs, train.relations_per_pair) == (12, {1: 2, 2: 1})
    assert train.empty_pairs == 9 / 12
    assert (valid.sentences, valid.within_sentence) == (None, None)
    assert (valid.relations_per_pair, valid.empty_pairs) == ({}, 1)


def test_mentions_that_are_not_there_are_counted_by_split_whatever_its_file_is_called(write_corpus):
    absent = {"text": "Ada met Bo", "entities": ["Ada", "Cleo", "Dan"], "labels": ["a"]}
    corpus = load_corpus(str(write_corpus(train=["a", absent], dev=[absent, absent], test=["a"])))
    splits = corpus_statistics(corpus).splits
    assert {split: each.unmatched for split, each in splits.items()} == {
        "train": 2,
        "valid": 4,
        "test": 0,
    }


def test_corpus_statistics_with_the_limits_of_a_paper(write_corpus):
    corpus = load_corpus(str(write_corpus(train=["a"] * 35 + ["b"] * 9 + ["c"] * 8, valid=["a"])))
    statistics = corpus_statistics(corpus, GROUP_LIMITS["reuters"])
    assert statistics.groups == {"head": ["a"], "medium": ["b"], "tail": ["c"]}
    assert statistics.limits == "reuters"


def test_webnlg_has_the_published_counts(real_data):
    statistics = corpus_statistics(load_corpus("webnlg", real_data, download=False))
    seen = [216 - len(split.never_seen) for split in statistics.splits.values()]
    assert seen == [211, 144, 149]
    assert {group: len(names) for group, names in statistics.groups.items()} == {
        "head": 28,
        "medium": 49,
        "tail": 139,
    }


# === Stated together ===


def rows(*labels):
    return [Document(("A",), labels=tuple(names)) for names in labels]


def test_counts_and_shares_of_the_most_frequent_relations_in_the_order_of_their_counts():
    documents = rows("ab", "b", "bc", "abd", "", "b")
    together = label_cooccurrence(documents, RelationSet("dcxab"), most=3)
    assert together.names == (
        "b",
        "a",
        "d",
    )  # d before c, as in the relation set; x is never stated
    assert together.counts.tolist() == [[5, 2, 1], [2, 2, 1], [1, 1, 1]]
    np.testing.assert_allclose(together.conditional, [[1, 0.4, 0.2], [1, 1, 0.5], [1, 1, 1]])
    assert together.any_pair


def test_documents_with_one_relation_or_none_state_no_pair():
    assert not label_cooccurrence(rows("a", "b", ""), RelationSet("ab")).any_pair
    none = label_cooccurrence(rows(""), RelationSet("ab"))
    assert (none.names, none.counts.shape, none.any_pair) == ((), (0, 0), False)


def test_a_label_that_is_no_relation_is_refused():
    with pytest.raises(MrcaError, match="Unknown relation 'z'"):
        label_cooccurrence(rows("z"), RelationSet("ab"))


def test_documents_are_counted_where_there_are_no_facts(write_corpus):
    statistics = corpus_statistics(
        load_corpus(str(write_corpus(train=["a", "a b", ""], valid=["a"])))
    )
    assert (statistics.counted, statistics.train_counts) == ("documents", {"a": 2, "b": 1})
