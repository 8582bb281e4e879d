"""Files in shards: a whole file, or some of its lines."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mrca.datasets import Row, is_plain_jsonl, iter_jsonl, iter_rows, opened
from mrca.datasets.readers.jsonl import Offsets
from mrca.errors import MrcaError

_BLOCK = 2**20


class Shard(NamedTuple):
    """Lines of a file that is JSON Lines, or all of any other.

    Attributes:
        input: the number of its file, from 0.
        start: the byte at which its first line begins.
        end: the byte at which its last line has ended; `None` of a whole file, in whichever form.
        line: the number of its first line, from 1.
    """

    input: int
    start: int = 0
    end: int | None = None
    line: int = 1

    def rows(self, place: Path, source: str, offsets: Offsets) -> Iterator[Row]:
        """Its rows, in their order, one at a time.

        Args:
            place: where the file is.
            source: its name in messages.
            offsets: what becomes of character offsets inside a word.

        Raises:
            MrcaError: if the file cannot be read, or no line begins where the shard does.
        """
        if self.end is None:
            yield from iter_rows(place, offsets=offsets, source=source)
            return
        with opened(place) as file:
            lines = _lines(file, self.start, self.end, source)
            yield from iter_jsonl(lines, source, offsets=offsets, first_line=self.line)


def cut_file(number: int, path: Path, size: int) -> Iterator[Shard]:
    """A file's shards, in their order.

    JSON Lines are cut where lines end. For that the file is read through, at the speed of the disk:
    a line's number follows from those before it. A file that is gzipped or in another form cannot
    be entered in its middle, and is one shard.

    Args:
        number: the file's.
        path: where it is.
        size: of a shard, in bytes; it ends with the line that reaches it.

    Raises:
        MrcaError: if the file cannot be read.
    """
    if not is_plain_jsonl(path):
        yield Shard(number)
        return
    with opened(path) as file:
        for start, end, line in cut_lines(file, size):
            yield Shard(number, start, end, line)


def cut_lines(file: BinaryIO, size: int) -> Iterator[tuple[int, int, int]]:
    """Where a file may be cut: start, end and number of the first line of each part.

    Args:
        file: at its beginning.
        size: of a part, in bytes; it ends with the line that reaches it.

    Example:
        >>> from io import BytesIO
        >>> list(cut_lines(BytesIO(b"12345\\n\\n89"), 3))
        [(0, 6, 1), (6, 9, 2)]
    """
    line = 1
    while True:
        start, lines, last = file.tell(), 0, b""
        while (left := start + size - file.tell()) > 0 and (block := file.read(min(left, _BLOCK))):
            lines += block.count(b"\n")
            last = block[-1:]
        if not last:
            return
        if last != b"\n":
            lines += file.readline().endswith(b"\n")
        yield start, file.tell(), line
        line += lines


def _lines(file: BinaryIO, start: int, end: int, source: str) -> Iterator[bytes]:
    """The lines between two bytes."""
    file.seek(max(start - 1, 0))
    if start and file.read(1) != b"\n":
        raise MrcaError(f"No line of {source} begins at byte {start:,}: the file has changed.")
    left = end - start
    while left > 0 and (line := file.readline()):
        left -= len(line)
        yield line
