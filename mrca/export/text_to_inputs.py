"""From marked sentences to a network's inputs, inside the TensorFlow graph."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from mrca.encoding import Padding
from mrca.export.graph_entities import Entities
from mrca.export.graph_lower import lower
from mrca.export.text_reader import TextReader
from mrca.export.text_to_words import Words
from mrca.export.word_table import WordTable, encode


class TextToInputs(TextReader):
    """What `parse_marked` and `WordVectors.encode` do in Python, for a batch of strings.

    `inputs` are `vectors` float32 `(batch, time, dim)`, `case` and `role` int8 `(batch, time)` and
    `lengths` int32 `(batch,)`, for the network, and `tokens` string `(batch, time)`. Time is at
    least 1, all of it padding for a row without words.

    Args:
        words: the word table's; see `WordTable`.
        vectors: float32 or float16 `(words, dim)`.
        asset_folder: where the vocabulary's file lies until this is saved.
        max_length: tokens; longer rows are cut to it. `None` for no limit.
        padding: as in `EncodedDocuments.batch`.
        case, role: whether to mark upper case, and entities; else 0 everywhere.
        types: the entity types that are a feature, where pairs are asked about.
    """

    def __init__(
        self,
        words: Iterable[str],
        vectors: np.ndarray,
        asset_folder: Path,
        *,
        max_length: int | None,
        padding: Padding = "masked",
        case: bool = True,
        role: bool = True,
        types: Sequence[str] = (),
    ) -> None:
        super().__init__(max_length, case, role, types)
        self.table = WordTable(words, vectors, asset_folder)
        self.padding = padding

    def lengths(self, words: Words) -> Any:
        """See `TextReader`."""
        return words.lengths()

    def inputs(self, words: Words, entities: Entities | None = None) -> dict[str, Any]:
        """See `TextReader`."""
        lowered = lower(words.codes, words.tokens)
        vectors = self.table(*lowered, words.size)
        nothing = tf.zeros_like(words.role)

        role = words.role if entities is None else entities.role(words)
        lengths = tf.cast(words.lengths(), tf.int32)
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
        inputs = {
            "vectors": dense,
            "case": padded(words.case() if self.case else nothing),
            "role": padded(role if self.role else nothing),
            "lengths": lengths,
            "tokens": padded(encode(words.codes, words.tokens, words.size)),
        }
        if entities is not None:
            columns, of = entities.words()
            inputs["entities"] = entities.matrix(columns, of, tf.cast(longest, tf.int64))
            if self.types:
                inputs["types"] = padded(entities.type_marks(words, self.types))
        return inputs
