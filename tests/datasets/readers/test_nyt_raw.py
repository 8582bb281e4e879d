import json

import pytest

from mrca.datasets import iter_rows
from mrca.text import Fact


def pair(first, second, label):
    return {"em1Text": first, "em2Text": second, "label": label}


ROW = {
    "sentText": "Ada Moss was born in Oslo , not in Bergen .\r\n",
    "articleId": "/notes/3",
    "sentId": "7",
    "entityMentions": [
        {"start": 0, "label": "PERSON", "text": "Ada Moss"},
        {"start": 1, "label": "LOCATION", "text": "Oslo"},
        {"start": 2, "label": "LOCATION", "text": "Bergen"},
    ],
    "relationMentions": [pair("Oslo", "Ada Moss", "birthplace_of"), pair("Oslo", "Bergen", "None")],
}


@pytest.fixture
def rows_of(tmp_path):
    def read(*rows, **options):
        path = tmp_path / "train.json"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return list(iter_rows(path, **options))

    return read


def test_all_names_are_entities_with_their_types(rows_of):
    (row,) = rows_of(ROW)
    assert [(e.name, e.type) for e in row.document.entities] == [
        ("Ada Moss", "PERSON"),
        ("Oslo", "LOCATION"),
        ("Bergen", "LOCATION"),
    ]
    assert row.document.facts == (Fact(1, "birthplace_of", 0),)
    assert (row.document.roles, row.document.oracle) == ("unknown", False)
    assert row.document.id == "/notes/3/7"


def test_names_of_facts_alone_are_an_oracle(rows_of):
    facts = ROW["relationMentions"]
    alone, with_none = rows_of(
        {**ROW, "entityMentions": [], "relationMentions": facts[:1]}, {**ROW, "entityMentions": []}
    )
    assert (alone.document.oracle, alone.document.subjects) == (True, (0,))
    assert not with_none.document.oracle


def test_a_row_without_relations_is_to_predict_and_a_name_that_is_not_there_is_told(rows_of):
    unknown = {name: value for name, value in ROW.items() if name != "relationMentions"}
    missing = {**ROW, "relationMentions": [pair("Oslo", "Cy", "r")]}
    first, second = rows_of(unknown, missing)
    assert not first.labelled
    (problem,) = second.problems
    assert (problem.kind, problem.field) == ("unmatched", "relationMentions[0].em2Text")


BAD = {
    "no words": ({"sentText": " "}, "sentText: expected at least one word"),
    "a blank name": (
        {"relationMentions": [pair("Oslo", " ", "r")]},
        "relationMentions[0].em2Text: expected at least one word",
    ),
    "no label": ({"relationMentions": [pair("Oslo", "Cy", "")]}, "relationMentions[0].label"),
}


@pytest.mark.parametrize("change, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_the_others_are_read(change, expected, rows_of):
    rows = rows_of(ROW, {**ROW, **change}, ROW)
    assert [row.error is None for row in rows] == [True, False, True]
    assert "train.json, line 2" in str(rows[1].error)
    assert expected in str(rows[1].error)
