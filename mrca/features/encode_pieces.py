"""A corpus as word pieces for a BERT encoder."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from mrca.errors import MrcaError
from mrca.features.encoded_examples import EncodedExamples
from mrca.features.word_pieces import EntityMarkers, WordPieces
from mrca.text import Example


def encode_pieces(
    examples: Sequence[Example],
    word_pieces: WordPieces,
    *,
    max_length: int,
    case: bool = True,
    role: bool = True,
    markers: bool = False,
) -> EncodedExamples:
    """Examples as word pieces: `[CLS]`, the pieces of every word, `[SEP]`.

    A word's case and role stand on each of its pieces; special pieces have 0 for both.

    With `markers` every subject mention stands between `[E1]` and `[/E1]`, every object mention
    between `[E2]` and `[/E2]`. Where mentions meet between two words, those that end there are
    closed before others open. The longer mention opens first and closes last, so that nested ones
    nest, and of two equal ones the subject is outside: `[E1] [E2] Ada [/E2] [/E1]`. Mentions that
    cross stay crossed: `[E1] a [E2] b [/E1] c [/E2]`.

    Args:
        examples: the rows.
        word_pieces: the encoder's vocabulary.
        max_length: pieces, special ones included; longer rows are cut to it, `[SEP]` stays last.
        case: whether to mark upper-case first characters; else 0 everywhere.
        role: whether to mark subjects and objects; else 0 everywhere.
        markers: whether to put markers around the mentions.

    Returns:
        `pieces` int32, `case` and `role` int8.

    Raises:
        MrcaError: if `max_length` has no room for a word, or the vocabulary none for markers.
    """
    if max_length < 3:
        raise MrcaError(
            f"max_length is {max_length}: expected at least 3, [CLS], one piece of a word and [SEP]"
        )
    # A word has at least one piece: what lies beyond would be cut anyway.
    sentences = [example.tokens[:max_length] for example in examples]
    # Each distinct spelling is split once. A unit is a word or a special piece; `table` has the
    # units' pieces end to end.
    spellings = list(dict.fromkeys(chain.from_iterable(sentences)))
    special = (word_pieces.cls, word_pieces.sep, *(word_pieces.markers if markers else ()))
    pieces = [word_pieces.pieces(word) for word in spellings] + [(id,) for id in special]
    unit_of_word = {word: unit for unit, word in enumerate(spellings)}
    unit_of_special = {id: unit for unit, id in enumerate(special, len(spellings))}
    unit_case = np.zeros(len(pieces), np.int8)
    if case:
        unit_case[: len(spellings)] = [1 if word[:1].isupper() else -1 for word in spellings]

    start, end = [unit_of_special[word_pieces.cls]], [unit_of_special[word_pieces.sep]]
    units = np.fromiter(
        chain.from_iterable(
            chain(start, map(unit_of_word.__getitem__, sentence), end) for sentence in sentences
        ),
        np.int64,
    )
    starts = _starts([len(sentence) + 2 for sentence in sentences])
    roles = np.zeros(len(units), np.int8)
    if role:
        _mark_roles(roles, examples, starts)
    if markers:
        at, which, per_row = _markers(examples, sentences, starts, word_pieces.markers)
        units = np.insert(units, at, [unit_of_special[id] for id in which])
        roles = np.insert(roles, at, 0)
        starts = starts + _starts(per_row)

    # === Units to pieces ===
    table = np.fromiter(chain.from_iterable(pieces), np.int32)
    table_starts = _starts([len(each) for each in pieces])
    times = np.diff(table_starts)[units]
    ends = _starts(times)
    position = np.arange(ends[-1]) + np.repeat(table_starts[units] - ends[:-1], times)
    arrays = {
        "pieces": table[position],
        "case": np.repeat(unit_case[units], times),
        "role": np.repeat(roles, times),
    }
    return _cut(arrays, ends[starts], max_length, word_pieces.sep)


def _starts(lengths: Sequence[int] | np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _mark_roles(roles: np.ndarray, examples: Sequence[Example], starts: np.ndarray) -> None:
    for example, start, end in zip(examples, starts[:-1], starts[1:], strict=True):
        row = roles[start + 1 : end - 1]  # between [CLS] and [SEP]
        for span in example.objects:
            row[span.start : span.end] = -1
        for span in example.subjects:
            row[span.start : span.end] = 1


def _markers(
    examples: Sequence[Example],
    sentences: Sequence[Sequence[str]],
    starts: np.ndarray,
    markers: EntityMarkers,
) -> tuple[list[int], list[int], list[int]]:
    """Before which units which markers go, in order, and how many in each row."""
    at: list[int] = []
    which: list[int] = []
    per_row: list[int] = []
    for example, sentence, start in zip(examples, sentences, starts[:-1].tolist(), strict=True):
        # (before which word, opening after closing, in which order, subject outside, marker)
        found: list[tuple[int, bool, int, int, int]] = []
        for spans, outside, opening, closing in (
            (example.subjects, 1, markers.subject_start, markers.subject_end),
            (example.objects, 0, markers.object_start, markers.object_end),
        ):
            for span in spans:
                found.append((span.start, True, -span.end, -outside, opening))
                found.append((span.end, False, -span.start, outside, closing))
        found.sort()
        # A mention beyond the words that were kept is cut off with what follows them.
        at += [start + 1 + min(word, len(sentence)) for word, *_ in found]
        which += [marker for *_, marker in found]
        per_row.append(len(found))
    return at, which, per_row


def _cut(
    arrays: dict[str, np.ndarray], starts: np.ndarray, max_length: int, sep: int
) -> EncodedExamples:
    lengths = np.diff(starts)
    if (lengths > max_length).any():
        column = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        kept = column < max_length
        arrays = {name: array[kept] for name, array in arrays.items()}
        starts = _starts(np.minimum(lengths, max_length))
        last = starts[1:] - 1
        arrays["pieces"][last] = sep
        arrays["case"][last] = arrays["role"][last] = 0
    return EncodedExamples(arrays, starts)
