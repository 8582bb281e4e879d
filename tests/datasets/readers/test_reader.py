import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_rows
from mrca.errors import MrcaError
from mrca.text import Example, Span, Triple

TEXT = "Rome is in Italy and Rome is old ."
EXPECTED = Example(
    tokens=("Rome", "is", "in", "Italy", "and", "Rome", "is", "old", "."),
    subjects=(Span(0, 1), Span(3, 4), Span(5, 6)),
    objects=(Span(0, 1), Span(3, 4), Span(5, 6)),
    labels=("country", "contains"),
    triples=(Triple("Rome", "country", "Italy"), Triple("Italy", "contains", "Rome")),
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


def test_both_public_forms_give_the_same_example(rows_of):
    (first,) = rows_of([TRIPLE_LIST])
    (second,) = rows_of([RELATION_LIST])
    assert first.document == EXPECTED
    assert second.document is not None
    assert second.document.id == "train_0"
    assert (second.document.tokens, second.document.triples) == (EXPECTED.tokens, EXPECTED.triples)
    assert (second.document.subjects, second.document.objects) == (
        EXPECTED.subjects,
        EXPECTED.objects,
    )
    assert first.problems == second.problems == ()


def test_a_wrong_span_is_reported_and_the_words_decide(rows_of):
    wrong = json.loads(json.dumps(RELATION_LIST))
    wrong["relation_list"][0]["subj_tok_span"] = [1, 2]
    wrong["relation_list"][1]["obj_char_span"] = [0, 400]
    wrong["relation_list"][2]["obj_char_span"] = [4, 2]
    (row,) = rows_of([wrong])
    assert row.document is not None
    assert row.document.subjects == EXPECTED.subjects
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
    assert row.document is not None
    assert row.document.subjects == ()
    assert row.document.labels == ("country",)
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
    assert rows[0].document.subjects == ((2, 3),)
    assert rows[1].document.subjects == ()
    assert rows[2].document.subjects == ((1, 3),)


BAD_ITEMS = {
    "a number": (3, "an object with"),
    "no triples": ({"text": "A"}, "an object with"),
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


def test_the_content_decides_the_form_not_the_name(rows_of):
    assert rows_of(b"\xef\xbb\xbf \n[]") == []
    assert rows_of(b"") == []
    (row,) = rows_of({"text": "A", "labels": []})
    assert row.document == Example(tokens=("A",))
    (row,) = rows_of(b'\xef\xbb\xbf{"text": "A"}', require_labels=True)
    assert "labels" in str(row.error)
    (row,) = rows_of(b'\n1\t"<e1>A</e1> <e2>B</e2>"\nOther\n')
    assert row.document.labels == ("Other",)
    (row,) = rows_of(b'{ "articles" : [{"title": "A", "meshMajor": ["m"]}]}')
    assert row.document.labels == ("m",)
    (row,) = rows_of(b" " * 2**17 + b'{"abstractText": "A", "meshMajor": ["m"]}')
    assert row.document.labels == ("m",)


def test_one_array_may_hold_items_of_several_forms(rows_of):
    tacred = {"token": ["A", "B"], "relation": "r"}
    tacred |= {"subj_start": 0, "subj_end": 0, "obj_start": 1, "obj_end": 1}
    rows = rows_of([TRIPLE_LIST, tacred, {"abstractText": "A", "meshMajor": []}])
    assert [row.document.labels for row in rows] == [EXPECTED.labels, ("r",), ()]


def test_rows_without_labels_are_refused_where_they_are_needed(rows_of):
    text = b'8\t"<e1>A</e1> <e2>B</e2>"\n9\t"<e1>A</e1>"\n'
    assert [row.error is None for row in rows_of(text)] == [True, False]
    first, second = rows_of(text, require_labels=True)
    assert "line 1: expected the relations that are stated" in str(first.error)
    assert "line 2, sentence" in str(second.error)


def test_a_file_that_cannot_be_read_is_an_error_of_ours(tmp_path):
    with pytest.raises(MrcaError, match="Cannot read"):
        list(iter_rows(tmp_path / "missing.jsonl"))
    with pytest.raises(MrcaError, match="Cannot read"):
        list(iter_rows(tmp_path))


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
@example(b"\x1f\x8b")
@given(
    st.lists(ITEM, max_size=3).map(lambda items: json.dumps(items).encode())
    | st.binary(max_size=30).map(lambda tail: b"[" + tail)
    | st.binary(max_size=30)
    | st.tuples(
        st.sampled_from([b'{"articles":[', b'{"abstractText":', b'1\t"', b"1\t", b'[{"token":']),
        st.binary(max_size=30),
    ).map(b"".join)
)
def test_any_file_gives_rows_or_errors_of_ours(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("fuzz") / "train.json"
    path.write_bytes(data)
    try:
        for row in iter_rows(path):
            assert (row.document is None) == (row.error is not None)
    except MrcaError as error:
        assert "is a broken gzip file" in str(error)
        assert data.startswith(b"\x1f\x8b")
