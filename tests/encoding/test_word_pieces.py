import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.encoding import WordPieces
from mrca.errors import MrcaError

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
UNUSED = [f"[unused{i}]" for i in range(1, 7)]
VOCABULARY = [*SPECIAL, *UNUSED, "play", "##ing", "##ed", "naive", "Ada", "ada", "-", "[", "]"]
VOCABULARY += ["sep", "東", "京", "##\u2028", "\u2028"]


def spelled(word, lower_case=True, vocabulary=VOCABULARY):
    word_pieces = WordPieces(vocabulary, lower_case)
    return [vocabulary[id] for id in word_pieces.pieces(word)]


@pytest.fixture
def vocab_file(tmp_path):
    def write(content):
        path = tmp_path / "vocab.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("playing", ["play", "##ing"]),
        ("Play-ed", ["play", "-", "[UNK]"]),
        ("PLAYED", ["play", "##ed"]),
        ("Naïve", ["naive"]),
        ("東京", ["東", "京"]),
        ("xyz", ["[UNK]"]),
        ("[SEP]", ["[", "sep", "]"]),  # never the special piece
        ("", ["[UNK]"]),
        ("\u200b", ["[UNK]"]),
        (" ", ["[UNK]"]),
        ("play" * 100, ["[UNK]"]),
    ],
)
def test_words_are_split_as_bert_splits_them(word, expected):
    assert spelled(word) == expected


def test_cased_words_keep_case_and_accents():
    assert spelled("Ada", lower_case=False) == ["Ada"]
    assert spelled("ada", lower_case=False) == ["ada"]
    assert spelled("Naïve", lower_case=False) == ["[UNK]"]


def test_ids_are_lines(vocab_file):
    word_pieces = WordPieces(vocab_file("\n".join(VOCABULARY) + "\n"), lower_case=True)
    assert word_pieces.vocabulary == tuple(VOCABULARY)
    assert len(word_pieces) == len(VOCABULARY)
    special = (word_pieces.pad, word_pieces.unk, word_pieces.cls, word_pieces.sep)
    assert special == (0, 1, 2, 3)
    assert word_pieces.pieces("playing") == (10, 11)


@pytest.mark.parametrize("change", ["\r\n", "\ufeff"])
def test_files_of_other_systems(vocab_file, change):
    text = "\n".join(VOCABULARY)
    text = text.replace("\n", change) if change == "\r\n" else change + text
    assert WordPieces(vocab_file(text), True).vocabulary == tuple(VOCABULARY)


def test_what_is_saved_is_read(tmp_path):
    word_pieces = WordPieces(VOCABULARY, lower_case=True)
    word_pieces.save(tmp_path / "new" / "vocab.txt")
    assert WordPieces(tmp_path / "new" / "vocab.txt", True).vocabulary == word_pieces.vocabulary


def test_markers_are_the_first_unused_pieces():
    markers = WordPieces(VOCABULARY, True).markers
    assert markers == (4, 5, 6, 7)
    assert markers.object_start == 6


def test_without_unused_pieces_there_are_no_markers(vocab_file):
    path = vocab_file("\n".join([*SPECIAL, *UNUSED[:3], "[unusedx]", "unused4"]))
    with pytest.raises(MrcaError, match=r"four unused pieces.*vocab\.txt has 3"):
        _ = WordPieces(path, True).markers
    with pytest.raises(MrcaError, match=r"has none.*leave the markers out"):
        _ = WordPieces(SPECIAL, True).markers


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty|lacks"),
        (b"the 0.1 0.2\nof 0.3 0.4\n", r"lacks \[PAD\], .*received 2 lines.*'the 0.1 0.2'"),
        ("\n".join(SPECIAL[:-1]), r"lacks \[SEP\]\."),
        ("\n".join([*SPECIAL, "a", "b", "a"]), r"vocab\.txt: the piece 'a' occurs on lines 5, 7"),
        (b"[PAD]\n[UNK]\nna\xefve\n", r"line 3 is not UTF-8"),
    ],
)
def test_other_files_are_refused(vocab_file, content, message):
    with pytest.raises(MrcaError, match=message):
        WordPieces(vocab_file(content), True)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MrcaError, match=r"No vocabulary at .*nowhere\.txt"):
        WordPieces(tmp_path / "nowhere.txt", True)
    with pytest.raises(MrcaError, match="Cannot read the vocabulary"):
        WordPieces(tmp_path, True)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_vocabulary_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "vocab.txt"
    path.write_bytes(content + "\n".join(SPECIAL).encode())
    try:
        word_pieces = WordPieces(path, True)
    except MrcaError:
        return
    assert set(SPECIAL) <= set(word_pieces.vocabulary)


@given(st.text(max_size=12), st.booleans())
def test_any_word_has_pieces(word, lower_case):
    word_pieces = WordPieces(VOCABULARY, lower_case)
    pieces = word_pieces.pieces(word)
    assert pieces == word_pieces.pieces(word)  # from the cache
    assert len(pieces) >= 1
    assert not set(pieces) & {0, 2, 3, *range(4, 10)}, "special pieces never come from words"
    assert max(pieces) < len(VOCABULARY)
