"""Facts measured as work on documents does."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.evaluation import GoldFacts, KnownFacts, PairConfusion, fact_scores, known_facts
from mrca.evaluation.known_facts import NOT_ASKED
from mrca.text import Document, Entity, Fact, RelationSet, Span

GOLDEN = Path(__file__).parents[1] / "golden"
CORPORA = json.loads((GOLDEN / "docred_eval_inputs.json").read_text("utf-8"))
RELATIONS = RelationSet(["in", "of", "met"])


def of_docred(value: dict[str, Any]) -> Document:
    """A stored document, each mention of which is a word of its own."""
    tokens: list[str] = []
    entities = []
    for mentions in value["vertexSet"]:
        starts = range(len(tokens), len(tokens) + len(mentions))
        tokens += [mention["name"] for mention in mentions]
        entities.append(Entity(tuple(Span(start, start + 1) for start in starts)))
    facts = tuple(Fact(label["h"], label["r"], label["t"]) for label in value["labels"])
    return Document(tuple(tokens), tuple(entities), facts)


@pytest.mark.parametrize("case", range(3))
def test_ign_f1_equals_the_official_scorer(case):
    corpus = CORPORA[case]
    train, distant, dev = (
        [of_docred(value) for value in corpus[name]] for name in ("train", "distant", "dev")
    )
    relations = RelationSet(sorted({fact.relation for each in train + dev for fact in each.facts}))
    gold = GoldFacts.of(
        dev, relations, KnownFacts(known_facts(dev, train), known_facts(dev, distant))
    )
    titles = [value["title"] for value in corpus["dev"]]
    predicted = [
        [titles.index(each["title"]), each["h_idx"], each["t_idx"], relations.index(each["r"])]
        for each in corpus["pred"]
    ]
    found = fact_scores(gold, np.array(predicted))
    with np.load(GOLDEN / "docred_eval_code.npz", allow_pickle=False) as file:
        stored = {
            name: float(file[f"c0{case}_{name}"])
            for name in ("f1", "recall", "ign_f1_annotated", "ign_f1_distant")
        }
    assert found.ign is not None and found.ign_distant is not None
    assert found.ign.f1 == stored["ign_f1_annotated"]
    assert found.ign_distant.f1 == stored["ign_f1_distant"]
    assert found.ign.recall == stored["recall"]
    # Nothing is known: all but the scorer's 1e-5 is F1.
    nothing = GoldFacts.of(dev, relations, KnownFacts(frozenset()))
    plain = fact_scores(nothing, np.array(predicted)).ign
    assert plain is not None and plain.f1 == pytest.approx(stored["f1"], abs=1e-6)


# Sentences begin at 0, 5 and 10. Entity 0 is in the first and the last, 1 in the first, 2 in the
# second, 3 from the second into the last.
PLACES = ((0, 12), (1,), (6,), ())
DOCUMENT = Document(
    ("w",) * 15,
    (
        Entity((Span(0, 1), Span(12, 13))),
        Entity((Span(1, 2),)),
        Entity((Span(6, 7),)),
        Entity((Span(9, 11),)),
    ),
    (
        Fact(0, "in", 1),
        Fact(1, "in", 2),
        Fact(0, "in", 2),
        Fact(0, "of", 2),
        Fact(3, "met", 0),
    ),
    sentences=(0, 5, 10),
)


def scored(*predicted: tuple[int, str, int], documents=(DOCUMENT,), known=NOT_ASKED):
    rows = [(0, first, last, RELATIONS.index(name)) for first, name, last in predicted]
    gold = GoldFacts.of(documents, RELATIONS, known)
    return fact_scores(gold, np.array(rows, np.int64).reshape(-1, 4))


def prf(score) -> tuple[float, float, int]:
    return score.precision, score.recall, score.support


def test_facts_are_intra_sentence_where_two_mentions_share_one():
    found = scored((0, "in", 1), (3, "met", 0), (2, "of", 3), (2, "in", 0), (1, "in", 2))
    # 0 and 1 in the first, 3 and 0 in the last, 2 and 3 in the second.
    assert prf(found.intra) == (2 / 3, 2 / 2, 2)
    assert prf(found.inter) == (1 / 2, 1 / 3, 3)


def test_without_sentences_there_is_neither():
    flat = Document(DOCUMENT.tokens, DOCUMENT.entities, DOCUMENT.facts)
    found = scored((0, "in", 1), documents=(flat,))
    assert found.intra is None and found.inter is None


def test_infer_f1_is_of_facts_that_two_others_imply():
    # 0 in 1, 1 in 2: 0 in 2 and 0 of 2 are implied; so is whatever 3 and 1, 3 and 2 would be.
    found = scored((0, "in", 2), (0, "met", 2), (0, "in", 1), (3, "in", 1), (2, "in", 0))
    assert prf(found.infer) == (1 / 3, 1 / 2, 2)
    # All three: the facts 0 in 1 and 1 in 2 too. 3 met 0 leads to no fact.
    assert prf(found.infer_all) == (2 / 4, 2 / 4, 4)


def test_without_a_triangle_there_is_no_infer_f1():
    two = Document(DOCUMENT.tokens, DOCUMENT.entities, DOCUMENT.facts[:2])
    found = scored((0, "in", 2), documents=(two,))
    assert found.infer is None and found.infer_all is None


def test_a_fact_of_an_entity_with_itself_is_no_step():
    loop = Document(
        DOCUMENT.tokens, DOCUMENT.entities, (Fact(0, "in", 0), Fact(0, "in", 1), Fact(1, "in", 0))
    )
    assert scored(documents=(loop,)).infer is None


def test_the_four_counts_of_table_7():
    found = scored(
        (0, "in", 1),  # correct
        (0, "met", 2),  # wrong: the pair is "in" and "of", which count as neither
        (2, "in", 0),  # more
        (2, "in", 1),  # more
        (0, "in", 1),  # once only
    )
    assert found.confusion == PairConfusion(correct=1, wrong=1, more=2, missed=2)
    assert found.confusion.to_dict()["more_share"] == 2 / 6
    # Related at all: 0-1 and 0-2 of 0-1, 1-2, 0-2, 3-0; 2-0 and 2-1 are not.
    assert prf(found.related) == (2 / 4, 2 / 4, 4)


def test_the_published_counts_of_table_7_are_the_published_precision():
    published = PairConfusion(correct=8273, wrong=242, more=3814, missed=3761)
    shares = [
        round(100 * published.share(name), 1) for name in ("correct", "wrong", "more", "missed")
    ]
    assert shares == [51.4, 1.5, 23.7, 23.4]
    predicted = published.correct + published.wrong + published.more
    assert round(100 * published.correct / predicted, 2) == 67.10  # table 8's precision


def test_known_facts_leave_precision_but_not_recall():
    known = KnownFacts(frozenset({(0, 0, "in", 1), (0, 1, "in", 2)}))
    found = scored((0, "in", 1), (0, "in", 2), (2, "in", 0), known=known)
    assert found.ign.precision == pytest.approx(1 / 2, abs=1e-5)
    assert found.ign.recall == 2 / 5
    # "in": 3 gold, 2 found of which 1 is known, 1 wrong; "of", "met": nothing found.
    assert found.ign_macro.precision == pytest.approx(1 / 2 / 3, abs=1e-5)
    assert found.ign_macro.recall == 2 / 3 / 3
    assert found.ign_distant is None


def test_no_prediction_scores_0_and_is_no_error():
    found = scored(known=KnownFacts(frozenset(), frozenset()))
    scores = (found.ign, found.ign_macro, found.ign_distant, found.intra, found.inter, found.infer)
    assert {score.f1 for score in scores} == {0.0}
    assert found.confusion == PairConfusion(0, 0, 0, 5)
    assert PairConfusion(0, 0, 0, 0).share("correct") is None


def test_without_gold_facts_every_prediction_is_too_much():
    nothing = Document(DOCUMENT.tokens, DOCUMENT.entities)
    found = scored((0, "in", 1), documents=(nothing,), known=KnownFacts(frozenset()))
    assert (found.ign.f1, found.related.f1, found.intra, found.infer) == (0.0, 0.0, None, None)
    assert found.confusion == PairConfusion(0, 0, 1, 0)
    json.dumps(found.to_dict(), allow_nan=False)


def test_relations_that_are_left_out_are_no_facts_nor_steps():
    gold = GoldFacts.of([DOCUMENT], RelationSet(["of", "met"]))
    found = fact_scores(gold, np.array([[0, 0, 2, 0]]))
    assert found.confusion == PairConfusion(1, 0, 0, 1)
    assert found.infer is None


PAIRS = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2))


@given(st.sets(PAIRS, max_size=12), st.lists(PAIRS, max_size=12))
def test_everything_is_as_counted_one_fact_at_a_time(stated, predicted):
    documents = [
        Document(
            DOCUMENT.tokens,
            DOCUMENT.entities,
            tuple(Fact(s, RELATIONS.names[r], o) for n, s, o, r in sorted(stated) if n == number),
            sentences=DOCUMENT.sentences,
        )
        for number in range(3)
    ]
    gold = GoldFacts.of(documents, RELATIONS)
    assert {tuple(row) for row in gold.rows.tolist()} == stated
    found = fact_scores(gold, np.array(predicted, np.int64).reshape(-1, 4))
    guessed = set(predicted)

    def near(fact):
        where = [{0, 2}, {0}, {1}, {1, 2}]
        return bool(where[fact[1]] & where[fact[2]])

    def path(n, h, t):
        return h != t and any(
            any((n, h, o, r) in stated for r in range(3))
            and any((n, o, t, r) in stated for r in range(3))
            for o in set(range(4)) - {h, t}
        )

    for name, chosen in {
        "intra": near,
        "inter": lambda fact: not near(fact),
        "infer": lambda fact: path(*fact[:3]),
    }.items():
        truth, guess = ({fact for fact in facts if chosen(fact)} for facts in (stated, guessed))
        score = getattr(found, name)
        if not truth:
            assert score is None
            continue
        hits = len(truth & guess)
        assert score.recall == hits / len(truth)
        assert score.precision == (hits / len(guess) if guess else 0)
