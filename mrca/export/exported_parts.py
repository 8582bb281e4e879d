"""What a run's model consists of in an exported one."""

from collections.abc import Callable, Container, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mrca.encoding import Vocabulary
from mrca.errors import MrcaError
from mrca.export.exported_model import Network, Reader
from mrca.export.exported_words import FULL, RUN, exported_words
from mrca.export.piece_network import PieceNetwork
from mrca.export.text_to_inputs import TextToInputs
from mrca.export.text_to_pieces import TextToPieces
from mrca.export.word_network import WordNetwork
from mrca.models import NeuralModel, PieceModel, TextModel, WordModel
from mrca.models.piece_model import pooled_first
from mrca.models.text_model import load_network
from mrca.runs import Run
from mrca.vectors import VectorStore


class Parts(NamedTuple):
    """Of an exported model.

    Attributes:
        reader: strings to the network's inputs.
        network: those to raw outputs.
        words: some that the reader knows.
        reference: makes what gives the same outputs in Python; `None` where nothing does.
        reads: what the reader knows, in words.
        tolerance: how far scores may be from those of the reference: one row alone is multiplied by
            other kernels than many are, and other machines have others yet.
    """

    reader: Reader
    network: Network
    words: Sequence[str]
    reference: Callable[[], TextModel | None]
    reads: str
    tolerance: float = 1e-4


def is_exact(vocabulary: str | None, half: bool) -> bool:
    """Whether a model that is exported so gives what its run gives."""
    return vocabulary in (None, FULL) and not half


def exported_parts(
    run: Run,
    vocabulary: str | None,
    half: bool,
    folder: Path,
    without: Container[str] = frozenset(),
) -> Parts:
    """Take a run's model apart; one that was trained in mixed precision computes in float32 here.

    Args:
        run: with a network.
        vocabulary: which words it is to know, see `exported_words`; by default all.
        half: whether to keep their vectors in half precision.
        folder: a temporary one, which must stay until the model is saved.
        without: words of the run to leave out.

    Raises:
        MrcaError: if it has no network, or the options do not fit it.
    """
    model = run.model
    if isinstance(model, NeuralModel) and run.config.training.precision != "float32":
        model = model.in_float32()  # what every server can compute, and quickly on a CPU
    if isinstance(model, WordModel):
        return _of_words(run, model, vocabulary or FULL, half, folder, without)
    if isinstance(model, PieceModel):
        if vocabulary is not None or half:
            raise MrcaError(
                f"The run {run.folder} reads with {run.config.encoder.name}, not with word "
                "vectors. Leave --vocabulary and --float16 out."
            )
        return _of_pieces(run, model, folder)
    raise MrcaError(
        f"The run {run.folder} is a linear SVM, which scikit-learn computes; only networks are "
        "exported. Use `mrca predict`, or train a network: mrca train --dataset "
        f"{run.config.data.dataset}"
    )


def _of_words(
    run: Run, model: WordModel, choice: str, half: bool, folder: Path, without: Container[str]
) -> Parts:
    own, full = model.vocabulary.store, model.vocabulary.fallback
    words, vectors = exported_words(own, full, choice, without)
    features = run.config.features
    reader = TextToInputs(
        words,
        vectors.astype(np.float16) if half else vectors,
        folder,
        max_length=features.max_length,
        padding=features.padding,
        case=features.case,
        role=features.role,
    )
    kept = "half precision" if half else "single precision"
    reads = f"{len(words):,} words ({choice}), vectors in {kept}"
    reference = partial(_words_in_python, run, model, choice, half, folder)
    return Parts(reader, WordNetwork(model.network), words, reference, reads)


def _words_in_python(
    run: Run, model: WordModel, choice: str, half: bool, folder: Path
) -> WordModel | None:
    if half:
        return None
    if choice == FULL:
        return model
    own, full, spare = model.vocabulary.store, model.vocabulary.fallback, model.vocabulary.spare
    known = own
    if choice != RUN:
        words, vectors = exported_words(own, full, choice)
        known = VectorStore.write(folder / "known", words, vectors, own.name)
    # Another network: a vocabulary and the spare rows of a table belong together.
    network = load_network(run.folder).with_dtype("float32")
    return WordModel(network, run.config, Vocabulary(own, known, spare))


def _of_pieces(run: Run, model: PieceModel, folder: Path) -> Parts:
    pieces = model.word_pieces
    features = run.config.features
    reader = TextToPieces(
        pieces,
        folder,
        max_length=features.max_length,
        case=features.case,
        role=features.role,
        markers=features.markers,
    )
    words = [piece for piece in pieces.vocabulary if not piece.startswith(("##", "["))]
    reads = f"word pieces of {run.config.encoder.name}, which is inside"
    # States that are pooled alone are rounded to half precision, in either direction where they
    # stand between two numbers; the run differs from itself by as much.
    tolerance = 1e-4 if pooled_first(run.config) is None else 1e-3
    return Parts(reader, PieceNetwork(model), words, lambda: model, reads, tolerance)
