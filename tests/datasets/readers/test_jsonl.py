import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets import Row, iter_jsonl
from mrca.datasets.readers.jsonl_schema import JsonRow, OffsetEntity, TripleObject
from mrca.errors import MrcaError
from mrca.text import Example, Span, Triple


def read(*rows: object, require_labels: bool = False) -> list[Row]:
    lines = [row if isinstance(row, str | bytes) else json.dumps(row) for row in rows]
    return list(iter_jsonl(lines, "corpus.jsonl", require_labels=require_labels))


def read_example(row: object) -> Example:
    (read_row,) = read(row)
    assert read_row.error is None, read_row.error
    assert read_row.document is not None
    return read_row.document


def read_error(row: object, **options: bool) -> str:
    (read_row,) = read(row, **options)
    assert read_row.document is None
    assert isinstance(read_row.error, MrcaError)
    return str(read_row.error)


SENTENCE = "Ada Lovelace was born in London."
EXPECTED = Example(
    tokens=("Ada", "Lovelace", "was", "born", "in", "London", "."),
    subjects=(Span(0, 2),),
    objects=(Span(5, 6),),
    labels=("born_in",),
    triples=(Triple("Ada Lovelace", "born_in", "London"),),
)
STRINGS = ("Ada Lovelace", "London")
CHARACTERS = (
    {"char_start": 0, "char_end": 12},
    {"char_start": 25, "char_end": 31, "text": "London"},
)
WORDS = (
    {"token_start": 0, "token_end": 2, "text": "Ada Lovelace"},
    {"token_start": 5, "token_end": 6},
)


@pytest.mark.parametrize("subject, object_", [STRINGS, CHARACTERS, WORDS])
@pytest.mark.parametrize("form", ["object", "list"])
def test_every_way_to_name_an_entity_gives_the_same_example(subject, object_, form):
    triple = {"subject": subject, "relation": "born_in", "object": object_}
    stated = triple if form == "object" else list(triple.values())
    assert read_example({"text": SENTENCE, "triples": [stated]}) == EXPECTED


@pytest.mark.parametrize("subject, object_", [STRINGS, WORDS])
def test_tokens_instead_of_text(subject, object_):
    row = {"tokens": list(EXPECTED.tokens), "triples": [[subject, "born_in", object_]]}
    assert read_example(row) == EXPECTED


def test_marks_and_labels_instead_of_triples():
    row = {"text": SENTENCE, "subjects": [STRINGS[0]], "objects": [WORDS[1]], "labels": ["born_in"]}
    example = read_example(row)
    assert (example.subjects, example.objects) == (EXPECTED.subjects, EXPECTED.objects)
    assert example.labels == ("born_in",)
    assert example.triples == ()


def test_a_string_marks_every_occurrence_and_offsets_mark_one():
    text = "Rome is Rome"
    assert read_example({"text": text, "subjects": ["Rome"]}).subjects == ((0, 1), (2, 3))
    one = {"char_start": 8, "char_end": 12}
    assert read_example({"text": text, "subjects": [one]}).subjects == ((2, 3),)


def test_a_string_is_cut_into_words_as_its_sentence_is():
    assert read_example({"text": "It is Paul's.", "subjects": ["Paul's"]}).subjects == ((2, 4),)
    row = {"tokens": ["It", "is", "Paul's", "."], "subjects": ["Paul's"]}
    assert read_example(row).subjects == ((2, 3),)


def test_labels_are_unique_in_order_of_first_mention():
    row = {"text": "A B", "triples": [["A", "z", "B"], ["B", "a", "A"], ["B", "z", "A"]]}
    assert read_example(row).labels == ("z", "a")
    assert read_example({"text": "A B", "labels": ["z", "a", "z"]}).labels == ("z", "a")


def test_labels_beside_triples_may_repeat_them_but_not_disagree():
    row = {"text": SENTENCE, "triples": [[*STRINGS[:1], "born_in", STRINGS[1]]]}
    assert read_example({**row, "labels": ["born_in"]}) == EXPECTED
    message = read_error({**row, "labels": ["died_in"]})
    assert "labels: expected the relations of the triples, ['born_in']" in message
    assert 'received ["died_in"]' in message


def test_a_row_without_relations_is_not_a_row_without_labels():
    (none_holds, unknown) = read({"text": "A", "labels": []}, {"text": "A"})
    assert none_holds.labelled
    assert not unknown.labelled
    assert none_holds.example == unknown.example
    assert read({"text": "A", "triples": []}, require_labels=True)[0].error is None
    message = read_error({"text": "A"}, require_labels=True)
    assert 'labels: expected "labels" or "triples"' in message


def test_triples_beside_marks_must_name_marked_entities():
    row = {"text": "Ada met Bob", "subjects": ["Ada"], "objects": ["Bob"]}
    assert read_example({**row, "triples": [["Ada", "met", "Bob"]]}).labels == ("met",)
    message = read_error({**row, "triples": [["Bob", "met", "Bob"]]})
    assert "triples[0].subject: expected one of the row's subjects" in message


def test_a_mention_that_is_not_there_is_reported_and_the_row_kept():
    (row,) = read({"text": "Ada met Bob", "triples": [["Ada", "met", "Cleo"], ["Ada", "k", "Bob"]]})
    assert row.document is not None
    assert row.document.objects == ((2, 3),)
    assert row.document.labels == ("met", "k")
    (problem,) = row.problems
    assert (problem.kind, problem.line, problem.field) == ("unmatched", 1, "triples[0].object")
    assert "Cleo" in problem.received


def test_a_mention_need_not_have_the_full_stop_of_an_abbreviation():
    text = "Ada founded Globex Corp."
    for entity in ("Globex Corp", "Globex Corp.", {"char_start": 12, "char_end": 23}):
        example = read_example({"text": text, "triples": [["Ada", "founded", entity]]})
        assert example.objects == ((2, 4),)
        assert example.triples == (Triple("Ada", "founded", "Globex Corp."),)
    assert read_example({"text": "Malcolm X. spoke", "subjects": ["Malcolm X."]}).subjects == (
        (0, 2),
    )
    # Words of the user's own stay as they are.
    (row,) = read({"tokens": ["Globex", "Corp."], "subjects": ["Globex Corp"]})
    assert [problem.kind for problem in row.problems] == ["unmatched"]


def test_a_mention_that_is_not_there_shows_how_the_text_was_cut():
    (row,) = read({"text": "The New York-based firm", "subjects": ["New York", "Cleo"]})
    assert [(problem.expected, problem.received) for problem in row.problems] == [
        ('words of the sentence, in sequence (it has the words "New" "York-based")', '"New York"'),
        ("words of the sentence, in sequence", '"Cleo"'),
    ]
    message = read_error(
        {"text": "The New York-based firm", "subjects": [{"char_start": 4, "char_end": 12}]}
    )
    assert 'such as [4, 18] = the words "New" "York-based", received [4, 12]' in message


def test_problems_come_in_the_order_of_the_fields():
    triples = [["Ada", "met", "Cleo"], ["Dora", "met", "Bob"], ["Eve", "met", "Finn"]]
    row = {"text": "Ada met Bob", "triples": triples}
    fields = ["triples[0].object", "triples[1].subject", "triples[2].subject", "triples[2].object"]
    (read_row,) = read(row)
    assert [problem.field for problem in read_row.problems] == fields
    (read_row,) = read({**row, "subjects": ["Ada", "Gil"]})
    assert [problem.field for problem in read_row.problems] == [*fields, "subjects[1]"]


def test_ids_may_be_strings_or_whole_numbers():
    assert read_example({"id": "row-1", "text": "A"}).id == "row-1"
    assert read_example({"id": 7, "text": "A"}).id == "7"


BAD = {
    "neither text nor tokens": ({}, "exactly one"),
    "both text and tokens": ({"text": "A", "tokens": ["A"]}, "received"),
    "unknown field": (
        {"text": "A", "lables": []},
        "lables: expected no other fields than id, text",
    ),
    "a list": ("[1]", "a JSON object"),
    "null": ("null", "a JSON object"),
    "not JSON": ("{text: 1}", "expected JSON"),
    "cut off": ('{"text": "A', "expected JSON"),
    "two values": ('{"text": "A"} {"text": "B"}', "one JSON value"),
    "NaN": ('{"text": NaN}', "received NaN"),
    "Infinity": ('{"text": "A", "id": -Infinity}', "received -Infinity"),
    "a key twice": ('{"text": "A", "text": "B"}', "'text' twice"),
    "half a character": ('{"text": "\\ud83d"}', "half of a surrogate pair"),
    "half a character in a string": ('{"text": "\ud83d"}', "half of a surrogate pair"),
    "not UTF-8": (b'{"text": "caf\xe9"}', "the byte 0xe9 at byte 14"),
    "UTF-16": ('{"text": "A"}'.encode("utf-16"), "the byte 0xff at byte 1"),
    "a huge number": ('{"text": "A", "id": ' + "9" * 5000 + "}", "thousands of digits"),
    "a deep row": ("[" * 100_000, "nested too deep"),
    "text is a number": ({"text": 3}, "text: expected a valid string, received 3"),
    "text is empty": ({"text": " "}, "text: expected at least one word"),
    "no tokens": ({"tokens": []}, "tokens: expected at least one word"),
    "an empty token": ({"tokens": ["A", ""]}, "tokens[1]: expected at least one character"),
    "a token with a space": ({"tokens": ["A B"]}, "tokens: expected tokens without a space"),
    "null labels": ({"text": "A", "labels": None}, "'labels', or the field left out"),
    "labels is a string": ({"text": "A", "labels": "x"}, "labels: expected a valid list"),
    "an empty label": ({"text": "A", "labels": [""]}, "labels[0]: expected at least one"),
    "id is true": ({"id": True, "text": "A"}, "id: expected a string or a whole number"),
    "an entity is a number": ({"text": "A", "subjects": [1]}, "subjects[0]: expected a string, or"),
    "an empty entity": ({"text": "A", "subjects": [""]}, "subjects[0]: expected at least one"),
    "a blank entity": ({"text": "A", "subjects": [" "]}, "subjects[0]: expected at least one word"),
    "a triple of two": ({"text": "A", "triples": [["A", "r"]]}, "triples[0]: expected three items"),
    "a triple is a string": ({"text": "A", "triples": ["A"]}, "triples[0]: expected {"),
    "no relation": (
        {"text": "A", "triples": [{"subject": "A", "object": "A"}]},
        "triples[0].relation: expected this field",
    ),
    "relation is a number": ({"text": "A", "triples": [["A", 1, "A"]]}, "triples[0].relation"),
    "no offsets": ({"text": "A", "subjects": [{"text": "A"}]}, 'received "no offsets"'),
    "half of the offsets": ({"text": "A", "subjects": [{"char_start": 0}]}, "with char_end"),
    "two kinds of offsets": (
        {
            "text": "A",
            "subjects": [{"char_start": 0, "char_end": 1, "token_start": 0, "token_end": 1}],
        },
        "char_start with char_end, or token_start with token_end",
    ),
    "offsets that cross": (
        {"text": "A", "subjects": [{"token_start": 1, "token_end": 1}]},
        "start < end, received [1, 1]",
    ),
    "null offsets": (
        {"text": "A", "subjects": [{"token_start": 0, "token_end": None}]},
        "start < end",
    ),
    "negative offsets": (
        {"text": "A", "subjects": [{"token_start": -1, "token_end": 1}]},
        "subjects[0].token_start: expected greater than or equal to 0, received -1",
    ),
    "fractional offsets": (
        {"text": "A", "subjects": [{"token_start": 0.0, "token_end": 1}]},
        "subjects[0].token_start: expected a valid integer, received 0.0",
    ),
    "characters past the end": (
        {"text": "A", "subjects": [{"char_start": 0, "char_end": 2}]},
        "subjects[0].char_end: expected at most 1, received 2",
    ),
    "tokens past the end": (
        {"text": "A", "subjects": [{"token_start": 0, "token_end": 2}]},
        "subjects[0].token_end: expected at most 1, received 2",
    ),
    "characters inside a word": (
        {"text": "Ada met", "subjects": [{"char_start": 0, "char_end": 2}]},
        'such as [0, 3] = the words "Ada", received [0, 2] = "Ad"',
    ),
    "characters between words": (
        {"text": "A  B", "subjects": [{"char_start": 1, "char_end": 2}]},
        "at the borders of words",
    ),
    "characters beside tokens": (
        {"tokens": ["A"], "subjects": [{"char_start": 0, "char_end": 1}]},
        'token_start and token_end beside "tokens"',
    ),
    "text that is not the slice": (
        {"text": "Ada met", "subjects": [{"char_start": 0, "char_end": 3, "text": "Bob"}]},
        'subjects[0].text: expected "Ada", received "Bob"',
    ),
    "text that is not the tokens": (
        {"tokens": ["Ada"], "subjects": [{"token_start": 0, "token_end": 1, "text": "Bob"}]},
        'subjects[0].text: expected "Ada", received "Bob"',
    ),
    "an entity's unknown field": (
        {"text": "A", "subjects": [{"token_start": 0, "token_end": 1, "type": "PER"}]},
        "subjects[0].type: expected no other fields",
    ),
}


@pytest.mark.parametrize("row, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_by_line_field_expected_and_received(row, expected):
    good = {"text": "A", "labels": []}
    rows = read(good, row, good)
    assert [r.error is None for r in rows] == [True, False, True]
    message = str(rows[1].error)
    assert message.startswith("corpus.jsonl, line 2")
    assert expected in message
    assert "received" in message


def test_all_errors_of_a_row_are_listed():
    (row,) = read({"text": 3, "labels": [1]})
    assert row.error is not None
    assert [problem.field for problem in row.error.problems] == ["text", "labels[0]"]


def test_blank_lines_are_skipped_and_counted_and_a_mark_at_the_start_is_taken():
    rows = read(b'\xef\xbb\xbf{"text": "A"}\r\n', b"\n", b" \t\r\n", b'{"text": "B"}')
    assert [row.line for row in rows] == [1, 4]
    assert all(row.error is None for row in rows)
    assert read(b'{"text": "A"}', b'\xef\xbb\xbf{"text": "A"}')[1].error is not None


def test_rows_come_one_by_one():
    def endless():
        number = 0
        while True:
            number += 1
            yield json.dumps({"id": number, "text": "A"})

    rows = iter_jsonl(endless(), "stream")
    assert [next(rows).line for _ in range(3)] == [1, 2, 3]


FIELDS = [
    *JsonRow.model_fields,
    *TripleObject.model_fields,
    *OffsetEntity.model_fields,
    "x",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "text",
                    "tokens",
                    "subjects",
                    "objects",
                    "triples",
                    "labels",
                    "subject",
                    "relation",
                    "object",
                    "char_start",
                    "char_end",
                    "token_start",
                    "token_end",
                    "x",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
ENTITY = (
    st.sampled_from(["A", "B c", "", " ", "A."])
    | st.dictionaries(
        st.sampled_from(["char_start", "char_end", "token_start", "token_end", "text"]),
        st.integers(-1, 6) | st.just("A"),
    )
    | JSON
)
TRIPLE = st.lists(ENTITY, max_size=4) | st.fixed_dictionaries(
    {"subject": ENTITY, "relation": JSON, "object": ENTITY}
)
ROW = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "text": st.sampled_from(["A B c.", "", "A's (A)"]) | st.text(max_size=8),
        "tokens": st.lists(st.sampled_from(["A", "B", "c", ""]), max_size=4),
        "subjects": st.lists(ENTITY, max_size=2),
        "objects": st.lists(ENTITY, max_size=2),
        "triples": st.lists(TRIPLE, max_size=2),
        "labels": st.lists(st.sampled_from(["r", "s"]), max_size=2) | JSON,
    },
)


@given(st.lists(st.binary(max_size=40) | st.text(string.printable, max_size=40), max_size=4))
def test_any_bytes_give_rows_or_errors_of_ours(lines):
    for row in iter_jsonl(lines, "fuzz"):
        assert (row.document is None) == (row.error is not None)


@given(JSON | ROW)
def test_any_json_gives_a_row_or_an_error_of_ours(value):
    for row in iter_jsonl([json.dumps(value)], "fuzz"):
        assert (row.document is None) == (row.error is not None)
        if row.document is not None:
            spans = row.document.subjects + row.document.objects
            assert all(0 <= span.start < span.end <= len(row.document.tokens) for span in spans)
            assert list(row.document.subjects) == sorted(set(row.document.subjects))
