"""What the tests of exported models share: a word table, documents, and their answers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mrca.text import Document, Entity, Span
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


@pytest.fixture
def read_warm_up() -> Callable[[Path], list[tuple[str, dict[str, np.ndarray]]]]:
    """A function that reads a warm-up file as TensorFlow Serving does: signatures and inputs."""
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    def read(path: Path) -> list[tuple[str, dict[str, np.ndarray]]]:
        logs = map(
            prediction_log_pb2.PredictionLog.FromString,
            tf.data.TFRecordDataset(str(path)).as_numpy_iterator(),
        )
        requests = [log.predict_log.request for log in logs]
        return [
            (
                each.model_spec.signature_name,
                {n: tf.make_ndarray(t) for n, t in each.inputs.items()},
            )
            for each in requests
        ]

    return read


def _document(
    tokens: Sequence[str], subjects: Sequence[Span] = (), objects: Sequence[Span] = ()
) -> Document:
    return Document(
        tuple(tokens),
        tuple(Entity((span,)) for span in (*subjects, *objects)),
        subjects=tuple(range(len(subjects))),
        objects=tuple(range(len(subjects), len(subjects) + len(objects))),
    )


@pytest.fixture(scope="session")
def document() -> Callable[..., Document]:
    """`document(tokens, subjects, objects)`, of which each span is an entity."""
    return _document
