import gzip
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets.readers.reuters import reuters_splits
from mrca.errors import MrcaError
from mrca.text import Document

NAMES = [f"reut2-{number:03}.sgm" for number in range(22)]


def document(number, split="TRAIN", topics=("gold",), text=None, has_topics="YES"):
    if text is None:
        text = f"<TEXT>&#2;\n<TITLE>TITLE {number}</TITLE>\n<BODY>Body.\n&#3;</BODY></TEXT>"
    listed = "".join(f"<D>{topic}</D>" for topic in topics)
    return (
        f'<REUTERS TOPICS="{has_topics}" LEWISSPLIT="{split}" CGISPLIT="TRAINING-SET" OLDID="1" '
        f'NEWID="{number}">\n<DATE>1-JAN-1987</DATE>\n<TOPICS>{listed}</TOPICS>\n'
        f"<PLACES><D>usa</D></PLACES>\n{text}\n</REUTERS>\n"
    )


def filler(number):
    return document(1000 + number, split="NOT-USED", topics=["tin"])


DOCUMENTS = {
    NAMES[0]: [
        document(1, topics=["gold", "tin", "gold"]),
        document(2, topics=[]),
        document(3, topics=["only-here"]),
        document(4, has_topics="NO"),
        document(5, has_topics="BYPASS"),
    ],
    NAMES[1]: [document(6, "TEST"), document(7, "TEST", ["tin"]), document(8, topics=["tin"])],
}


def archive_of(path, documents=DOCUMENTS, *, mode="w:gz", folder="", extra=()):
    """An archive of the distribution's files; those that are not given have one unused document."""
    with tarfile.open(path, mode) as archive:
        for number, name in enumerate(NAMES):
            content = documents.get(name, [filler(number)])
            if content is None:
                continue
            data = content if isinstance(content, bytes) else "".join(content).encode("latin-1")
            add(archive, folder + name, b'<!DOCTYPE lewis SYSTEM "lewis.dtd">\n' + data)
        for name, data in extra:
            add(archive, name, data)
    return path


def add(archive, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def one_document(text):
    """Documents in which number 1 has this text."""
    return {NAMES[0]: [document(1, text=text), document(2, "TEST")]}


def test_modapte_with_the_topics_of_both_splits(tmp_path):
    splits = reuters_splits(archive_of(tmp_path / "r.tar.gz"))
    assert {split: [(e.id, e.labels) for e in rows] for split, rows in splits.items()} == {
        "train": [("1", ("gold", "tin")), ("8", ("tin",))],
        "test": [("6", ("gold",)), ("7", ("tin",))],
    }
    assert splits["train"][0] == Document(
        tokens=("TITLE", "1", "Body", "."), labels=("gold", "tin"), id="1"
    )


@pytest.mark.parametrize(
    "text, words",
    [
        ("<TEXT><TITLE>A &lt;B.C> &amp; D&amp;E</TITLE></TEXT>", "A < B.C > & D&E"),
        ("<TEXT><TITLE>A&#127;B&#30;</TITLE><BODY>\x1b\x85 C</BODY></TEXT>", "A B C"),
        ("<TEXT><BODY>AT&T at 5&pound; &amp;lt;</BODY></TEXT>", "AT&T at 5&pound ; &lt ;"),
        ('<TEXT TYPE="BRIEF">***<TITLE>A\nB</TITLE>Blah blah.\n</TEXT>', "A B"),
        ('<TEXT TYPE="UNPROC">&#2;\nA &lt;B>\n&#3;\n</TEXT>', "A < B >"),
        ("<TEXT><AUTHOR> by C </AUTHOR>D</TEXT>", "by C D"),
        ("<TEXT><TITLE>Größe</TITLE></TEXT>", "Größe"),
    ],
)
def test_the_text_is_what_there_is_without_what_steered_the_wire(text, words, tmp_path):
    splits = reuters_splits(archive_of(tmp_path / "r.tar.gz", one_document(text)))
    assert " ".join(splits["train"][0].tokens) == words


def test_utf8_is_read_as_utf8(tmp_path):
    data = "".join(one_document("<TEXT><TITLE>Größe €</TITLE></TEXT>")[NAMES[0]]).encode()
    splits = reuters_splits(archive_of(tmp_path / "r.tar.gz", {NAMES[0]: data}))
    assert splits["train"][0].tokens == ("Größe", "€")


def test_a_folder_inside_and_other_files_do_no_harm(tmp_path):
    extra = [("README.txt", b"x"), ("r/._reut2-000.sgm", b"x"), ("../../outside.sgm", b"x")]
    path = archive_of(tmp_path / "r.tar", mode="w", folder="./reuters/", extra=extra)
    assert len(reuters_splits(path)["train"]) == 2
    assert sorted(tmp_path.iterdir()) == [path]


BAD = {
    "no TEXT": (["", ""], "reut2-000.sgm, document 1: expected <TEXT>…</TEXT>, received none"),
    "no words": (["<TEXT>&#2;</TEXT>"], "document 1: expected a text of at least one word"),
    "not closed": (
        ["<TEXT>A</TEXT>\n<REUTERS "],
        "document 1: expected </REUTERS> before the next",
    ),
}


@pytest.mark.parametrize("text, expected", BAD.values(), ids=BAD.keys())
def test_a_wrong_document_is_named(text, expected, tmp_path):
    with pytest.raises(MrcaError, match=r"r\.tar\.gz, ") as caught:
        reuters_splits(archive_of(tmp_path / "r.tar.gz", one_document(text[0])))
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ('LEWISSPLIT="TRAIN"', 'LEWISSPLIT="ALL"', "document 1, LEWISSPLIT: expected one of TRAIN"),
        (
            'LEWISSPLIT="TRAIN" ',
            "",
            "document 1, LEWISSPLIT: expected one of TRAIN, TEST, NOT-USED",
        ),
        ('TOPICS="YES"', 'TOPICS="yes"', "document 1, TOPICS: expected one of YES, NO, BYPASS"),
        ('NEWID="1"', "", "document 1, NEWID: expected the document's number"),
        ('NEWID="1"', 'NEWID="2"', "document 2: expected each NEWID once, received 2 again"),
        ("<TOPICS>", "<TOPIC>", "document 1: expected <TOPICS>…</TOPICS>"),
        ("gold", "tin", "expected topics with a training and a test document, received none"),
    ],
)
def test_a_wrong_field_is_named(old, new, expected, tmp_path):
    first, second = document(1).replace(old, new), document(2, "TEST")
    with pytest.raises(MrcaError) as caught:
        reuters_splits(archive_of(tmp_path / "r.tar.gz", {NAMES[0]: [first, second]}))
    assert expected in str(caught.value)


def test_a_file_that_ends_within_a_document_or_has_none_is_named(tmp_path):
    cut = document(9)[:-15]
    for content, expected in ([cut], "none"), ([document(8), cut], "the end of the file"):
        with pytest.raises(MrcaError, match=f"reut2-003.sgm: .*received {expected}"):
            reuters_splits(archive_of(tmp_path / "r.tar.gz", {**DOCUMENTS, NAMES[3]: content}))


def test_a_wrong_archive_says_what_is_missing(tmp_path):
    path = archive_of(tmp_path / "r.tar.gz", {**DOCUMENTS, NAMES[3]: None})
    with pytest.raises(MrcaError, match=r"received 21 of them, without reut2-003\.sgm\."):
        reuters_splits(path)
    path = archive_of(tmp_path / "r.tar.gz", dict.fromkeys(NAMES))
    with pytest.raises(MrcaError, match=r"0 of them, without reut2-000\.sgm, .*, …\."):
        reuters_splits(path)


def test_a_file_that_stands_twice_is_refused(tmp_path):
    path = archive_of(tmp_path / "r.tar.gz", extra=[("copy/reut2-000.sgm", b"x")])
    with pytest.raises(MrcaError, match=r"expected each file once, received reut2-000\.sgm twice"):
        reuters_splits(path)


def test_a_file_that_is_far_too_large_is_refused(tmp_path):
    path = archive_of(tmp_path / "r.tar.gz", {**DOCUMENTS, NAMES[2]: b" " * 17_000_000})
    with pytest.raises(MrcaError, match=r"reut2-002\.sgm: expected at most 16,777,216 bytes"):
        reuters_splits(path)


def test_a_link_is_not_followed(tmp_path):
    path = archive_of(tmp_path / "r.tar", {**DOCUMENTS, NAMES[2]: None}, mode="w")
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo(NAMES[2])
        link.type, link.linkname = tarfile.SYMTYPE, NAMES[1]
        archive.addfile(link)
    with pytest.raises(MrcaError, match=r"without reut2-002\.sgm"):
        reuters_splits(path)


def test_what_cannot_be_read_is_an_error_of_ours(tmp_path):
    whole = archive_of(tmp_path / "whole.tar.gz").read_bytes()
    path = tmp_path / "r.tar.gz"
    with pytest.raises(MrcaError, match="is not there"):
        reuters_splits(path)
    with pytest.raises(MrcaError, match="Cannot read"):
        reuters_splits(tmp_path)
    for data in (b"", b"<html>", whole[: len(whole) // 2], whole[:-4], gzip.compress(b"x")):
        path.write_bytes(data)
        with pytest.raises(MrcaError, match=r"Expected reuters21578\.tar\.gz, whole"):
            reuters_splits(path)


@settings(deadline=None, max_examples=100)
@given(st.booleans(), st.data())
def test_any_archive_gives_splits_or_an_error_of_ours(tmp_path_factory, compressed, data):
    folder = tmp_path_factory.mktemp("fuzz")
    path = archive_of(folder / "r.tar", mode="w:gz" if compressed else "w")
    content = bytearray(path.read_bytes())
    limit = len(content) if compressed else 8000  # the first files, which have documents
    for place in data.draw(st.lists(st.integers(0, limit - 1), min_size=1, max_size=5)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(limit, len(content)))])
    try:
        splits = reuters_splits(path)
    except MrcaError as error:
        assert str(path) in str(error)
    else:
        assert all(row.tokens and row.labels for rows in splits.values() for row in rows)


def test_the_real_archive_has_the_published_numbers(real_file):
    splits = reuters_splits(real_file("reuters21578/reuters21578.tar.gz"))
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 7770, "test": 3019}
    for rows in splits.values():
        assert len({label for row in rows for label in row.labels}) == 90
    labels = [len(row.labels) for row in splits["test"]]
    # the numbers of the balanced-loss paper's Table 3
    assert (labels.count(1), len(labels) - labels.count(1)) == (2583, 436)
    every = [row for rows in splits.values() for row in rows]
    assert sum(len(row.labels) for row in every) / len(every) == pytest.approx(1.2354, abs=1e-4)
    assert len({row.id for row in every}) == len(every)
    assert not any(row.entities or row.facts for row in every)
    assert not any(char < " " for row in every for token in row.tokens for char in token)
