"""Frozen word vectors."""

import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from mrca.config import RunConfig
from mrca.datasets import Candidates
from mrca.encoders.encoder import Encoder, Places, Progress, no_progress
from mrca.encoding import EncodedDocuments, row_starts, word_marks
from mrca.errors import MrcaError
from mrca.runs.layout import VECTORS
from mrca.text import Document, Span
from mrca.vectors import VectorStore, find_vectors, is_store, resolve_vectors, word_vectors

# The characters whose vectors every run carries, so that it can spell out a word it never saw:
# printable Latin script, beside whatever characters its corpus holds.
_LATIN = range(0x21, 0x250)


def corpus_words(documents: Iterable[Document]) -> list[str]:
    """The words whose vectors a run carries: every lower-cased word, and characters.

    Sorted, so that the same corpus gives the same words.
    """
    words = {token.lower() for document in documents for token in document.tokens}
    characters = {character for word in words for character in word}
    return sorted(words | characters | {chr(code).lower() for code in _LATIN})


class WordVectors(Encoder):
    """A word's state is its vector: lower-cased look-up, else the mean of its characters' vectors.

    A run carries the vectors of its corpus's words and of characters. Words that it has not seen
    are looked for in the full store that it was trained with, if that is at hand.

    Args:
        config: how documents become numbers.
        types: the entity types that are a feature.
        words: the run's own words.
        matrix: their vectors, float32 `(words, dim)`.
        source: where unseen words are looked for: the full store, or else the run's own.
        described: what `environment.json` says of the full store.
        complete: whether `source` is the full store.
    """

    marks_states = True

    def __init__(
        self,
        config: RunConfig,
        types: Sequence[str],
        words: Sequence[str],
        matrix: np.ndarray,
        source: VectorStore,
        described: dict[str, Any],
        complete: bool = True,
    ) -> None:
        super().__init__(config, types)
        self.words = list(words)
        self.matrix = matrix
        self.source = source
        self.complete = complete
        self._described = described
        self._rows = {word: row for row, word in enumerate(self.words)}
        self._warned = False

    @classmethod
    def problems(cls, config: RunConfig) -> Iterator[str]:
        """See `Encoder`."""
        if config.encoder.trainable:
            yield (
                "encoder.trainable is for BERT encoders: word vectors stay as they are, so that "
                "words which training did not see fit among them. Leave it out, or give --encoder."
            )
        given = {
            "encoder.freeze_embeddings": config.encoder.freeze_embeddings,
            "encoder.gradient_checkpointing": config.encoder.gradient_checkpointing,
            "features.stride": config.features.stride,
        }
        if names := [name for name, value in given.items() if value]:
            yield (
                f"{names[0]} is for BERT encoders; word vectors are read whole, and never trained. "
                "Leave it out, or give --encoder."
            )
        if config.features.markers or config.features.marker_style != "roles":
            yield (
                "features.markers puts word pieces around entities, which word vectors do not "
                "have. Leave it out (the role feature marks entities), or give --encoder."
            )

    @classmethod
    def check_there(
        cls,
        config: RunConfig,
        vectors_dir: Path | None = None,
        progress: Progress = no_progress,
    ) -> None:
        """See `Encoder`."""
        resolve_vectors(config.vectors.name, vectors_dir, progress=progress)

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
        full = resolve_vectors(config.vectors.name, vectors_dir, progress=progress)
        words = corpus_words(documents)
        matrix, _ = word_vectors(full, words)
        described = {
            "name": full.name,
            "fingerprint": full.fingerprint,
            "folder": str(full.folder.resolve()),
        }
        return cls(config, types, words, matrix, full, described)

    @classmethod
    def load(cls, folder: Path, config: RunConfig, types: Sequence[str], places: Places) -> Self:
        """See `Encoder`."""
        if places.encoder is not None:
            raise MrcaError(
                f"The run {folder} reads with word vectors, not with a BERT encoder that lies "
                "elsewhere. Leave --encoder out."
            )
        own = VectorStore.open(folder / VECTORS)
        if own.name != places.environment["name"]:
            raise MrcaError(
                f"{folder / VECTORS} holds words of the vectors {own.name!r}, the run {folder} "
                f"was trained with {places.environment['name']!r}. The run is damaged: its parts "
                "are of different runs."
            )
        full = _full_store(folder, own, places)
        source, complete = (own, False) if full is None else (full, True)
        described = places.environment
        return cls(config, types, list(own.words()), own.vectors, source, described, complete)

    def with_words_of(self, documents: Iterable[Document]) -> "WordVectors":
        """The same with the vectors of more words among its own."""
        words = sorted({*self.words, *corpus_words(documents)})
        return WordVectors(
            self.config,
            self.types,
            words,
            self._vectors(words),
            self.source,
            self._described,
            self.complete,
        )

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.matrix.shape[1])

    def feature_value(self) -> float:
        """Of the full store."""
        return self.source.feature_value

    def encode(self, candidates: Candidates, *, keep: bool = False) -> EncodedDocuments:
        """See `Encoder`."""
        documents = candidates.documents
        lengths = self.words_read(documents)
        texts = [row.tokens[:length] for row, length in zip(documents, lengths, strict=True)]
        # Each distinct spelling is lower-cased and looked up once.
        lowered = {token: token.lower() for text in texts for token in text}
        words = sorted(set(lowered.values()))
        place = {word: number for number, word in enumerate(words)}
        places = {token: place[word] for token, word in lowered.items()}
        tokens = (places[token] for text in texts for token in text)
        features = self.config.features
        marks = word_marks(
            documents, lengths, case=features.case, role=features.role, types=self.types
        )
        return EncodedDocuments(
            {"words": np.fromiter(tokens, np.int32, sum(lengths)), **marks},
            row_starts(lengths),
            self.entities(candidates, lambda row, span: _range(span, lengths[row])),
            self._vectors(words),
        )

    def words_read(self, documents: Sequence[Document]) -> list[int]:
        """See `Encoder`."""
        longest = self.longest
        return [min(len(document.tokens), longest or sys.maxsize) for document in documents]

    def describe(self) -> dict[str, Any]:
        """Name, fingerprint and place of the full store."""
        return {"vectors": self._described}

    def bytes_on_disk(self) -> int:
        """See `Encoder`."""
        return 4 * len(self.words) * self.dim

    def save(self, folder: Path) -> None:
        """Write the run's own words."""
        vectors = np.asarray(self.matrix)
        # A training that was killed while it saved may have left them already.
        name = self._described["name"]
        VectorStore.write(folder / VECTORS, self.words, vectors, name=name, overwrite=True)

    def _vectors(self, words: Sequence[str]) -> np.ndarray:
        """The vectors of lower-cased words, float32 `(words, dim)`."""
        rows = np.array([self._rows.get(word, -1) for word in words], np.int64)
        table = np.zeros((len(words), self.dim), np.float32)
        known = rows >= 0
        table[known] = self.matrix[rows[known]]
        unseen = [words[number] for number in np.flatnonzero(~known).tolist()]
        if unseen:
            table[~known] = self._unseen(unseen)
        return table

    def _unseen(self, words: Sequence[str]) -> np.ndarray:
        if not self.complete and not self._warned:
            self._warned = True
            warnings.warn(
                f"The word vectors {self.source.name!r} that this run was trained with are not at "
                "hand, so words that it has not seen are spelled out from their characters. Give "
                "their folder or file as --vectors (mrca.load(run, vectors=…)).",
                stacklevel=2,
            )
        return word_vectors(self.source, words)[0]


def _range(span: Span, length: int) -> range:
    return range(span.start, min(span.end, length))


def _full_store(folder: Path, own: VectorStore, places: Places) -> VectorStore | None:
    if places.vectors is not None:
        given = resolve_vectors(places.vectors, download=False)
        if given.dim != own.dim:
            raise MrcaError(
                f"The vectors {places.vectors!r} have {given.dim} dimensions, the run {folder} was "
                f"trained with {own.dim}. Give the vectors that it was trained with."
            )
        return given
    name, fingerprint = (places.environment[key] for key in ("name", "fingerprint"))
    # A run that was pushed names no place on its maker's disk.
    where = places.environment.get("folder")
    place = None if where is None else Path(where)
    if place is None or not is_store(place):
        found = find_vectors(name)
        if found is None or not is_store(found):
            return None
        place = found
    try:
        store = VectorStore.open(place)
    except MrcaError:  # damaged: as good as away, which is said when it is missed
        return None
    return store if store.fingerprint == fingerprint else None
