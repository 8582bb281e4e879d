"""The graph's `parse_marked`, up to the plain text and its mentions."""

from typing import Any, NamedTuple

import tensorflow as tf

from mrca.export import flat
from mrca.text.inline_marks import ESCAPES, TAGS


class PlainText(NamedTuple):
    """A batch's characters without tags and escapes, end to end.

    Attributes:
        codes: code points, int32 `(characters,)`.
        rows: which row each stands in, int64 `(characters,)`.
        subject, object: whether it stands in a mention, bool `(characters,)`.
        borders: whether a tag stands right before it, bool `(characters,)`.
        starts, ends: the mentions, `codes[start:end]`, int64 `(mentions,)`; subjects first.
        num_subjects: how many of them are subjects, int32.
        unpaired: of each row, one more than the place in `TAGS` of the first tag that belongs to
            none; 0 if all do. int32 `(rows,)`.
    """

    codes: Any
    rows: Any
    subject: Any
    object: Any
    borders: Any
    starts: Any
    ends: Any
    num_subjects: Any
    unpaired: Any


def plain_text(codes: Any, rows: Any, num_rows: Any) -> PlainText:
    """Take tags and escapes out of a batch's characters.

    Args:
        codes: code points, int32 `(characters,)`. Each row ends with a line break, and the last
            with enough of them that no tag or escape would reach from there to the first row.
        rows: int64 `(characters,)`.
        num_rows: how many rows there are.
    """
    places = tf.range(tf.size(codes, out_type=tf.int64))
    unpaired = tf.zeros_like(codes)
    drop = tf.zeros_like(codes, tf.bool)
    mentions = []
    for index in (0, 2):
        opening, closing = (_find(codes, tag) for tag in TAGS[index : index + 2])
        starts, ends = _pairs(opening, closing, rows)
        mentions.append((starts, ends))
        first, last = flat.flags_at(starts, codes), flat.flags_at(ends, codes)
        drop |= _stretched(first, len(TAGS[index])) | _stretched(last, len(TAGS[index + 1]))
        unpaired += (index + 1) * tf.cast(opening & ~first, tf.int32)
        unpaired += (index + 2) * tf.cast(closing & ~last, tf.int32)

    read = codes
    for escape, character in ESCAPES.items():
        found = _find(codes, escape)
        read = tf.where(found, ord(character), read)
        drop |= tf.roll(_stretched(found, len(escape) - 1), 1, axis=0)

    kept = ~drop
    new = flat.number(kept)
    moved = [(tf.gather(new, starts), tf.gather(new, ends)) for starts, ends in mentions]
    codes = tf.boolean_mask(read, kept)
    all_starts = tf.concat([starts for starts, _ in moved], axis=0)
    all_ends = tf.concat([ends for _, ends in moved], axis=0)

    size = tf.size(rows, out_type=tf.int64)
    first_unpaired = tf.math.unsorted_segment_min(
        tf.where(unpaired > 0, places, size - 1), rows, num_rows
    )
    subject, object_ = (_inside(starts, ends, codes) for starts, ends in moved)
    return PlainText(
        codes,
        tf.boolean_mask(rows, kept),
        subject,
        object_,
        flat.flags_at(tf.concat([all_starts, all_ends], axis=0), codes),
        all_starts,
        all_ends,
        tf.size(moved[0][0]),
        # The last character is a line break, so no tag stands there.
        tf.gather(unpaired, tf.minimum(first_unpaired, size - 1)),
    )


def _find(codes: Any, pattern: str) -> Any:
    """Where a pattern begins. No two that are looked for here can overlap."""
    found = codes == ord(pattern[0])
    for offset, character in enumerate(pattern[1:], 1):
        found &= tf.roll(codes, -offset, axis=0) == ord(character)
    return found


def _stretched(flags: Any, length: int) -> Any:
    """Flags that hold for `length` places from each that holds."""
    stretched = flags
    for offset in range(1, length):
        stretched |= tf.roll(flags, offset, axis=0)
    return stretched


def _pairs(opening: Any, closing: Any, rows: Any) -> tuple[Any, Any]:
    """Places of the opening tags right before a closing one in their row, and of the latter."""
    tags = tf.where(opening | closing)[:, 0]
    row, opens = tf.gather(rows, tags), tf.gather(opening, tags)
    pair = opens[:-1] & ~opens[1:] & (row[:-1] == row[1:])
    return tf.boolean_mask(tags[:-1], pair), tf.boolean_mask(tags[1:], pair)


def _inside(starts: Any, ends: Any, codes: Any) -> Any:
    steps = tf.concat([tf.ones_like(starts), -tf.ones_like(ends)], axis=0)
    places = tf.concat([starts, ends], axis=0)
    size = tf.size(codes, out_type=tf.int64)
    return tf.cumsum(tf.scatter_nd(places[:, None], steps, size[None])) > 0
