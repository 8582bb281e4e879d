import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import CORPORA, fetch_corpus, load_corpus
from mrca.datasets.readers.dwie import dwie_documents
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Fact, Span

ARTICLE = {
    "id": "DW_1",
    "content": "Ada Moss in Oslo\nMoss left pro-Oslo circles",
    "tags": ["all", "train"],
    "mentions": [
        {"begin": 0, "end": 8, "text": "Ada Moss", "concept": 2},
        {"begin": 12, "end": 16, "text": "Oslo", "concept": 0},
        {"begin": 17, "end": 21, "text": "Moss", "concept": 2},
        {"begin": 31, "end": 35, "text": "Oslo", "concept": 0},
    ],
    "concepts": [
        {"concept": 0, "tags": ["slot::in", "type::entity", "type::gpe2", "type::location"]},
        {"concept": 1, "link": "Norway", "tags": []},
        {"concept": 2, "text": "Ada Moss", "tags": ["type::entity", "type::person"]},
    ],
    "relations": [{"s": 2, "p": "based_in2", "o": 0}, {"s": 0, "p": "in0", "o": 1}],
    "iptc": ["1"],
}
DOCUMENT = Document(
    tokens=("Ada", "Moss", "in", "Oslo", "Moss", "left", "pro-Oslo", "circles"),
    entities=(
        Entity((Span(3, 4), Span(6, 7)), "location", "0", "Oslo"),
        Entity((Span(0, 2), Span(4, 5)), "person", "2", "Ada Moss"),
    ),
    facts=(Fact(1, "based_in2", 0),),
    labels=("based_in2",),
    subjects=(0, 1),
    objects=(0, 1),
    roles="unknown",
    id="DW_1",
)


@pytest.fixture
def write(tmp_path):
    """Write articles, each a change of the one above, and give their folder."""

    def write(*changes, name="annos_with_content"):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, change in enumerate(changes):
            article = {**copy.deepcopy(ARTICLE), "id": f"DW_{number + 1}", **change}
            (folder / f"DW_{number + 1}.json").write_text(json.dumps(article), "utf-8")
        return folder

    return write


TEST = {"tags": ["all", "test"]}


def test_mentioned_concepts_are_entities(write):
    found = dwie_documents(write({}, TEST, {"tags": ["all"]}))
    assert [document.without_text() for document in found["train"]] == [DOCUMENT]
    assert [document.id for document in found["test"]] == ["DW_2"]


@pytest.mark.parametrize(
    ("tags", "type"),
    [
        (["type::gpe0-x", "type::other"], "gpe0-x"),
        (["type::offender", "type::person", "type::entity"], "person"),
        (["topic::none"], ""),
    ],
)
def test_the_type_is_the_general_one(tags, type, write):
    concepts = [{**ARTICLE["concepts"][0], "tags": tags}]
    change = {"concepts": concepts, "mentions": ARTICLE["mentions"][1:2], "relations": []}
    (document,) = dwie_documents(write(change, TEST))["train"]
    assert [entity.type for entity in document.entities] == [type]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"content": ""}, "DW_1.json, content: expected at least one character"),
        ({"content": "Bo " + ARTICLE["content"]}, "expected 'Ada Moss' at 0, received 'Bo Ada M'"),
        ({"mentions": [{"begin": -1}]}, "DW_1.json, mentions[0].begin: expected greater than"),
        ({"concepts": ARTICLE["concepts"][:2]}, "facts[0].subject: expected an id or a mention"),
        ({"relations": None}, "DW_1.json, relations: expected a valid list"),
    ],
)
def test_what_is_wrong_in_an_article_is_an_error_of_ours(change, said, write):
    with pytest.raises(MrcaError) as caught:
        dwie_documents(write(change, TEST))
    assert said in str(caught.value)
    assert "DW_1" in str(caught.value)


def test_a_folder_without_articles_or_with_broken_ones_is_refused(write, tmp_path):
    with pytest.raises(MrcaError, match="no training or no test articles of DWIE"):
        dwie_documents(write({}))
    (tmp_path / "annos_with_content" / "a.json").write_text("{")
    with pytest.raises(MrcaError, match=r"a\.json: expected JSON"):
        dwie_documents(tmp_path / "annos_with_content")


def test_by_its_name_it_is_built_from_the_folder_that_is_brought_or_found(
    write, tmp_path, monkeypatch
):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MRCA_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MrcaError, match="mrca data fetch dwie --from-file annos_with_content"):
        load_corpus("dwie")
    folder = write(*[{}] * 120, TEST, name="data/dwie/annos_with_content")
    corpus = load_corpus("dwie")
    assert [len(rows) for rows in corpus.splits.values()] == [22, 98, 1]
    assert corpus.relations.names == ("based_in2",)
    assert corpus.splits["test"][0].facts == DOCUMENT.facts
    built = fetch_corpus("dwie", brought=[folder])
    before = (built / "source.json").read_bytes()
    write(*[{}] * 119, {"id": "changed"}, TEST, name="data/dwie/annos_with_content")
    assert (fetch_corpus("dwie", brought=[folder]) / "source.json").read_bytes() != before
    assert CORPORA["dwie"].origin == "built"


PLACE = st.integers(-1, 3) | st.sampled_from(["1", None])


@settings(deadline=None, max_examples=50)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "content": st.sampled_from(["A B", " ", "", 3]),
            "mentions": st.lists(
                st.fixed_dictionaries({"begin": PLACE, "end": PLACE, "concept": PLACE}), max_size=3
            ),
            "concepts": st.lists(st.fixed_dictionaries({"concept": PLACE}), max_size=2),
            "relations": st.lists(
                st.fixed_dictionaries({"s": PLACE, "p": st.sampled_from(["r", ""]), "o": PLACE}),
                max_size=2,
            ),
        },
    )
)
def test_any_article_gives_a_document_or_an_error_of_ours(tmp_path_factory, change):
    folder = tmp_path_factory.mktemp("fuzz")
    for name, article in (("a", {**ARTICLE, **change}), ("b", {**ARTICLE, **TEST})):
        (folder / f"{name}.json").write_text(json.dumps(article), "utf-8")
    try:
        (document,) = dwie_documents(folder)["train"]
    except MrcaError as error:
        assert "a.json" in str(error)
    else:
        assert all(entity.mentions for entity in document.entities)
