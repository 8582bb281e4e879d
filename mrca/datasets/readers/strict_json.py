"""JSON as the standard has it: UTF-8, no NaN, no key twice, no half characters."""

import json
import re
from collections.abc import Iterator
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_BOM = b"\xef\xbb\xbf"


class JsonError(Exception):
    """Text that is not the JSON we take.

    Attributes:
        expected: what would have been right.
        received: what is there.
        offset: the character at which it went wrong, from 0; `None` where it is not known.
    """

    def __init__(self, expected: str, received: str, offset: int | None = None) -> None:
        super().__init__(f"expected {expected}, received {received}")
        self.expected = expected
        self.received = received
        self.offset = offset


def decode(data: bytes | str, *, first: bool) -> str:
    """Bytes to text.

    Args:
        data: a line or a file.
        first: whether it begins a file, where a UTF-8 byte order mark may stand.

    Raises:
        JsonError: if the bytes are not UTF-8 or a character is half of a pair.
    """
    try:
        if isinstance(data, str):
            data.encode()
            return data.removeprefix("\ufeff") if first else data
        return (data.removeprefix(_BOM) if first else data).decode()
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise JsonError(
            "text encoded as UTF-8", f"the byte 0x{byte:02x} at byte {error.start + 1}"
        ) from error
    except UnicodeEncodeError as error:
        raise JsonError("whole characters", "half of a surrogate pair", error.start) from error


def parse(text: str) -> Any:
    """The one JSON value in `text`.

    Raises:
        JsonError: if there is none, or anything else next to it.
    """
    value, end = parse_at(text, _skip(text, 0))
    end = _skip(text, end)
    if end != len(text):
        raise JsonError("one JSON value", f"{text[end : end + 20]!r} after it", end)
    return value


def parse_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at `text[start]`, and where it ends.

    Raises:
        JsonError: if none begins there.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
        if text.find("\\u", start, end) >= 0:  # escapes can spell what UTF-8 cannot
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        received = repr(text[error.pos : error.pos + 20]) if error.pos < len(text) else "the end"
        raise JsonError(f"JSON ({error.msg})", received, error.pos) from error
    except UnicodeEncodeError as error:
        raise JsonError("whole characters", "half of a surrogate pair") from error
    except RecursionError as error:
        raise JsonError("JSON of a sensible depth", "brackets nested too deep") from error
    except ValueError as error:  # an integer of thousands of digits
        raise JsonError("numbers of a sensible length", "thousands of digits") from error
    return value, end


def parse_array(text: str) -> Iterator[Any]:
    """The items of the one JSON array in `text`, one by one, without holding them all.

    Raises:
        JsonError: if the text is not an array, ends early, or goes on after it.
    """
    position = _skip(text, 0)
    if text[position : position + 1] != "[":
        raise JsonError("a JSON array, `[…]`", _next(text, position), position)
    position = _skip(text, position + 1)
    more = text[position : position + 1] != "]"
    while more:
        value, position = parse_at(text, position)
        yield value
        position = _skip(text, position)
        more = text[position : position + 1] == ","
        if more:
            position = _skip(text, position + 1)
    if text[position : position + 1] != "]":
        raise JsonError("`,` or `]` after an item", _next(text, position), position)
    position = _skip(text, position + 1)
    if position != len(text):
        raise JsonError("the end of the file after `]`", _next(text, position), position)


def parse_sequence(text: str) -> Iterator[Any]:
    """The JSON values in `text` one after another, with nothing but white space between them.

    Raises:
        JsonError: if something else stands there.
    """
    position = _skip(text, 0)
    while position < len(text):
        value, position = parse_at(text, position)
        yield value
        position = _skip(text, position)


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _next(text: str, position: int) -> str:
    return repr(text[position : position + 20]) if position < len(text) else "the end of the file"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError("each key once", f"{twice!r} twice")
    return fields


def _constant(name: str) -> Any:
    raise JsonError("JSON values", name)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
