"""What a run's model consists of in an exported one."""

from collections.abc import Callable, Container, Sequence
from functools import singledispatch
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mrca.encoders import Encoder, PieceEncoder, WordVectors
from mrca.encoding import WordPieces
from mrca.errors import MrcaError
from mrca.export.exported_model import ExportedModel, Network
from mrca.export.exported_pairs import ExportedPairs
from mrca.export.exported_words import FULL, ExportedWords, exported_words
from mrca.export.piece_network import PieceNetwork
from mrca.export.text_reader import TextReader
from mrca.export.text_to_inputs import TextToInputs
from mrca.export.text_to_pieces import TextToPieces
from mrca.export.word_network import WordNetwork
from mrca.models import RelationClassifier
from mrca.vectors import VectorStore


class Parts(NamedTuple):
    """Of an exported model.

    Attributes:
        reader: strings to the network's inputs.
        network: those to raw outputs.
        words: some that the reader knows.
        reference: makes what gives the same outputs in Python.
        reads: what the reader knows, in words.
        types: of entities, which its reader knows; `None` where whole texts are asked about.
        tolerance: how far scores may be from those of the reference: one row alone is multiplied by
            other kernels than many are, and other machines have others yet.
    """

    reader: TextReader
    network: Network
    words: Sequence[str]
    reference: Callable[[], RelationClassifier]
    reads: str
    types: Sequence[str] | None
    tolerance: float = 1e-4


def is_exact(vocabulary: str | None, half: bool) -> bool:
    """Whether a model that is exported so gives what its run gives."""
    return vocabulary in (None, FULL) and not half


def exported_parts(
    classifier: RelationClassifier,
    vocabulary: str | None,
    half: bool,
    folder: Path,
    without: Container[str] = frozenset(),
) -> Parts:
    """Take a classifier apart, as every server can compute it: in float32 and without a GPU.

    Args:
        classifier: that is asked about whole texts.
        vocabulary: which words it is to know, see `exported_words`; by default all.
        half: whether to keep their vectors in half precision.
        folder: a temporary one, which must stay until the model is saved.
        without: words of the run to leave out.

    Raises:
        MrcaError: if the options do not fit it, or it reads more than marked words.
    """
    encoder = classifier.encoder
    if encoder.types and classifier.config.candidates.kind == "whole":
        raise MrcaError(
            "features.types reads the types of entities, which the marks of sentences do not give. "
            "Use `mrca predict`, or train without it to export."
        )
    if classifier.config.model.precision != "float32":
        classifier = classifier.in_float32()  # what every server computes, and fast on a CPU
        encoder = classifier.encoder
    classifier = classifier.with_network(classifier.network.without_cudnn())
    return _parts(encoder, classifier, vocabulary, half, folder, without)


def exported_model(classifier: RelationClassifier, parts: Parts) -> ExportedModel | ExportedPairs:
    """The parts joined, with the classifier's decision."""
    config = classifier.config
    if config.candidates.kind == "pairs":
        return ExportedPairs(
            parts.reader,
            parts.network,
            classifier.selection,
            classifier.decision,
            classifier.relations.names,
            roles=config.data.roles == "corpus",
            attends=config.model.pair_context == "localized",
        )
    return ExportedModel(
        parts.reader,
        parts.network,
        classifier.config.features.max_length,
        classifier.decision,
        classifier.relations.names,
    )


@singledispatch
def _parts(
    encoder: Encoder,
    classifier: RelationClassifier,
    vocabulary: str | None,
    half: bool,
    folder: Path,
    without: Container[str],
) -> Parts:
    """What stands for each kind of encoder in an exported model."""
    raise NotImplementedError(type(encoder).__name__)


@_parts.register
def _of_words(
    encoder: WordVectors,
    classifier: RelationClassifier,
    vocabulary: str | None,
    half: bool,
    folder: Path,
    without: Container[str],
) -> Parts:
    choice = vocabulary or FULL
    words, vectors = exported_words(encoder, choice, without)
    kept = vectors.astype(np.float16) if half else vectors
    features = classifier.config.features
    reader = TextToInputs(
        words,
        kept,
        folder,
        max_length=encoder.longest,
        padding=features.padding,
        case=features.case,
        role=features.role,
        types=encoder.types,
    )
    reads = f"{len(words):,} words ({choice}), vectors in {'half' if half else 'single'} precision"

    def reference() -> RelationClassifier:
        if is_exact(choice, half):
            return classifier
        known = ExportedWords(words, kept.astype(np.float32))
        return _with_words(classifier, known, folder / "known")

    types = _types(classifier)
    return Parts(reader, WordNetwork(classifier.network), words, reference, reads, types)


def _with_words(
    classifier: RelationClassifier, exported: ExportedWords, folder: Path
) -> RelationClassifier:
    """The same classifier that knows these words and spells out all others."""
    words, vectors = exported
    store = VectorStore.write(folder, words, vectors, "exported words")
    encoder = WordVectors(classifier.config, classifier.types, words, vectors, store, {})
    return classifier.with_network(classifier.network, encoder)


@_parts.register
def _of_pieces(
    encoder: PieceEncoder,
    classifier: RelationClassifier,
    vocabulary: str | None,
    half: bool,
    folder: Path,
    without: Container[str],
) -> Parts:
    if vocabulary is not None or half:
        raise MrcaError(
            f"The run reads with {classifier.config.encoder.name}, not with word vectors. Leave "
            "--vocabulary and --float16 out."
        )
    pieces, features = encoder.word_pieces, classifier.config.features
    if not isinstance(pieces, WordPieces):
        raise MrcaError(
            f"{classifier.config.encoder.name} reads byte pairs, which an exported model does not "
            "split words into. Use `mrca predict`, or train with a BERT to export."
        )
    reader = TextToPieces(
        pieces,
        folder,
        max_length=encoder.longest,
        case=features.case,
        role=features.role,
        markers=features.markers,
        style=features.marker_style,
        types=encoder.types,
    )
    words = [piece for piece in pieces.vocabulary if not piece.startswith(("##", "["))]
    reads = f"word pieces of {classifier.config.encoder.name}, which is inside"
    # States that are pooled alone are rounded to half precision, in either direction where they
    # stand between two numbers; the run differs from itself by as much.
    tolerance = 1e-4 if encoder.pooling is None else 1e-3
    network = PieceNetwork(classifier, encoder)
    types = _types(classifier)
    return Parts(reader, network, words, lambda: classifier, reads, types, tolerance)


def _types(classifier: RelationClassifier) -> list[str] | None:
    """The entity types that a run of entity pairs knows."""
    if classifier.config.candidates.kind == "whole":
        return None
    asked = classifier.selection.type_pairs or ()
    allowed = classifier.decision.allowed or ()
    pairs = {*asked, *((first, second) for first, _, second in allowed)}
    return sorted({*classifier.types, *(each for pair in pairs for each in pair)})
