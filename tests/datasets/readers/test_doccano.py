import json

import pytest

from mrca.datasets import iter_rows
from mrca.text import Fact

ROW = {
    "id": 31,
    "text": "Ada Moss lives in Oslo near Bo.",
    "entities": [
        {"id": 4, "label": "PER", "start_offset": 0, "end_offset": 8},
        {"id": 5, "label": "LOC", "start_offset": 18, "end_offset": 22},
        {"id": 9, "label": "PER", "start_offset": 28, "end_offset": 30},
    ],
    "relations": [{"id": 1, "from_id": 5, "to_id": 4, "type": "home_of"}],
    "Comments": [],
}


@pytest.fixture
def rows_of(tmp_path):
    def read(*rows, **options):
        path = tmp_path / "all.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return list(iter_rows(path, **options))

    return read


def test_entities_and_relations_with_their_direction(rows_of):
    first, empty = rows_of(ROW, {**ROW, "entities": [], "relations": []})
    assert [(e.id, e.type, e.name) for e in first.document.entities] == [
        ("4", "PER", "Ada Moss"),
        ("5", "LOC", "Oslo"),
        ("9", "PER", "Bo"),
    ]
    assert first.document.facts == (Fact(1, "home_of", 0),)
    assert (first.document.id, first.document.roles, first.line) == ("31", "unknown", 1)
    assert (empty.document.facts, empty.labelled) == ((), True)


def test_a_file_whose_first_row_has_nothing_is_known_too(rows_of):
    rows = rows_of({**ROW, "entities": [], "relations": []}, ROW)
    assert [len(row.document.facts) for row in rows] == [0, 1]


def entity(**changes):
    return {"entities": [ROW["entities"][0], {**ROW["entities"][1], **changes}]}


BAD = {
    "behind the text": (entity(end_offset=99), "entities[1]: expected a start below its end"),
    "an offset that is text": (entity(start_offset="18"), "entities[1].start_offset: expected a"),
    "an id twice": (entity(id=4), "entities[1]: expected an id that no other entity has"),
    "an id that is not there": (
        {"relations": [{"id": 1, "from_id": 4, "to_id": 77, "type": "r"}]},
        'relations[0]: expected the ids of two entities of the same text, received "77"',
    ),
    "no type": (
        {"relations": [{"id": 1, "from_id": 4, "to_id": 5, "type": ""}]},
        "relations[0].type: expected at least one character",
    ),
}


@pytest.mark.parametrize("change, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_the_others_are_read(change, expected, rows_of):
    rows = rows_of(ROW, {**ROW, **change}, ROW)
    assert [row.error is None for row in rows] == [True, False, True]
    assert "all.jsonl, line 2" in str(rows[1].error)
    assert expected in str(rows[1].error)


@pytest.mark.parametrize("field", ["label", "labels"])
def test_labels_without_relations_say_what_to_export(field, rows_of):
    row = {"id": 1, "text": "Ada left.", field: [[0, 3, "PER"]]}
    (error,) = rows_of(row, row)
    assert "export of a project with relations" in str(error.error)
