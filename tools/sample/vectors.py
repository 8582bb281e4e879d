"""The small vectors that come with the sample corpus."""

import string
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from gensim.models import Word2Vec

from mrca.vectors.store import VectorStore

_DIMENSION = 50
_EPOCHS = 30
_MIN_COUNT = 3  # names seen once or twice stay unknown, so that training meets unknown words
_DEVIATION = 0.4  # that of GloVe's entries
_CHARACTERS = string.ascii_lowercase + string.digits + string.punctuation


def train_vectors(sentences: Iterable[Sequence[str]], folder: Path, seed: int) -> None:
    """Train skip-gram vectors on a few sentences and write them as a store.

    Every word is also spelled out once, beside itself, so that each of its characters and each
    letter, digit and punctuation mark of ASCII has a vector too: unknown words are represented by
    their characters. One thread and rounded numbers make the result the same on every run (on
    another processor the last decimal may differ).

    Args:
        sentences: tokens of each training sentence; they are lower-cased here.
        folder: where the store is written: 50 dimensions, standard deviation 0.4, four decimals.
        seed: for the initial vectors and the negative samples.
    """
    words = [[token.lower() for token in tokens] for tokens in sentences]
    vocabulary = dict.fromkeys(word for sentence in words for word in sentence)
    spelled = [[word, *word] for word in vocabulary if len(word) > 1]
    model = Word2Vec(
        [*words, *spelled, *[list(_CHARACTERS)] * _MIN_COUNT],
        vector_size=_DIMENSION,
        sg=1,
        min_count=_MIN_COUNT,
        epochs=_EPOCHS,
        workers=1,
        seed=seed + 1,
    )
    matrix = model.wv.vectors.astype(np.float64)
    matrix = np.round(matrix * (_DEVIATION / matrix.std()), 4).astype(np.float32)
    VectorStore.write(folder, model.wv.index_to_key, matrix, name="sample", overwrite=True)
