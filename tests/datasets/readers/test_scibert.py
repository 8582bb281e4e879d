import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_rows, load_corpus
from mrca.datasets.readers.scibert import iter_scibert
from mrca.datasets.write import convert_corpus
from mrca.text import Document, Entity, Fact, Span

LINE = {
    "text": "Of << EGFR >>-inhibitors , [[ gefi tinib ]] (1) is one .",
    "label": "INHIBITOR",
    "metadata": [0, 1],
}
DOCUMENT = Document(
    tokens=("Of", "EGFR", "-inhibitors", ",", "gefi", "tinib", "(", "1", ")", "is", "one", "."),
    entities=(
        Entity((Span(4, 6),), name="gefi tinib"),
        Entity((Span(1, 2),), name="EGFR"),
    ),
    facts=(Fact(0, "INHIBITOR", 1),),
    labels=("INHIBITOR",),
    subjects=(0,),
    objects=(1,),
)


@pytest.fixture
def rows_of(tmp_path):
    def read(*lines, **options):
        path = tmp_path / "train.txt"
        texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        path.write_bytes(b"\n".join(texts) + b"\n")
        return list(iter_rows(path, **options))

    return read


def test_brackets_mark_the_subject_and_angles_the_object(rows_of):
    (row,) = rows_of(LINE, require_labels=True)
    assert row.document == DOCUMENT
    assert row.problems == ()


@pytest.mark.parametrize(
    ("text", "words", "subject", "object_"),
    [
        ("[[ A ]] << B >>", "A B", "A", "B"),
        ("<< A >>[[ B ]]C", "A B C", "B", "A"),
        ("binds [3H] of << A >> and [[ [3H] B ]] < 1 >", None, "[ 3H ] B", "A"),
        ("[[ A << B >> ]]", "A B", "A B", "B"),
        ("pre-[[ A ]]ed <<x>> << B >>", None, "A", "B"),
    ],
)
def test_where_entities_may_stand(text, words, subject, object_, rows_of):
    (row,) = rows_of({"text": text, "label": "r"})
    assert [entity.name for entity in row.document.entities] == [subject, object_]
    assert words is None or " ".join(row.document.tokens) == words


def test_a_line_without_a_label_is_one_to_predict(rows_of):
    unlabelled = {**LINE, "label": None}
    rows = rows_of(LINE, unlabelled)
    assert [row.labelled for row in rows] == [True, False]
    assert (rows[1].document.labels, rows[1].document.facts) == ((), ())
    (_, row) = rows_of(LINE, unlabelled, require_labels=True)
    assert "line 2: expected the relations that are stated" in str(row.error)


BAD = {
    "no object": ({"text": "[[ A ]] B", "label": "r"}, "text: expected `<< object >>` once"),
    "no subject": ({"text": "<< A >> B", "label": "r"}, "text: expected `[[ subject ]]` once"),
    "two subjects": (
        {"text": "[[ A ]] [[ B ]] << C >>", "label": "r"},
        "text: expected `[[ subject ]]` once",
    ),
    "marks that share a space": (
        {"text": "[[ A << ]] B >>", "label": "r"},
        "text: expected a subject and an object next to each other",
    ),
    "a blank subject": ({"text": "[[   ]] << B >>", "label": "r"}, "subject: expected at least"),
    "no text": ({"label": "r"}, "text: expected a string with `[[ subject ]]`"),
    "text is a number": ({"text": 3, "label": "r"}, "text: expected a string with"),
    "an empty label": ({**LINE, "label": ""}, "label: expected the name of a relation"),
    "a label in a list": ({**LINE, "label": ["r"]}, "label: expected the name of a relation"),
    "no object of JSON": ([], "text: expected a string with"),
    "broken": (b'{"text": ', "expected JSON"),
    "not UTF-8": (b'{"text": "\xff"}', "expected text encoded as UTF-8"),
}


@pytest.mark.parametrize("bad, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_line_is_named_and_the_others_are_read(bad, expected, rows_of):
    rows = rows_of(LINE, bad, LINE)
    assert [row.error is None for row in rows] == [True, False, True]
    assert "train.txt, line 2" in str(rows[1].error)
    assert expected in str(rows[1].error)


def test_blank_lines_are_skipped_and_counted(rows_of):
    assert [row.line for row in rows_of(LINE, b"", b" ", LINE)] == [1, 4]


def test_the_users_own_rows_are_not_taken_for_it(rows_of):
    own = {"text": "A [[ B ]] << C >>", "labels": ["r"]}
    (row,) = rows_of(own)
    assert row.document.labels == ("r",)
    assert row.document.entities == ()


def test_a_folder_is_a_corpus_and_converts_to_the_same_documents(tmp_path):
    folder = tmp_path / "chemprot"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"{split}.txt").write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    corpus = load_corpus(str(folder))
    assert list(corpus.splits) == ["train", "valid", "test"]
    convert_corpus(corpus, tmp_path / "converted")
    assert load_corpus(str(tmp_path / "converted")).splits == corpus.splits


PIECES = ["[[ ", " ]]", "<< ", " >>", "[[", ">>", "A", " ", "B-", "U.S.", "é", "\u2028"]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
    | st.builds("{}[[ {} ]]{}<< {} >>{}".format, *[st.text(max_size=4)] * 5),
    st.sampled_from(["r", "", None, 1]),
)
def test_any_text_gives_a_row_or_an_error_of_ours(text, label):
    for row in iter_scibert([json.dumps({"text": text, "label": label}).encode()], "fuzz"):
        assert (row.document is None) == (row.error is not None)
        for document in filter(None, [row.document]):
            assert all(entity.name for entity in document.entities)
            assert document.labels == (() if label is None else (label,))


@pytest.mark.parametrize(
    ("name", "counts", "relations"),
    [("chemprot", [4169, 2427, 3469], 13), ("scierc", [3219, 455, 974], 7)],
)
def test_the_real_files_are_read_whole(name, counts, relations, real_file):
    corpus = load_corpus(str(real_file(name)))
    assert [len(rows) for rows in corpus.splits.values()] == counts
    assert (len(corpus.relations), corpus.problems) == (relations, [])
