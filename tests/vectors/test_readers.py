import gzip
import logging
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.errors import MrcaError
from mrca.vectors.formats import VectorFormat, detect_format
from mrca.vectors.readers import read_vector_file

TEXT = b"the 0.5 -1 2e-1\nCat 1 2 3\n,  \n".replace(b",  ", b", 4 5 6")
MATRIX = np.array([[0.5, -1, 0.2], [1, 2, 3], [4, 5, 6]], dtype=np.float32)
WORDS = ["the", "Cat", ","]


def binary(words, matrix, end=b"", header=None):
    rows = [word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + end
            for word, row in zip(words, matrix, strict=True)]  # fmt: skip
    return (header or b"%d %d\n" % (len(words), len(matrix[0]))) + b"".join(rows)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("content", "format"),
    [
        (TEXT, VectorFormat.GLOVE),
        (TEXT.replace(b"\n", b"\r\n"), VectorFormat.GLOVE),
        (TEXT.rstrip(b"\n"), VectorFormat.GLOVE),
        (TEXT.replace(b"\n", b" \n"), VectorFormat.GLOVE),
        (b"3 3\n" + TEXT, VectorFormat.WORD2VEC_TEXT),
        (binary(WORDS, MATRIX), VectorFormat.WORD2VEC_BINARY),
        (binary(WORDS, MATRIX, end=b"\n"), VectorFormat.WORD2VEC_BINARY),
    ],
)
def test_each_format_gives_the_same_table(tmp_path, content, format, compressed):
    path = tmp_path / ("vectors.gz" if compressed else "vectors")
    path.write_bytes(gzip.compress(content) if compressed else content)
    for asked in (None, format):
        table = read_vector_file(path, asked)
        assert table.words == WORDS
        np.testing.assert_array_equal(table.matrix, MATRIX)
        assert table.duplicates == 0


@pytest.mark.parametrize(
    "content",
    [
        b"a 1 2\nb 3 4\na 5 6\na 7 8\nc 9 9\n",
        b"5 2\na 1 2\nb 3 4\na 5 6\na 7 8\nc 9 9\n",
        binary("abaac", [[1, 2], [3, 4], [5, 6], [7, 8], [9, 9]]),
    ],
)
def test_the_first_of_repeated_words_counts(tmp_path, content, caplog):
    (tmp_path / "vectors").write_bytes(content)
    with caplog.at_level(logging.INFO):
        table = read_vector_file(tmp_path / "vectors")
    assert table.words == ["a", "b", "c"]
    np.testing.assert_array_equal(table.matrix, [[1, 2], [3, 4], [9, 9]])
    assert table.duplicates == 2
    assert caplog.records == []  # gensim would say it once per word


def test_dimension_one_and_constant_rows(tmp_path):
    path = tmp_path / "vectors"
    path.write_bytes(b"a 1\nb 0\n")
    assert read_vector_file(path).matrix.tolist() == [[1], [0]]
    path.write_bytes(b"a 0 0 0\nb 1 1 1\n")
    assert read_vector_file(path).matrix.tolist() == [[0, 0, 0], [1, 1, 1]]


GLOVE, TEXT_FORMAT, BINARY = VectorFormat


@pytest.mark.parametrize(
    ("format", "content", "message"),
    [
        # the number of values
        (GLOVE, b"a 1 2\nb 1\n", r"line 2: expected a word and 2 values .* received 1"),
        (GLOVE, b"a 1 2\nb 1 2 3\n", r"line 2: .* received 3"),
        (GLOVE, b"a 1 2\nb\nc 1 2\n", r"line 2: .* received 0"),
        (GLOVE, b"a\n", r"line 1: expected a word and its values"),
        (GLOVE, b"a 1 2\nb  1 2\n", r"line 2: .* received 3"),
        (GLOVE, b"a\t1\t2\n", r"line 1: .*single spaces"),
        (GLOVE, b"a 1 2\nnew york 1 2\n", r"line 2: .*word seems to hold a space"),
        (GLOVE, b"a 1 2\n0.5 1\nc 1 2\n", r"line 2: .*its word may be missing"),
        (GLOVE, b"0.1 0.2\n0.3 0.4\n", r"every line starts with a number"),
        (GLOVE, b"a 1 2\nb 1", r"line 2: .*cut short"),
        (GLOVE, b"2 3\na 1 2 3\nb 1 2 3\n", r"line 2: .*--format word2vec-text"),
        # words
        (GLOVE, b"a 1 2\n\nb 1 2\n", r"line 2: empty"),
        (GLOVE, b"a 1 2\n 1 2\n", r"line 2: the word is empty"),
        (GLOVE, b"a 1 2\nb 1 2\n\xe9t\xe9 1 2\n", r"line 3: not UTF-8"),
        # values
        (GLOVE, b"a 1 2\nb 1 x\n", r"line 2, value 2: expected a number, received 'x'"),
        (GLOVE, b"a 1 2\nb nan 2\n", r"line 2, value 1: expected a finite float32, received 'nan'"),
        (GLOVE, b"a 1 2\na 3 4\nb 1 -inf\n", r"line 3, value 2"),
        (GLOVE, b"a 1 2\nb 1e39 2\n", r"line 2, value 1: .*'1e39'"),
        (GLOVE, b"a 1 " + b"9" * (1 << 20) + b"\n", r"line 1: longer than"),
        # headers
        (TEXT_FORMAT, b"a 1 2\n", r"line 1: expected a word2vec header"),
        (TEXT_FORMAT, b"2\na 1 2\n", r"line 1: expected a word2vec header"),
        (TEXT_FORMAT, b"-2 2\na 1 2\n", r"line 1: expected a word2vec header"),
        (TEXT_FORMAT, b"0 2\n", r"line 1: expected at least one word"),
        (TEXT_FORMAT, b"1 0\na\n", r"line 1: expected at least one word"),
        (TEXT_FORMAT, b"1 3\na 1 2\n", r"line 2: expected a word and 3 values .* received 2"),
        (TEXT_FORMAT, b"3 2\na 1 2\nb 1 2\n", r"ends after line 3: .* promises 3 .* received 2"),
        (TEXT_FORMAT, b"1 2\na 1 2\nb 1 2\n", r"line 3: the header promises 1 words"),
        (TEXT_FORMAT, b"999999999999999 2\na 1 2\n", r"ends after line 2"),
        (TEXT_FORMAT, b"2 2\na 1 2\nb 1 x\n", r"line 3, value 2"),
        # binary
        (BINARY, b"a 1 2\n", r"line 1: expected a word2vec header"),
        (BINARY, binary("ab", [[1, 2], [3, 4]])[:-1], r"ends in record 2: .* cut short"),
        (BINARY, binary("ab", [[1, 2], [3, 4]], header=b"3 2\n"), r"ends in record 3"),
        (BINARY, binary("ab", [[1, 2], [3, 4]], header=b"1 2\n"), r"goes on after record 1"),
        (BINARY, binary("ab", [[1, 2], [3, 4]], header=b"2 3\n"), r"record"),
        (BINARY, binary(["a", ""], [[1, 2], [3, 4]]), r"record 2: the word is empty"),
        (BINARY, binary("ab", [[1, 2], [3, np.nan]]), r"record 2 \('b'\), value 2"),
        (BINARY, binary("a", [[np.inf, 2]]), r"record 1 \('a'\), value 1"),
        (BINARY, b"1 1\n\xff\xfe \0\0\0\0", r"record 1: the word is not UTF-8"),
        (BINARY, b"1 1\n" + b"x" * 1_200_000, r"record 1: its word does not end"),
        (BINARY, b"999999999999 2\na \0\0\0\0\0\0\0\0", r"ends in record 2"),
        (BINARY, b"1 999999999999\na \0\0\0\0", r"dimension from 1 to 1,000,000"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, format, content, message):
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(MrcaError, match=message) as raised:
        read_vector_file(path, format)
    assert str(path) in str(raised.value)


def test_a_truncated_gzip_file_is_an_error(tmp_path):
    rng = np.random.default_rng(0)
    lines = "".join(f"w{n} {' '.join(map(str, rng.normal(size=20)))}\n" for n in range(500))
    content = gzip.compress(lines.encode())
    (tmp_path / "vectors.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(MrcaError, match="truncated or damaged"):
        read_vector_file(tmp_path / "vectors.gz")


def test_another_dimension_than_asked_for(tmp_path):
    (tmp_path / "vectors").write_bytes(TEXT)
    with pytest.raises(MrcaError, match="expected vectors of dimension 300, received 3"):
        read_vector_file(tmp_path / "vectors", dim=300)


def test_progress_is_reported(tmp_path):
    (tmp_path / "vectors").write_bytes(b"".join(b"w%d 1 2\n" % n for n in range(5000)))
    stages = []
    read_vector_file(
        tmp_path / "vectors", progress=lambda stage, done, total: stages.append((stage, total))
    )
    assert ("reading", 5000) in stages
    assert ("checking", (tmp_path / "vectors").stat().st_size) in stages


PIECES = st.sampled_from(
    [b"a", b"b", b" ", b"\n", b"1", b"0.5", b"nan", b"\xff", b"\r", b"2 1\n", b"1 2\n", b"\0", b"-",
     b"\t", b"e", "é".encode(), b"a 1\n", b"\0\0\0\0", b"_"]
)  # fmt: skip


@given(
    st.one_of(st.binary(max_size=60), st.lists(PIECES, max_size=15).map(b"".join)),
    st.sampled_from([None, *VectorFormat]),
    st.booleans(),
)
@settings(max_examples=250, deadline=None)
def test_any_bytes_give_a_table_or_a_readable_error(tmp_path_factory, content, format, compressed):
    folder = tmp_path_factory.getbasetemp()
    path = folder / ("fuzz.gz" if compressed else "fuzz")
    path.write_bytes(gzip.compress(content) if compressed else content)
    try:
        table = read_vector_file(path, format)
    except MrcaError:
        return
    assert len(table.words) == len(set(table.words)) == len(table.matrix) > 0
    assert all(table.words)
    assert np.isfinite(table.matrix).all()
    if format is None:
        assert detect_format(path) in VectorFormat
