import zlib

import pytest

from mrca.datasets import iter_rows, load_corpus
from mrca.errors import MrcaError
from mrca.text import Fact


@pytest.fixture
def written(tmp_path):
    """Write documents as spaCy does: words, entities and `doc._.rel`."""
    from spacy.tokens import Doc, DocBin, Span
    from spacy.vocab import Vocab

    Doc.set_extension("rel", default=None, force=True)

    def write(*documents, name="train.spacy"):
        vocab = Vocab()
        bin_ = DocBin(store_user_data=True)
        for words, entities, relations in documents:
            document = Doc(vocab, words=words)
            document.ents = [Span(document, *places, label=type) for *places, type in entities]
            if relations is not None:
                document._.rel = relations
            bin_.add(document)
        bin_.to_disk(tmp_path / name)
        return tmp_path / name

    return write


WORDS = ["Ada", "Moss", "lives", "in", "\n", "Oslo", "."]
ENTITIES = [(0, 2, "PER"), (5, 6, "LOC")]
RELATIONS = {(0, 5): {"lives_in": 1.0, "left": 0.0}, (5, 0): {"home_of": 0.7, "left": 0.2}}


def test_entities_and_relations_by_their_scores(written):
    (row,) = iter_rows(written((WORDS, ENTITIES, RELATIONS)))
    assert row.document.tokens == ("Ada", "Moss", "lives", "in", "Oslo", ".")
    assert [(e.name, e.type) for e in row.document.entities] == [
        ("Ada Moss", "PER"),
        ("Oslo", "LOC"),
    ]
    assert row.document.facts == (Fact(0, "lives_in", 1), Fact(1, "home_of", 0))
    assert (row.document.roles, row.labelled) == ("unknown", True)


def test_without_relations_a_document_is_there_to_predict(written):
    rows = list(iter_rows(written((WORDS, ENTITIES, None), (WORDS, ENTITIES, {}))))
    assert [row.labelled for row in rows] == [False, True]


def test_a_folder_of_them_is_a_corpus(written, tmp_path):
    for name in ("train.spacy", "dev.spacy", "test.spacy"):
        written(*[(WORDS, ENTITIES, RELATIONS)] * 2, name=name)
    assert sorted(load_corpus(str(tmp_path)).splits) == ["test", "train", "valid"]


def test_what_cannot_be_used_is_named(written):
    other = {(1, 5): {"lives_in": 1.0}}
    good, bad, worse = iter_rows(
        written((WORDS, ENTITIES, {}), (WORDS, ENTITIES, other), (WORDS, ENTITIES, {3: 1}))
    )
    assert good.error is None
    assert 'item 2, rel: expected the ids of two entities of the same text, received "1"' in str(
        bad.error
    )
    assert "item 3, rel: expected {(first token of the subject" in str(worse.error)


def test_a_broken_file_is_an_error_of_ours(written):
    path = written((WORDS, ENTITIES, RELATIONS))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(MrcaError, match=r"is a broken \.spacy file"):
        list(iter_rows(path))
    path.write_bytes(zlib.compress(b"\x81\xa7version\xa30.1"))
    with pytest.raises(MrcaError, match=r"is a broken \.spacy file"):
        list(iter_rows(path))


def test_without_spacy_the_extra_is_named(written, monkeypatch):
    path = written((WORDS, ENTITIES, RELATIONS))
    monkeypatch.setattr("mrca.errors.find_spec", lambda name: None)
    with pytest.raises(MrcaError, match=r"needs spacy.*mrca\[spacy\]"):
        list(iter_rows(path))
