"""From marked sentences to words, inside the TensorFlow graph."""

from typing import Any, NamedTuple

import tensorflow as tf

from mrca.export import code_points, flat
from mrca.export.graph_marks import PlainText, plain_text
from mrca.export.graph_tokenise import LOOK_AHEAD, word_starts
from mrca.export.token_arrays import BOTH
from mrca.text.inline_marks import INVALID_UTF8, NO_WORD_MARKED, NO_WORDS, TAGS, UNPAIRED

# What the `tf.function`s that are made of these take.
TEXT_SPECS = [tf.TensorSpec((None,), tf.string, name="text")]
TOKENS_SPECS = [
    tf.TensorSpec((None, None), tf.string, name="tokens"),
    tf.TensorSpec((None, None), tf.int32, name="role"),
]

_PROBLEMS = ["", NO_WORD_MARKED, *(UNPAIRED + tag for tag in TAGS), NO_WORDS, INVALID_UTF8]


class Mentions(NamedTuple):
    """A batch's mentions, in no order. None is empty.

    Attributes:
        rows: which row each stands in, int64 `(mentions,)`.
        starts, ends: its words in that row, `words[start:end]`, int64 `(mentions,)`. They may lie
            beyond the words that were kept.
        subject: whether it is a subject's, bool `(mentions,)`.
    """

    rows: Any
    starts: Any
    ends: Any
    subject: Any


class Words(NamedTuple):
    """A batch's words, end to end.

    Attributes:
        codes: their code points, int32 `(characters,)`.
        tokens: which word each character belongs to, int64 `(characters,)`, rising.
        rows, columns: where in the batch each word stands, int64 `(words,)`, in order.
        role: 1, -1, 0; int8 `(words,)`.
        mentions: what the roles come from.
        num_rows: rows of the batch, int64.
    """

    codes: Any
    tokens: Any
    rows: Any
    columns: Any
    role: Any
    mentions: Mentions
    num_rows: Any

    @property
    def size(self) -> Any:
        """How many words there are, int64."""
        return tf.size(self.rows, out_type=tf.int64)

    def case(self) -> Any:
        """1 where a word's first character is upper case, else -1; int8 `(words,)`."""
        before = tf.concat([[-1], self.tokens[:-1]], axis=0)[: tf.size(self.tokens)]
        first = self.tokens != before
        upper = first & flat.contains(code_points.upper_case(), self.codes)
        any_upper = tf.math.unsorted_segment_max(tf.cast(upper, tf.int32), self.tokens, self.size)
        return tf.cast(tf.where(any_upper > 0, 1, -1), tf.int8)


def words_of_text(text: Any, max_length: int) -> tuple[Words, Any]:
    """The words of marked sentences, as `parse_marked` reads them.

    Args:
        text: string `(batch,)`, UTF-8. What is not is read with U+FFFD in its place.
        max_length: words; longer rows are cut to it.

    Returns:
        The words, and what is wrong with each row, string `(batch,)`: as `parse_marked` gives it,
        or `"invalid UTF-8"`.
    """
    batch = tf.size(text, out_type=tf.int64)
    # A row more, which holds a word and ends the look-ahead, spares every step empty tensors.
    rows_of_text = tf.concat([text + "\n", ["." + "\n" * LOOK_AHEAD]], axis=0)
    decoded = tf.strings.unicode_decode(rows_of_text, "UTF-8", replacement_char=0xFFFD)
    plain = plain_text(decoded.values, decoded.value_rowids(), batch + 1)
    begins, space = word_starts(plain.codes, plain.rows, plain.borders)
    count = flat.number(begins)
    rows = tf.boolean_mask(plain.rows, begins)
    num_words = tf.math.bincount(tf.cast(rows, tf.int32), minlength=tf.cast(batch + 1, tf.int32))
    num_words = tf.cast(num_words, tf.int64)
    first = tf.cumsum(num_words, exclusive=True)
    columns = tf.range(tf.size(rows, out_type=tf.int64)) - tf.gather(first, rows)

    # === The characters of the words that stay ===
    stays = (rows < batch) & (columns < max_length)
    letters = ~space
    tokens = tf.boolean_mask(count + tf.cast(begins, tf.int64) - 1, letters)
    of_stays = tf.gather(stays, tokens)
    roles = tf.where(plain.subject, 1, -tf.cast(plain.object, tf.int32))
    words = Words(
        tf.boolean_mask(tf.boolean_mask(plain.codes, letters), of_stays),
        tf.gather(flat.number(stays), tf.boolean_mask(tokens, of_stays)),
        tf.boolean_mask(rows, stays),
        tf.boolean_mask(columns, stays),
        tf.boolean_mask(tf.cast(tf.boolean_mask(roles, begins), tf.int8), stays),
        _mentions_of_text(plain, count, first),
        batch,
    )
    problem = _problems(text, plain, count, num_words[:-1])
    return words, tf.gather(_PROBLEMS, problem)


def words_of_tokens(tokens: Any, role: Any, max_length: int) -> tuple[Words, Any]:
    """The words of sentences that are cut into words already.

    Roles do not say where one mention ends and the next of its kind begins: words of a kind that
    touch are one mention.

    Args:
        tokens: string `(batch, time)`. Empty strings after a row's last word are padding.
        role: int32 `(batch, time)`: 1 subject, -1 object, 2 both, 0 neither.
        max_length: words; longer rows are cut to it.

    Returns:
        The words, and `""`, `"no words"` or `"invalid UTF-8"` for each row, string `(batch,)`.
    """
    batch, time = tf.unstack(tf.shape(tokens, out_type=tf.int64))
    same = tf.debugging.assert_equal(
        tf.shape(tokens), tf.shape(role), "`tokens` and `role` must be of one shape."
    )
    with tf.control_dependencies([same]):
        column = tf.range(1, time + 1)
    used = tf.where(tokens != "", column, 0)  # pad: no maximum of nothing
    lengths = tf.reduce_max(tf.pad(used, [[0, 0], [0, 1]]), axis=1)
    of_row = column <= lengths[:, None]
    stays = of_row & (column <= max_length)
    places = tf.where(stays)
    decoded = tf.strings.unicode_decode(
        tf.boolean_mask(tokens, stays), "UTF-8", replacement_char=0xFFFD
    )
    role = tf.where(of_row, role, 0)
    words = Words(
        decoded.values,
        decoded.value_rowids(),
        places[:, 0],
        places[:, 1],
        tf.cast(tf.sign(tf.boolean_mask(role, stays)), tf.int8),
        _mentions_of_roles(role),
        batch,
    )
    problem = tf.where(lengths == 0, NO_WORDS, "")
    return words, tf.where(tf.reduce_all(_is_utf8(tokens), axis=1), problem, INVALID_UTF8)


def _mentions_of_text(plain: PlainText, count: Any, first: Any) -> Mentions:
    rows = tf.gather(plain.rows, plain.starts)
    starts, ends = (
        tf.gather(count, places) - tf.gather(first, rows) for places in (plain.starts, plain.ends)
    )
    subject = tf.range(tf.size(starts)) < plain.num_subjects
    return Mentions(
        *(tf.boolean_mask(each, starts < ends) for each in (rows, starts, ends, subject))
    )


def _mentions_of_roles(role: Any) -> Mentions:
    parts = []
    for subject, held in ((True, role > 0), (False, (role < 0) | (role == BOTH))):
        inside = tf.pad(held, [[0, 0], [1, 1]])
        first = tf.where(inside[:, 1:] & ~inside[:, :-1])
        after = tf.where(inside[:, :-1] & ~inside[:, 1:])
        kind = tf.fill(tf.shape(first)[:1], subject)
        parts.append((first[:, 0], first[:, 1], after[:, 1], kind))
    return Mentions(*(tf.concat(pair, axis=0) for pair in zip(*parts, strict=True)))


def _problems(text: Any, plain: PlainText, count: Any, num_words: Any) -> Any:
    """What is wrong with each row, as its place in `_PROBLEMS`; int32 `(batch,)`."""
    unmarked = tf.gather(count, plain.starts) == tf.gather(count, plain.ends)
    rows = tf.gather(plain.rows, tf.boolean_mask(plain.starts, unmarked))
    empty = flat.flags_at(rows, plain.unpaired)[:-1]
    unpaired = plain.unpaired[:-1]
    problem = tf.cast(empty, tf.int32)
    problem = tf.where(unpaired > 0, unpaired + 1, problem)
    problem = tf.where(num_words == 0, _PROBLEMS.index(NO_WORDS), problem)
    return tf.where(_is_utf8(text), problem, _PROBLEMS.index(INVALID_UTF8))


def _is_utf8(text: Any) -> Any:
    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", replacement_char=0xFFFD) == text
