"""Documents as word pieces for a BERT encoder."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np

from mrca.encoding.encoded_documents import row_starts
from mrca.encoding.marks import word_marks
from mrca.encoding.pieces import Pieces
from mrca.errors import MrcaError
from mrca.text import Document, Span

MarkerStyle = Literal["roles", "asterisks", "typed"]

_Marker = tuple[int, ...]  # its pieces


@dataclass(frozen=True)
class PieceRows:
    """Rows of word pieces, end to end: `[CLS]`, the pieces of every word, `[SEP]`.

    Attributes:
        arrays: `pieces` int32; `case` and `role` int8, and maybe `types` int16, as `word_marks`
            has them, on each piece of a word and 0 on special pieces.
        starts: where each row begins, int64 `(rows + 1,)`.
        word_starts: where each row's words begin among `words`, int64 `(rows + 1,)`.
        words: the first piece of each word by its place in the row, and after a row's last word
            that of its `[SEP]`; int64.
        word_ends: the place after each word's last piece, and after a row's last word that of its
            `[SEP]`; int64.
        cut: whether the row was longer than is read, bool `(rows,)`.
        openings: how many pieces the marker has that stands right before each word, for which it
            stands; as `words`. `None` if a mention's place are the pieces of its words.
    """

    arrays: dict[str, np.ndarray]
    starts: np.ndarray
    word_starts: np.ndarray
    words: np.ndarray
    word_ends: np.ndarray
    cut: np.ndarray
    openings: np.ndarray | None = None

    def places(self, row: int, span: Span) -> range:
        """The pieces of a mention that were kept, by their place in the row.

        They are those of its words, or the first one of the marker before them.
        """
        start, sep = int(self.word_starts[row]), int(self.word_starts[row + 1]) - 1
        word = min(start + span.start, sep)
        first = self.words[word]
        if self.openings is not None:
            place = int(first - self.openings[word])
            return range(place, place + 1)
        end = self.word_ends[min(start + span.end, sep) - 1]
        kept = int(self.starts[row + 1] - self.starts[row]) - 1  # [SEP] is the last
        return range(int(first), min(int(end), kept))

    def words_read(self) -> list[int]:
        """How many words of each row have a piece that was kept."""
        kept = np.diff(self.starts) - 1
        return [
            int(np.searchsorted(self.words[start : end - 1], length))
            for start, end, length in zip(
                self.word_starts[:-1], self.word_starts[1:], kept, strict=True
            )
        ]


def piece_rows(
    documents: Sequence[Document],
    word_pieces: Pieces,
    *,
    max_length: int | None,
    case: bool = True,
    role: bool = True,
    types: Sequence[str] = (),
    markers: MarkerStyle | None = None,
) -> PieceRows:
    """Documents as word pieces.

    With the markers `roles` every subject mention stands between `[E1]` and `[/E1]`, every object
    mention between `[E2]` and `[/E2]`; with unknown roles every mention between `[E1]` and `[/E1]`.
    Where mentions meet between two words, those that end there are closed before others open. The
    longer mention opens first and closes last, so that nested ones nest, and of two equal ones the
    subject is outside: `[E1] [E2] Ada [/E2] [/E1]`. Mentions that cross stay crossed:
    `[E1] a [E2] b [/E1] c [/E2]`.

    With the markers `asterisks` there is a `*` before each word with which mentions begin, and one
    after each word with which mentions end, as ATLOP (Zhou et al. 2021) has it.

    With the markers `typed` a mention stands between `@ * type *` and `@`, its
    type in place of `type`, or `@` and `@` where it has none: `@ * person * Ada @`.
    They are those that Zhou and Chen 2022 ("typed entity marker (punct)") put around subjects; here
    they are around every mention, since each may be either. They nest as `[E1]` does.

    Args:
        documents: the rows.
        word_pieces: the encoder's vocabulary.
        max_length: pieces, special ones included; longer rows are cut to it, `[SEP]` stays last.
            `None` for no limit.
        case: see `word_marks`.
        role: see `word_marks`.
        types: see `word_marks`.
        markers: which to put around the mentions; `None` for none.

    Raises:
        MrcaError: if `max_length` has no room for a word, or the vocabulary none for markers.
    """
    if max_length is not None and max_length < 3:
        raise MrcaError(
            f"max_length is {max_length}: expected at least 3, [CLS], one piece of a word and [SEP]"
        )
    # A word has at least one piece: what lies beyond would be cut anyway.
    texts = [document.tokens[:max_length] for document in documents]
    lengths = [len(text) for text in texts]
    # Each distinct spelling is split once. A unit is a word or a special piece; `table` has the
    # units' pieces end to end.
    spellings = list(dict.fromkeys(chain.from_iterable(texts)))
    found = [*_markers(documents, word_pieces, markers)]
    inserted = dict.fromkeys(marker for row in found for _, marker in row)
    pieces = [word_pieces.pieces(word) for word in spellings]
    pieces += [(word_pieces.cls,), (word_pieces.sep,), *inserted]
    unit_of_word = {word: unit for unit, word in enumerate(spellings)}
    start, end = [len(spellings)], [len(spellings) + 1]
    unit_of_marker = {marker: unit for unit, marker in enumerate(inserted, end[0] + 1)}
    units = np.fromiter(
        chain.from_iterable(
            chain(start, map(unit_of_word.__getitem__, text), end) for text in texts
        ),
        np.int64,
    )
    starts = row_starts([length + 2 for length in lengths])
    is_word = np.ones(len(units), bool)
    is_word[starts[:-1]] = is_word[starts[1:] - 1] = False
    marks = {}
    for name, values in word_marks(documents, lengths, case=case, role=role, types=types).items():
        marks[name] = np.zeros(len(units), values.dtype)
        marks[name][is_word] = values
    if markers:
        at, which, per_row = _inserted(found, lengths, starts)
        units = np.insert(units, at, [unit_of_marker[marker] for marker in which])
        is_word = np.insert(is_word, at, False)
        marks = {name: np.insert(values, at, 0) for name, values in marks.items()}
        starts = starts + row_starts(per_row)

    # === Units to pieces ===
    table = np.fromiter(chain.from_iterable(pieces), np.int32)
    table_starts = row_starts([len(each) for each in pieces])
    times = np.diff(table_starts)[units]
    ends = row_starts(times)
    position = np.arange(ends[-1]) + np.repeat(table_starts[units] - ends[:-1], times)
    arrays = {"pieces": table[position]}
    arrays.update({name: np.repeat(values, times) for name, values in marks.items()})
    row_ends, first = row_starts(lengths)[1:], np.repeat(ends[starts[:-1]], lengths)
    sep = ends[starts[1:] - 1] - ends[starts[:-1]]
    words = np.insert(ends[:-1][is_word] - first, row_ends, sep)
    word_ends = np.insert(ends[1:][is_word] - first, row_ends, sep)
    word_starts = row_starts([length + 1 for length in lengths])
    rows = ends[starts]
    cut = np.zeros(len(documents), bool)
    if max_length is not None:
        cut = np.diff(rows) > max_length
        cut |= np.array([len(document.tokens) for document in documents], np.int64) > lengths
        arrays, rows = _cut(arrays, rows, max_length, word_pieces.sep)
    openings = None
    if markers in ("asterisks", "typed"):
        openings = np.insert(np.roll(times, 1)[is_word], row_ends, 0)
    return PieceRows(arrays, rows, word_starts, words, word_ends, cut, openings)


def _markers(
    documents: Sequence[Document], word_pieces: Pieces, style: MarkerStyle | None
) -> Iterator[list[tuple[int, _Marker]]]:
    """Of each document which markers stand before which words, in order."""
    if style == "roles":
        of_roles = word_pieces.markers
        subject = (of_roles.subject_start,), (of_roles.subject_end,)
        object_ = (of_roles.object_start,), (of_roles.object_end,)
        for document in documents:
            mentions = [(span, subject) for span in document.spans("subject")]
            if document.roles != "unknown":
                mentions += [(span, object_) for span in document.spans("object")]
            yield _nested(mentions)
    elif style == "asterisks":
        asterisk = (word_pieces.marker("*"),)
        for document in documents:
            spans = {span for entity in document.entities for span in entity.mentions}
            words = [*{span.start for span in spans}, *{span.end for span in spans}]
            yield [(word, asterisk) for word in sorted(words)]
    elif style == "typed":
        types = {entity.type for document in documents for entity in document.entities}
        of_type = {type: _typed_markers(word_pieces, type) for type in types}
        for document in documents:
            typed = dict.fromkeys(
                (span, entity.type) for entity in document.entities for span in entity.mentions
            )
            yield _nested([(span, of_type[type]) for span, type in typed])


def _typed_markers(word_pieces: Pieces, type: str) -> tuple[_Marker, _Marker]:
    """What opens and closes a mention of a type."""
    at, asterisk = (word_pieces.marker(sign) for sign in ("@", "*"))
    words = re.sub(r"[\W_]+|(?<=[a-z])(?=[A-Z])", " ", type).lower().split()
    pieces = [piece for word in words for piece in word_pieces.pieces(word)]
    return ((at, asterisk, *pieces, asterisk) if pieces else (at,)), (at,)


def _nested(
    mentions: Iterable[tuple[Span, tuple[_Marker, _Marker]]],
) -> list[tuple[int, _Marker]]:
    """The markers of mentions before which words, in order; of equal ones the first is outside."""
    # (before which word, opening after closing, in which order, the first outside, marker)
    found: list[tuple[int, bool, int, int, _Marker]] = []
    for place, (span, (opening, closing)) in enumerate(mentions):
        found.append((span.start, True, -span.end, place, opening))
        found.append((span.end, False, -span.start, -place, closing))
    return [(word, marker) for word, *_, marker in sorted(found)]


def _inserted(
    markers: Iterable[list[tuple[int, _Marker]]], lengths: Sequence[int], starts: np.ndarray
) -> tuple[list[int], list[_Marker], list[int]]:
    """Before which units which markers go, in order, and how many in each row."""
    at: list[int] = []
    which: list[_Marker] = []
    per_row: list[int] = []
    for found, length, start in zip(markers, lengths, starts[:-1].tolist(), strict=True):
        # A mention beyond the words that were kept is cut off with what follows them.
        at += [start + 1 + min(word, length) for word, _ in found]
        which += [marker for _, marker in found]
        per_row.append(len(found))
    return at, which, per_row


def _cut(
    arrays: dict[str, np.ndarray], starts: np.ndarray, max_length: int, sep: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    lengths = np.diff(starts)
    if not (lengths > max_length).any():
        return arrays, starts
    column = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
    arrays = {name: array[column < max_length] for name, array in arrays.items()}
    starts = row_starts(np.minimum(lengths, max_length))
    last = starts[1:] - 1
    for name, array in arrays.items():
        array[last] = sep if name == "pieces" else 0
    return arrays, starts
