import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_rows, load_corpus
from mrca.datasets.readers.brat import read_brat
from mrca.datasets.validate import validate
from mrca.datasets.write import convert_corpus
from mrca.errors import MrcaError
from mrca.text import Fact

TEXT = "Ada Moss lives in Oslo.\nShe met Bo and Cy Lund.\n"
ANN = """T1\tPerson 0 8\tAda Moss
T2\tCity 18 22\tOslo
T3\tPerson 24 27\tShe
T4\tPerson 32 34;42 46\tBo Lund
T5\tMeet 28 31\tmet
A1\tCertain T3
N1\tReference T2 Atlas:12\tOslo
#1\tAnnotatorNotes T1\ta note
R1\tLives_In Arg2:T2 Arg1:T3\t
R2\tMet From:T4 To:T1
E1\tMeet:T5 Who:T1 Whom:T4
*\tEquiv T1 T3
"""


@pytest.fixture
def folder_of(tmp_path):
    """Write documents into a folder; each is a text and its annotations."""

    def write(place="notes", *documents):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        for number, (text, ann) in enumerate(documents):
            (folder / f"d{number}.txt").write_text(text, encoding="utf-8", newline="")
            (folder / f"d{number}.ann").write_text(ann, encoding="utf-8", newline="")
        return folder

    return write


def test_entities_relations_and_equivalences(folder_of):
    (row,) = iter_rows(folder_of("notes", (TEXT, ANN)))
    document = row.document
    assert document.id == "d0"
    assert [(e.id, e.type, e.name) for e in document.entities] == [
        ("T1", "Person", "Ada Moss"),
        ("T2", "City", "Oslo"),
        ("T4", "Person", "Bo"),
    ]
    mentions = [[document.words(span) for span in each.mentions] for each in document.entities]
    assert mentions == [["Ada Moss", "She"], ["Oslo"], ["Bo", "Lund"]]
    # From Arg1 to Arg2, or as they stand; of an equivalence, the first of its members.
    assert document.facts == (Fact(0, "Lives_In", 1), Fact(2, "Met", 0))
    assert document.roles == "unknown"


def test_events_are_left_out_with_their_triggers_and_counted(folder_of):
    folder = folder_of("notes", (TEXT, ANN), (TEXT, ANN + "R3\tCauses Arg1:E1 Arg2:T1\n"))
    first, last = iter_rows(folder)
    assert first.problems == ()
    assert [problem.received for problem in last.problems] == [
        "2 events, left out (the first: item 1)",
        "1 event's relation, left out (the first: item 2)",
    ]


def test_an_equivalence_may_be_said_in_parts(folder_of):
    ann = "T1\tA 0 3\tAda\nT2\tA 4 8\tMoss\nT3\tA 24 27\tShe\nT4\tA 18 22\tOslo\n"
    ann += "*\tEquiv T3 T2\n*\tEquiv T1 T2\nR1\tr Arg1:T3 Arg2:T4\n"
    (row,) = iter_rows(folder_of("notes", (TEXT, ann)))
    assert [each.id for each in row.document.entities] == ["T1", "T4"]
    assert len(row.document.entities[0].mentions) == 3
    assert row.document.facts == (Fact(0, "r", 1),)


def test_line_ends_and_a_byte_order_mark_count_as_brat_counts_them(folder_of):
    text = "\ufeffOslo\r\nBo\r\n"
    (row,) = iter_rows(folder_of("notes", (text, "T1\tCity 1 5\tOslo\r\nT2\tPerson 7 9\tBo\r\n")))
    assert [entity.name for entity in row.document.entities] == ["Oslo", "Bo"]


def test_splits_are_folders(folder_of, tmp_path):
    for split in ("train", "dev", "test"):
        folder_of(f"corpus/{split}", (TEXT, ANN), (TEXT, ""))
    corpus = load_corpus(str(tmp_path / "corpus"))
    assert {split: len(rows) for split, rows in corpus.splits.items()} == dict.fromkeys(
        ("train", "valid", "test"), 2
    )
    convert_corpus(corpus, tmp_path / "converted")
    assert load_corpus(str(tmp_path / "converted")).splits == corpus.splits
    assert validate(str(tmp_path / "corpus")).errors == []
    before = corpus.fingerprint
    (tmp_path / "corpus" / "dev" / "d0.ann").write_text("", encoding="utf-8")
    assert load_corpus(str(tmp_path / "corpus")).fingerprint != before


def test_one_folder_is_a_training_split_of_which_a_part_is_held_out(folder_of):
    corpus = load_corpus(str(folder_of("notes", *[(TEXT, ANN)] * 10)))
    assert {split: len(rows) for split, rows in corpus.splits.items()} == {"train": 9, "valid": 1}
    assert any("held out for validation" in note.received for note in corpus.notes)


def test_a_text_without_annotations_is_told(folder_of):
    folder = folder_of("notes", (TEXT, ANN))
    (folder / "readme.txt").write_text("what this is", encoding="utf-8")
    (row,) = iter_rows(folder)
    assert "1 unannotated text" in row.problems[-1].received


def test_annotations_without_a_text_are_an_error(folder_of):
    folder = folder_of("notes", (TEXT, ANN), (TEXT, ANN))
    (folder / "d1.txt").unlink()
    good, bad = iter_rows(folder)
    assert good.error is None
    assert "d1.ann: expected d1.txt beside it, received none" in str(bad.error)
    with pytest.raises(MrcaError, match=r"d1\.txt beside it"):
        load_corpus(str(folder))


BAD = {
    "spaces for a tab": ("T1 Person 0 8 Ada Moss", "line 1: expected `T1⇥Person 0 8⇥Ada Moss`"),
    "other words": ("T1\tPerson 0 3\tBo", 'line 1, T1: expected "Bo" at [0, 3], received "Ada"'),
    "behind the text": ("\nT1\tPerson 0 999\tAda", "line 2, T1: expected a start below its end"),
    "an id twice": ("T1\tA 0 3\tAda\nT1\tA 0 3\tAda", "line 2, T1: expected an id that no"),
    "three arguments": ("R1\tr Arg1:T1 Arg2:T2 Arg3:T3", "line 1: expected `R1⇥Lives_In"),
    "an argument that is not there": (
        "T1\tA 0 3\tAda\nR1\tr Arg1:T1 Arg2:T9",
        'line 2, R1: expected the ids of two entities of the same text, received "T9"',
    ),
    "an equivalence of what is not there": (
        "T1\tA 0 3\tAda\n*\tEquiv T1 T9",
        'line 2, Equiv: expected ids of entities of the same text, received "T9"',
    ),
    "something else": ("X1\tr", "line 1: expected a line such as"),
}


@pytest.mark.parametrize("ann, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_document_is_named_and_the_others_are_read(ann, expected, folder_of):
    rows = list(iter_rows(folder_of("notes", (TEXT, ANN), (TEXT, ann), (TEXT, ANN))))
    assert [row.error is None for row in rows] == [True, False, True]
    assert "d1.ann, " in str(rows[1].error)
    assert expected in str(rows[1].error)


def test_one_file_of_the_folder_says_what_to_give(folder_of):
    (row,) = iter_rows(folder_of("notes", (TEXT, ANN)) / "d0.ann")
    assert "expected the folder with brat's .ann and .txt files" in str(row.error)


PIECES = [
    *("T1\tA 0 3\tAda\n", "T2\tA 4 8", "R1\tr Arg1:T1 Arg2:T2\n", "*\tEquiv T1 T2\n", "E1\tA:T1\n"),
    *("\t", "\n", " ", "T3", ";", "9", "#", "*", "R", "E", "\r", "é"),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=20))
def test_any_annotations_give_a_document_or_an_error_of_ours(ann, more):
    row = read_brat(TEXT + more, ann.encode(), "d0.ann", 1).row
    assert (row.document is None) == (row.error is not None)
