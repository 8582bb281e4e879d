"""A network that reads word vectors."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from mrca.config import RunConfig
from mrca.errors import MrcaError
from mrca.features import FIRST_ROW, EncodedExamples, Vocabulary, encode
from mrca.models.mrca import MRCA
from mrca.models.text_model import NETWORK, NeuralModel, load_network
from mrca.text import Example
from mrca.vectors import VectorStore

VECTORS = "vectors"


class WordModel(NeuralModel):
    """A network over a frozen table of word vectors.

    Args:
        network: with a word table.
        config: how sentences become numbers.
        vocabulary: the table's words, and where unseen ones come from.
    """

    def __init__(self, network: MRCA, config: RunConfig, vocabulary: Vocabulary) -> None:
        super().__init__(network, config)
        self.vocabulary = vocabulary
        self._warned = False

    @property
    def frozen_variables(self) -> list[object]:
        """The word table, which lies in `vectors/`."""
        assert self.network.token_features is not None
        return [self.network.token_features.table]

    def with_network(self, network: MRCA) -> "WordModel":
        """The same words before another network."""
        return WordModel(network, self.config, self.vocabulary)

    def in_float32(self) -> "WordModel":
        """See `NeuralModel`."""
        # Another vocabulary: it and the spare rows of a table belong together.
        words = self.vocabulary
        vocabulary = Vocabulary(words.store, words.fallback, words.spare)
        return WordModel(self.network.with_dtype("float32"), self.config, vocabulary)

    def encode(self, examples: Sequence[Example], *, keep: bool = False) -> EncodedExamples:
        """Examples as rows of the word table, with unseen words given spare ones; see `fits`."""
        unseen = self.vocabulary.unseen(examples, self.max_length)
        if unseen:
            self._admit(unseen)
        features = self.config.features
        return encode(
            examples,
            self.vocabulary,
            max_length=features.max_length,
            case=features.case,
            role=features.role,
        )

    def fits(self, examples: Sequence[Example]) -> bool:
        """Whether the table has room for their unseen words."""
        return len(self.vocabulary.unseen(examples, self.max_length)) <= self.vocabulary.spare

    def _admit(self, unseen: list[str]) -> None:
        if self.vocabulary.fallback is None and not self._warned:
            self._warned = True
            warnings.warn(
                f"The word vectors {self.vocabulary.store.name!r} that this run was trained with "
                "are not at hand, so words that it has not seen are spelled out from their "
                "characters. Give their folder or file as --vectors (mrca.load(run, vectors=…)).",
                stacklevel=2,
            )
        vectors = self.vocabulary.admit(unseen)
        if vectors is not None:
            assert self.network.token_features is not None
            self.network.token_features.assign_vectors(vectors, self.vocabulary.first_spare_row)


def load_word_model(folder: Path, config: RunConfig, fallback: VectorStore | None) -> WordModel:
    """The model of a run folder.

    Args:
        folder: the run.
        config: how it was trained.
        fallback: the store that words come from that the run has not seen, if it is at hand.

    Raises:
        MrcaError: if its parts cannot be read or do not belong together.
    """
    network = load_network(folder)
    store = VectorStore.open(folder / VECTORS)
    if network.dim != store.dim or network.num_words < FIRST_ROW + len(store):
        raise MrcaError(
            f"{NETWORK} in {folder} does not fit {VECTORS}/ there (vectors of {store.dim} numbers "
            f"for {network.dim}, or number of words). The run is damaged: train it again."
        )
    spare = network.num_words - FIRST_ROW - len(store)
    return WordModel(network, config, Vocabulary(store, fallback, spare=spare))
