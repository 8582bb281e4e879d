"""What a training reads texts with, opened and checked before anything is written."""

import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from mrca.config import RunConfig
from mrca.datasets import Corpus
from mrca.encoders.state_reader import StateReader
from mrca.errors import MrcaError
from mrca.features import Vocabulary, training_words
from mrca.models import MRCA, NeuralModel, PieceModel, WordModel
from mrca.models.network_size import network_weights
from mrca.models.piece_model import (
    ENCODER,
    VOCABULARY,
    casing_note,
    encoder_fingerprint,
    feature_value,
    open_config_encoder,
    pooled_first,
)
from mrca.models.word_model import VECTORS
from mrca.training import run_folder
from mrca.training.combinations import TFIDF, WORD_VECTORS, check_representation
from mrca.training.reporter import Reporter
from mrca.training.run import TAU_NORMALISED, load
from mrca.training.run_folder import fingerprint_of_run
from mrca.training.svm import make_svm
from mrca.vectors import VectorStore, is_store, resolve_vectors, word_vectors

# Rows of the word table kept free for words that are first met at prediction.
SPARE_ROWS = 1024


class Source(ABC):
    """Word vectors, an encoder, the layers of another run, or word frequencies.

    Attributes:
        unit: what `features.max_length` counts.
        note: what a user should know before training; empty for nothing.
    """

    unit: str = "tokens"
    note: str = ""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What `environment.json` says of it: a name and a fingerprint, under what it is."""

    def cut_rows(self, corpus: Corpus) -> int:
        """How many rows are longer than `features.max_length`; none unless a kind says so."""
        return 0

    @abstractmethod
    def bytes_needed(self, columns: int) -> int:
        """Room on the disk that a training takes at most, in bytes."""

    @abstractmethod
    def trainable_weights(self, columns: int) -> int:
        """How many weights a training changes, counted without building the network."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write what the run carries of it."""


class NetworkSource(Source):
    """What a network reads with."""

    @abstractmethod
    def build(self, folder: Path, columns: int) -> NeuralModel:
        """A new model that reads with it.

        Args:
            folder: where `write` has written.
            columns: outputs of its network.
        """


class WordSource(NetworkSource):
    """Word vectors, of which a run carries those that its corpus needs."""

    def __init__(self, config: RunConfig, corpus: Corpus, vectors: VectorStore) -> None:
        self._config = config
        self._vectors = vectors
        self._words = training_words(row for rows in corpus.splits.values() for row in rows)

    def describe(self) -> dict[str, Any]:
        """Name, fingerprint and place of the full store."""
        return {
            "vectors": {
                "name": self._vectors.name,
                "fingerprint": self._vectors.fingerprint,
                "folder": str(self._vectors.folder.resolve()),
            }
        }

    def cut_rows(self, corpus: Corpus) -> int:
        """See `Source`."""
        longest = self._config.features.max_length
        return sum(len(row.tokens) > longest for rows in corpus.splits.values() for row in rows)

    def bytes_needed(self, columns: int) -> int:
        """See `Source`; the word table stands in vectors/ and in the network's file."""
        tables = 4 * 2 * len(self._words) * self._vectors.dim
        return tables + _state_bytes(self.trainable_weights(columns))

    def trainable_weights(self, columns: int) -> int:
        """See `Source`; the word table is never trained."""
        return network_weights(self._config, self._vectors.dim + 2, columns)

    def write(self, folder: Path) -> None:
        """Write the vectors of the corpus's words."""
        matrix, _ = word_vectors(self._vectors, self._words)
        VectorStore.write(folder / VECTORS, self._words, matrix, name=self._vectors.name)

    def build(self, folder: Path, columns: int) -> WordModel:
        """A model over those words, with spare rows for others."""
        vocabulary = Vocabulary(
            VectorStore.open(folder / VECTORS),
            self._vectors,
            # Never fewer than one sentence can bring.
            spare=max(SPARE_ROWS, self._config.features.max_length),
        )
        vectors = self._vectors
        network = _new_network(
            self._config, vocabulary.num_rows, vectors.dim, vectors.feature_value, columns
        )
        assert network.token_features is not None
        network.token_features.assign_vectors(np.asarray(vocabulary.store.vectors))
        return WordModel(network, self._config, vocabulary)


class PieceSource(NetworkSource):
    """A BERT encoder, which a run carries only if it trains it."""

    unit = "word pieces"

    def __init__(self, config: RunConfig, corpus: Corpus) -> None:
        self._config = config
        self._examples = corpus.splits["train"]
        self._encoder, self._word_pieces = open_config_encoder(config)
        self.note = casing_note(config, self._encoder, self._word_pieces)

    def describe(self) -> dict[str, Any]:
        """Name and fingerprint of the encoder with its word pieces."""
        fingerprint = encoder_fingerprint(self._encoder, self._word_pieces)
        return {"encoder": {"name": self._config.encoder.name, "fingerprint": fingerprint}}

    def cut_rows(self, corpus: Corpus) -> int:
        """See `Source`."""
        features = self._config.features
        pieces = self._word_pieces.pieces
        cut = 0
        for rows in corpus.splits.values():
            for row in rows:
                marks = 2 * (len(row.subjects) + len(row.objects)) if features.markers else 0
                length = 2 + marks + sum(len(pieces(token)) for token in row.tokens)
                cut += length > features.max_length
        return cut

    def bytes_needed(self, columns: int) -> int:
        """See `Source`; an encoder that is trained stands in the states and in encoder/."""
        return _state_bytes(self.trainable_weights(columns))

    def trainable_weights(self, columns: int) -> int:
        """See `Source`; those of the encoder too if it is trained."""
        pooled = pooled_first(self._config) is not None
        weights = network_weights(self._config, self._width, columns, pooled)
        trained = self._encoder.count_params() if self._config.encoder.trainable else 0
        return weights + trained

    def write(self, folder: Path) -> None:
        """Write the word pieces; an encoder that is trained is written with the model."""
        self._word_pieces.save(folder / VOCABULARY)

    def build(self, folder: Path, columns: int) -> PieceModel:
        """A model over its states."""
        value = 1.0
        if self._marked:
            value = feature_value(self._examples, self._encoder, self._word_pieces, self._config)
        pooling = pooled_first(self._config)
        dim = self._encoder.dim if pooling is None else self._width
        network = _new_network(self._config, 0, dim, value, columns, pooled=pooling is not None)
        return PieceModel(network, self._config, self._encoder, self._word_pieces)

    @property
    def _marked(self) -> bool:
        return bool(self._config.model.units) or self._config.model.pooling == "windows"

    @property
    def _width(self) -> int:
        """Numbers of each token that the network reads, marks included."""
        width = StateReader(self._encoder, pooled_first(self._config)).width
        return width + 2 if self._marked else width


class RunSource(NetworkSource):
    """The layers before another run's classifier, with all that they read with."""

    def __init__(self, config: RunConfig, corpus: Corpus) -> None:
        self._config = config
        self._rows = sum(len(corpus.splits[split]) for split in ("train", "valid"))
        self.run = load(config.classifier.representation)
        check_representation(config, self.run, corpus.relations)
        assert isinstance(self.run.model, NeuralModel)
        self.model = self.run.model

    def describe(self) -> dict[str, Any]:
        """What that run's own `environment.json` says, and the run."""
        folder = self.run.folder
        run = {"name": str(folder), "fingerprint": fingerprint_of_run(folder)}
        with run_folder.reading(folder / run_folder.ENVIRONMENT) as environment:
            parts = {
                name: environment[name] for name in ("vectors", "encoder") if name in environment
            }
        return {**parts, "representation": run}

    def bytes_needed(self, columns: int) -> int:
        """See `Source`; that run's own parts, and what the new classifier is trained on."""
        files = (path for path in self.run.folder.rglob("*") if path.is_file())
        inputs = 4 * self._rows * self.model.representation_width
        return 2 * sum(path.stat().st_size for path in files) + inputs

    def trainable_weights(self, columns: int) -> int:
        """See `Source`; all but the new classifier is frozen."""
        classifier = self._config.classifier
        if classifier.name == TAU_NORMALISED:
            return 0
        model = self._config.model.model_copy(update={"units": 0, "hidden": 0})
        bare = self._config.model_copy(update={"model": model})
        return network_weights(bare, self.model.representation_width, columns, pooled=True)

    def write(self, folder: Path) -> None:
        """Copy its words, or its word pieces and the encoder that it trained."""
        for part in (VECTORS, ENCODER):
            if (self.run.folder / part).is_dir():
                shutil.copytree(self.run.folder / part, folder / part)
        if (self.run.folder / VOCABULARY).is_file():
            shutil.copy(self.run.folder / VOCABULARY, folder)

    def build(self, folder: Path, columns: int) -> NeuralModel:
        """Its model with a new classifier."""
        classifier = self._config.classifier
        network = self.model.network.with_head(columns, classifier.name, classifier.options)
        return self.model.with_network(network)


class SVMSource(Source):
    """Word frequencies, which need nothing but the corpus."""

    def __init__(self, config: RunConfig, corpus: Corpus) -> None:
        self.svm = make_svm(config, len(corpus.relations))

    def describe(self) -> dict[str, Any]:
        """Its name; there is nothing to tell it by."""
        return {"encoder": {"name": TFIDF, "fingerprint": ""}}

    def bytes_needed(self, columns: int) -> int:
        """Unknown before the terms are: little."""
        return 0

    def trainable_weights(self, columns: int) -> int:
        """None: it is no network."""
        return 0

    def write(self, folder: Path) -> None:
        """Nothing."""


def open_source(
    config: RunConfig, corpus: Corpus, vectors_dir: Path | None, reporter: Reporter
) -> Source:
    """What the configuration reads texts with.

    Raises:
        MrcaError: if it cannot be had.
    """
    if config.classifier.representation:
        return RunSource(config, corpus)
    if config.encoder.name == TFIDF:
        return SVMSource(config, corpus)
    if config.encoder.name != WORD_VECTORS:
        return PieceSource(config, corpus)
    if config.vectors.name == "corpus":
        return WordSource(config, corpus, _vectors_of(corpus))
    store = resolve_vectors(config.vectors.name, vectors_dir, progress=reporter.preparing)
    return WordSource(config, corpus, store)


def _vectors_of(corpus: Corpus) -> VectorStore:
    folder = corpus.folder / VECTORS
    if not is_store(folder):
        raise MrcaError(
            f'vectors.name is "corpus", but {corpus.name} brings no vectors: {folder} is no vector '
            "store. Give others with --vectors, or --set vectors.name; `mrca vectors list` shows "
            "which there are."
        )
    return VectorStore.open(folder)


def _new_network(
    config: RunConfig, num_words: int, dim: int, value: float, columns: int, pooled: bool = False
) -> MRCA:
    """The network of a configuration; `pooled` states need no pooling any more."""
    model = config.model
    return MRCA(
        num_words=num_words,
        dim=dim,
        feature_value=value,
        columns=columns,
        units=model.units,
        pool_size=model.pool_size,
        strides=model.strides,
        max_length=config.features.max_length,
        dropout=model.dropout,
        head=config.classifier.name,
        head_options=config.classifier.options,
        pooling="first" if pooled else model.pooling,
        hidden=model.hidden,
        dtype=config.training.precision,
    )


def _state_bytes(weights: int) -> int:
    # The state (weights and Adam's two moments) and the best weights each stand twice while they
    # are replaced; then the network's file.
    return 4 * 9 * weights
