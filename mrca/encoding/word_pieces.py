"""Words to the word pieces of a BERT vocabulary."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from mrca.encoding.pieces import EntityMarkers, Pieces
from mrca.errors import MrcaError
from mrca.files import whole_file

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_UNUSED = re.compile(r"\[unused\d+\]")


class WordPieces(Pieces):
    """Splits words into the pieces of a BERT vocabulary, each distinct spelling once.

    A word is cleaned, lower-cased and freed of accents if asked, split at punctuation and at
    Chinese characters, and then into the longest pieces that the vocabulary has, as BERT does it.
    A word is never taken for a special piece: the word `[SEP]` is spelled out.

    Args:
        vocabulary: a `vocab.txt` (UTF-8, one piece a line, its id the line's number from 0), or
            the pieces themselves in the order of their ids.
        lower_case: whether the encoder was trained on lower-cased text ("uncased").
        source: what messages call the vocabulary; the file where there is one.

    Attributes:
        vocabulary: the pieces in the order of their ids.
        lower_case, source: as given.
        pad, unk, cls, sep: ids of the special pieces.

    Raises:
        MrcaError: if the file is missing, unreadable or not UTF-8, if a special piece is missing,
            or if a piece occurs twice.

    Example:
        >>> special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
        >>> word_pieces = WordPieces([*special, "ad", "##a", "love"], lower_case=True)
        >>> word_pieces.pieces("Ada"), word_pieces.pieces("Émile")
        ((4, 5), (1,))
    """

    def __init__(
        self, vocabulary: str | Path | Sequence[str], lower_case: bool, source: str = ""
    ) -> None:
        if isinstance(vocabulary, str | Path):
            source = source or str(vocabulary)
            vocabulary = read_vocabulary(Path(vocabulary))
        self.source = source or "The vocabulary"
        self.vocabulary = tuple(vocabulary)
        self.lower_case = lower_case
        ids = _checked_ids(self.vocabulary, self.source)
        self.pad, self.unk, self.cls, self.sep = (ids[piece] for piece in _SPECIAL)
        tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
        # Accents go where case goes, as in BERT.
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower_case)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        super().__init__(tokenizer)

    @property
    def markers(self) -> EntityMarkers:
        """The first four `[unused…]` pieces, which BERT vocabularies keep free for such ends.

        Raises:
            MrcaError: if the vocabulary has fewer.
        """
        unused = [id for id, piece in enumerate(self.vocabulary) if _UNUSED.fullmatch(piece)]
        if len(unused) < len(EntityMarkers._fields):
            raise MrcaError(
                f"Entity markers need four unused pieces, `[unused0]` to `[unused3]`; "
                f"{self.source} has {len(unused) or 'none'}. "
                "Take an encoder whose vocabulary has them, or leave the markers out."
            )
        return EntityMarkers(*unused[:4])

    @property
    def description(self) -> str:
        """See `Pieces`."""
        return "\n".join((str(self.lower_case), *self.vocabulary))

    def save(self, path: Path) -> None:
        """Write the vocabulary as a `vocab.txt`.

        Raises:
            OSError: if the file cannot be written.
        """
        with whole_file(path) as temporary:
            temporary.write_text("".join(f"{piece}\n" for piece in self.vocabulary), "utf-8")


def read_vocabulary(path: Path) -> list[str]:
    """The pieces of a `vocab.txt`, in order.

    Raises:
        MrcaError: if the file is missing, unreadable or not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise MrcaError(
            f"No vocabulary at {path}. Expected a BERT vocabulary: a text file of one word piece "
            "a line, usually called vocab.txt."
        ) from None
    except OSError as error:
        raise MrcaError(f"Cannot read the vocabulary {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise MrcaError(
            f"{path} is not a vocabulary: line {line} is not UTF-8 (byte {error.start}). "
            "Expected a BERT vocabulary: a UTF-8 text file of one word piece a line."
        ) from None
    # Not `splitlines`: a piece may be one of the characters that it takes for a line's end.
    lines = text.rstrip("\r\n").split("\n")
    return [line.removesuffix("\r") for line in lines]


def _checked_ids(vocabulary: Sequence[str], source: str) -> dict[str, int]:
    missing = [piece for piece in _SPECIAL if piece not in vocabulary]
    if missing:
        raise MrcaError(
            f"{source} is not a BERT vocabulary: it lacks {', '.join(missing)}. Expected one word "
            f"piece a line, {', '.join(_SPECIAL)} among them; received {len(vocabulary):,} lines, "
            f"the first being {vocabulary[0][:40]!r}."
            if vocabulary
            else f"{source} is not a BERT vocabulary: it is empty."
        )
    ids = {piece: id for id, piece in enumerate(vocabulary)}
    if len(ids) < len(vocabulary):
        twice = next(piece for piece, times in Counter(vocabulary).items() if times > 1)
        lines = [str(line) for line, piece in enumerate(vocabulary, 1) if piece == twice]
        raise MrcaError(
            f"{source}: the piece {twice!r} occurs on lines {', '.join(lines[:5])}. "
            "Each piece has one id: its line."
        )
    return ids
