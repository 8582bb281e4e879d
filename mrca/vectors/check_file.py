"""The exact place of what is wrong in a file of vectors, which gensim would not tell or not see."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mrca.errors import MrcaError
from mrca.vectors.formats import (
    MAX_LINE,
    Progress,
    VectorFormat,
    VectorStream,
    is_number,
    open_vector_file,
    parse_header,
)

_MAX_DIM = 1_000_000
_MAX_FLOAT32 = float(np.finfo(np.float32).max)
_MAX_WORD = 100_000  # bytes
_CHUNK = 1 << 20
_REPORT_EVERY = 2000  # lines or records between two calls of `progress`


class FileShape(NamedTuple):
    """What a file of vectors holds, repeated words included."""

    rows: int
    dim: int


def check_vector_file(
    path: Path, format: VectorFormat, *, values: bool = False, progress: Progress | None = None
) -> FileShape:
    """Read a file from end to end, holding one line at a time, and count what is in it.

    It checks that every line or record is complete: a word in UTF-8, as many values as the others
    and as the header says, and as many lines as the header says. Text values are parsed only on
    request, since that is most of the work and gensim does it anyway; binary values are always
    checked.

    Args:
        path: plain or `.gz`.
        format: what the file is.
        values: whether each value of a text file is parsed too and must be a finite float32.
        progress: called with the bytes read.

    Raises:
        MrcaError: at the first thing that is wrong, with its line or record, what was expected and
            what was received.
    """
    with open_vector_file(path) as stream:
        if format is VectorFormat.WORD2VEC_BINARY:
            return _check_binary(path, stream, progress)
        return _check_text(path, stream, format, values, progress)


def _check_text(
    path: Path, stream: VectorStream, format: VectorFormat, values: bool, progress: Progress | None
) -> FileShape:
    header = None
    if format is VectorFormat.WORD2VEC_TEXT:
        header = _read_header(path, stream)
    dim = header.dim if header else 0
    first = 2 if header else 1
    rows = 0
    any_word = False  # some first field that is not a number
    for number, line in enumerate(_lines(path, stream, first), start=first):
        where = f"{path}, line {number}"
        if header and rows == header.rows:
            raise MrcaError(
                f"{where}: the header promises {header.rows:,} words, and here is one more. "
                "Correct the number on line 1 or remove the lines that follow."
            )
        fields = line.rstrip()
        word = fields.split(b" ", 1)[0]
        count = fields.count(b" ")
        _check_text_line(where, fields, word)
        if not dim:
            dim = count
            looks_like_header = parse_header(fields) is not None
        if count != dim or not dim:
            raise MrcaError(
                f"{where}: expected a word and {dim or 'its'} values separated by single spaces, "
                f"received {count} after {_show(word)}."
                + _dimension_hint(fields, count, dim, line, header is None and looks_like_header)
            )
        any_word = any_word or not is_number(word)
        if values:
            _check_values(where, fields)
        rows += 1
        if progress is not None and rows % _REPORT_EVERY == 0:
            progress("checking", stream.position, stream.size)
    if not rows and not header:
        raise MrcaError(f"{path} is empty once unpacked. Expected a file of word vectors.")
    if header and rows < header.rows:
        raise MrcaError(
            f"{path} ends after line {rows + 1}: the header promises {header.rows:,} words, "
            f"received {rows:,}. The file is cut short, or its header is wrong."
        )
    if rows > 1 and not any_word:
        raise MrcaError(
            f"{path}: every line starts with a number. Expected `word v1 v2 …`: the words are "
            "missing."
        )
    return FileShape(rows, dim)


def _lines(path: Path, stream: VectorStream, first: int) -> Iterator[bytes]:
    number = first
    while line := stream.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            raise MrcaError(
                f"{path}, line {number}: longer than {MAX_LINE:,} bytes. Expected text with one "
                "word per line; a binary file needs `--format word2vec-binary`."
            )
        yield line
        number += 1


def _check_text_line(where: str, fields: bytes, word: bytes) -> None:
    if not fields:
        raise MrcaError(f"{where}: empty. Expected `word v1 v2 …`. Remove empty lines.")
    if not word:
        raise MrcaError(f"{where}: the word is empty: the line starts with a space.")
    try:
        fields.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MrcaError(
            f"{where}: not UTF-8 at byte {error.start + 1} of the line, in "
            f"{fields[max(0, error.start - 10) : error.start + 10]!r}. Convert the file to UTF-8."
        ) from error


def _dimension_hint(fields: bytes, count: int, dim: int, line: bytes, header: bool) -> str:
    if header:
        return " Line 1 looks like a word2vec header: try `--format word2vec-text`."
    if not line.endswith(b"\n"):
        return " The line is the last one and does not end: the file is cut short."
    if count == dim - 1 and is_number(fields.split(b" ", 1)[0]):
        return " The line starts with a number: its word may be missing."
    if count > dim and not is_number(fields.split(b" ")[1]):
        return " The word seems to hold a space, which the format does not allow."
    return ""


def _check_values(where: str, fields: bytes) -> None:
    for position, field in enumerate(fields.split(b" ")[1:], start=1):
        try:
            value = float(field)
        except ValueError as error:
            raise MrcaError(
                f"{where}, value {position}: expected a number, received {_show(field)}."
            ) from error
        if not math.isfinite(value) or abs(value) > _MAX_FLOAT32:
            raise MrcaError(
                f"{where}, value {position}: expected a finite float32, received {_show(field)}."
            )


def _check_binary(path: Path, stream: VectorStream, progress: Progress | None) -> FileShape:
    header = _read_header(path, stream)
    hint = "The header's dimension is wrong, or the file is damaged or in another format."
    width = 4 * header.dim
    pending, start, rows = b"", 0, 0
    while rows < header.rows:
        where = f"{path}, record {rows + 1}"
        space = pending.find(b" ", start)
        if space < 0 or len(pending) - space - 1 < width:
            if space < 0 and len(pending) - start > _MAX_WORD:
                raise MrcaError(f"{where}: its word does not end. {hint}")
            chunk = stream.read(_CHUNK)
            if not chunk:
                raise MrcaError(
                    f"{path} ends in record {rows + 1}: the header promises {header.rows:,} words "
                    f"of {header.dim} values, received {rows:,}. The file is cut short, or its "
                    "header is wrong."
                )
            pending, start = pending[start:] + chunk, 0
            continue
        word = pending[start:space].lstrip(b"\n")  # word2vec itself ends each record with one
        values = np.frombuffer(pending, "<f4", header.dim, space + 1)
        start = space + 1 + width
        if not word:
            raise MrcaError(f"{where}: the word is empty. {hint}")
        try:
            word.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MrcaError(f"{where}: the word is not UTF-8: {_show(word)}. {hint}") from error
        if not np.isfinite(values).all():
            position = int(np.flatnonzero(~np.isfinite(values))[0])
            raise MrcaError(
                f"{where} ({_show(word)}), value {position + 1}: expected a finite number, "
                f"received {values[position]}. {hint}"
            )
        rows += 1
        if progress is not None and rows % _REPORT_EVERY == 0:
            progress("checking", stream.position, stream.size)
    rest = (pending[start:] + stream.read(_CHUNK)).strip(b"\n")
    if rest:
        raise MrcaError(
            f"{path} goes on after record {rows:,}, the last one that its header promises. {hint}"
        )
    return FileShape(header.rows, header.dim)


def _read_header(path: Path, stream: VectorStream) -> FileShape:
    line = stream.readline(MAX_LINE)
    header = parse_header(line)
    if header is None:
        raise MrcaError(
            f"{path}, line 1: expected a word2vec header, two integers (words and dimension), "
            f"received {_show(line.rstrip())}. A GloVe file has none: use `--format glove`."
        )
    rows, dim = header
    if rows < 1 or not 1 <= dim <= _MAX_DIM:
        raise MrcaError(
            f"{path}, line 1: expected at least one word and a dimension from 1 to {_MAX_DIM:,}, "
            f"received {rows:,} words of dimension {dim:,}."
        )
    return FileShape(rows, dim)


def _show(field: bytes) -> str:
    text = field[:40].decode("utf-8", "replace")
    return repr(text + ("…" if len(field) > 40 else ""))
