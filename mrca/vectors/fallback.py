"""Vectors for any word: lower-cased look-up, then the word's characters, then zeros."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mrca.vectors.store import VectorStore


def word_vectors(
    store: VectorStore, words: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The vectors that the model sees for some words.

    A word is lower-cased with `str.lower` and looked up. One that the store lacks gets the mean of
    the vectors of its characters that the store has, each as often as it occurs, and zeros if the
    store has none of them (MRCA, section 3.1: "combining the character level embeddings"). A
    character whose vector is all zeros counts as missing. The authors' code instead adds the
    characters to one sum that it neither resets nor divides, so there a word's vector depends on
    the unknown words before it.

    Args:
        store: where the vectors are.
        words: any strings; repeats are allowed.

    Returns:
        The vectors, float32 `(n, dim)`, and whether the store has the word itself, bool `(n,)`.
    """
    lowered = [word.lower() for word in words]
    rows = store.rows(lowered)
    known = rows >= 0
    matrix = np.zeros((len(lowered), store.dim), dtype=np.float32)
    places = np.flatnonzero(known)
    matrix[places] = store.take(rows[places])

    unknown = np.flatnonzero(~known)
    characters = sorted({character for place in unknown for character in lowered[place]})
    character_rows = store.rows(characters)
    held = np.flatnonzero(character_rows >= 0)
    character_vectors = store.take(character_rows[held])
    # A run's own store holds zeros for a character that the full store lacks; both must agree.
    filled = character_vectors.any(axis=1)
    held, character_vectors = held[filled], character_vectors[filled]
    index = {characters[place]: position for position, place in enumerate(held)}
    for place in unknown:
        present = [index[character] for character in lowered[place] if character in index]
        if present:
            matrix[place] = character_vectors[present].mean(axis=0, dtype=np.float64)
    return matrix, known
