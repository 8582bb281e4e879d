"""The lines of a file as text, or as rows that say why they are none."""

from collections.abc import Iterable, Iterator

from mrca.datasets.readers.row import Problem, Row, RowError
from mrca.datasets.readers.strict_json import JsonError, decode


def text_lines(lines: Iterable[bytes | str], source: str) -> Iterator[tuple[int, str | Row]]:
    """Each line's number, from 1, and its text without its end.

    Args:
        lines: the lines, such as a file opened in binary mode.
        source: the file's name, for messages.

    Yields:
        In place of the text of a line that is not UTF-8, a row with that error.
    """
    for number, data in enumerate(lines, 1):
        try:
            yield number, decode(data, first=number == 1).rstrip("\r\n")
        except JsonError as error:
            yield number, unreadable_row(error, source, number)


def unreadable_row(error: JsonError, source: str, number: int) -> Row:
    """A line that cannot be read."""
    problem = Problem("error", source, number, "", error.expected, error.received)
    return Row(number, None, RowError([problem]))
