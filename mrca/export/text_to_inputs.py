"""From marked sentences to a network's inputs, inside the TensorFlow graph."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from mrca.export import code_points, flat
from mrca.export.graph_lower import lower
from mrca.export.graph_marks import PlainText, plain_text
from mrca.export.graph_tokenise import LOOK_AHEAD, word_starts
from mrca.export.marked_text import INVALID_UTF8, NO_WORD_MARKED, NO_WORDS, TAGS, UNPAIRED
from mrca.export.word_table import WordTable, encode
from mrca.features import Padding

_PROBLEMS = ["", NO_WORD_MARKED, *(UNPAIRED + tag for tag in TAGS), NO_WORDS, INVALID_UTF8]


class _Words(NamedTuple):
    """A batch's words, end to end.

    Attributes:
        codes: their code points, int32 `(characters,)`.
        tokens: which word each character belongs to, int64 `(characters,)`, rising.
        rows, columns: where in the batch each word stands, int64 `(words,)`, in order.
        role: 1, -1, 0; int8 `(words,)`.
    """

    codes: Any
    tokens: Any
    rows: Any
    columns: Any
    role: Any


class TextToInputs(tf.Module):
    """What `parse_marked`, `encode` and `word_vectors` do in Python, for a batch of strings.

    Core TensorFlow operations only. The result of a row does not depend on the other rows, but for
    the padding of `"masked"`. A row that has no word gets one of padding, all zeros, and no row
    can fail.

    Args:
        words: the word table's; see `WordTable`.
        vectors: float32 or float16 `(words, dim)`.
        asset_folder: where the vocabulary's file lies until this is saved.
        max_length: tokens; longer rows are cut to it.
        padding: as in `EncodedExamples.batch`.
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
        input_signature=[tf.TensorSpec((None,), tf.string, name="text")],
        autograph=False,  # nothing to convert, and half the time of a trace
    )
    def __call__(self, text: Any) -> dict[str, Any]:
        """Inputs of marked sentences.

        Args:
            text: string `(batch,)`, UTF-8. What is not is read with U+FFFD in its place.

        Returns:
            `vectors` float32 `(batch, time, dim)`, `case` and `role` int8 `(batch, time)` and
            `lengths` int32 `(batch,)`, for the network; `tokens` string `(batch, time)`; `problem`
            string `(batch,)`, as `parse_marked` gives it, or `"invalid UTF-8"`.
        """
        batch = tf.size(text, out_type=tf.int64)
        # A row more, which holds a word and ends the look-ahead, spares every step empty tensors.
        rows_of_text = tf.concat([text + "\n", ["." + "\n" * LOOK_AHEAD]], axis=0)
        decoded = tf.strings.unicode_decode(rows_of_text, "UTF-8", replacement_char=0xFFFD)
        plain = plain_text(decoded.values, decoded.value_rowids(), batch + 1)
        begins, space = word_starts(plain.codes, plain.rows, plain.borders)
        count = flat.number(begins)
        rows = tf.boolean_mask(plain.rows, begins)
        num_words = tf.math.bincount(
            tf.cast(rows, tf.int32), minlength=tf.cast(batch + 1, tf.int32)
        )
        num_words = tf.cast(num_words, tf.int64)
        columns = tf.range(tf.size(rows, out_type=tf.int64))
        columns -= tf.gather(tf.cumsum(num_words, exclusive=True), rows)

        # === The characters of the words that stay ===
        stays = (rows < batch) & (columns < self.max_length)
        letters = ~space
        tokens = tf.boolean_mask(count + tf.cast(begins, tf.int64) - 1, letters)
        of_stays = tf.gather(stays, tokens)
        roles = tf.where(plain.subject, 1, -tf.cast(plain.object, tf.int32))
        words = _Words(
            tf.boolean_mask(tf.boolean_mask(plain.codes, letters), of_stays),
            tf.gather(flat.number(stays), tf.boolean_mask(tokens, of_stays)),
            tf.boolean_mask(rows, stays),
            tf.boolean_mask(columns, stays),
            tf.boolean_mask(tf.cast(tf.boolean_mask(roles, begins), tf.int8), stays),
        )
        problem = _problems(text, plain, count, num_words[:-1])
        return {**self._inputs(words, batch), "problem": tf.gather(_PROBLEMS, problem)}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None), tf.string, name="tokens"),
            tf.TensorSpec((None, None), tf.int8, name="role"),
        ],
        autograph=False,
    )
    def from_tokens(self, tokens: Any, role: Any) -> dict[str, Any]:
        """Inputs of sentences that are cut into words already.

        Args:
            tokens: string `(batch, time)`. Empty strings after a row's last word are padding.
            role: int8 `(batch, time)`: 1 subject, also where both, -1 object, 0 neither.

        Returns:
            As for text; `problem` is `""` or `"no words"`.
        """
        batch, time = tf.unstack(tf.shape(tokens, out_type=tf.int64))
        column = tf.range(1, time + 1)
        used = tf.where(tokens != "", column, 0)  # pad: no maximum of nothing
        lengths = tf.reduce_max(tf.pad(used, [[0, 0], [0, 1]]), axis=1)
        stays = column <= tf.minimum(lengths, self.max_length)[:, None]
        places = tf.where(stays)
        decoded = tf.strings.unicode_decode(
            tf.boolean_mask(tokens, stays), "UTF-8", replacement_char=0xFFFD
        )
        words = _Words(
            decoded.values,
            decoded.value_rowids(),
            places[:, 0],
            places[:, 1],
            tf.boolean_mask(role, stays),
        )
        problem = tf.where(lengths == 0, NO_WORDS, "")
        return {**self._inputs(words, batch), "problem": problem}

    def _inputs(self, words: _Words, batch: Any) -> dict[str, Any]:
        """What the words become, in the batch's form."""
        num_tokens = tf.size(words.rows, out_type=tf.int64)
        lowered = lower(words.codes, words.tokens)
        vectors = self.table(*lowered, num_tokens)
        case = tf.zeros_like(words.role)
        if self.case:
            case = _case(words.codes, words.tokens, num_tokens)

        counts = tf.math.unsorted_segment_sum(tf.ones_like(words.rows), words.rows, batch)
        lengths = tf.maximum(tf.cast(counts, tf.int32), 1)
        longest = tf.reduce_max(tf.concat([lengths, [1]], axis=0))
        if self.padding == "fixed":
            lengths = tf.fill(tf.shape(lengths), self.max_length)
            longest = tf.constant(self.max_length)
        places = tf.stack([words.rows, words.columns], axis=1)
        shape = tf.stack([batch, tf.cast(longest, tf.int64)])

        def padded(values: Any) -> Any:
            whole = tf.concat([shape, tf.shape(values, out_type=tf.int64)[1:]], axis=0)
            return tf.scatter_nd(places, values, whole)

        dense = tf.reshape(padded(vectors), [*tf.unstack(shape), self.table.matrix.shape[1]])
        return {
            "vectors": dense,
            "case": padded(case),
            "role": padded(words.role if self.role else tf.zeros_like(words.role)),
            "lengths": lengths,
            "tokens": padded(encode(words.codes, words.tokens, num_tokens)),
        }


def _case(codes: Any, tokens: Any, num_tokens: Any) -> Any:
    """1 where a word's first character is upper case, else -1; int8 `(words,)`."""
    before = tf.concat([[-1], tokens[:-1]], axis=0)[: tf.size(tokens)]
    first = tokens != before
    upper = first & flat.contains(code_points.upper_case(), codes)
    any_upper = tf.math.unsorted_segment_max(tf.cast(upper, tf.int32), tokens, num_tokens)
    return tf.cast(tf.where(any_upper > 0, 1, -1), tf.int8)


def _problems(text: Any, plain: PlainText, count: Any, num_words: Any) -> Any:
    """What is wrong with each row, as its place in `_PROBLEMS`; int32 `(batch,)`."""
    unmarked = tf.gather(count, plain.starts) == tf.gather(count, plain.ends)
    rows = tf.gather(plain.rows, tf.boolean_mask(plain.starts, unmarked))
    empty = flat.flags_at(rows, plain.unpaired)[:-1]
    unpaired = plain.unpaired[:-1]
    valid = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", replacement_char=0xFFFD) == text

    problem = tf.cast(empty, tf.int32)
    problem = tf.where(unpaired > 0, unpaired + 1, problem)
    problem = tf.where(num_words == 0, _PROBLEMS.index(NO_WORDS), problem)
    return tf.where(valid, problem, _PROBLEMS.index(INVALID_UTF8))
