"""Every form that annotators and papers have, through convert, validate and load."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_rows, load_corpus, to_json_row
from mrca.datasets.validate import validate
from mrca.datasets.write import convert_corpus, convert_file
from mrca.errors import MrcaError

TEXT = "Ada Moss lives in Oslo."
WORDS = ["Ada", "Moss", "lives", "in", "Oslo", "."]
PLACES = {"h": {"pos": [0, 2]}, "t": {"pos": [4, 5]}}

ITEMS = {
    "own": {"text": TEXT, "entities": ["Ada Moss", "Oslo"], "facts": [["Ada Moss", "r", "Oslo"]]},
    "own words": {"tokens": WORDS, "facts": [["Ada Moss", "r", "Oslo"]]},
    "triple_list": {"text": "Ada Moss lives in Oslo .", "triple_list": [["Ada Moss", "r", "Oslo"]]},
    "relation_list": {
        "text": "Ada Moss lives in Oslo .",
        "relation_list": [{"subject": "Ada Moss", "predicate": "r", "object": "Oslo"}],
    },
    "spert": {
        "tokens": WORDS,
        "entities": [{"type": "P", "start": 0, "end": 2}, {"type": "L", "start": 4, "end": 5}],
        "relations": [{"type": "r", "head": 0, "tail": 1}],
    },
    "tacred": {
        "token": WORDS,
        "relation": "r",
        "subj_start": 0,
        "subj_end": 1,
        "obj_start": 4,
        "obj_end": 4,
    },
    "docred": {
        "title": "a",
        "sents": [WORDS],
        "vertexSet": [
            [{"name": "Ada Moss", "sent_id": 0, "pos": [0, 2]}],
            [{"name": "Oslo", "sent_id": 0, "pos": [4, 5]}],
        ],
        "labels": [{"h": 0, "r": "r", "t": 1}],
    },
    "opennre words": {"token": WORDS, **PLACES, "relation": "r"},
    "opennre text": {"text": TEXT, "h": {"pos": [0, 8]}, "t": {"pos": [18, 22]}, "relation": "r"},
    "nyt": {
        "sentText": "Ada Moss lives in Oslo .",
        "entityMentions": [{"text": "Ada Moss", "label": "P"}, {"text": "Oslo", "label": "L"}],
        "relationMentions": [{"em1Text": "Ada Moss", "em2Text": "Oslo", "label": "r"}],
    },
    "doccano": {
        "text": TEXT,
        "entities": [
            {"id": 1, "label": "P", "start_offset": 0, "end_offset": 8},
            {"id": 2, "label": "L", "start_offset": 18, "end_offset": 22},
        ],
        "relations": [{"id": 3, "from_id": 1, "to_id": 2, "type": "r"}],
    },
    "label studio": {
        "data": {"text": TEXT},
        "annotations": [
            {
                "result": [
                    {"id": "a", "type": "labels", "value": {"start": 0, "end": 8, "labels": ["P"]}},
                    {
                        "id": "b",
                        "type": "labels",
                        "value": {"start": 18, "end": 22, "labels": ["L"]},
                    },
                    {"type": "relation", "from_id": "a", "to_id": "b", "labels": ["r"]},
                ]
            }
        ],
    },
    "prodigy": {
        "text": TEXT,
        "spans": [{"start": 0, "end": 8, "label": "P"}, {"start": 18, "end": 22, "label": "L"}],
        "relations": [
            {
                "head": 1,
                "child": 4,
                "label": "r",
                "head_span": {"start": 0, "end": 8, "label": "P"},
                "child_span": {"start": 18, "end": 22, "label": "L"},
            }
        ],
    },
}
CONTAINERS = {
    "lines": lambda items: "\n".join(map(json.dumps, items)),
    "array": json.dumps,
    "indented": lambda items: "\n".join(json.dumps(item, indent=2) for item in items),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("form", ITEMS)
def test_any_row_of_any_form_in_any_container(form, container, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    for split in ("train", "dev"):
        content = CONTAINERS[container]([ITEMS[form]] * 3)
        (folder / f"{split}.json").write_text(content, encoding="utf-8")
    corpus = load_corpus(str(folder))
    document = corpus.splits["train"][0]
    assert document.tokens == tuple(WORDS)
    stated = [
        (document.entities[fact.subject].name, fact.relation, document.entities[fact.object].name)
        for fact in document.facts
    ]
    assert stated == [("Ada Moss", "r", "Oslo")]
    assert validate(str(folder)).errors == []
    convert_corpus(corpus, tmp_path / "converted")
    assert load_corpus(str(tmp_path / "converted")).splits == corpus.splits
    assert validate(str(tmp_path / "converted")).errors == []
    assert convert_file(folder / "train.json", tmp_path / "one.jsonl").rows == 3


def test_a_folder_in_which_files_have_the_corpus_s_name_before_them(tmp_path):
    for name in ("notes_train.txt", "notes_val.txt", "notes_test.txt", "notes_train_dev.txt"):
        (tmp_path / name).write_text(json.dumps(ITEMS["opennre words"]), encoding="utf-8")
    assert sorted(load_corpus(str(tmp_path)).splits) == ["test", "train", "valid"]
    (tmp_path / "train.txt").write_text(json.dumps(ITEMS["spert"]) + "\n" * 2, encoding="utf-8")
    with pytest.raises(MrcaError, match="holds one row and there is no valid"):
        load_corpus(str(tmp_path))  # names without it go before those with it


def test_a_folder_without_a_training_split_says_what_it_holds(tmp_path):
    (tmp_path / "all.jsonl").write_text(json.dumps(ITEMS["own"]), encoding="utf-8")
    with pytest.raises(MrcaError, match=r"It holds: all\.jsonl\. .*mrca data convert FILE"):
        load_corpus(str(tmp_path))
    (error,) = validate(str(tmp_path)).errors
    assert "received a folder that holds all.jsonl" in str(error)
    with pytest.raises(MrcaError, match=r"mrca data convert .*all\.jsonl my_corpus/train\.jsonl"):
        load_corpus(str(tmp_path / "all.jsonl"))


@pytest.fixture
def bad_folder(tmp_path):
    """Ten good rows, and three that cannot be used."""
    bad = [{"text": "Ada"}, {"text": "Ada", "facts": [["Ada", "r"]]}, {"text": " ", "facts": []}]
    rows = [*[ITEMS["own"]] * 5, *bad, *[ITEMS["own"]] * 5]
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


def test_rows_that_cannot_be_used_are_errors_unless_they_are_to_be_skipped(bad_folder, tmp_path):
    with pytest.raises(MrcaError, match="leave them out with: --on-error skip"):
        load_corpus(str(bad_folder))
    corpus = load_corpus(str(bad_folder), on_error="skip")
    assert sum(map(len, corpus.splits.values())) == 10
    (note,) = (each for each in corpus.notes if "skipped" in each.received)
    assert note.received.startswith("3 unusable rows, skipped:\n  ")
    assert 'line 6, facts: expected "facts" or "labels"' in note.received
    report = validate(str(bad_folder), on_error="skip")
    assert (report.errors, report.skipped) == ([], 3)
    assert {problem.line for problem in report.problems} >= {6, 7, 8}
    source, target = bad_folder / "train.jsonl", tmp_path / "good.jsonl"
    with pytest.raises(MrcaError, match="leave them out with: --on-error skip"):
        convert_file(source, target)
    converted = convert_file(source, target, on_error="skip")
    assert converted.rows == 11  # a row without labels is one to predict on
    assert "2 unusable rows" in converted.notes[0].received
    assert len(list(iter_rows(target))) == 11


def test_what_ends_a_file_is_never_skipped(tmp_path):
    rows = [ITEMS["spert"]] * 3
    (tmp_path / "train.json").write_text(json.dumps(rows)[:-20], encoding="utf-8")
    with pytest.raises(MrcaError, match="item 3: expected JSON"):
        load_corpus(str(tmp_path), on_error="skip")
    assert len(validate(str(tmp_path), on_error="skip").errors) == 1
    with pytest.raises(MrcaError, match="on_error is 'ignore'"):
        load_corpus(str(tmp_path), on_error="ignore")


def test_a_file_of_which_every_row_is_skipped_says_why(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "A", "facts": [1]}', encoding="utf-8")
    with pytest.raises(
        MrcaError, match=r"holds no rows\. Expected at least one\.(.|\n)*line 1, facts"
    ):
        load_corpus(str(tmp_path), on_error="skip")


def _places(value, at=()):
    """The places of all values inside a JSON value."""
    if not isinstance(value, dict | list):
        return
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*at, key)
        yield from _places(each, (*at, key))


def _changed(value, place, other):
    """The value with another one at a place; without it, if the other one is `...`."""
    key, *rest = place
    copy = dict(value) if isinstance(value, dict) else dict(enumerate(value))
    if rest:
        copy[key] = _changed(copy[key], rest, other)
    elif other is ...:
        del copy[key]
    else:
        copy[key] = other
    return copy if isinstance(value, dict) else list(copy.values())


VALUES = [
    ...,
    None,
    True,
    -1,
    0,
    1,
    2.5,
    99,
    10**30,
    "",
    " ",
    "a",
    "Oslo",
    [],
    {},
    [[]],
    [1, 2],
    [{}],
]


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_any_change_of_any_row_gives_rows_or_errors_of_ours(tmp_path_factory, data):
    item = ITEMS[data.draw(st.sampled_from(sorted(ITEMS)))]
    place = data.draw(st.sampled_from(list(_places(item))))
    changed = _changed(item, place, data.draw(st.sampled_from(VALUES)))
    path = tmp_path_factory.mktemp("fuzz") / "train.json"
    path.write_text(data.draw(st.sampled_from([*CONTAINERS.values()]))([changed, item]), "utf-8")
    for row in iter_rows(path):
        assert (row.document is None) == (row.error is not None)
        if row.document is not None:
            json.dumps(to_json_row(row.document, labelled=row.labelled))
