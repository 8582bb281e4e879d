"""The graph's `mrca.text.tokenise`: where words begin, for all characters of a batch at once.

`tokenise` cuts punctuation off a chunk's ends one character at a time. Whether it cuts at a place
depends on the neighbours of that place only, and on whether what is left stands whole, which at
most one end of what is left can make it do. So both ends of every chunk are found by looking up
the nearest place where cutting stops.
"""

import re
from typing import Any

import numpy as np
import tensorflow as tf

from mrca.export import code_points, flat
from mrca.text.tokenise import (
    CLOSING,
    CONTRACTIONS,
    DOUBLE_QUOTES,
    OPENING,
    POSSESSIVE,
    QUOTES,
    TITLES,
)

# Line breaks that must follow the last character: as far as any rule here looks ahead.
LOOK_AHEAD = 8

_SPACE = r"\s"
_WORD = r"\w"
_LETTER = r"[^\W\d_]"
_OPENING, _CLOSING, _QUOTE = (f"[{re.escape(each)}]" for each in (OPENING, CLOSING, QUOTES))
_POSSESSIVE = f"[{''.join(POSSESSIVE)}]"
_DOT = ord(".")


def word_starts(codes: Any, rows: Any, borders: Any) -> tuple[Any, Any]:
    """Where words begin, and where white space stands.

    Args:
        codes: code points, int32 `(characters,)`, each row's followed by a line break; the last
            row has a word, and `LOOK_AHEAD` line breaks after it.
        rows: which row each character stands in, int64 `(characters,)`.
        borders: bool `(characters,)`; a word is cut before each such place.

    Returns:
        Two bool `(characters,)`. A word reaches to the next that begins, or to white space.
    """
    space = _is(codes, _SPACE)
    begins = ~space & tf.roll(space, 1, axis=0)
    last_of_chunk = ~space & tf.roll(space, -1, axis=0)
    starts, lasts = tf.where(begins)[:, 0], tf.where(last_of_chunk)[:, 0]

    # === Opening punctuation ===
    opens = _is(codes, _OPENING) & ~last_of_chunk & ~_short_whole_ahead(codes)
    starts = flat.first_from(~opens, starts)

    # === Closing punctuation and possessives, as far as they reach ===
    possessive = _is(codes, _POSSESSIVE) & tf.roll(_is(codes, _QUOTE), 1, axis=0)
    possessive &= tf.roll(_is(codes, _WORD), 2, axis=0)
    closes = _is(codes, _CLOSING) | possessive
    ends = tf.maximum(starts, flat.last_until(~closes, lasts)) + 1

    # === … but for words that stand whole ===
    whole = _whole_end(codes, starts)
    chunk_rows = tf.gather(rows, starts)
    last_in_row = tf.concat([chunk_rows[1:] != chunk_rows[:-1], [True]], axis=0)
    initial = (whole == starts + 2) & (tf.gather(codes, starts + 1) == _DOT)
    at_end = initial & last_in_row & (whole == lasts + 1)
    ends = tf.where((whole >= ends) & ~at_end, whole, ends)

    chunk = tf.maximum(flat.number(begins) + tf.cast(begins, tf.int64) - 1, 0)
    places = tf.range(tf.size(codes, out_type=tf.int64))
    before = places <= tf.gather(starts, chunk)
    after = (places >= tf.gather(ends, chunk)) & ~possessive
    return ~space & (before | after | borders), space


def _is(codes: Any, pattern: str) -> Any:
    return flat.contains(code_points.matching(pattern), codes)


def _short_whole_ahead(codes: Any) -> Any:
    """Where `'s`, `'re`, `''` and their like begin, and end with their word."""
    ahead = (tf.roll(codes, -offset, axis=0) for offset in (1, 2))
    short, long, double = _short_whole(codes, *ahead)
    word = _is(codes, _WORD)
    return (short & ~tf.roll(word, -2, axis=0)) | (long & ~tf.roll(word, -3, axis=0)) | double


def _short_whole(codes: Any, next_: Any, second: Any) -> tuple[Any, Any, Any]:
    """Where `'s`, `'re`, `''` and their like stand, by the character and the two after it."""
    quote = _is(codes, _QUOTE)
    letters = [each for each in CONTRACTIONS if len(each) == 1]
    short = quote & _is(next_, f"[{''.join(letters)}]")
    long = double = tf.zeros_like(quote)
    for first, then in (tuple(each) for each in CONTRACTIONS if len(each) == 2):
        long |= quote & (next_ == ord(first)) & (second == ord(then))
    for first, then in map(tuple, DOUBLE_QUOTES):
        double |= (codes == ord(first)) & (next_ == ord(then))
    return short, long, double


def _whole_end(codes: Any, starts: Any) -> Any:
    """Where the longest word ends that begins at each of `starts` and stands whole; 0 for none."""
    ahead = [tf.gather(codes, starts + offset) for offset in range(LOOK_AHEAD)]
    short, long, double = _short_whole(*ahead[:3])

    dot = codes == _DOT
    dots_end = flat.first_from(~dot, starts)
    pair = _is(codes, _LETTER) & tf.roll(dot, -1, axis=0)
    in_initials = pair | (dot & tf.roll(pair, 1, axis=0))
    initials_end = flat.first_from(~in_initials, starts)
    is_initials = tf.gather(pair, starts)

    whole = tf.where(short | double, starts + 2, 0)
    whole = tf.where(long, starts + 3, whole)
    whole = tf.where(dots_end >= starts + 2, dots_end, whole)
    whole = tf.where(is_initials, initials_end, whole)
    known = TITLES.split("|")
    for length in sorted(set(map(len, known))):
        titles = np.array([list(map(ord, t)) for t in known if len(t) == length], np.int32)
        letters = tf.stack(ahead[:length], axis=1)
        same = tf.reduce_all(letters[:, None, :] == titles, axis=2)
        found = tf.reduce_any(same, axis=1) & (ahead[length] == _DOT)
        whole = tf.where(found, starts + length + 1, whole)
    return whole
