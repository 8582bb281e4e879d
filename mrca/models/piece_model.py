"""A network that reads the states of a BERT encoder."""

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from mrca.config import RunConfig
from mrca.encoders import open_encoder
from mrca.encoders.state_reader import StateReader, piece_inputs
from mrca.errors import MrcaError
from mrca.features import EncodedExamples, WordPieces, encode_pieces
from mrca.models.mrca import MRCA
from mrca.models.text_model import NETWORK, NeuralModel, load_network
from mrca.text import Example

ENCODER = "encoder"
VOCABULARY = "vocab.txt"
_SAY_WHERE = (
    "say where it is now: --encoder hub:FOLDER of `mrca predict`, `mrca evaluate` and `mrca "
    'export`, or mrca.load(run, encoder="hub:FOLDER")'
)
# Rows whose states tell how large an entry gets.
_MEASURED = 256


class PieceModel(NeuralModel):
    """A network over a BERT encoder, which is frozen or trained with it.

    A frozen encoder's states are what the network is trained on; where nothing but a pooling to one
    vector stands between, they are pooled before they are kept. A trained encoder and the network
    are one Keras model, and the run carries the encoder.

    Args:
        network: of states.
        config: how sentences become numbers.
        encoder: a layer from word pieces and lengths to states.
        word_pieces: its vocabulary.
    """

    def __init__(
        self, network: MRCA, config: RunConfig, encoder: Any, word_pieces: WordPieces
    ) -> None:
        super().__init__(network, config)
        self.encoder = encoder
        self.word_pieces = word_pieces
        self._reader: StateReader | None = None
        if config.encoder.trainable:
            self.trained = self.whole(network)
            return
        pooling = pooled_first(config)
        self._reader = StateReader(encoder, pooling)
        if pooling is not None:
            self.padding, self.max_length = "masked", 1

    def with_network(self, network: MRCA) -> "PieceModel":
        """The same encoder before another network."""
        return PieceModel(network, self.config, self.encoder, self.word_pieces)

    def in_float32(self) -> "PieceModel":
        """See `NeuralModel`; a frozen encoder computes as it does."""
        trained = self.config.encoder.trainable
        encoder = self.encoder.with_dtype("float32") if trained else self.encoder
        return PieceModel(
            self.network.with_dtype("float32"), self.config, encoder, self.word_pieces
        )

    def report_progress(self, progress: Callable[[int, int], None]) -> None:
        """See `NeuralModel`."""
        if self._reader is not None:
            self._reader.progress = progress

    def encode(self, examples: Sequence[Example], *, keep: bool = False) -> EncodedExamples:
        """Examples as word pieces, or as the states of a frozen encoder."""
        pieces = _pieces(examples, self.word_pieces, self.config)
        return pieces if self._reader is None else self._reader.read(pieces, keep=keep)

    def whole(self, network: keras.Model) -> keras.Model:
        """The network, or a trained encoder with the network after it."""
        if not self.config.encoder.trainable:
            return network
        inputs = piece_inputs()
        states = self.encoder(inputs["pieces"], inputs["lengths"])
        marks = {name: inputs[name] for name in ("case", "role", "lengths")}
        model = keras.Model(inputs, network({"states": states, **marks}))
        model.dtype_policy = self.network.dtype_policy  # by which training scales the loss
        return model

    def save(self, folder: Path) -> None:
        """Write the network and, if it was trained, the encoder."""
        super().save(folder)
        if self.config.encoder.trainable:
            self.encoder.save(folder / ENCODER, self.word_pieces)


def pooled_first(config: RunConfig) -> str | None:
    """The pooling to one vector that comes right after a frozen encoder, if one does."""
    model = config.model
    alone = not config.encoder.trainable and not model.units and model.pooling != "windows"
    return model.pooling if alone else None


def feature_value(
    examples: Sequence[Example], encoder: Any, word_pieces: WordPieces, config: RunConfig
) -> float:
    """`v` of equation 3.2: the ceiling of the largest entry of the first examples' states."""
    pieces = _pieces(examples[:_MEASURED], word_pieces, config)
    states = StateReader(encoder).read(pieces).arrays["states"]
    return float(max(1, math.ceil(states.max(initial=0))))


def load_piece_model(
    folder: Path, config: RunConfig, fingerprint: str, moved_to: str | None = None
) -> PieceModel:
    """The model of a run folder.

    Args:
        folder: the run.
        config: how it was trained.
        fingerprint: of the encoder that it was trained with; see `encoder_fingerprint`.
        moved_to: the name that a frozen encoder has now, if it is not the configured one.

    Raises:
        MrcaError: if its parts cannot be read, or the encoder is gone or another one.
    """
    network = load_network(folder)
    settings = config.encoder
    if settings.trainable:
        kind = settings.name.partition(":")[0]
        encoder, word_pieces = open_encoder(
            f"{kind}:{folder / ENCODER}", trainable=True, dtype=config.training.precision
        )
    else:
        if moved_to is not None:
            settings = settings.model_copy(update={"name": moved_to})
            config = config.model_copy(update={"encoder": settings})
        encoder, word_pieces = _open_frozen(folder, config)
        if encoder_fingerprint(encoder, word_pieces) != fingerprint:
            raise MrcaError(
                f"The encoder {settings.name!r} is not the one that the run {folder} was trained "
                f"with: its files differ. Bring that one and {_SAY_WHERE}, or train the run again."
            )
    expected = encoder.dim
    if (pooling := pooled_first(config)) is not None:
        expected = StateReader(encoder, pooling).width
    if network.dim != expected:
        raise MrcaError(
            f"{NETWORK} in {folder} reads states of {network.dim} numbers, the encoder "
            f"{settings.name!r} gives {expected}. The run is damaged: train it again."
        )
    return PieceModel(network, config, encoder, word_pieces)


def _open_frozen(folder: Path, config: RunConfig) -> tuple[Any, WordPieces]:
    try:
        return open_config_encoder(config, folder / VOCABULARY)
    except MrcaError as error:
        raise MrcaError(
            f"The run {folder} reads with the encoder {config.encoder.name!r}, which cannot be "
            f"opened. {error} If it has moved, {_SAY_WHERE}."
        ) from error


def encoder_fingerprint(encoder: Any, word_pieces: WordPieces) -> str:
    """SHA-256 of an encoder with the word pieces that it is read with."""
    vocabulary = "\n".join((str(word_pieces.lower_case), *word_pieces.vocabulary))
    return hashlib.sha256(f"{encoder.fingerprint} {vocabulary}".encode()).hexdigest()


def open_config_encoder(
    config: RunConfig, vocabulary: Path | None = None
) -> tuple[Any, WordPieces]:
    """The encoder that a configuration names, and its word pieces.

    Args:
        config: its `encoder` and `features`.
        vocabulary: the word pieces that a run has kept, in place of those that are configured.

    Raises:
        MrcaError: if it cannot be opened, or does not read rows as they are configured.
    """
    settings = config.encoder
    encoder, word_pieces = open_encoder(
        settings.name,
        trainable=settings.trainable,
        vocab_file=settings.vocab_file if vocabulary is None else str(vocabulary),
        lower_case={"auto": None, "cased": False, "uncased": True}[settings.casing],
        # A frozen encoder's states are computed once, and kept for runs of any precision.
        dtype=config.training.precision if settings.trainable else None,
    )
    if config.features.markers:
        _ = word_pieces.markers  # or an error
    if config.features.max_length < 3:
        raise MrcaError(
            f"features.max_length is {config.features.max_length}: expected at least 3, for "
            "[CLS], one piece of a word and [SEP]."
        )
    longest = encoder.max_positions
    if longest is not None and config.features.max_length > longest:
        raise MrcaError(
            f"features.max_length is {config.features.max_length}, but the encoder {settings.name} "
            f"reads {longest} word pieces at most. Lower features.max_length."
        )
    return encoder, word_pieces


def casing_note(config: RunConfig, encoder: Any, word_pieces: WordPieces) -> str:
    """A sentence if words are lower-cased otherwise than the encoder says that it was trained.

    Args:
        config: what they were opened with; see `open_config_encoder`.
        encoder: what it says, if anything.
        word_pieces: what is done.
    """
    lower_case = encoder.lower_case
    if lower_case is None or lower_case == word_pieces.lower_case:
        return ""
    trained, effect = (
        ("lower-cased text", "words with capitals become [UNK] or single letters")
        if lower_case
        else ("text with its capitals", "many names lose the word pieces that they have in it")
    )
    return (
        f"encoder.casing is {config.encoder.casing!r}, but the encoder {config.encoder.name} says "
        f"that it was trained on {trained}: its vocabulary does not fit, and {effect}. Leave "
        "encoder.casing out to follow it."
    )


def _pieces(
    examples: Sequence[Example], word_pieces: WordPieces, config: RunConfig
) -> EncodedExamples:
    features = config.features
    return encode_pieces(
        examples,
        word_pieces,
        max_length=features.max_length,
        case=features.case,
        role=features.role,
        markers=features.markers,
    )
