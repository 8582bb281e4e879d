import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import CandidateSelection, corpus_statistics, load_corpus
from mrca.datasets.readers.dialogre import read_dialogre_item
from mrca.datasets.write import convert_corpus
from mrca.text import Fact, Span

TURNS = ["Speaker 1: Hi, I'm Ada!", "Speaker 2: Bo and the singers say hi, ADA.", "Speaker 1: Bye."]


def pair(x, y, *relations, **types):
    given = {"x_type": "PER", "y_type": "PER", **types}
    return {"x": x, "y": y, "r": list(relations), "rid": [30], "t": [""], **given}


ITEM = [
    TURNS,
    [
        pair("Speaker 1", "Ada", "per:alternate_names", "per:friends"),
        pair("Speaker 2", "Speaker 1", "unanswerable"),
        pair("Bo", "singer", "per:title", y_type="STRING"),
        pair("Speaker 2", "Speaker 2", "per:parents"),
    ],
]


def words(document, name):
    (entity,) = (entity for entity in document.entities if entity.id == name)
    return [document.words(span) for span in entity.mentions]


def test_names_are_entities_and_listed_pairs_are_asked_about(rows_of):
    (row,) = rows_of([ITEM])
    document = row.document
    assert [(entity.id, entity.type) for entity in document.entities] == [
        ("Speaker 1", "PER"),
        ("Ada", "PER"),
        ("Speaker 2", "PER"),
        ("Bo", "PER"),
        ("singer", "STRING"),
    ]
    assert document.roles == "unknown"
    assert document.facts == (
        Fact(0, "per:alternate_names", 1),
        Fact(0, "per:friends", 1),
        Fact(3, "per:title", 4),
        Fact(2, "per:parents", 2),  # never asked about
    )
    asked = CandidateSelection("pairs").of(document)
    assert [(*each.subjects, *each.objects, len(each.labels)) for each in asked] == [
        (0, 1, 2),
        (2, 0, 0),
        (3, 4, 1),
    ]


def test_a_speaker_is_marked_at_each_turn_and_a_turn_is_a_sentence(rows_of):
    (row,) = rows_of([ITEM])
    document = row.document
    assert words(document, "Speaker 1") == ["Speaker 1", "Speaker 1"]
    starts = [document.tokens[start : start + 3] for start in document.sentences]
    assert starts == [("Speaker", number, ":") for number in "121"]


def test_a_name_is_looked_for_in_other_case_and_inside_words(rows_of):
    (row,) = rows_of([ITEM])
    assert words(row.document, "Ada") == ["Ada"]  # as it stands, where it does
    assert words(row.document, "singer") == ["singers"]
    assert [problem.kind for problem in row.problems] == ["widened"]
    assert "train.json, item 1, entities[4].mentions[0]" in str(row.problems[0])
    (row,) = rows_of([[TURNS, [pair("ada", "Zoe", "per:friends")]]])
    assert words(row.document, "ada") == ["Ada", "ADA"]
    assert words(row.document, "Zoe") == []
    assert [problem.kind for problem in row.problems] == ["unmatched"]


def test_without_relations_a_row_is_one_to_predict(rows_of):
    unknown = {name: value for name, value in pair("Ada", "Bo").items() if name != "r"}
    rows = rows_of([[TURNS, [unknown]], [TURNS, [pair("Ada", "Bo")]], [TURNS, []]])
    assert [row.labelled for row in rows] == [False, True, True]
    assert len(CandidateSelection("pairs").of(rows[0].document)) == 1
    assert CandidateSelection("pairs").of(rows[2].document) == []


BAD = {
    "one part": ([TURNS], "expected a list of two: the turns, and the pairs"),
    "no turns": ([[], ITEM[1]], "turns: expected 1 items"),
    "a turn that is a number": ([[3], ITEM[1]], "turns[0]: expected a valid string"),
    "no words": ([[" "], []], "text: expected at least one word"),
    "a pair without a name": ([TURNS, [{"x": "Ada"}]], "pairs[0].y: expected this field"),
    "an empty name": ([TURNS, [pair("", "Ada")]], "pairs[0].x: expected at least one character"),
    "a name of spaces": ([TURNS, [pair(" ", "Ada")]], "expected at least one word"),
    "relations": ([TURNS, [pair("Ada", "Bo", 3)]], "pairs[0].r[0]: expected a valid string"),
}


@pytest.mark.parametrize(("bad", "expected"), BAD.values(), ids=BAD.keys())
def test_a_bad_dialogue_is_named_and_the_others_are_read(bad, expected, rows_of):
    rows = rows_of([ITEM, bad, ITEM])
    assert [row.error is None for row in rows] == [True, False, True]
    assert "train.json, item 2" in str(rows[1].error)
    assert expected in str(rows[1].error)


def test_a_folder_is_a_corpus_and_converts_to_the_same_pairs(tmp_path):
    folder = tmp_path / "dialogre"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"{split}.json").write_text(json.dumps([ITEM]), "utf-8")
    corpus = load_corpus(str(folder))
    assert corpus.relations.names == (
        *("per:alternate_names", "per:friends", "per:parents", "per:title"),
    )
    convert_corpus(corpus, tmp_path / "converted")
    (document,) = load_corpus(str(tmp_path / "converted")).splits["test"]
    (expected,) = corpus.splits["test"]
    assert (document.pairs, document.facts) == (expected.pairs, expected.facts)
    assert [entity[:3] for entity in document.entities] == [
        entity[:3] for entity in expected.entities
    ]


NAME = st.sampled_from(["Ada", "speaker 1", "", " ", "a.b", "(", 1, "Bo"])


@settings(deadline=None, max_examples=200)
@given(
    st.tuples(
        st.lists(st.sampled_from(["Speaker 1: Ada", "", "\n", " ", "Bo\nCy", 3]), max_size=3),
        st.lists(
            st.fixed_dictionaries(
                {"x": NAME, "y": NAME},
                optional={
                    "x_type": st.sampled_from(["PER", "", None]),
                    "r": st.lists(st.sampled_from(["a", "unanswerable", ""]), max_size=2),
                },
            ),
            max_size=3,
        ),
    ).map(list)
    | st.sampled_from([[], [1], [[], []], [["A"], None]])
)
def test_any_item_gives_a_document_or_an_error_of_ours(item):
    row = read_dialogre_item(item, "fuzz", 1)
    assert (row.document is None) == (row.error is not None)
    for document in filter(None, [row.document]):
        assert set(document.labels) == {fact.relation for fact in document.facts}
        assert all(
            document.entities[number].mentions != (Span(0, 0),)
            for pair in document.pairs or ()
            for number in pair
        )


def test_dialogre_has_the_published_numbers(real_file):
    corpus = load_corpus(str(real_file("dialogre")))
    statistics = corpus_statistics(corpus)
    splits = statistics.splits.values()
    assert [split.documents for split in splits] == [1073, 358, 357]
    pairs = [sum(len(row.pairs) for row in rows) for rows in corpus.splits.values()]
    assert pairs == [5997, 1914, 1861]  # of the published 1,862 one is listed twice
    assert [split.pairs for split in splits] == [5993, 1911, 1859]  # one name, or none in the text
    assert len(corpus.relations) + 1 == 37
    assert [split.unmatched for split in splits] == [3, 0, 1]
    (note,) = corpus.notes
    assert "2 relations that only other splits state" in str(note)
