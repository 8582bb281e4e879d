import bz2
import gzip
import lzma
import struct

import pytest

from mrca.errors import MrcaError
from mrca.vectors.formats import VectorFormat, detect_format


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"cat 0.1 0.2\n", VectorFormat.GLOVE),
        (b"2004 0.1\n", VectorFormat.GLOVE),
        (b"1 2 3\n", VectorFormat.GLOVE),
        (b"1 2\ncat 0.5 1e-3\n", VectorFormat.WORD2VEC_TEXT),
        (b"1 2\r\ncat 0.5 1e-3\r\n", VectorFormat.WORD2VEC_TEXT),
        (b"1 2\n\xe9t\xe9 0.5 1\n", VectorFormat.WORD2VEC_TEXT),
        (b"1 2\n\x01 0.5 1\n", VectorFormat.WORD2VEC_TEXT),
        (b"1 2\ncat " + struct.pack("<2f", 0.1, 0.2), VectorFormat.WORD2VEC_BINARY),
        (b"1 1\ncat " + struct.pack("<f", 0), VectorFormat.WORD2VEC_BINARY),
    ],
)
def test_formats_are_told_from_the_start(tmp_path, content, expected):
    (tmp_path / "file").write_bytes(content)
    (tmp_path / "file.gz").write_bytes(gzip.compress(content))
    assert detect_format(tmp_path / "file") is expected
    assert detect_format(tmp_path / "file.gz") is expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", b"", "is empty"),
        ("plain.gz", b"cat 0.1\n", "is not gzip-compressed"),
        ("packed.txt", gzip.compress(b"cat 0.1\n", mtime=0), "is gzip-compressed"),
        (
            "v.txt.xz",
            lzma.compress(b"cat 0.1\n"),
            r"packed with xz.*`xz --decompress --keep .*v.txt.xz`",
        ),
        ("v.txt.bz2", bz2.compress(b"cat 0.1\n"), "packed with bzip2"),
        ("v.txt", b"\x28\xb5\x2f\xfd\x00\x01", "packed with zstd"),
        ("cut.txt.gz", gzip.compress(b"cat 0.1\n" * 99, mtime=0)[:20], "truncated or damaged"),
        ("a.txt", b"PK\x03\x04 0.1", "zip archive"),
        ("a.kv", b"\x80\x04\x95", "pickle"),
        ("a.bin", b"\x00\x01\x02", "line 1"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MrcaError, match=message):
        detect_format(tmp_path / name)


def test_missing_files_and_folders_are_refused(tmp_path):
    for path in (tmp_path / "missing.txt", tmp_path):
        with pytest.raises(MrcaError, match="Cannot read"):
            detect_format(path)
