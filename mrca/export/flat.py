"""Steps over flat tensors of characters, where a loop would go from one to the next."""

from typing import Any

import numpy as np
import tensorflow as tf


def contains(edges: np.ndarray, codes: Any) -> Any:
    """Which code points are in a set; see `mrca.export.code_points`."""
    return tf.searchsorted(tf.constant(edges), codes, side="right") % 2 == 1


def first_from(flags: Any, places: Any) -> Any:
    """The first place at or after each of `places` where `flags` holds.

    Args:
        flags: bool `(n,)`.
        places: int64 `(m,)`; after each there is such a place.
    """
    return tf.gather(_where(flags), tf.gather(_count(flags, exclusive=True), places))


def last_until(flags: Any, places: Any) -> Any:
    """The last place at or before each of `places` where `flags` holds, or -1."""
    found = tf.concat([[tf.constant(-1, tf.int64)], _where(flags)], axis=0)
    return tf.gather(found, tf.gather(_count(flags), places))


def number(flags: Any) -> Any:
    """How many flags hold before each place, int64 `(n,)`."""
    return _count(flags, exclusive=True)


def flags_at(places: Any, like: Any) -> Any:
    """A bool tensor as long as `like` that holds at `places`."""
    size = tf.size(like, out_type=tf.int64)
    counts = tf.scatter_nd(places[:, None], tf.ones_like(places), size[None])
    return counts > 0


def inside(starts: Any, ends: Any, size: Any) -> Any:
    """Whether each of `size` places stands in one of the ranges, bool `(size,)`.

    Args:
        starts: of the ranges, int64 `(ranges,)`; they may overlap.
        ends: the same.
        size: int64.
    """
    steps = tf.concat([tf.ones_like(starts), -tf.ones_like(ends)], axis=0)
    places = tf.concat([starts, ends], axis=0)
    return tf.cumsum(tf.scatter_nd(places[:, None], steps, size[None] + 1))[:-1] > 0


def substrings(codes: Any, starts: Any, ends: Any) -> Any:
    """`codes[start:end]` of each range as UTF-8, string `(ranges,)`."""
    places = tf.ragged.range(starts, ends)
    return tf.strings.unicode_encode(
        places.with_flat_values(tf.gather(codes, places.flat_values)), "UTF-8"
    )


def _where(flags: Any) -> Any:
    return tf.where(flags)[:, 0]


def _count(flags: Any, exclusive: bool = False) -> Any:
    return tf.cumsum(tf.cast(flags, tf.int64), exclusive=exclusive)
