"""Word pieces inside a graph."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from mrca.encoding import WordPieces
from mrca.export.graph_normalise import BertNormaliser
from mrca.export.piece_trie import PieceTrie
from mrca.export.word_table import VOCABULARY


class GraphWordPieces(tf.Module):
    """The graph's `WordPieces`.

    Args:
        word_pieces: a vocabulary, and whether it is in lower case.
        asset_folder: where `vocabulary.txt` is written, one piece a line, for whoever reads it. It
            must stay until this is saved, which copies it.
    """

    def __init__(self, word_pieces: WordPieces, asset_folder: Path) -> None:
        super().__init__()
        self._unk = word_pieces.unk
        self._normaliser = BertNormaliser(word_pieces.lower_case)
        self._trie = PieceTrie(word_pieces.vocabulary, word_pieces.unk)
        word_pieces.save(asset_folder / VOCABULARY)
        self._file = tf.saved_model.Asset(str(asset_folder / VOCABULARY))

    def __call__(self, codes: Any, words: Any, num_words: Any) -> tuple[Any, Any]:
        """Pieces of words, at least one of each.

        Args:
            codes: code points of words, end to end, int32 `(characters,)`.
            words: which word each belongs to, int64 `(characters,)`, rising.
            num_words: how many words there are, int64.

        Returns:
            Ids, int32 `(pieces,)`, and which word each belongs to, int64 `(pieces,)`, rising.
        """
        parts = self._normaliser(codes, words)
        found, part = self._trie(parts)
        of = tf.gather(parts.words, part)
        counts = tf.math.unsorted_segment_sum(tf.ones_like(of), of, num_words)

        # Nothing is left of a word of control characters.
        empty = tf.cast(counts == 0, tf.int64)
        moved = tf.gather(tf.cumsum(empty), of) + tf.range(tf.size(of, out_type=tf.int64))
        counts += empty
        pieces = tf.fill(tf.reduce_sum(counts)[None], self._unk)
        pieces = tf.tensor_scatter_nd_update(pieces, moved[:, None], found)
        return pieces, tf.repeat(tf.range(num_words), counts)
