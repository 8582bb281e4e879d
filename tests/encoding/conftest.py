import numpy as np
import pytest

from mrca.vectors import VectorStore


@pytest.fixture
def make_store(tmp_path):
    """Write a store of the given words; word `i` has the vector `(i + 1, -(i + 1))`."""

    def make(words, name="tiny"):
        numbers = np.arange(1, len(words) + 1, dtype="float32")
        return VectorStore.write(tmp_path / name, words, np.stack([numbers, -numbers], 1), name)

    return make
