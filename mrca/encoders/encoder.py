"""What documents are read with."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

from mrca.config import RunConfig
from mrca.datasets import Candidates
from mrca.encoding import EncodedDocuments, EncodedEntities
from mrca.text import Document, Span

Progress = Callable[[str, int, int | None], None]
"""Called with what is done, how much of it so far, and how much in all if that is known."""


def no_progress(stage: str, done: int, total: int | None) -> None:
    """No progress is shown."""


class Places(NamedTuple):
    """Which run folder's environment an encoder is loaded with, and where its parts are now.

    Attributes:
        environment: what `environment.json` says of vectors or encoder.
        vectors: a name or path of word vectors to look unseen words up in, if others.
        encoder: the name that a frozen encoder has now, if it has moved.
        trusted: whether a program that the run carries or names may be run.
    """

    environment: dict[str, Any]
    vectors: str | None = None
    encoder: str | None = None
    trusted: bool = True


class Encoder(ABC):
    """Turns documents into the inputs of a network: states of tokens, or what gives them.

    A run has one. It is opened for a training (`open`), which it may become part of, saved with
    the run, and loaded with it (`load`).

    Args:
        config: how documents become numbers.
        types: the entity types that are a feature; none if they are not.

    Attributes:
        layer: what computes states inside the model: a Keras layer of `pieces` and `lengths`,
            which gives attention too if it is asked with `return_attention_scores`; `None` where
            states are computed beforehand.
        note: what a user should know before training; empty for nothing.
    """

    unit: ClassVar[str] = "tokens"
    """What `features.max_length` counts."""
    gives_attention: ClassVar[bool] = False
    """Whether its layer gives attention between tokens, which localized context is made of."""
    marks_states: ClassVar[bool] = False
    """Whether case, role and types are appended to its states even where they are only pooled."""

    layer: Any = None
    note: str = ""

    def __init__(self, config: RunConfig, types: Sequence[str] = ()) -> None:
        self.config = config
        self.types = tuple(types)

    @classmethod
    @abstractmethod
    def problems(cls, config: RunConfig) -> Iterator[str]:
        """Why a configuration cannot be trained with this encoder, a sentence each."""

    @classmethod
    def check_there(
        cls,
        config: RunConfig,
        vectors_dir: Path | None = None,
        progress: Progress = no_progress,
    ) -> None:
        """Check that what a configuration names is on this machine, or bring it there.

        Args:
            config: what is to be trained.
            vectors_dir: a folder of word vectors to look in first.
            progress: told about downloads and imports.

        Raises:
            MrcaError: if it cannot be had.
        """
        return  # it is looked for when it is opened

    @classmethod
    @abstractmethod
    def open(
        cls,
        config: RunConfig,
        documents: Sequence[Document],
        types: Sequence[str],
        *,
        vectors_dir: Path | None = None,
        progress: Progress = no_progress,
    ) -> Self:
        """Open one for a training.

        Args:
            config: what is trained.
            documents: what on, and what it will be evaluated on: it carries their words.
            types: entity types that are a feature.
            vectors_dir: a folder of word vectors to look in first.
            progress: told about downloads.

        Raises:
            MrcaError: if it cannot be had.
        """

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, config: RunConfig, types: Sequence[str], places: Places) -> Self:
        """The encoder of a run folder.

        Raises:
            MrcaError: if its parts cannot be read, or what it reads with is gone or another one.
        """

    @property
    @abstractmethod
    def dim(self) -> int:
        """How many numbers a state has."""

    @property
    def pooling(self) -> str | None:
        """The pooling to one vector that states have gone through already; `None` for none."""
        return None

    @property
    def longest(self) -> int | None:
        """The most tokens of an encoded document; `None` for no limit."""
        return self.config.features.max_length if self.config.candidates.kind == "whole" else None

    @abstractmethod
    def feature_value(self) -> float:
        """`v` of MRCA's equation 3.2: the ceiling of its states' largest entry, at least 1."""

    @abstractmethod
    def encode(self, candidates: Candidates, *, keep: bool = False) -> EncodedDocuments:
        """The candidates' documents as inputs.

        Args:
            candidates: any.
            keep: whether these documents will be read again, so that what a frozen encoder makes
                of them may be kept on disk.
        """

    @abstractmethod
    def words_read(self, documents: Sequence[Document]) -> list[int]:
        """How many words of each document are read: all where pairs are asked about."""

    def documents_cut(self, documents: Sequence[Document]) -> int:
        """How many documents are longer than is read."""
        read = self.words_read(documents)
        return sum(
            words < len(document.tokens) for words, document in zip(read, documents, strict=True)
        )

    def cut(self, documents: Sequence[Document]) -> str:
        """What is not read of documents, in a sentence; empty where all is."""
        if not (cut := self.documents_cut(documents)):
            return ""
        lost = sum(
            all(span.start >= words for span in entity.mentions)
            for words, document in zip(self.words_read(documents), documents, strict=True)
            for entity in document.entities
        )
        entities = f", and with them {lost:,} entities" if lost else ""
        return (
            f"Documents cut at {self.config.features.max_length} {self.unit}: {cut:,}{entities} "
            "(features.max_length)."
        )

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What `environment.json` says of it: a name and a fingerprint, under what it is."""

    @abstractmethod
    def bytes_on_disk(self) -> int:
        """Room that its part of a run folder takes, in bytes."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what a run carries of it."""

    def in_float32(self) -> "Encoder":
        """One that computes in float32, whatever it was trained in."""
        return self

    def with_words_of(self, documents: Iterable[Document]) -> "Encoder":
        """One that carries what it needs to read these documents too."""
        return self

    def entities(
        self, candidates: Candidates, places: Callable[[int, Span], range]
    ) -> EncodedEntities | None:
        """Where the candidates' entities stand, if pairs are asked about."""
        return None if candidates.kind == "whole" else EncodedEntities.of(candidates, places)
