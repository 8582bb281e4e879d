import re
import zipfile
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import load_corpus
from mrca.datasets.build import build_corpus
from mrca.datasets.readers.ddi import ddi_documents
from mrca.datasets.readers.read_file import is_row_folder, iter_rows
from mrca.datasets.recipe import DDI
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Fact, Span

SENTENCE = """
<sentence id="d1.s0" text="Aspirin raises warfarin and heparin levels.">
 <entity id="d1.s0.e0" charOffset="0-6" type="drug" text="Aspirin"/>
 <entity id="d1.s0.e1" charOffset="15-22" type="drug" text="warfarin"/>
 <entity id="d1.s0.e2" charOffset="28-34" type="group" text="heparin"/>
 <pair id="d1.s0.p0" e1="d1.s0.e0" e2="d1.s0.e1" ddi="true" type="effect"/>
 <pair id="d1.s0.p1" e1="d1.s0.e0" e2="d1.s0.e2" ddi="true"/>
 <pair id="d1.s0.p2" e1="d1.s0.e1" e2="d1.s0.e2" ddi="false"/>
</sentence>
"""
TEST = '<sentence id="t.s0" text="No drug."/>'
TRAIN_PART = "DDICorpus/Train/DrugBank/"
TEST_PART = "DDICorpus/Test/Test for DDI Extraction task/MedLine/"
DOCUMENT = Document(
    tokens=("Aspirin", "raises", "warfarin", "and", "heparin", "levels", "."),
    entities=(
        Entity((Span(0, 1),), "drug", "d1.s0.e0", "Aspirin"),
        Entity((Span(2, 3),), "drug", "d1.s0.e1", "warfarin"),
        Entity((Span(4, 5),), "group", "d1.s0.e2", "heparin"),
    ),
    facts=(Fact(0, "effect", 1), Fact(0, "int", 2)),
    labels=("effect", "int"),
    subjects=(0, 1, 2),
    objects=(0, 1, 2),
    roles="unknown",
    id="d1.s0",
)


@pytest.fixture
def archive(tmp_path):
    """Write an archive; each file is given as its sentences."""

    def write(files=None):
        files = {"Train/b.xml": SENTENCE, "Test/a.xml": TEST} if files is None else files
        path = tmp_path / "DDICorpus-2013.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for name, sentences in files.items():
                place = name.replace("Train/", TRAIN_PART).replace("Test/", TEST_PART)
                packed.writestr(place, f'<document id="d">{sentences}</document>')
        return path

    return write


def test_all_drugs_are_entities_and_interactions_are_facts(archive):
    found = ddi_documents(archive())
    ((document,),) = found["train"]
    assert document.without_text() == DOCUMENT
    assert [[row.tokens for row in file] for file in found["test"]] == [[("No", "drug", ".")]]


def test_files_are_in_the_order_of_their_names_and_only_those_of_the_task(archive):
    sentence = '<sentence id="{0}" text="{0}"/>'
    files = {
        "Train/b.xml": sentence.format("b"),
        "Train/a.xml": sentence.format("a1") + sentence.format("a2"),
        "Train/readme.txt": "",
        "DDICorpus/NER/Test for DrugNER task/x.xml": sentence.format("x"),
        "Test/a.xml": sentence.format("t"),
    }
    found = ddi_documents(archive(files))
    ids = {split: [[row.id for row in file] for file in files] for split, files in found.items()}
    assert ids == {"train": [["a1", "a2"], ["b"]], "test": [["t"]]}


def test_a_drug_in_parts_has_a_mention_for_each_and_parts_of_words_are_widened(archive):
    sentence = (
        '<sentence id="s" text="alpha- and beta-blockers">'
        '<entity id="e" charOffset="0-5;16-23" type="group"/></sentence>'
    )
    ((document,),) = ddi_documents(archive({"Train/a.xml": sentence, "Test/a.xml": TEST}))["train"]
    assert [document.words(span) for span in document.entities[0].mentions] == [
        "alpha-",
        "beta-blockers",
    ]


def test_a_sentence_without_words_is_left_out(archive):
    files = {"Train/a.xml": SENTENCE + '<sentence id="x" text=" "/>', "Test/a.xml": TEST}
    assert len(ddi_documents(archive(files))["train"][0]) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('e1="d1.s0.e0" e2="d1.s0.e1"', 'e1="d1.s0.e0" e2="gone"', "facts[0].object: expected an"),
        ('charOffset="28-34"', 'charOffset="28-99"', "char_end: expected at most 43, received 100"),
        ('charOffset="28-34"', 'charOffset="all"', 'expected charOffset="START-END'),
        ('id="d1.s0.e0"', "", "item 1: expected the attribute 'id'"),
        ("</sentence>", "", "expected well-formed XML, received mismatched tag"),
    ],
)
def test_what_is_wrong_in_a_file_is_an_error_of_ours(old, new, said, archive):
    files = {"Train/b.xml": SENTENCE.replace(old, new, 1), "Test/a.xml": TEST}
    path = archive(files)
    with pytest.raises(MrcaError) as caught:
        ddi_documents(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_is_no_such_archive_is_refused(archive, tmp_path):
    with pytest.raises(MrcaError, match="holds no training or test files"):
        ddi_documents(archive({"Train/a.xml": SENTENCE}))
    with pytest.raises(MrcaError, match=r"Cannot read .*No such file"):
        ddi_documents(tmp_path / "nowhere.zip")
    for content in (b"", b"<html>", archive().read_bytes()[:-30]):
        (tmp_path / "x.zip").write_bytes(content)
        with pytest.raises(MrcaError, match=r"Expected the archive DDICorpus-2013\.zip"):
            ddi_documents(tmp_path / "x.zip")


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]), st.data())
def test_any_archive_gives_documents_or_an_error_of_ours(tmp_path_factory, packing, data):
    path = tmp_path_factory.mktemp("fuzz") / "x.zip"
    with zipfile.ZipFile(path, "w", packing) as packed:
        packed.writestr(f"{TRAIN_PART}a.xml", f"<document>{SENTENCE}</document>")
        packed.writestr(f"{TEST_PART}a.xml", f"<document>{TEST}</document>")
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        found = ddi_documents(path)
    except MrcaError as error:
        assert str(path) in str(error)
    else:
        assert all(row.tokens for split in found.values() for file in split for row in file)


def test_whole_texts_are_held_out(archive, tmp_path):
    sentence = '<sentence id="{0}.{1}" text="{0}">{2}</sentence>'
    drugs = '<entity id="{0}" charOffset="0-2" type="drug"/><entity id="{0}+" charOffset="0-2"'
    drugs += ' type="drug"/><pair e1="{0}" e2="{0}+" ddi="true" type="int"/>'
    files = {
        f"Train/{name}.xml": "".join(
            sentence.format(name, number, drugs.format(f"{name}{number}")) for number in range(3)
        )
        for name in (f"d{number:02}" for number in range(20))
    }
    folder = build_corpus(DDI, [archive({**files, "Test/a.xml": TEST})], tmp_path / "ddi")
    corpus = load_corpus(str(folder))
    assert {split: len(rows) for split, rows in corpus.splits.items()} == {
        "train": 54,
        "valid": 6,
        "test": 1,
    }
    assert {row.tokens for row in corpus.splits["valid"]} == {("d00",), ("d10",)}
    assert (corpus.oracle, corpus.types, corpus.relations.names) == (False, ("drug",), ("int",))


def test_the_real_archive_has_the_published_numbers(real_file):
    found = ddi_documents(real_file("ddi2013/DDICorpus-2013.zip"))
    facts = Counter(
        (split, fact.relation)
        for split, files in found.items()
        for file in files
        for row in file
        for fact in row.facts
    )
    assert {relation for _, relation in facts} == {"mechanism", "effect", "advise", "int"}
    totals = Counter()
    for (split, _), count in facts.items():
        totals[split] += count
    assert totals == {"train": 4021, "test": 979}  # one of them published without its kind


def tree(folder, files):
    for name, sentences in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'<?xml version="1.0"?>\n<document id="d">{sentences}</document>')


def test_the_unpacked_archive_is_a_corpus_as_it_is(tmp_path):
    without_pairs = re.sub("<pair.*?/>", "", SENTENCE)
    tree(
        tmp_path,
        {
            "Train/DrugBank/b.xml": SENTENCE,
            "Train/MedLine/a.xml": SENTENCE.replace("d1", "d2"),
            "Test/Test for DDI Extraction task/DrugBank/t.xml": SENTENCE.replace("d1", "t"),
            "Test/Test for DrugNER task/DrugBank/n.xml": without_pairs,
        },
    )
    corpus = load_corpus(str(tmp_path))
    trained = {row.id for split in ("train", "valid") for row in corpus.splits[split]}
    assert trained == {"d1.s0", "d2.s0"}
    assert [row.id for row in corpus.splits["test"]] == ["t.s0"]
    assert corpus.relations.names == ("effect", "int")


def test_a_folder_with_other_xml_is_none_of_it(tmp_path):
    (tmp_path / ".idea").mkdir()
    (tmp_path / ".idea" / "workspace.xml").write_text("<project/>")
    assert not is_row_folder(tmp_path)
    tree(tmp_path / "own", {"MedLine/a.xml": SENTENCE})
    assert is_row_folder(tmp_path / "own")


def test_a_file_of_it_is_read_with_what_is_wrong_in_its_place(tmp_path):
    entity = '<entity id="e" charOffset="0-99" type="drug"/>'
    bad = f'<sentence id="s2" text="Aspirin.">{entity}</sentence>'
    tree(tmp_path, {"train.xml": SENTENCE + bad + SENTENCE.replace("d1", "d3")})
    first, second, third = iter_rows(tmp_path / "train.xml")
    assert first.document.without_text() == DOCUMENT
    assert "train.xml, item 2, entities[0]" in str(second.error)
    assert third.document.id == "d3.s0"


def test_drugs_without_pairs_do_not_say_which_interact(tmp_path):
    tree(tmp_path, {"x.xml": re.sub("<pair.*?/>", "", SENTENCE) + TEST})
    assert [row.labelled for row in iter_rows(tmp_path / "x.xml")] == [False, True]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('<document><sentence id="s" text="a">', "well-formed XML, received no element found"),
        ('<?xml version="1.0" encoding="x-none"?><document><sentence/>', "well-formed XML"),
    ],
)
def test_a_broken_file_is_one_error(content, said, tmp_path):
    (tmp_path / "train.xml").write_text(content)
    (row,) = iter_rows(tmp_path / "train.xml")
    assert row.ends_file
    assert said in str(row.error)
