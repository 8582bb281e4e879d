import json

import pytest

from mrca.errors import MrcaError
from mrca.models.rows import documents_of
from mrca.serving.demo_page import demo_page
from mrca.text import Document, Entity, Span


@pytest.fixture
def exported(tmp_path):
    folder = tmp_path / "tiny" / "3"
    (folder / "assets.extra").mkdir(parents=True)
    (folder / "assets.extra" / "relations.json").write_text('["größer als", "b"]', "utf-8")
    return folder


ROWS = [
    {"text": "Nobody is here."},
    {
        "text": "Ada met «Bob».",
        "entities": [{"text": "Ada", "type": "PER"}, {"text": "Bob", "type": "PER"}],
        "facts": [["Ada", "met", "Bob"]],
    },
    {"text": "far too long " * 100, "entities": ["far", "long"], "facts": [["far", "a", "long"]]},
]


def test_the_page_knows_its_model(exported):
    named = {"name": "tiny", "version": 3, "relations": ["größer als", "b"]}
    assert demo_page(exported) == {**named, "pairs": False, "types": [], "examples": []}
    (exported / "assets.extra" / "export.json").write_text("not json")
    assert demo_page(exported)["pairs"] is False


def test_examples_are_those_that_state_most(exported):
    documents = list(documents_of(ROWS))
    first, second = demo_page(exported, documents)["examples"]
    assert (first["text"], second["text"]) == ("Ada met «Bob».", "Nobody is here.")
    marks = [(m["kind"], first["text"][m["start"] : m["end"]], m["type"]) for m in first["marks"]]
    assert ("s", "Ada", "") in marks and ("o", "Bob", "") in marks
    description = {"candidates": "pairs", "types": ["PER"]}
    (exported / "assets.extra" / "export.json").write_text(json.dumps(description))
    page = demo_page(exported, documents)
    assert (page["pairs"], page["types"]) == (True, ["PER"])
    marks = page["examples"][0]["marks"]
    assert [(mark["kind"], mark["type"]) for mark in marks] == [("e", "PER")] * 2


def test_an_example_of_words_has_its_marks_in_its_place(exported):
    document = Document(("Ada", "met", "Bob", "."), (Entity((Span(2, 3),)),), subjects=(0,))
    [example] = demo_page(exported, [document])["examples"]
    assert example["text"] == "Ada met Bob ."
    assert example["marks"] == [{"kind": "s", "start": 8, "end": 11, "type": ""}]


@pytest.mark.parametrize("content", [None, b"[", b"\xff", b'{"a": 1}', b"[1]"])
def test_a_model_that_does_not_name_its_relations(tmp_path, content):
    exported = tmp_path / "tiny" / "3"
    (exported / "assets.extra").mkdir(parents=True)
    if content is not None:
        (exported / "assets.extra" / "relations.json").write_bytes(content)
    with pytest.raises(MrcaError, match=r"relations of the exported model.*`mrca export`"):
        demo_page(exported)
