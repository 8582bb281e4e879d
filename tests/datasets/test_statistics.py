import json

import pytest

from mrca.datasets import (
    GROUP_LIMITS,
    corpus_statistics,
    label_statistics,
    load_corpus,
    long_tail_groups,
)
from mrca.errors import MrcaError
from mrca.text import Example, RelationSet


def test_label_statistics_count_rows_in_the_order_of_the_relations():
    rows = [Example(("A",), labels=("b", "a")), Example(("A",), labels=("b",)), Example(("A",))]
    statistics = label_statistics(iter(rows), RelationSet(["b", "c", "a"]))
    assert statistics.counts == [2, 0, 1]
    assert statistics.num_samples == 3
    with pytest.raises(MrcaError, match="Unknown relation 'b'"):
        label_statistics(rows, RelationSet(["a"]))


def test_long_tail_groups_at_their_borders():
    groups = long_tail_groups([101, 100, 20, 19, 0])
    assert groups == {"head": [0], "medium": [1, 2], "tail": [3, 4]}
    assert long_tail_groups([3, 2, 1], head_above=2, tail_below=2) == {
        "head": [0],
        "medium": [1],
        "tail": [2],
    }
    assert long_tail_groups([]) == {"head": [], "medium": [], "tail": []}


def test_corpus_statistics(write_corpus):
    three = {
        "text": "A met B .",
        "triples": [["A", "a", "B"], ["B", "a", "A"], ["A", "b", "B"], ["A", "c", "Z"]],
    }
    folder = write_corpus(relations=["c", "b", "a"], train=[three, "a", "a b", ""], valid=["a"])
    statistics = corpus_statistics(load_corpus(str(folder)))
    train = statistics.splits["train"]
    assert (train.sentences, train.tokens) == (4, 13)
    assert (train.mean_length, train.median_length, train.max_length) == (3.25, 3, 4)
    assert train.triples is not None
    assert (train.triples.mean, train.triples.share_3) == (1.0, 0.25)
    assert train.relations.mean == 1.5
    assert train.relations.deviation == pytest.approx(1.25**0.5)
    assert train.relations.share_3 == 0.25
    assert train.labels_per_sentence == {0: 1, 1: 1, 2: 1, 3: 1}
    assert train.unmatched == 1
    assert train.never_seen == []
    assert statistics.splits["valid"].triples is None
    assert statistics.splits["valid"].never_seen == ["c", "b"]
    assert statistics.train_counts == {"c": 1, "b": 2, "a": 3}
    assert statistics.groups == {"head": [], "medium": [], "tail": ["a", "b", "c"]}
    assert statistics.limits == "default"
    assert json.loads(json.dumps(statistics.to_dict()))["splits"]["train"]["sentences"] == 4


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
        "medium": 50,
        "tail": 138,
    }
