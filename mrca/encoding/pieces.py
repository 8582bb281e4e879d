"""What splits words into the pieces of an encoder's vocabulary."""

from abc import ABC, abstractmethod
from typing import NamedTuple

from tokenizers import Tokenizer

from mrca.errors import MrcaError

# A server sees new words for as long as it runs.
_MAX_CACHED = 1 << 20


class EntityMarkers(NamedTuple):
    """The pieces put around mentions: `[E1]` subject `[/E1]`, `[E2]` object `[/E2]`."""

    subject_start: int
    subject_end: int
    object_start: int
    object_end: int


class Pieces(ABC):
    """Splits words into the pieces of a vocabulary, each distinct spelling once.

    Args:
        tokenizer: splits a word, without special pieces.

    Attributes:
        vocabulary: the pieces in the order of their ids.
        lower_case: whether the encoder was trained on lower-cased text ("uncased").
        source: what messages call the vocabulary.
        pad, unk, cls, sep: ids of the special pieces: of padding, of what is not known, and of a
            row's beginning and end.
    """

    vocabulary: tuple[str, ...]
    lower_case: bool
    source: str
    pad: int
    unk: int
    cls: int
    sep: int

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._cache: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def pieces(self, word: str) -> tuple[int, ...]:
        """Ids of the word's pieces: at least one; what cannot be spelled out is `unk`."""
        pieces = self._cache.get(word)
        if pieces is None:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            pieces = tuple(self._tokenizer.encode(word, add_special_tokens=False).ids)
            # Nothing is left of a word of control characters.
            pieces = self._cache[word] = pieces or (self.unk,)
        return pieces

    @property
    @abstractmethod
    def markers(self) -> EntityMarkers:
        """Four pieces that an encoder never learnt, for the ends of subjects and objects.

        Raises:
            MrcaError: if the vocabulary keeps none free.
        """

    def marker(self, sign: str) -> int:
        """The piece of a sign that is put around mentions, such as `*`.

        Raises:
            MrcaError: if the vocabulary has none.
        """
        pieces = self.pieces(sign)
        if len(pieces) != 1 or pieces[0] == self.unk:
            raise MrcaError(
                f"This features.marker_style puts the piece `{sign}` around mentions, and "
                f"{self.source} has none. Take features.marker_style=roles, or no markers."
            )
        return pieces[0]

    @property
    @abstractmethod
    def description(self) -> str:
        """What it splits by, the same for those alone that split alike."""
