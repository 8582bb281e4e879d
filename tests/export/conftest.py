"""A word table for the tests of what turns text into inputs."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mrca.vectors import VectorStore

if TYPE_CHECKING:
    from mrca.export.text_to_inputs import TextToInputs

# Some words, and characters: `q` has none, and `z` one of zeros, which counts as none.
WORDS = ["ada", "london", "st.", "'s", ".", "ας", "i\u0307x", "two words", "😀", "ⅷ", "é"]
WORDS += [*"abcdehilmnorstuvwxyz", "\u0307", "σ", "ς", "<", "&", ">", "!"]


@pytest.fixture(scope="session")
def word_store(tmp_path_factory: pytest.TempPathFactory) -> VectorStore:
    matrix = np.random.default_rng(3).normal(size=(len(WORDS), 6)).astype(np.float32)
    matrix[WORDS.index("z")] = 0
    return VectorStore.write(tmp_path_factory.mktemp("store") / "words", WORDS, matrix, "few")


@pytest.fixture(scope="session")
def text_to_inputs(
    word_store: VectorStore, tmp_path_factory: pytest.TempPathFactory
) -> "TextToInputs":
    from mrca.export.text_to_inputs import TextToInputs

    folder: Path = tmp_path_factory.mktemp("assets")
    return TextToInputs(word_store.words(), word_store.vectors, folder, max_length=100)
