"""Words to the byte pairs of a RoBERTa vocabulary."""

from collections.abc import Sequence

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from mrca.encoding.pieces import EntityMarkers, Pieces
from mrca.errors import MrcaError

_SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")


class BytePairs(Pieces):
    """Splits words into byte pairs as RoBERTa does (Radford et al. 2019), each spelling once.

    A word is read as one with a space before it, the first of a text too. A word is never taken for
    a special piece: the word `<s>` is spelled out.

    Args:
        vocabulary: the pieces in the order of their ids, a space in them as `Ġ`.
        merges: which two pieces are joined, first things first, such as `"Ġ a"`.
        lower_case: whether words are lower-cased before.
        source: what messages call the vocabulary.

    Raises:
        MrcaError: if a special piece is missing, or a merge is not of two pieces.

    Example:
        >>> vocabulary = ["<s>", "<pad>", "</s>", "<unk>", "Ġ", "a", "d", "Ġa", "Ġad"]
        >>> byte_pairs = BytePairs(vocabulary, ["Ġ a", "Ġa d"])
        >>> byte_pairs.pieces("ada"), byte_pairs.pieces("da")
        ((8, 5), (4, 6, 5))
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        merges: Sequence[str],
        lower_case: bool = False,
        source: str = "",
    ) -> None:
        self.source = source or "The vocabulary"
        self.vocabulary = tuple(vocabulary)
        self.merges = tuple(merges)
        self.lower_case = lower_case
        ids = {piece: id for id, piece in enumerate(self.vocabulary)}
        if missing := [piece for piece in _SPECIAL if piece not in ids]:
            raise MrcaError(
                f"{self.source} is not one of RoBERTa's: it lacks {', '.join(missing)}. Received "
                f"{len(ids):,} pieces."
            )
        self.pad, self.unk, self.cls, self.sep = (ids[piece] for piece in _SPECIAL)
        # Files of merges begin with a line that names their version.
        pairs = [tuple(merge.split(" ")) for merge in merges if not merge.startswith("#version")]
        known = set(ids)
        wrong = [pair for pair in pairs if len(pair) != 2 or not {*pair, "".join(pair)} <= known]
        if wrong:
            raise MrcaError(
                f"{self.source} has merges that do not fit its pieces, such as "
                f"{' '.join(wrong[0])!r}. Take the preset's files as they were published."
            )
        joined = [(first, second) for first, second in pairs]
        tokenizer = Tokenizer(models.BPE(ids, joined, unk_token="<unk>"))
        if lower_case:
            tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        super().__init__(tokenizer)

    @property
    def markers(self) -> EntityMarkers:
        """None: see `Pieces`.

        Raises:
            MrcaError: always.
        """
        raise MrcaError(
            f"features.marker_style=roles needs four pieces that stand for nothing yet, and "
            f"{self.source} keeps none free. Take features.marker_style=asterisks, with entity "
            "pairs, or no markers."
        )

    @property
    def description(self) -> str:
        """See `Pieces`."""
        return "\n".join((str(self.lower_case), *self.vocabulary, *self.merges))
