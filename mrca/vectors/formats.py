"""The file formats of word vectors, told apart by how a file starts."""

import codecs
import gzip
import shlex
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from mrca.errors import MrcaError

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much of it is done, and how much there is in all."""

MAX_LINE = 1 << 20  # bytes; far more than a text line of 10,000 values
_SAMPLE = 4096
_GZIP_MAGIC = b"\x1f\x8b"
# How files begin that are packed in other ways, and what unpacks them.
_PACKED = {
    b"\xfd7zXZ\x00": ("xz", "xz --decompress --keep"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd --decompress"),
    b"BZh": ("bzip2", "bzip2 --decompress --keep"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 --decompress"),
    b"7z\xbc\xaf\x27\x1c": ("7z", "7z x"),
}


class VectorFormat(StrEnum):
    """How a file holds its vectors."""

    GLOVE = "glove"
    """Text, `word v1 v2 …` per line, no header."""
    WORD2VEC_TEXT = "word2vec-text"
    """The same after a first line `rows dim`."""
    WORD2VEC_BINARY = "word2vec-binary"
    """A first line `rows dim`, then `word`, a space and `dim` little-endian float32 per record."""


class VectorStream:
    """The bytes of an open file, decompressed, and how far it has been read."""

    def __init__(self, raw: BinaryIO, stream: BinaryIO, size: int) -> None:
        self._raw = raw
        self._stream = stream
        self.size = size
        self.read = stream.read
        self.readline = stream.readline

    @property
    def position(self) -> int:
        """Bytes read of the file as it is on the disk, out of `size`."""
        return self._raw.tell()


@contextmanager
def open_vector_file(path: Path) -> Iterator[VectorStream]:
    """Open a file of vectors, plain or `.gz`, for reading bytes.

    Raises:
        MrcaError: if it cannot be read, is empty, is compressed under another name than `.gz` or in
            another way, or (later, from what reads it inside the `with`) if the compressed data are
            damaged.
    """
    try:
        with path.open("rb") as raw:
            size = path.stat().st_size
            start = raw.read(6)
            raw.seek(0)
            if not start:
                raise MrcaError(f"{path} is empty. Expected a file of word vectors.")
            for magic, (form, command) in _PACKED.items():
                if start.startswith(magic):
                    raise MrcaError(
                        f"{path} is packed with {form}, which is not read. Expected a plain file, "
                        f".gz or .zip. Unpack it first: `{command} {shlex.quote(str(path))}`."
                    )
            compressed = path.suffix == ".gz"
            if compressed != start.startswith(_GZIP_MAGIC):
                raise MrcaError(
                    f"{path} {'is not' if compressed else 'is'} gzip-compressed, which its name "
                    f"{'promises' if compressed else 'does not say'}. Expected a name that ends "
                    "with .gz for compressed files only: rename it, or download it again."
                )
            if compressed:
                with gzip.GzipFile(fileobj=raw) as stream:
                    yield VectorStream(raw, cast(BinaryIO, stream), size)
            else:
                yield VectorStream(raw, raw, size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise MrcaError(
            f"{path} is truncated or damaged: {error} Download or copy it again."
        ) from error
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error


def detect_format(path: Path) -> VectorFormat:
    """Tell the format from the first bytes.

    A first line of exactly two integers is a word2vec header; what follows it is binary unless it
    reads as text. Anything else is GloVe. (A GloVe file of dimension 1 whose first word is a
    number looks like word2vec: say its format.)

    Args:
        path: plain or `.gz`.

    Raises:
        MrcaError: if the file cannot be read, is empty, or starts with neither text nor a header.
    """
    with open_vector_file(path) as stream:
        first = stream.readline(MAX_LINE)
        sample = stream.read(_SAMPLE)
    if first.startswith((b"PK\x03\x04", b"\x80\x04", b"\x80\x03", b"\x80\x02")):
        raise MrcaError(
            f"{path} is a zip archive or a pickle. Expected GloVe text, word2vec text or word2vec "
            "binary. Unzip an archive; save gensim vectors with `save_word2vec_format`."
        )
    header = parse_header(first)
    if header is None:
        if _has_control_character(first):
            raise MrcaError(
                f"{path}, line 1: expected text (`word v1 v2 …`) or a word2vec header (two "
                f"integers), received bytes that are neither: {first[:20]!r}."
            )
        return VectorFormat.GLOVE
    fields = sample.split(b"\n", 1)[0].rstrip().split(b" ")
    if _is_text(sample) or (len(fields) == header[1] + 1 and all(map(is_number, fields[1:]))):
        return VectorFormat.WORD2VEC_TEXT
    return VectorFormat.WORD2VEC_BINARY


def parse_header(line: bytes) -> tuple[int, int] | None:
    """`(rows, dim)` if the line is a word2vec header, exactly two integers, else `None`."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 19 for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def is_number(field: bytes) -> bool:
    """Whether Python reads the bytes as a number (infinities and NaN are some)."""
    try:
        float(field)
    except ValueError:
        return False
    return True


def _has_control_character(sample: bytes) -> bool:
    return any(byte < 32 and byte not in b"\t\r\n" for byte in sample)


def _is_text(sample: bytes) -> bool:
    """Whether the bytes are UTF-8, which may be cut in its last character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return not _has_control_character(sample)
