import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import CandidateSelection, iter_rows, load_corpus
from mrca.datasets.readers.semeval import iter_semeval
from mrca.datasets.write import convert_corpus
from mrca.text import Document, Entity, Fact

TEXT = (
    '1\t"The <e1>fire</e1> was caused by a <e2>gas leak</e2>."\r\n'
    "Cause-Effect(e2,e1)\r\n"
    "Comment: plain\r\n"
    "\r\n"
    '2\t"He said "no" to the <e1>child</e1>\'s pre-<e2>school</e2>"\r\n'
    "Other\r\n"
    "Comment:\r\n"
    "\r\n"
)
FIRST = Document(
    tokens=("The", "fire", "was", "caused", "by", "a", "gas", "leak", "."),
    entities=(Entity(((1, 2),), name="fire"), Entity(((6, 8),), name="gas leak")),
    facts=(Fact(1, "Cause-Effect", 0),),
    labels=("Cause-Effect",),
    subjects=(0, 1),
    objects=(0, 1),
    roles="unknown",
    id="1",
)


@pytest.fixture
def rows_of(tmp_path):
    def read(text, **options):
        path = tmp_path / "train.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(iter_rows(path, **options))

    return read


def test_a_label_is_a_relation_and_its_direction(rows_of):
    first, second = rows_of(TEXT)
    assert first.document == FIRST
    assert (first.line, second.line) == (1, 5)
    assert first.labelled
    assert second.labelled


def test_words_are_cut_at_the_borders_of_entities_and_quotes_inside_stay(rows_of):
    document = rows_of(TEXT)[1].document
    assert document.tokens[-4:] == ("child", "'s", "pre-", "school")
    assert document.tokens[2:5] == ('"', "no", '"')
    assert [entity.name for entity in document.entities] == ["child", "school"]
    assert (document.labels, document.facts) == (("Other",), ())


@pytest.mark.parametrize(
    "sentence, words, subject, object_",
    [
        ("<e2>A</e2> and <e1>B C</e1>", ["A", "and", "B", "C"], (2, 4), (0, 1)),
        ("<e1> A </e1><e2>B</e2>C", ["A", "B", "C"], (0, 1), (1, 2)),
        ("<e1>A</e1><e2>B</e2>", ["A", "B"], (0, 1), (1, 2)),
        ("by J. <e1>Bo</e1> of <e2>U.S.</e2>", ["by", "J.", "Bo", "of", "U.S."], (2, 3), (4, 5)),
    ],
)
def test_where_entities_may_stand(sentence, words, subject, object_, rows_of):
    (row,) = rows_of(f'7\t"{sentence}"\nOther\n')
    assert list(row.document.tokens) == words
    assert [entity.mentions for entity in row.document.entities] == [(subject,), (object_,)]


def test_kbp37_has_other_relations_and_another_label_for_none(rows_of):
    text = TEXT.replace("Other", "no_relation").replace("Cause-Effect", "per:employee_of")
    first, second = rows_of(text)
    assert first.document.facts == (Fact(1, "per:employee_of", 0),)
    assert (second.document.labels, second.document.facts) == (("no_relation",), ())
    asked = [CandidateSelection("pairs").of(row.document) for row in (first, second)]
    assert [len(each) for each in asked] == [2, 2]  # the roles do not give the direction away


@pytest.mark.parametrize("with_relations", [True, False])
def test_files_called_as_published_are_the_splits(with_relations, tmp_path):
    (tmp_path / "TRAIN_FILE.TXT").write_text(TEXT * 5, encoding="utf-8", newline="")
    lines = TEXT.splitlines()
    (tmp_path / "TEST_FILE.txt").write_text(lines[0] + "\n" + lines[4], encoding="utf-8")
    if with_relations:
        (tmp_path / "TEST_FILE_FULL.TXT").write_text(TEXT, encoding="utf-8", newline="")
    corpus = load_corpus(str(tmp_path))
    assert sorted(corpus.splits) == ["test", "train", "valid"][0 if with_relations else 1 :]


def test_the_unlabelled_form_is_there_to_predict(rows_of):
    text = '8001\t"An <e1>axe</e1> cuts <e2>wood</e2>."\n8002\t"<e1>A</e1> <e2>B</e2>"'
    rows = rows_of(text)
    assert [row.document.id for row in rows] == ["8001", "8002"]
    assert not any(row.labelled for row in rows)
    assert [row.error is None for row in rows_of(text, require_labels=True)] == [False, False]


SENTENCE = '"<e1>A</e1> <e2>B</e2>"'
BAD = {
    "no second entity": ('2\t"An <e1>axe</e1>."\nOther', "line 5, sentence: expected `<e1>…</e1>`"),
    "nested": ('2\t"<e1>A <e2>B</e2></e1>"\nOther', "line 5, sentence: expected"),
    "blank entity": ('2\t"<e1> </e1> <e2>B</e2>"\nOther', "line 5, e1: expected at least one word"),
    "no quotes": ("2\t<e1>A</e1> <e2>B</e2>\nOther", "line 5: expected a number, a tab"),
    "no number": (f"x\t{SENTENCE}\nOther", "line 5: expected a number, a tab"),
    "no direction": (f"2\t{SENTENCE}\nCause-Effect", "line 6, relation: expected a relation with"),
    "no comment": (f"2\t{SENTENCE}\nOther\nmore", "line 7: expected `Comment:` or a blank line"),
    "a key": ("2\tCause-Effect(e1,e2)", "TEST_FILE_FULL.TXT has sentences and relations"),
}


@pytest.mark.parametrize("bad, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_sentence_is_named_and_the_others_are_read(bad, expected, rows_of):
    first = "\n".join(TEXT.split("\r\n")[:4])
    rows = rows_of(f"{first}\n{bad}\n\n9\t{SENTENCE}\nOther\n")
    assert [row.error is None for row in rows] == [True, False, True]
    assert expected in str(rows[1].error)


def test_bytes_that_are_not_utf8_are_named(rows_of):
    rows = rows_of(TEXT.encode() + b'3\t"\xff"\n\n')
    assert "line 9: expected text encoded as UTF-8, received the byte 0xff" in str(rows[2].error)
    assert [row.error is None for row in rows] == [True, True, False]


def test_a_byte_order_mark_is_taken(rows_of):
    assert rows_of(b"\xef\xbb\xbf" + TEXT.encode())[0].document == FIRST


def test_a_folder_is_a_corpus_and_converts_to_the_same_documents(tmp_path):
    folder = tmp_path / "semeval"
    folder.mkdir()
    for split in ("train", "valid", "test"):  # the content decides, not the name
        (folder / f"{split}.json").write_text(TEXT, encoding="utf-8", newline="")
    corpus = load_corpus(str(folder))
    assert corpus.relations.names == ("Cause-Effect", "Other")
    convert_corpus(corpus, tmp_path / "converted")
    again = load_corpus(str(tmp_path / "converted"))
    assert again.splits == corpus.splits


PIECES = [
    *("1\t", "22\t", '"', "<e1>", "</e1>", "<e2>", "</e2>", "A", " ", "U.S.", "\n", "\r\n", "\t"),
    *("Other", "Cause-Effect(e1,e2)", "(e1,e2)", "Comment:", "é", "\x00", "\u2028"),
]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.just(TEXT), st.data())
def test_any_text_gives_rows_or_errors_of_ours(text, data):
    content = bytearray(f'1\t"<e1>A</e1> <e2>B</e2>"\n{text}'.encode())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    for row in iter_semeval(bytes(content).splitlines(keepends=True), "fuzz"):
        assert (row.document is None) == (row.error is not None)
        if row.document:
            assert len(row.document.labels) == row.labelled
            assert all(row.document.tokens)
            json.dumps(row.document.tokens).encode()
