from collections import Counter

import pytest

from mrca.datasets import FewRelSentence
from mrca.datasets.fewrel_lt import fewrel_lt_splits, long_tail_counts
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Span

COUNTS = [6, 3, 1]
HELD_OUT = 2


def sentence(relation: str, words: str, head: str = "", tail: str = "") -> FewRelSentence:
    """A sentence whose entities, unless given, stand in no other one."""
    tokens = tuple(words.split())
    entities = (Entity((Span(0, 1),)), Entity((Span(1, 2),)))
    document = Document(tokens, entities, (), (f"label {relation}",), (0,), (1,))
    return FewRelSentence(relation, document, frozenset({head or words, tail or relation}))


def pool(**sizes: int) -> list[FewRelSentence]:
    return [
        sentence(relation, f"{relation} says {number}")
        for relation, size in sizes.items()
        for number in range(size)
    ]


def cut(sentences: list[FewRelSentence], **options: object) -> dict[str, list[Document]]:
    settings: dict = {"counts": COUNTS, "held_out": HELD_OUT} | options
    return fewrel_lt_splits(sentences, **settings)


def train_counts(splits: dict[str, list[Document]]) -> dict[str, int]:
    return dict(Counter(document.labels[0] for document in splits["train"]))


def test_the_papers_counts():
    counts = long_tail_counts()
    assert len(counts) == 50
    assert (counts[0], counts[-1], sum(counts)) == (500, 5, 5499)
    assert counts == sorted(counts, reverse=True)
    assert sum(count > 100 for count in counts) == 18
    assert sum(count < 20 for count in counts) == 15


def test_every_relation_has_its_count_and_the_same_held_out():
    splits = cut(pool(P1=20, P2=20, P3=20, P4=20))
    assert sorted(train_counts(splits).values(), reverse=True) == COUNTS
    for split in ("valid", "test"):
        counts = Counter(document.labels[0] for document in splits[split])
        assert set(counts) == set(train_counts(splits))
        assert set(counts.values()) == {HELD_OUT}


def test_the_same_seed_gives_the_same_corpus_and_another_seed_another_one():
    sentences = pool(P1=20, P2=20, P3=20, P4=20)
    assert cut(sentences) == cut(sentences)
    drawn = [cut(sentences, seed=seed) for seed in range(8)]
    assert len({tuple(one["train"]) for one in drawn}) == 8
    assert len({frozenset(train_counts(one)) for one in drawn}) > 1


def test_a_relation_takes_only_ranks_that_it_has_the_sentences_for():
    for seed in range(5):
        splits = cut(pool(P1=5, P2=7, P3=10), seed=seed)
        assert train_counts(splits) == {"label P3": 6, "label P2": 3, "label P1": 1}


def test_no_sentence_stands_twice_however_it_is_written():
    twins = [sentence("P1", "P2 SAYS 0"), sentence("P1", "P2 sa ys 1")]
    sentences = [*pool(P1=10, P2=20, P3=20), *twins]
    for seed in range(5):
        splits = cut(sentences, seed=seed)
        wordings = [
            "".join(document.tokens).casefold() for split in splits.values() for document in split
        ]
        assert len(wordings) == len(set(wordings)) == sum(COUNTS) + 6 * HELD_OUT


def test_no_pair_of_entities_stands_twice_whichever_way_round():
    same = [sentence("P1", f"one {n}", "a", "b") for n in range(9)]
    turned = [sentence("P2", f"two {n}", "b", "a") for n in range(9)]
    pairs = {one.document.tokens: one.pair for one in [*same, *turned]}
    splits = cut([*same, *turned, *pool(P1=9, P2=9, P3=9, P4=12)])
    drawn = [document.tokens for split in splits.values() for document in split]
    assert sum(tokens in pairs for tokens in drawn) <= 1


def test_a_sentence_with_two_answers_is_taken_only_where_it_is_needed():
    def double(relation: str) -> FewRelSentence:
        return sentence(relation, "both are true", "a", "b")

    plenty = cut([double("P1"), *pool(P1=20, P2=20, P3=20), double("P2")])
    texts = {document.tokens for split in plenty.values() for document in split}
    assert ("both", "are", "true") not in texts
    scarce = cut([double("P1"), *pool(P1=9, P2=7, P3=5), double("P2")])
    texts = {document.tokens for split in scarce.values() for document in split}
    assert ("both", "are", "true") in texts


def test_too_few_sentences_are_said():
    with pytest.raises(MrcaError, match=r"relation 2 of.*7 different.*\(3 to train.*has 6"):
        cut(pool(P1=20, P2=6, P3=6))
    with pytest.raises(MrcaError, match=r"relation 3 of.*the 0 that are left has 0"):
        cut(pool(P1=20, P2=20))
