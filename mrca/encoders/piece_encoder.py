"""Pretrained BERT encoders, frozen or trained with the network."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from mrca.config import RunConfig
from mrca.config.run_config import EncoderConfig
from mrca.datasets import Candidates
from mrca.encoders.encoder import Encoder, Places, Progress, no_progress
from mrca.encoders.hub_handle import resolve_hub_handle
from mrca.encoders.hub_states import HubStates, module_fingerprint
from mrca.encoders.keras_hub_states import KerasHubStates
from mrca.encoders.states import StateReader
from mrca.encoders.windows import Windows
from mrca.encoding import (
    BytePairs,
    EncodedDocuments,
    PieceRows,
    Pieces,
    WordPieces,
    piece_rows,
)
from mrca.encoding.word_pieces import read_vocabulary
from mrca.errors import MrcaError
from mrca.layers import STATE_POOLINGS
from mrca.runs.layout import ENCODER, VOCABULARY, shown_run
from mrca.text import Document

_SAY_WHERE = (
    "say where it is now: --encoder hub:FOLDER of `mrca predict`, `mrca evaluate` and `mrca "
    'export`, or mrca.load(run, encoder="hub:FOLDER")'
)
# Documents whose states tell how large an entry gets.
_MEASURED = 256


class PieceEncoder(Encoder):
    """A BERT encoder over word pieces.

    A frozen one's states are computed beforehand, in half precision; where nothing but a pooling
    to one vector stands between it and the classifier, they are pooled before they are kept. A
    trained one and the network are one Keras model, and the run carries it. So are a frozen one and
    a network that reads its attention, which would take too much room to be kept; the run does not
    carry that.

    Whole documents are cut at `features.max_length` pieces. Where pairs are asked about, this is a
    window, and longer documents are read in several; see `Windows`.

    Args:
        config: how documents become numbers.
        types: the entity types that are a feature.
        states: a layer from word pieces and lengths to states.
        word_pieces: its vocabulary.
        measured: documents that tell how large states get.

    Attributes:
        reading: the layer from pieces and lengths to states, in windows where pairs are asked
            about.
    """

    unit = "word pieces"
    kind: ClassVar[str]
    """What stands before the colon of its name."""

    def __init__(
        self,
        config: RunConfig,
        types: Sequence[str],
        states: Any,
        word_pieces: Pieces,
        measured: Sequence[Document] = (),
    ) -> None:
        super().__init__(config, types)
        self.states = states
        self.word_pieces = word_pieces
        self._measured = measured
        self._reader: StateReader | None = None
        self.reading = states
        if config.candidates.kind == "pairs":
            self.reading = Windows(states, *_window(config), name="windows")
        if _in_model(config):
            self.layer = self.reading
        else:
            self._reader = StateReader(self.reading, self.pooling)
        self.note = self._casing_note()

    # === What a configuration needs ===

    @classmethod
    def problems(cls, config: RunConfig) -> Iterator[str]:
        """See `Encoder`."""
        if config.features.padding == "fixed" and config.encoder.trainable:
            yield (
                "features.padding=fixed computes on padding, which a trained BERT encoder would "
                "read as words. Take masked padding."
            )
        yield from _window_problems(config)
        features = config.features
        style = features.marker_style
        if style != "roles" and config.candidates.kind == "whole":
            yield (
                f"features.marker_style={style} marks mentions, which candidates.kind=pairs asks "
                "about. Leave it out for whole documents, whose subjects and objects are marked."
            )
        elif style != "roles" and not features.markers:
            yield (
                f"features.marker_style={style} says how entities are marked, and "
                "features.markers is false. Set features.markers=true."
            )

    # === Opening and loading ===

    @classmethod
    def open(
        cls,
        config: RunConfig,
        documents: Sequence[Document],
        types: Sequence[str],
        *,
        vectors_dir: Path | None = None,
        progress: Progress = no_progress,
    ) -> Self:
        """See `Encoder`."""
        states, word_pieces = cls._opened(config, config.encoder.vocab_file)
        encoder = cls(config, types, states, word_pieces, documents[:_MEASURED])
        if encoder._reader is not None:
            encoder._reader.progress = lambda done, total: progress(
                "computing the encoder's states", done, total
            )
        return encoder

    @classmethod
    def load(cls, folder: Path, config: RunConfig, types: Sequence[str], places: Places) -> Self:
        """See `Encoder`."""
        if places.vectors is not None:
            raise MrcaError(
                f"The run {folder} reads with {config.encoder.name}, not with word vectors. Leave "
                "--vectors out."
            )
        if config.encoder.trainable:
            if places.encoder is not None:
                raise MrcaError(
                    f"The run {folder} reads with an encoder of its own, which it carries. Leave "
                    "--encoder out."
                )
            here = config.changed({"encoder.name": f"{cls.kind}:{folder / ENCODER}"})
            return cls(config, types, *cls._opened(here))
        if places.encoder is not None:
            config = config.changed({"encoder.name": places.encoder})
        elif (folder / ENCODER).is_dir():  # a run that was pushed carries it
            config = config.changed({"encoder.name": f"{cls.kind}:{folder / ENCODER}"})
        own, kept = folder / VOCABULARY, places.environment["fingerprint"]
        vocab_file = str(own) if own.exists() else ""
        opened = None
        try:
            if cls._may_be(config.encoder, vocab_file, kept):
                opened = cls._opened(config, vocab_file)
        except MrcaError as error:
            raise MrcaError(
                f"The run {folder} reads with the encoder {config.encoder.name!r}, which cannot be "
                f"opened. {error} If it has moved, {_SAY_WHERE}."
            ) from error
        encoder = None if opened is None else cls(config, types, *opened)
        if encoder is None or encoder.fingerprint != kept:
            raise MrcaError(
                f"The encoder {config.encoder.name!r} is not the one that the run {folder} was "
                f"trained with: its files differ. Bring that one and {_SAY_WHERE}, or train the "
                "run again."
            )
        return encoder

    @classmethod
    def _may_be(cls, settings: EncoderConfig, vocab_file: str, fingerprint: str) -> bool:
        """Whether the encoder that is named may have a fingerprint, as far as its files say it.

        It is not opened for that.

        Raises:
            MrcaError: if it is not there.
        """
        return True

    @classmethod
    def _opened(cls, config: RunConfig, vocab_file: str = "") -> tuple[Any, Pieces]:
        """The layer that a configuration names, and its word pieces.

        Raises:
            MrcaError: if it cannot be opened, or does not read rows as they are configured.
        """
        settings, features = config.encoder, config.features
        # States that are computed beforehand are kept for runs of any precision.
        dtype = config.model.precision if _in_model(config) else None
        states = cls._open_states(settings, dtype)
        lower_case = {"auto": states.lower_case, "cased": False, "uncased": True}[settings.casing]
        word_pieces = _word_pieces(states, settings.name, vocab_file, lower_case)
        if features.markers:
            # Or an error, before anything is read.
            if features.marker_style == "roles":
                _ = word_pieces.markers
            for sign in {"asterisks": "*", "typed": "@*"}.get(features.marker_style, ""):
                word_pieces.marker(sign)
        if features.max_length < 3:
            raise MrcaError(
                f"features.max_length is {features.max_length}: expected at least 3, for [CLS], "
                "one piece of a word and [SEP]."
            )
        longest = states.max_positions
        if longest is not None and features.max_length > longest:
            raise MrcaError(
                f"features.max_length is {features.max_length}, but the encoder {settings.name} "
                f"reads {longest} word pieces at most. Lower features.max_length."
            )
        if config.model.pair_context == "localized" and not states.gives_attention:
            raise MrcaError(
                f"model.pair_context=localized reads the attention of an encoder's last layer, "
                f"which {settings.name} does not give. Take a BERT or RoBERTa, or "
                "model.pair_context=attention."
            )
        return states, word_pieces

    @classmethod
    def _open_states(cls, settings: EncoderConfig, dtype: str | None) -> Any:
        raise NotImplementedError

    # === In use ===

    @property
    def dim(self) -> int:
        """Length of a state, or of what states are pooled to."""
        return int(self.states.dim) if self._reader is None else self._reader.width

    @property
    def pooling(self) -> str | None:
        """See `Encoder`: where a pooling to one vector comes right after a frozen encoder."""
        model = self.config.model
        alone = not self.config.encoder.trainable and not model.units
        return model.pooling if alone and model.pooling in STATE_POOLINGS else None

    def feature_value(self) -> float:
        """Of the states of a few training documents."""
        rows = self._rows(self._measured)
        pieces = EncodedDocuments(rows.arrays, rows.starts)
        states = StateReader(self.reading).read(pieces).arrays["states"]
        return float(max(1, math.ceil(states.max(initial=0))))

    def encode(self, candidates: Candidates, *, keep: bool = False) -> EncodedDocuments:
        """Word pieces, or the states of a frozen encoder."""
        rows = self._rows(candidates.documents)
        entities = self.entities(candidates, rows.places)
        pieces = EncodedDocuments(rows.arrays, rows.starts, entities)
        return pieces if self._reader is None else self._reader.read(pieces, keep=keep)

    def words_read(self, documents: Sequence[Document]) -> list[int]:
        """See `Encoder`."""
        if self.longest is None:
            return [len(document.tokens) for document in documents]
        return self._rows(documents).words_read()

    def documents_cut(self, documents: Sequence[Document]) -> int:
        """See `Encoder`; a document is cut at pieces, not at words."""
        return 0 if self.longest is None else int(self._rows(documents).cut.sum())

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the encoder with the word pieces that it is read with."""
        return _fingerprint(self.states.fingerprint, self.word_pieces)

    def describe(self) -> dict[str, Any]:
        """Name and fingerprint of the encoder with its word pieces."""
        return {"encoder": {"name": self.config.encoder.name, "fingerprint": self.fingerprint}}

    def bytes_on_disk(self) -> int:
        """See `Encoder`; a trained one is counted with what is trained."""
        return 0

    def save(self, folder: Path) -> None:
        """Write the word pieces, and the encoder if it is trained."""
        if isinstance(self.word_pieces, WordPieces):  # byte pairs are the encoder's own
            self.word_pieces.save(folder / VOCABULARY)
        if self.config.encoder.trainable:
            self.states.save(folder / ENCODER, self.word_pieces)

    def _rows(self, documents: Sequence[Document]) -> PieceRows:
        features = self.config.features
        return piece_rows(
            documents,
            self.word_pieces,
            max_length=self.longest,
            case=features.case,
            role=features.role,
            types=self.types,
            markers=features.marker_style if features.markers else None,
        )

    def _casing_note(self) -> str:
        """A sentence if words are lower-cased otherwise than the encoder says it was trained."""
        lower_case = self.states.lower_case
        if lower_case is None or lower_case == self.word_pieces.lower_case:
            return ""
        trained, effect = (
            ("lower-cased text", "words with capitals become [UNK] or single letters")
            if lower_case
            else ("text with its capitals", "many names lose the word pieces that they have in it")
        )
        settings = self.config.encoder
        return (
            f"encoder.casing is {settings.casing!r}, but the encoder {settings.name} says that it "
            f"was trained on {trained}: its vocabulary does not fit, and {effect}. Leave "
            "encoder.casing out to follow it."
        )


def _fingerprint(states: str, word_pieces: Pieces) -> str:
    return hashlib.sha256(f"{states} {word_pieces.description}".encode()).hexdigest()


class HubEncoder(PieceEncoder):
    """A BERT of TF Hub: `hub:FOLDER` or `hub:HANDLE`; needs the TensorFlow backend."""

    kind = "hub"

    @classmethod
    def problems(cls, config: RunConfig) -> Iterator[str]:
        """See `Encoder`."""
        yield from super().problems(config)
        if config.encoder.gradient_checkpointing:
            yield (
                "encoder.gradient_checkpointing needs to know the layers of an encoder, and a TF "
                "Hub module is a program that does not say. Leave it out, or take a keras_hub: "
                "encoder."
            )
        if config.encoder.freeze_embeddings:
            yield (
                "encoder.freeze_embeddings needs to know which weights are embeddings, and a TF "
                "Hub module is a program that does not say. Leave it out, or take a keras_hub: "
                "encoder."
            )
        precision = config.model.precision
        if config.encoder.trainable and precision != "float32":
            yield (
                f"model.precision={precision} does not reach a trained TF Hub encoder, which is "
                f"a program that computes in float32. Received: encoder {config.encoder.name!r}, "
                "encoder.trainable=true. Leave model.precision out, or take a keras_hub: encoder."
            )

    @classmethod
    def check_there(
        cls,
        config: RunConfig,
        vectors_dir: Path | None = None,
        progress: Progress = no_progress,
    ) -> None:
        """See `Encoder`."""
        resolve_hub_handle(config.encoder.place)

    @classmethod
    def load(cls, folder: Path, config: RunConfig, types: Sequence[str], places: Places) -> Self:
        """See `Encoder`; a module that somebody else's run brings or names is not run unasked."""
        if not places.trusted and places.encoder is None:
            carried = config.encoder.trainable or (folder / ENCODER).is_dir()
            raise MrcaError(
                f"The run {shown_run(folder)} reads with a TF Hub module, which "
                f"{'it carries' if carried else f'it names {config.encoder.place!r}'}: a program, "
                "which is run when the run is loaded. If you trust who made it, give --trust to "
                "`mrca predict`, `bulk`, `evaluate` or `export`, or trust=True to mrca.load."
            )
        return super().load(folder, config, types, places)

    @classmethod
    def _may_be(cls, settings: EncoderConfig, vocab_file: str, fingerprint: str) -> bool:
        """See `PieceEncoder`; opening a module runs it."""
        if not vocab_file:
            return True
        module = module_fingerprint(resolve_hub_handle(settings.place))
        cases = (WordPieces(vocab_file, lower_case) for lower_case in (True, False))
        return any(_fingerprint(module, each) == fingerprint for each in cases)

    @classmethod
    def _open_states(cls, settings: EncoderConfig, dtype: str | None) -> HubStates:
        return HubStates(resolve_hub_handle(settings.place), settings.trainable, name="encoder")


class KerasHubEncoder(PieceEncoder):
    """A BERT or RoBERTa of KerasHub: `keras_hub:PRESET` or `keras_hub:FOLDER`, on every backend."""

    kind = "keras_hub"
    gives_attention = True

    @classmethod
    def problems(cls, config: RunConfig) -> Iterator[str]:
        """See `Encoder`."""
        yield from super().problems(config)
        if config.encoder.gradient_checkpointing and not config.encoder.trainable:
            yield (
                "encoder.gradient_checkpointing saves memory in training, and this encoder is "
                "frozen. Leave it out, or set encoder.trainable=true."
            )
        if config.encoder.freeze_embeddings and not config.encoder.trainable:
            yield (
                "encoder.freeze_embeddings keeps the embeddings of a trained encoder as they are; "
                "this one is frozen as a whole. Leave it out, or set encoder.trainable=true."
            )

    def in_float32(self) -> "KerasHubEncoder":
        """See `Encoder`; states that are computed beforehand stay as they are."""
        if self.layer is None:
            return self
        states = self.states.with_dtype("float32")
        return KerasHubEncoder(self.config, self.types, states, self.word_pieces)

    @classmethod
    def _open_states(cls, settings: EncoderConfig, dtype: str | None) -> KerasHubStates:
        return KerasHubStates.from_preset(
            settings.place,
            settings.trainable,
            dtype,
            freeze_embeddings=settings.freeze_embeddings,
            gradient_checkpointing=settings.gradient_checkpointing,
            name="encoder",
        )


def _in_model(config: RunConfig) -> bool:
    """Whether the encoder is a part of the model: it is trained, or gives its attention."""
    return config.encoder.trainable or config.model.pair_context == "localized"


def _window(config: RunConfig) -> tuple[int, int]:
    """Word pieces of a window, and between the starts of two at most."""
    features = config.features
    return features.max_length, features.stride or features.max_length // 2


def _window_problems(config: RunConfig) -> Iterator[str]:
    window, stride = _window(config)
    if not config.features.stride:
        return
    if config.candidates.kind == "whole":
        yield (
            "features.stride is of windows, which candidates.kind=pairs is read in; whole "
            "documents are cut at features.max_length. Leave it out."
        )
    elif stride > window - 2:
        yield (
            f"features.stride={stride} would leave word pieces out: a window has "
            f"features.max_length - 2 = {window - 2}, beside [CLS] and [SEP]. Take at most that."
        )


def _word_pieces(
    states: HubStates | KerasHubStates, name: str, vocab_file: str, lower_case: bool | None
) -> Pieces:
    """What splits words into the pieces that an encoder knows."""
    if lower_case is None:
        raise MrcaError(
            f"The encoder {name} does not say whether it was trained on lower-cased text. "
            "Set encoder.casing=uncased or encoder.casing=cased."
        )
    own = states.vocabulary
    if states.merges is not None and own is not None:
        if vocab_file:
            raise MrcaError(
                f"encoder.vocab_file is {vocab_file}, and the encoder {name} reads byte pairs, "
                "which it brings itself. Leave encoder.vocab_file out."
            )
        return BytePairs(own, states.merges, lower_case, f"the vocabulary of {name}")
    vocabulary = read_vocabulary(Path(vocab_file).expanduser()) if vocab_file else own
    if vocabulary is None:
        raise MrcaError(
            f"The encoder {name} brings no vocabulary of word pieces. Set encoder.vocab_file to "
            "the vocab.txt that it was trained with."
        )
    word_pieces = WordPieces(vocabulary, lower_case, vocab_file or f"the vocabulary of {name}")
    if states.num_pieces is not None and len(word_pieces) > states.num_pieces:
        raise MrcaError(
            f"{word_pieces.source} has {len(word_pieces):,} pieces, but the encoder {name} knows "
            f"{states.num_pieces:,} only. Expected the vocabulary that it was trained with."
        )
    return word_pieces
