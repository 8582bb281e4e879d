"""From marked sentences to an encoder's word pieces, inside the TensorFlow graph."""

from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from mrca.encoding import EntityMarkers, WordPieces
from mrca.export.graph_word_pieces import GraphWordPieces
from mrca.export.text_to_words import (
    TEXT_SPECS,
    TOKENS_SPECS,
    Mentions,
    Words,
    words_of_text,
    words_of_tokens,
)


class _Stream(NamedTuple):
    """A batch's pieces, end to end.

    Attributes:
        rows, columns: the word of the batch that each belongs to, int64 `(pieces,)`, in order.
        pieces: int32 `(pieces,)`.
        case, role: int8 `(pieces,)`.
    """

    rows: Any
    columns: Any
    pieces: Any
    case: Any
    role: Any


class TextToPieces(tf.Module):
    """What `parse_marked` and `piece_rows` do in Python, for a batch of strings.

    Core TensorFlow operations only. The result of a row does not depend on the other rows, but for
    how far it is padded with zeros. A row that has no word is `[CLS] [SEP]`, and no row can fail.

    Args:
        word_pieces: the encoder's vocabulary.
        asset_folder: where the vocabulary's file lies until this is saved.
        max_length: pieces, special ones included; longer rows are cut to it, `[SEP]` stays last.
        case, role: whether to mark upper case, and entities; else 0 everywhere.
        markers: whether to put markers around the mentions.

    Raises:
        MrcaError: if the vocabulary has no pieces for markers.
    """

    def __init__(
        self,
        word_pieces: WordPieces,
        asset_folder: Path,
        *,
        max_length: int,
        case: bool = True,
        role: bool = True,
        markers: bool = False,
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.case = case
        self.role = role
        self._cls, self._sep = word_pieces.cls, word_pieces.sep
        self._markers = word_pieces.markers if markers else None
        self._word_pieces = GraphWordPieces(word_pieces, asset_folder)

    @tf.function(
        input_signature=TEXT_SPECS, autograph=False
    )  # nothing to convert: half a trace's time
    def __call__(self, text: Any) -> dict[str, Any]:
        """Inputs of marked sentences.

        Args:
            text: string `(batch,)`, UTF-8. What is not is read with U+FFFD in its place.

        Returns:
            `pieces` int32, `case` and `role` int8, all `(batch, time)`, and `lengths` int32
            `(batch,)`, for the encoder and the network; `problem` string `(batch,)`, as
            `parse_marked` gives it, or `"invalid UTF-8"`.
        """
        return self._inputs(*words_of_text(text, self.max_length))

    @tf.function(input_signature=TOKENS_SPECS, autograph=False)
    def from_tokens(self, tokens: Any, role: Any) -> dict[str, Any]:
        """Inputs of sentences that are cut into words already.

        Words of a kind that touch count as one mention, around which markers go.

        Args:
            tokens: string `(batch, time)`. Empty strings after a row's last word are padding.
            role: int32 `(batch, time)`: 1 subject, -1 object, 2 both, 0 neither.

        Returns:
            As for text; `problem` is `""`, `"no words"` or `"invalid UTF-8"`.
        """
        return self._inputs(*words_of_tokens(tokens, role, self.max_length))

    def _inputs(self, words: Words, problem: Any) -> dict[str, Any]:
        """What the words become, in the batch's form."""
        pieces, word = self._word_pieces(words.codes, words.tokens, words.size)
        nothing = tf.zeros_like(words.role)
        of_words = (
            words.rows,
            words.columns,
            words.case() if self.case else nothing,
            words.role if self.role else nothing,
        )
        rows, columns, case, role = (tf.gather(each, word) for each in of_words)
        stream = _Stream(rows, columns, pieces, case, role)
        if self._markers is not None:
            stream = _with_markers(stream, words.mentions, self._markers, self.max_length)

        # === The row's form: [CLS], what there is room for, [SEP] ===
        counts = tf.math.unsorted_segment_sum(
            tf.ones_like(stream.rows), stream.rows, words.num_rows
        )
        place = 1 + tf.range(tf.size(stream.rows, out_type=tf.int64))
        place -= tf.gather(tf.cumsum(counts, exclusive=True), stream.rows)
        stays = place < self.max_length - 1
        lengths = tf.minimum(counts + 2, self.max_length)
        longest = tf.reduce_max(tf.concat([lengths, [2]], axis=0))
        places = tf.boolean_mask(tf.stack([stream.rows, place], axis=1), stays)
        shape = tf.stack([words.num_rows, longest])

        def padded(values: Any) -> Any:
            return tf.scatter_nd(places, tf.boolean_mask(values, stays), shape)

        column = tf.range(longest)
        dense = tf.where(column == 0, self._cls, padded(stream.pieces))
        return {
            "pieces": tf.where(column == lengths[:, None] - 1, self._sep, dense),
            "case": padded(stream.case),
            "role": padded(stream.role),
            "lengths": tf.cast(lengths, tf.int32),
            "problem": problem,
        }


def _with_markers(
    stream: _Stream, mentions: Mentions, markers: EntityMarkers, max_length: int
) -> _Stream:
    """The pieces with markers among them, in the order that `piece_rows` tells."""
    rows, starts, ends, subject = mentions
    at, other = tf.concat([starts, ends], axis=0), tf.concat([ends, starts], axis=0)
    rows = tf.concat([rows, rows], axis=0)
    opens = tf.concat([tf.ones_like(starts), tf.zeros_like(ends)], axis=0)
    inside = tf.cast(tf.concat([~subject, subject], axis=0), tf.int64)
    found = tf.concat(
        [
            tf.where(subject, markers.subject_start, markers.object_start),
            tf.where(subject, markers.subject_end, markers.object_end),
        ],
        axis=0,
    )

    # By row, word, closing before opening, the other end from last to first, the kind.
    width = tf.reduce_max(tf.concat([ends, [max_length]], axis=0)) + 2
    before = rows * width + at
    key = ((before * 2 + opens) * width + width - other) * 2 + inside
    order = tf.argsort(key, stable=True)

    # A marker goes before the pieces of the word that it is at.
    keys = [2 * tf.gather(before, order), 2 * (stream.rows * width + stream.columns) + 1]
    whole = tf.argsort(tf.concat(keys, axis=0), stable=True)
    none = tf.zeros_like(order, tf.int8)
    of_markers = (tf.gather(rows, order), tf.gather(at, order), tf.gather(found, order), none, none)
    pairs = zip(of_markers, stream, strict=True)
    return _Stream(*(tf.gather(tf.concat(pair, axis=0), whole) for pair in pairs))
