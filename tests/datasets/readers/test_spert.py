import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import load_corpus
from mrca.datasets.readers.spert import read_spert_item
from mrca.datasets.write import convert_corpus
from mrca.text import Document, Entity, Fact, Span

ITEM = {
    "tokens": ["Ada", "Moss", "of", "Oslo", "met", "Bo", "."],
    "entities": [
        {"type": "Peop", "start": 0, "end": 2},
        {"type": "Loc", "start": 3, "end": 4},
        {"type": "Peop", "start": 5, "end": 6},
    ],
    "relations": [{"type": "Live_In", "head": 0, "tail": 1}, {"type": "Met", "head": 2, "tail": 0}],
    "orig_id": 5178,
    "dependency": "ignored",
}
DOCUMENT = Document(
    tokens=tuple(ITEM["tokens"]),
    entities=(
        Entity((Span(0, 2),), "Peop", name="Ada Moss"),
        Entity((Span(3, 4),), "Loc", name="Oslo"),
        Entity((Span(5, 6),), "Peop", name="Bo"),
    ),
    facts=(Fact(0, "Live_In", 1), Fact(2, "Met", 0)),
    labels=("Live_In", "Met"),
    subjects=(0, 1, 2),
    objects=(0, 1, 2),
    roles="unknown",
    id="5178",
)


def test_all_entities_are_listed_and_ends_are_exclusive(rows_of):
    (row,) = rows_of([ITEM])
    assert row.document == DOCUMENT
    assert row.labelled
    assert row.problems == ()


def test_a_relation_that_stands_twice_counts_once(rows_of):
    (row,) = rows_of([{**ITEM, "relations": ITEM["relations"] * 2}])
    assert row.document == DOCUMENT


def test_nothing_stated_is_not_the_same_as_not_known(rows_of):
    unknown = {name: value for name, value in ITEM.items() if name != "relations"}
    rows = rows_of([{**ITEM, "relations": []}, unknown])
    assert [row.labelled for row in rows] == [True, False]
    assert rows[0].document == rows[1].document
    assert rows[0].document.entities == DOCUMENT.entities
    rows = rows_of([{**ITEM, "relations": []}, unknown], require_labels=True)
    assert rows[0].error is None
    assert "item 2: expected the relations that are stated" in str(rows[1].error)


def changed(field, number, **changes):
    """The item with another entity or relation."""
    return {
        field: [
            {**each, **changes} if place == number else each
            for place, each in enumerate(ITEM[field])
        ]
    }


BAD = {
    "no tokens": ({"tokens": []}, "tokens: expected 1 items"),
    "tokens is a string": ({"tokens": "Ada"}, "tokens: expected a valid list"),
    "an empty token": ({"tokens": ["Ada", ""] * 4}, "tokens[1]: expected at least one character"),
    "a token with a space": (
        {"tokens": ["Ada Moss"] * 7},
        "tokens: expected words without a space in them, received",
    ),
    "entities is null": ({"entities": None}, "entities: expected a valid list"),
    "an entity behind the tokens": (
        changed("entities", 1, end=8),
        "entities: expected a start below its end, and an end up to 7, received",
    ),
    "an empty entity": (
        changed("entities", 2, end=5),
        "entities: expected a start below its end, and an end up to 7, received",
    ),
    "a negative start": (
        changed("entities", 0, start=-1),
        "entities[0].start: expected greater than or equal to 0",
    ),
    "a start that is text": (changed("entities", 0, start="0"), "entities[0].start: expected a"),
    "a head that is no entity": (
        changed("relations", 1, head=3),
        "relations: expected numbers of entities, below 3, received",
    ),
    "a tail that is no entity": (
        changed("relations", 0, tail=9),
        "relations: expected numbers of entities, below 3, received",
    ),
    "no type": (changed("relations", 0, type=""), "relations[0].type: expected at least one"),
}


@pytest.mark.parametrize("change, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_item_is_named_and_the_others_are_read(change, expected, rows_of):
    rows = rows_of([ITEM, {**ITEM, **change}, ITEM])
    assert [row.error is None for row in rows] == [True, False, True]
    assert "train.json, item 2, " in str(rows[1].error)
    assert expected in str(rows[1].error)


def test_a_wrong_entity_and_a_wrong_relation_are_named_with_their_numbers(rows_of):
    (row,) = rows_of([{**ITEM, **changed("entities", 1, end=8)}])
    assert 'received "entities[1] = [3, 8]"' in str(row.error)
    (row,) = rows_of([{**ITEM, **changed("relations", 1, head=3)}])
    assert 'received "relations[1] = [3, 0]"' in str(row.error)


def test_a_folder_is_a_corpus_and_converts_to_the_same_documents(tmp_path):
    twins = {**ITEM, **changed("entities", 2, start=0, end=2)}  # the same words as the first
    folder = tmp_path / "conll"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"{split}.json").write_text(json.dumps([ITEM, twins]), encoding="utf-8")
    corpus = load_corpus(str(folder))
    assert (corpus.relations.names, corpus.types) == (("Live_In", "Met"), ("Loc", "Peop"))
    assert not corpus.oracle
    convert_corpus(corpus, tmp_path / "converted")
    first, second = load_corpus(str(tmp_path / "converted")).splits["train"]
    assert first == DOCUMENT
    assert second.facts == corpus.splits["train"][1].facts
    assert [entity[:2] for entity in second.entities] == [
        entity[:2] for entity in corpus.splits["train"][1].entities
    ]


NUMBER = st.integers(-1, 4) | st.sampled_from(["1", None, 1.5])


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "tokens": st.lists(st.sampled_from(["A", "B", "", "a b", 3]), max_size=4),
            "entities": st.lists(
                st.fixed_dictionaries(
                    {"start": NUMBER, "end": NUMBER},
                    optional={"type": st.sampled_from(["T", "", 1])},
                ),
                max_size=3,
            )
            | st.none(),
        },
        optional={
            "relations": st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(["r", "s", "", 1]), "head": NUMBER, "tail": NUMBER}
                ),
                max_size=3,
            )
            | st.none(),
            "orig_id": st.sampled_from(["a", 1, None]),
        },
    )
    | st.sampled_from([None, 3, [], "entities"])
)
def test_any_item_gives_a_document_or_an_error_of_ours(item):
    row = read_spert_item(item, "fuzz", 1)
    assert (row.document is None) == (row.error is not None)
    for document in filter(None, [row.document]):
        assert all(entity.name for entity in document.entities)
        assert set(document.labels) == {fact.relation for fact in document.facts}


def test_conll04_has_the_published_counts(real_file):
    corpus = load_corpus(str(real_file("conll04")))
    assert [len(rows) for rows in corpus.splits.values()] == [922, 231, 288]
    rows = [row for split in corpus.splits.values() for row in split]
    assert sum(len(row.entities) for row in rows) == 5349
    facts = Counter(
        {split: sum(len(row.facts) for row in each) for split, each in corpus.splits.items()}
    )
    assert facts == {"train": 1283, "valid": 343, "test": 422}
    assert (len(corpus.relations), len(corpus.types), corpus.problems) == (5, 4, [])
