import json

import pytest

from mrca.datasets import iter_rows
from mrca.text import Fact

TEXT = "Ada Moss lives in Oslo."


def region(id, start, end, label, **more):
    value = {"start": start, "end": end, "text": TEXT[start:end], "labels": [label], **more}
    names = {"from_name": "label", "to_name": "text"}
    return {"id": id, "type": "labels", "value": value, **names}


REGIONS = [region("x1", 0, 8, "PER"), region("x2", 18, 22, "LOC")]


def relation(direction="right", **more):
    ends = {"from_id": "x1", "to_id": "x2"}
    return {"type": "relation", "direction": direction, "labels": ["lives_in"], **ends, **more}


def annotation(*results, **more):
    return {"id": 5, "result": [*results], "was_cancelled": False, **more}


def task(*annotations, data=None):
    return {"id": 12, "data": data or {"text": TEXT}, "annotations": [*annotations]}


@pytest.fixture
def rows_of(tmp_path):
    def read(*tasks, **options):
        path = tmp_path / "project-1.json"
        path.write_text(json.dumps([*tasks]), encoding="utf-8")
        return list(iter_rows(path, **options))

    return read


@pytest.mark.parametrize(
    "direction, facts",
    [
        ("right", (Fact(0, "lives_in", 1),)),
        ("left", (Fact(1, "lives_in", 0),)),
        ("bi", (Fact(0, "lives_in", 1), Fact(1, "lives_in", 0))),
    ],
)
def test_regions_and_relations_with_their_direction(direction, facts, rows_of):
    (row,) = rows_of(task(annotation(*REGIONS, relation(direction))))
    assert [(e.id, e.type, e.name) for e in row.document.entities] == [
        ("x1", "PER", "Ada Moss"),
        ("x2", "LOC", "Oslo"),
    ]
    assert row.document.facts == facts
    assert (row.document.id, row.document.roles) == ("12", "unknown")


def test_the_text_is_the_only_string_of_the_data(rows_of):
    (row,) = rows_of(task(annotation(*REGIONS), data={"body": TEXT, "number": 3}))
    assert row.document.text == TEXT
    (row,) = rows_of(task(annotation(), data={"body": TEXT, "title": "no"}))
    assert 'data: expected "text", or one string, received ["body", "title"]' in str(row.error)


def test_what_is_left_out_is_counted(rows_of):
    good = annotation(*REGIONS, {"type": "choices", "value": {"choices": ["yes"]}})
    rows = rows_of(task(annotation(was_cancelled=True)), task(), task(good), task())
    assert len(rows) == 1
    assert [problem.received.partition(",")[0] for problem in rows[0].problems] == [
        "1 cancelled annotation",
        "2 unannotated tasks",
        "1 other result",
    ]


def test_of_several_annotators_the_ground_truth_counts(rows_of):
    both = annotation(*REGIONS), annotation(*REGIONS, relation(), id=6)
    (row,) = rows_of(task(both[0], {**both[1], "ground_truth": True}))
    assert row.document.facts == (Fact(0, "lives_in", 1),)
    (row,) = rows_of(task(*both))
    assert "annotations: expected one annotation, or one that is marked as ground truth" in str(
        row.error
    )
    (row,) = rows_of(task(both[0], {**both[1], "was_cancelled": True}))
    assert row.document.facts == ()


BAD = {
    "other words": (
        [region("x1", 0, 8, "PER", text="Bo")],
        'annotations[0].result[0]: expected "Bo" at [0, 8], received "Ada Moss"',
    ),
    "two labels": (
        [region("x1", 0, 8, "PER", labels=["PER", "LOC"])],
        "annotations[0].result[0].value.labels: expected 1 items",
    ),
    "a relation without a name": (
        [*REGIONS, relation(labels=[])],
        "annotations[0].result[2].labels: expected 1 items",
    ),
    "an id that is not there": ([*REGIONS, relation(to_id="x9")], "the ids of two entities"),
    "another direction": ([*REGIONS, relation("up")], "result[2].direction: expected"),
    "paragraphs": (
        [{"id": "x", "type": "labels", "value": {"start": "0", "end": "0", "labels": ["A"]}}],
        "annotations[0].result[0].value.start: expected a valid integer",
    ),
}


@pytest.mark.parametrize("results, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_task_is_named_and_the_others_are_read(results, expected, rows_of):
    good = task(annotation(*REGIONS))
    rows = rows_of(good, task(annotation(*results)), good)
    assert [row.error is None for row in rows] == [True, False, True]
    assert "project-1.json, item 2 (12), " in str(rows[1].error)
    assert expected in str(rows[1].error)


def test_the_export_without_relations_says_what_to_export(rows_of):
    item = {"id": 1, "text": TEXT, "label": [], "annotator": 1, "annotation_id": 3}
    (row,) = rows_of(item, item)
    assert "expected Label Studio's export as JSON, received Label Studio's JSON_MIN" in str(
        row.error
    )
