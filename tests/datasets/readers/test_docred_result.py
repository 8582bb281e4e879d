"""Files of predicted facts as DocRED's scorers take them."""

import json

import numpy as np
import pytest

from mrca.datasets import CandidateSelection, read_docred_result
from mrca.errors import MrcaError
from mrca.text import Document, Entity, RelationSet, Span

RELATIONS = RelationSet(["P17", "P27"])
DOCUMENTS = [
    Document(
        ("a", "b", "c"),
        tuple(Entity((Span(place, place + 1),)) for place in range(3)),
        id=title,
    ).with_unknown_roles()
    for title in ("First", "7")
]
CANDIDATES = CandidateSelection("pairs").select(DOCUMENTS)
FACT = {"title": "First", "h_idx": 0, "t_idx": 1, "r": "P27"}


@pytest.fixture
def written(tmp_path):
    def write(*items: object) -> object:
        path = tmp_path / "result.json"
        path.write_text(json.dumps(items), "utf-8")
        return path

    return write


def test_facts_are_told_by_title_numbers_and_relation(written):
    other = {"title": 7, "h_idx": 2, "t_idx": 1, "r": "P17", "evidence": [0]}
    found = read_docred_result(written(FACT, other, FACT), CANDIDATES, RELATIONS)
    # Pairs in their order: (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), of each document.
    assert np.argwhere(found).tolist() == [[0, 1], [11, 0]]


def test_nothing_may_be_predicted(written):
    assert not read_docred_result(written(), CANDIDATES, RELATIONS).any()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": "Third"}, "item 2, title: expected the id of a document of the split"),
        ({"t_idx": 3}, r"item 2, h_idx, t_idx: expected .* each below 3, received 0 and 3"),
        ({"t_idx": 0}, "expected the numbers of two entities of a pair"),
        ({"h_idx": -1}, "item 2, h_idx: expected greater than or equal to 0"),
        ({"r": "P1"}, "item 2, r: expected one of the 2 relations of the corpus, such as P17, P27"),
        ({"r": None}, "item 2, r: expected a valid string"),
    ],
)
def test_what_is_not_there_is_named(written, changes, said):
    with pytest.raises(MrcaError, match=said):
        read_docred_result(written(FACT, {**FACT, **changes}), CANDIDATES, RELATIONS)


def test_an_id_of_two_documents_tells_none(written):
    candidates = CandidateSelection("pairs").select([*DOCUMENTS, DOCUMENTS[0]])
    assert read_docred_result(written({**FACT, "title": "7"}), candidates, RELATIONS).any()
    said = 'title: expected the id of one document of the split, received "First", of 2 documents'
    with pytest.raises(MrcaError, match=said):
        read_docred_result(written(FACT), candidates, RELATIONS)


@pytest.mark.parametrize("text", ["{}", "", '[{"title": "First"', "PK\x03\x04"])
def test_another_form_is_refused(tmp_path, text):
    path = tmp_path / "result.zip"
    path.write_text(text, "utf-8")
    with pytest.raises(MrcaError, match=r"result.zip is no list of facts: expected"):
        read_docred_result(path, CANDIDATES, RELATIONS)
