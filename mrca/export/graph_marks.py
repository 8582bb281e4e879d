"""The graph's `parse_marked`, up to the plain text and its mentions."""

from typing import Any, NamedTuple

import tensorflow as tf

from mrca.export import flat
from mrca.text.inline_marks import (
    BAD_MARK,
    ESCAPES,
    ID,
    KINDS,
    OPENING,
    TYPE,
    UNPAIRED,
    VALUE_ESCAPES,
)

# What a tag can be, of which the first that is wrong in a row is told.
TAG_PROBLEMS = [
    "",
    *(UNPAIRED + tag for kind in KINDS for tag in (f"<{kind}>", f"</{kind}>")),
    *(f"{BAD_MARK}<{kind} …>" for kind in KINDS),
]
_BAD = len(TAG_PROBLEMS) - len(KINDS)


class PlainText(NamedTuple):
    """A batch's characters without tags and escapes, end to end.

    Attributes:
        codes: code points, int32 `(characters,)`.
        rows: which row each stands in, int64 `(characters,)`.
        borders: whether a tag stands right before it, bool `(characters,)`.
        starts, ends: the mentions, `codes[start:end]`, int64 `(mentions,)`; by kind.
        kinds: their places in `KINDS`, int32 `(mentions,)`.
        ids, types: what their tags say, string `(mentions,)`.
        problem: of each row, the place in `TAG_PROBLEMS` of what is wrong with its tags, int32
            `(rows,)`.
    """

    codes: Any
    rows: Any
    borders: Any
    starts: Any
    ends: Any
    kinds: Any
    ids: Any
    types: Any
    problem: Any

    def inside(self, kind: int) -> Any:
        """Whether each character stands in a mention of a kind, bool `(characters,)`."""
        of = self.kinds == kind
        starts, ends = tf.boolean_mask(self.starts, of), tf.boolean_mask(self.ends, of)
        return flat.inside(starts, ends, tf.size(self.codes, out_type=tf.int64))


def plain_text(codes: Any, rows: Any, num_rows: Any, *, roles_only: bool = True) -> PlainText:
    """Take tags and escapes out of a batch's characters.

    Args:
        codes: code points, int32 `(characters,)`. Each row ends with a line break, and the last,
            which has a `>`, with enough of them that no tag or escape would reach from there to the
            first row.
        rows: int64 `(characters,)`.
        num_rows: how many rows there are.
        roles_only: see `parse_marked`.
    """
    size = tf.size(codes, out_type=tf.int64)
    wrong = tf.zeros_like(codes)  # places in TAG_PROBLEMS
    drop = tf.zeros_like(codes, tf.bool)
    tag_end = bad = None
    if not roles_only:
        tag_end, bad = _attributed(codes, rows)
    mentions = []
    for place, kind in enumerate(KINDS[:2] if roles_only else KINDS):
        opening, closing = _find(codes, f"<{kind}>"), _find(codes, f"</{kind}>")
        after = tf.range(size) + len("<s>")
        if tag_end is not None:
            of_kind = tf.roll(codes, -1, axis=0) == ord(kind)
            wrong += (_BAD + place) * tf.cast(bad & of_kind, tf.int32)
            opening |= of_kind & (tag_end > 0)
            after = tf.where(tag_end > 0, tag_end, after)
        starts, ends = _pairs(opening, closing, rows)
        after = tf.gather(after, starts)
        mentions.append((starts, after, ends, tf.fill(tf.shape(starts), place)))
        drop |= flat.inside(starts, after, size)
        drop |= flat.inside(ends, ends + len("</s>"), size)
        first, last = flat.flags_at(starts, codes), flat.flags_at(ends, codes)
        wrong += (2 * place + 1) * tf.cast(opening & ~first, tf.int32)
        wrong += (2 * place + 2) * tf.cast(closing & ~last, tf.int32)

    read = codes
    for escape, character in ESCAPES.items():
        found = _find(codes, escape)
        read = tf.where(found, ord(character), read)
        places = tf.where(found)[:, 0]
        drop |= flat.inside(places + 1, places + len(escape), size)

    kept = ~drop
    new = flat.number(kept)
    starts, after, ends, kinds = (tf.concat(each, 0) for each in zip(*mentions, strict=True))
    ids = types = tf.fill(tf.shape(starts), "")
    if not roles_only:
        ids, types = _attributes(flat.substrings(codes, starts, after))
    plain_starts, plain_ends = tf.gather(new, starts), tf.gather(new, ends)
    plain = tf.boolean_mask(read, kept)
    borders = flat.flags_at(tf.concat([plain_starts, plain_ends], axis=0), plain)
    return PlainText(
        plain,
        tf.boolean_mask(rows, kept),
        borders,
        plain_starts,
        plain_ends,
        kinds,
        ids,
        types,
        _first_wrong(wrong, rows, num_rows),
    )


def _attributed(codes: Any, rows: Any) -> tuple[Any, Any]:
    """Where opening tags with attributes end, int64 `(characters,)`, 0 where none begins; and where
    what looks like one begins, bool `(characters,)`."""
    begins = codes == ord("<")
    is_kind = tf.zeros_like(begins)
    for kind in KINDS:
        is_kind |= codes == ord(kind)
    is_space = tf.zeros_like(begins)
    for space in " \t\r\n":
        is_space |= codes == ord(space)
    begins &= tf.roll(is_kind, -1, axis=0) & tf.roll(is_space, -2, axis=0)
    starts = tf.where(begins)[:, 0]
    ends = flat.first_from((codes == ord("<")) | (codes == ord(">")), starts + 1)
    whole = (tf.gather(codes, ends) == ord(">")) & (
        tf.gather(rows, ends) == tf.gather(rows, starts)
    )
    starts, ends = tf.boolean_mask(starts, whole), tf.boolean_mask(ends, whole) + 1
    good = tf.strings.regex_full_match(flat.substrings(codes, starts, ends), OPENING)
    tag_end = tf.scatter_nd(
        tf.boolean_mask(starts, good)[:, None],
        tf.boolean_mask(ends, good),
        tf.shape(codes, out_type=tf.int64),
    )
    return tag_end, flat.flags_at(tf.boolean_mask(starts, ~good), codes)


def _attributes(tags: Any) -> tuple[Any, Any]:
    """The ids and the types of opening tags, string `(tags,)`."""
    found = []
    for value in (ID, TYPE):
        values = tf.strings.regex_replace(tags, f"^{OPENING}$", value)
        for escape, character in VALUE_ESCAPES.items():
            values = tf.strings.regex_replace(values, escape, character)
        found.append(values)
    return found[0], found[1]


def _first_wrong(wrong: Any, rows: Any, num_rows: Any) -> Any:
    """Of each row what is wrong, int32 `(rows,)`: a bad mark before what is unpaired, then the
    first."""
    size = tf.size(wrong, out_type=tf.int64)
    rank = tf.range(size) + tf.where(wrong >= _BAD, tf.constant(0, tf.int64), size)
    place = tf.where(wrong > 0, rank, 3 * size)
    first = tf.math.unsorted_segment_min(place, rows, num_rows)
    found = tf.gather(wrong, tf.minimum(first, 2 * size - 1) % size)
    return tf.where(first < 2 * size, found, 0)


def _find(codes: Any, pattern: str) -> Any:
    """Where a pattern begins. No two that are looked for here can overlap."""
    found = codes == ord(pattern[0])
    for offset, character in enumerate(pattern[1:], 1):
        found &= tf.roll(codes, -offset, axis=0) == ord(character)
    return found


def _pairs(opening: Any, closing: Any, rows: Any) -> tuple[Any, Any]:
    """Places of the opening tags right before a closing one in their row, and of the latter."""
    tags = tf.where(opening | closing)[:, 0]
    row, opens = tf.gather(rows, tags), tf.gather(opening, tags)
    pair = opens[:-1] & ~opens[1:] & (row[:-1] == row[1:])
    return tf.boolean_mask(tags[:-1], pair), tf.boolean_mask(tags[1:], pair)
