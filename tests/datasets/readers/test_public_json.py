import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_rows
from mrca.text import Document, Entity, Fact

TEXT = "Rome is in Italy and Rome is old ."
EXPECTED = Document(
    tokens=("Rome", "is", "in", "Italy", "and", "Rome", "is", "old", "."),
    entities=(Entity(((0, 1), (5, 6)), name="Rome"), Entity(((3, 4),), name="Italy")),
    facts=(Fact(0, "country", 1), Fact(1, "contains", 0)),
    labels=("country", "contains"),
    subjects=(0, 1),
    objects=(0, 1),
    oracle=True,
)
TRIPLE_LIST = {
    "text": TEXT,
    "triple_list": [["Rome", "country", "Italy"], ["Italy", "contains", "Rome"]],
}


def fact(subject, predicate, object_, at, to):
    """A relation as the `relation_list` form has it, for mentions of one word each."""
    words = TEXT.split(" ")
    start = {index: len(" ".join(words[:index])) + (index > 0) for index in (at, to)}
    return {
        "subject": subject,
        "object": object_,
        "subj_char_span": [start[at], start[at] + len(subject)],
        "obj_char_span": [start[to], start[to] + len(object_)],
        "predicate": predicate,
        "subj_tok_span": [at, at + 1],
        "obj_tok_span": [to, to + 1],
    }


RELATION_LIST = {
    "text": TEXT,
    "id": "train_0",
    "relation_list": [
        fact("Rome", "country", "Italy", 0, 3),
        fact("Rome", "country", "Italy", 5, 3),  # the form has one for every occurrence
        fact("Italy", "contains", "Rome", 3, 0),
        fact("Italy", "contains", "Rome", 3, 5),
    ],
    "entity_list": [{"text": "Rome", "type": "DEFAULT", "char_span": [0, 4], "tok_span": [0, 1]}],
}


@pytest.fixture
def rows_of(tmp_path):
    def read(content, **options):
        path = tmp_path / "train.json"
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return list(iter_rows(path, **options))

    return read


def test_both_public_forms_give_the_same_document(rows_of):
    (first,) = rows_of([TRIPLE_LIST])
    (second,) = rows_of([RELATION_LIST])
    assert first.document == EXPECTED
    assert second.document == replace(EXPECTED, id="train_0")
    assert first.problems == second.problems == ()


def test_subjects_and_objects_are_those_of_the_facts(rows_of):
    facts = [["Rome", "country", "Italy"], ["Rome", "is", "old"]]
    (row,) = rows_of([{"text": TEXT, "triple_list": facts}])
    assert [entity.name for entity in row.document.entities] == ["Rome", "Italy", "old"]
    assert (row.document.subjects, row.document.objects) == ((0,), (1, 2))
    (row,) = rows_of([{"text": TEXT, "triple_list": []}])
    assert (row.document.entities, row.document.facts, row.labelled) == ((), (), True)
    assert row.document.oracle  # without a mark, so that it is known that nothing is stated


def test_a_wrong_span_is_reported_and_the_words_decide(rows_of):
    wrong = json.loads(json.dumps(RELATION_LIST))
    wrong["relation_list"][0]["subj_tok_span"] = [1, 2]
    wrong["relation_list"][1]["obj_char_span"] = [0, 400]
    wrong["relation_list"][2]["obj_char_span"] = [4, 2]
    (row,) = rows_of([wrong])
    assert row.document.entities == EXPECTED.entities
    assert [(problem.kind, problem.field) for problem in row.problems] == [
        ("span", "relation_list[0].subj_tok_span"),
        ("span", "relation_list[1].obj_char_span"),
        ("span", "relation_list[2].obj_char_span"),
    ]


@pytest.mark.parametrize("form", ["triple_list", "relation_list"])
def test_a_mention_that_is_not_there_is_reported_by_item_and_field(form, rows_of):
    facts = {
        "triple_list": [["Roma", "country", "Italy"]],
        "relation_list": [{"subject": "Roma", "predicate": "country", "object": "Italy"}],
    }
    (_, row) = rows_of(
        [TRIPLE_LIST if form == "triple_list" else RELATION_LIST, {"text": TEXT, form: facts[form]}]
    )
    assert row.document.entities[0] == Entity((), name="Roma")
    assert row.document.spans("subject") == ()
    assert (row.document.labels, row.document.facts) == (("country",), (Fact(0, "country", 1),))
    (problem,) = row.problems
    assert problem.kind == "unmatched"
    assert str(problem).endswith(
        f'train.json, item 2, {form}[0].subject: expected words of the text, received "Roma"'
    )


def test_a_mention_is_whole_words_and_case_counts(rows_of):
    rows = rows_of(
        [
            {"text": "Romeo saw Rome .", "triple_list": [["Rome", "r", "Romeo"]]},
            {"text": "rome is old .", "triple_list": [["Rome", "r", "old"]]},
            {"text": "New York  City is big", "triple_list": [["York City", "r", "big"]]},
        ]
    )
    assert [row.document.spans("subject") for row in rows] == [((2, 3),), (), ((1, 3),)]


BAD_ITEMS = {
    "a number": (3, "an object with"),
    "no triples": ({"text": "A"}, "triple_list: expected this field"),
    "both forms": ({**TRIPLE_LIST, **RELATION_LIST}, "an object with"),
    "no text": ({"triple_list": []}, "text: expected this field"),
    "text is a number": ({"text": 1, "triple_list": []}, "text: expected a valid string"),
    "text is blank": ({"text": " ", "triple_list": []}, "text: expected at least one word"),
    "triples is an object": ({"text": "A", "triple_list": {}}, "triple_list: expected a valid"),
    "a triple of two": ({"text": "A", "triple_list": [["A", "r"]]}, "triple_list[0]: expected 3"),
    "a blank mention": (
        {"text": "A", "triple_list": [["A", "r", " "]]},
        "triple_list[0].object: expected at least one word",
    ),
    "an empty relation": ({"text": "A", "triple_list": [["A", "", "A"]]}, "triple_list[0][1]"),
    "no predicate": (
        {"text": "A", "relation_list": [{"subject": "A", "object": "A"}]},
        "relation_list[0].predicate: expected this field",
    ),
    "a span of words": (
        {
            "text": "A",
            "relation_list": [
                {"subject": "A", "predicate": "r", "object": "A", "subj_tok_span": ["0", 1]}
            ],
        },
        "relation_list[0].subj_tok_span[0]: expected a valid integer",
    ),
}


@pytest.mark.parametrize("item, expected", BAD_ITEMS.values(), ids=BAD_ITEMS.keys())
def test_a_bad_item_is_named_and_the_others_are_read(item, expected, rows_of):
    rows = rows_of([TRIPLE_LIST, item, TRIPLE_LIST])
    assert [row.error is None for row in rows] == [True, False, True]
    assert "train.json, item 2" in str(rows[1].error)
    assert expected in str(rows[1].error)


@pytest.mark.parametrize(
    "tail, expected",
    [
        (b"", "`,` or `]` after an item, received the end of the file"),
        (b", ", "expected JSON"),
        (b"] []", "the end of the file after `]`"),
        (b', {"text": "A"', "expected JSON"),
        (b", NaN]", "received NaN"),
    ],
)
def test_a_broken_array_gives_what_comes_before_and_one_error(tail, expected, rows_of):
    rows = rows_of(b"[" + json.dumps(TRIPLE_LIST).encode() + tail)
    assert rows[0].document == EXPECTED
    assert rows[-1].error is not None
    assert expected in str(rows[-1].error)


ITEM = st.fixed_dictionaries(
    {"text": st.sampled_from(["A B", "", " ", 3])},
    optional={
        "triple_list": st.lists(
            st.lists(st.sampled_from(["A", "B", "", " ", "C", 1]), max_size=4), max_size=2
        ),
        "relation_list": st.lists(
            st.dictionaries(
                st.sampled_from(["subject", "object", "predicate", "subj_tok_span"]),
                st.sampled_from(["A", "B", "", 1, [0, 1], [-1, 9], [], ["x"]]),
            ),
            max_size=2,
        ),
    },
)


@settings(deadline=None)
@given(st.lists(ITEM, max_size=3).map(lambda items: json.dumps(items).encode()))
def test_any_items_give_rows_or_errors_of_ours(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("fuzz") / "train.json"
    path.write_bytes(data)
    for row in iter_rows(path):
        assert (row.document is None) == (row.error is not None)
