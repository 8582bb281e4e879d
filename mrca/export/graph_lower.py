"""The graph's `str.lower`."""

from typing import Any

import tensorflow as tf

from mrca.export import code_points, flat


def lower(codes: Any, tokens: Any) -> tuple[Any, Any]:
    """Words in lower case, as Python's `str.lower` makes it.

    Args:
        codes: code points of words, end to end, int32 `(characters,)`.
        tokens: which word each belongs to, int64 `(characters,)`.

    Returns:
        The same of the lower-cased words, which may have more characters.
    """
    table = code_points.lower_case()
    place = tf.minimum(tf.searchsorted(table.upper, codes), len(table.upper) - 1)
    changes = tf.gather(table.upper, place) == codes
    same = tf.pad(codes[:, None], [[0, 0], [0, table.lower.shape[1] - 1]], constant_values=-1)
    lowered = tf.where(changes[:, None], tf.gather(table.lower, place), same)

    sigma = tf.where(codes == code_points.CAPITAL_SIGMA)[:, 0]
    final = tf.boolean_mask(sigma, _is_final(sigma, codes, tokens))
    at = tf.stack([final, tf.zeros_like(final)], axis=1)
    final_sigma = tf.fill(tf.shape(final), code_points.FINAL_SIGMA)
    lowered = tf.tensor_scatter_nd_update(lowered, at, final_sigma)

    there = lowered >= 0
    owners = tf.broadcast_to(tokens[:, None], tf.shape(lowered))
    return tf.boolean_mask(lowered, there), tf.boolean_mask(owners, there)


def _is_final(sigma: Any, codes: Any, tokens: Any) -> Any:
    """Whether a letter, and no letter, stands before and after each `Σ` of a word."""
    seen = ~flat.contains(code_points.case_ignorable(), codes)
    cased = flat.contains(code_points.cased(), codes)
    places = tf.concat([[-1], tf.where(seen)[:, 0], [-1]], axis=0)
    count = tf.gather(flat.number(seen), sigma)  # `Σ` itself is places[count + 1]

    def is_letter(neighbour: Any) -> Any:
        place = tf.maximum(neighbour, 0)
        same_word = tf.gather(tokens, place) == tf.gather(tokens, sigma)
        return (neighbour >= 0) & same_word & tf.gather(cased, place)

    return is_letter(tf.gather(places, count)) & ~is_letter(tf.gather(places, count + 2))
