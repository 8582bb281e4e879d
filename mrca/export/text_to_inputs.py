"""From marked sentences to a network's inputs, inside the TensorFlow graph."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from mrca.encoding import Padding
from mrca.export.graph_lower import lower
from mrca.export.text_to_words import (
    TEXT_SPECS,
    TOKENS_SPECS,
    Words,
    words_of_text,
    words_of_tokens,
)
from mrca.export.word_table import WordTable, encode


class TextToInputs(tf.Module):
    """What `parse_marked` and `WordVectors.encode` do in Python, for a batch of strings.

    Core TensorFlow operations only. The result of a row does not depend on the other rows, but for
    the padding of `"masked"`. Time is at least 1, all of it padding for a row without words. No row
    can fail.

    Args:
        words: the word table's; see `WordTable`.
        vectors: float32 or float16 `(words, dim)`.
        asset_folder: where the vocabulary's file lies until this is saved.
        max_length: tokens; longer rows are cut to it.
        padding: as in `EncodedDocuments.batch`.
        case, role: whether to mark upper case, and entities; else 0 everywhere.
    """

    def __init__(
        self,
        words: Iterable[str],
        vectors: np.ndarray,
        asset_folder: Path,
        *,
        max_length: int,
        padding: Padding = "masked",
        case: bool = True,
        role: bool = True,
    ) -> None:
        super().__init__()
        self.table = WordTable(words, vectors, asset_folder)
        self.max_length = max_length
        self.padding = padding
        self.case = case
        self.role = role

    @tf.function(
        input_signature=TEXT_SPECS, autograph=False
    )  # nothing to convert: half a trace's time
    def __call__(self, text: Any) -> dict[str, Any]:
        """Inputs of marked sentences.

        Args:
            text: string `(batch,)`, UTF-8. What is not is read with U+FFFD in its place.

        Returns:
            `vectors` float32 `(batch, time, dim)`, `case` and `role` int8 `(batch, time)` and
            `lengths` int32 `(batch,)`, for the network; `tokens` string `(batch, time)`; `problem`
            string `(batch,)`, as `parse_marked` gives it, or `"invalid UTF-8"`.
        """
        return self._inputs(*words_of_text(text, self.max_length))

    @tf.function(input_signature=TOKENS_SPECS, autograph=False)
    def from_tokens(self, tokens: Any, role: Any) -> dict[str, Any]:
        """Inputs of sentences that are cut into words already.

        Args:
            tokens: string `(batch, time)`. Empty strings after a row's last word are padding.
            role: int32 `(batch, time)`: 1 subject, -1 object, 2 both, 0 neither.

        Returns:
            As for text; `problem` is `""`, `"no words"` or `"invalid UTF-8"`.
        """
        return self._inputs(*words_of_tokens(tokens, role, self.max_length))

    def _inputs(self, words: Words, problem: Any) -> dict[str, Any]:
        """What the words become, in the batch's form."""
        lowered = lower(words.codes, words.tokens)
        vectors = self.table(*lowered, words.size)
        nothing = tf.zeros_like(words.role)

        counts = tf.math.unsorted_segment_sum(tf.ones_like(words.rows), words.rows, words.num_rows)
        lengths = tf.cast(counts, tf.int32)
        longest = tf.reduce_max(tf.concat([lengths, [1]], axis=0))
        if self.padding == "fixed":
            lengths = tf.fill(tf.shape(lengths), self.max_length)
            longest = tf.constant(self.max_length)
        places = tf.stack([words.rows, words.columns], axis=1)
        shape = tf.stack([words.num_rows, tf.cast(longest, tf.int64)])

        def padded(values: Any) -> Any:
            whole = tf.concat([shape, tf.shape(values, out_type=tf.int64)[1:]], axis=0)
            return tf.scatter_nd(places, values, whole)

        dense = tf.reshape(padded(vectors), [*tf.unstack(shape), self.table.matrix.shape[1]])
        return {
            "vectors": dense,
            "case": padded(words.case() if self.case else nothing),
            "role": padded(words.role if self.role else nothing),
            "lengths": lengths,
            "tokens": padded(encode(words.codes, words.tokens, words.size)),
            "problem": problem,
        }
