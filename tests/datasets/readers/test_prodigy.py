import json

import pytest

from mrca.datasets import iter_rows
from mrca.text import Fact

TEXT = "Ada Moss met pro-Oslo Bo."
PLACES = [(0, 3), (4, 8), (9, 12), (13, 16), (16, 17), (17, 21), (22, 24), (24, 25)]
TOKENS = [
    {"text": TEXT[start:end], "start": start, "end": end, "id": number, "ws": True}
    for number, (start, end) in enumerate(PLACES)
]


def span(first, last, label):
    places = {"start": PLACES[first][0], "end": PLACES[last][1]}
    return {**places, "token_start": first, "token_end": last, "label": label}


ADA, OSLO, BO = span(0, 1, "PER"), span(5, 5, "LOC"), span(6, 6, "PER")
ROW = {
    "text": TEXT,
    "tokens": TOKENS,
    "spans": [ADA, OSLO, BO],
    "relations": [{"head": 6, "child": 1, "head_span": BO, "child_span": ADA, "label": "MET"}],
    "answer": "accept",
    "_input_hash": 3,
}


@pytest.fixture
def rows_of(tmp_path):
    def read(*rows, **options):
        path = tmp_path / "rel.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return list(iter_rows(path, **options))

    return read


def test_words_are_the_tokens_and_a_relation_goes_from_head_to_child(rows_of):
    (row,) = rows_of(ROW)
    assert row.document.tokens == tuple(token["text"] for token in TOKENS)
    assert [(e.name, e.type, e.id) for e in row.document.entities] == [
        ("Ada Moss", "PER", ""),
        ("Oslo", "LOC", ""),
        ("Bo", "PER", ""),
    ]
    assert row.document.facts == (Fact(2, "MET", 0),)
    assert row.problems == ()


def test_a_relation_of_words_makes_them_entities(rows_of):
    relations = [{"head": 2, "child": 0, "label": "who"}]
    (row,) = rows_of({**ROW, "spans": [ADA], "relations": relations})
    assert [entity.name for entity in row.document.entities] == ["Ada Moss", "met"]
    assert row.document.facts == (Fact(1, "who", 0),)


def test_without_tokens_the_text_is_cut_by_our_rules(rows_of):
    (row,) = rows_of({name: value for name, value in ROW.items() if name != "tokens"})
    assert row.document.tokens == ("Ada", "Moss", "met", "pro-Oslo", "Bo", ".")
    assert row.document.facts == (Fact(2, "MET", 0),)
    assert [problem.kind for problem in row.problems] == ["widened"]


def test_only_what_was_accepted_counts(rows_of):
    rows = rows_of({**ROW, "answer": "reject"}, ROW, *[{**ROW, "answer": "ignore"}] * 2)
    assert len(rows) == 1
    assert [problem.received for problem in rows[0].problems] == [
        "1 rejected task, left out (the first: line 1)",
        "2 ignored tasks, left out (the first: line 3)",
    ]
    (row,) = rows_of({**ROW, "answer": "reject"})
    assert "expected tasks whose answer is accept, received 1 rejected task" in str(row.error)


def test_spans_without_relations_are_there_to_predict(rows_of):
    (row,) = rows_of({name: value for name, value in ROW.items() if name != "relations"})
    assert not row.labelled


BAD = {
    "inside a token": ({"spans": [{"start": 1, "end": 8, "label": "A"}]}, "spans[0]: expected"),
    "two labels": ({"spans": [ADA, {**ADA, "label": "LOC"}]}, "spans[1]: expected one label"),
    "behind the tokens": (
        {"relations": [{"head": 99, "child": 0, "label": "r"}]},
        "relations[0].head: expected the number of a token, below 8",
    ),
    "no label": ({"relations": [{"head": 1, "child": 0, "label": ""}]}, "relations[0].label"),
    "another answer": ({"answer": "perhaps"}, "answer: expected"),
}


@pytest.mark.parametrize("change, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_the_others_are_read(change, expected, rows_of):
    rows = rows_of(ROW, {**ROW, **change}, ROW)
    assert [row.error is None for row in rows] == [True, False, True]
    assert "rel.jsonl, line 2" in str(rows[1].error)
    assert expected in str(rows[1].error)
