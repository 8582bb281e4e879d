"""From marked sentences to words, inside the TensorFlow graph."""

from typing import Any, NamedTuple

import tensorflow as tf

from mrca.export import code_points, flat
from mrca.export.graph_marks import TAG_PROBLEMS, PlainText, plain_text
from mrca.export.graph_tokenise import LOOK_AHEAD, word_starts
from mrca.export.token_arrays import BOTH, OBJECT, SUBJECT
from mrca.text.inline_marks import INVALID_UTF8, KINDS, NO_WORD_MARKED, NO_WORDS

# What the `tf.function`s that are made of these take.
TEXT_SPECS = [tf.TensorSpec((None,), tf.string, name="text")]
_TOKENS = tf.TensorSpec((None, None), tf.string, name="tokens")
TOKENS_SPECS = [
    _TOKENS,
    tf.TensorSpec((None, None), tf.int32, name="role"),
]
MENTIONS_SPECS = [
    _TOKENS,
    *(tf.TensorSpec((None, None), tf.int32, name=name) for name in ("start", "end", "role")),
    *(tf.TensorSpec((None, None), tf.string, name=name) for name in ("id", "type")),
]

UNKNOWN_ROLE = "unknown role"
OUTSIDE = "mention outside the words"
_PROBLEMS = ["", NO_WORD_MARKED, *TAG_PROBLEMS[1:], NO_WORDS, INVALID_UTF8]
_SUBJECT, _OBJECT, _UNKNOWN = range(len(KINDS))


class Mentions(NamedTuple):
    """A batch's mentions. None is empty.

    Attributes:
        rows: which row each stands in, int64 `(mentions,)`.
        starts, ends: its words in that row, `words[start:end]`, int64 `(mentions,)`. They may lie
            beyond the words that were kept.
        kinds: the places in `KINDS` of what marks them, int32 `(mentions,)`.
        ids, types: what its mark says of its entity, string `(mentions,)`.
    """

    rows: Any
    starts: Any
    ends: Any
    kinds: Any
    ids: Any
    types: Any

    def where(self, chosen: Any) -> "Mentions":
        """Those of which `chosen` holds, bool `(mentions,)`."""
        return Mentions(*(tf.boolean_mask(each, chosen) for each in self))

    def by(self, place: Any) -> "Mentions":
        """In order of a number, int64 `(mentions,)`, then of their kinds."""
        order = tf.argsort(place * len(KINDS) + tf.cast(self.kinds, tf.int64), stable=True)
        return Mentions(*(tf.gather(each, order) for each in self))


class Text(NamedTuple):
    """Where words were cut from.

    Attributes:
        codes: the plain text of all rows, int32 `(characters,)`.
        starts, ends: each word's characters, int64 `(words,)`.
        first: where each row begins, int64 `(rows,)`.
    """

    codes: Any
    starts: Any
    ends: Any
    first: Any


class Words(NamedTuple):
    """A batch's words, end to end.

    Attributes:
        codes: their code points, int32 `(characters,)`.
        tokens: which word each character belongs to, int64 `(characters,)`, rising.
        rows, columns: where in the batch each word stands, int64 `(words,)`, in order.
        role: 1, -1, 0; int8 `(words,)`.
        mentions: what the roles come from.
        num_rows: rows of the batch, int64.
        text: where they were cut from; `None` if they came as words.
    """

    codes: Any
    tokens: Any
    rows: Any
    columns: Any
    role: Any
    mentions: Mentions
    num_rows: Any
    text: Text | None = None

    @property
    def size(self) -> Any:
        """How many words there are, int64."""
        return tf.size(self.rows, out_type=tf.int64)

    def starts(self) -> Any:
        """Where each row's words begin, int64 `(rows,)`."""
        return tf.cumsum(self.lengths(), exclusive=True)

    def lengths(self) -> Any:
        """How many words each row has, int64 `(rows,)`."""
        return tf.math.unsorted_segment_sum(tf.ones_like(self.rows), self.rows, self.num_rows)

    def of_rows(self, chosen: Any) -> "Words":
        """The words of some rows, bool `(rows,)`, as a batch of their own; without mentions."""
        number = flat.number(chosen)
        stays = tf.gather(chosen, self.rows)
        letters = tf.gather(stays, self.tokens)
        return Words(
            tf.boolean_mask(self.codes, letters),
            tf.gather(flat.number(stays), tf.boolean_mask(self.tokens, letters)),
            tf.gather(number, tf.boolean_mask(self.rows, stays)),
            tf.boolean_mask(self.columns, stays),
            tf.boolean_mask(self.role, stays),
            self.mentions.where(tf.zeros_like(self.mentions.rows, tf.bool)),
            tf.math.count_nonzero(chosen),
        )

    def case(self) -> Any:
        """1 where a word's first character is upper case, else -1; int8 `(words,)`."""
        before = tf.concat([[-1], self.tokens[:-1]], axis=0)[: tf.size(self.tokens)]
        first = self.tokens != before
        upper = first & flat.contains(code_points.upper_case(), self.codes)
        any_upper = tf.math.unsorted_segment_max(tf.cast(upper, tf.int32), self.tokens, self.size)
        return tf.cast(tf.where(any_upper > 0, 1, -1), tf.int8)


def words_of_text(
    text: Any, max_length: int | None, *, roles_only: bool = True
) -> tuple[Words, Any]:
    """The words of marked sentences, as `parse_marked` reads them.

    Args:
        text: string `(batch,)`, UTF-8. What is not is read with U+FFFD in its place.
        max_length: words; longer rows are cut to it. `None` for no limit.
        roles_only: see `parse_marked`.

    Returns:
        The words, and what is wrong with each row, string `(batch,)`: as `parse_marked` gives it,
        or `"invalid UTF-8"`.
    """
    batch = tf.size(text, out_type=tf.int64)
    # A row more, which holds a word and ends the look-ahead, spares every step empty tensors.
    rows_of_text = tf.concat([text + "\n", [".>" + "\n" * LOOK_AHEAD]], axis=0)
    decoded = tf.strings.unicode_decode(rows_of_text, "UTF-8", replacement_char=0xFFFD)
    plain = plain_text(decoded.values, decoded.value_rowids(), batch + 1, roles_only=roles_only)
    begins, space = word_starts(plain.codes, plain.rows, plain.borders)
    count = flat.number(begins)
    rows = tf.boolean_mask(plain.rows, begins)
    num_words = tf.math.bincount(tf.cast(rows, tf.int32), minlength=tf.cast(batch + 1, tf.int32))
    num_words = tf.cast(num_words, tf.int64)
    first = tf.cumsum(num_words, exclusive=True)
    columns = tf.range(tf.size(rows, out_type=tf.int64)) - tf.gather(first, rows)

    # === The characters of the words that stay ===
    stays = rows < batch
    if max_length is not None:
        stays &= columns < max_length
    letters = ~space
    tokens = tf.boolean_mask(count + tf.cast(begins, tf.int64) - 1, letters)
    of_stays = tf.gather(stays, tokens)
    roles = tf.where(
        plain.inside(_SUBJECT), SUBJECT, OBJECT * tf.cast(plain.inside(_OBJECT), tf.int32)
    )
    places = tf.boolean_mask(tf.where(letters)[:, 0], of_stays)
    of = tf.gather(flat.number(stays), tf.boolean_mask(tokens, of_stays))
    total = tf.math.count_nonzero(stays)
    words = Words(
        tf.gather(plain.codes, places),
        of,
        tf.boolean_mask(rows, stays),
        tf.boolean_mask(columns, stays),
        tf.boolean_mask(tf.cast(tf.boolean_mask(roles, begins), tf.int8), stays),
        _mentions_of_text(plain, count, first),
        batch,
        Text(
            plain.codes,
            tf.math.unsorted_segment_min(places, of, total),
            tf.math.unsorted_segment_max(places, of, total) + 1,
            tf.searchsorted(plain.rows, tf.range(batch), out_type=tf.int64),
        ),
    )
    problem = _problems(text, plain, count, num_words[:-1])
    return words, tf.gather(_PROBLEMS, problem)


def words_of_tokens(tokens: Any, role: Any, max_length: int | None) -> tuple[Words, Any]:
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
    same = tf.debugging.assert_equal(
        tf.shape(tokens), tf.shape(role), "`tokens` and `role` must be of one shape."
    )
    with tf.control_dependencies([same]):
        words, lengths, problem = _words_of_array(tokens, max_length)
    column = tf.range(tf.shape(tokens, tf.int64)[1])
    role = tf.where(column < lengths[:, None], role, 0)
    of_words = tf.gather_nd(role, tf.stack([words.rows, words.columns], axis=1))
    words = words._replace(
        role=tf.cast(tf.sign(of_words), tf.int8), mentions=_mentions_of_roles(role)
    )
    return words, problem


def words_of_mentions(
    tokens: Any, start: Any, end: Any, role: Any, id: Any, type: Any
) -> tuple[Words, Any]:
    """The words of rows that are cut into words already, with their mentions.

    Args:
        tokens: string `(batch, time)`. Empty strings after a row's last word are padding.
        start: int32 `(batch, mentions)`: the mention's words are `tokens[start:end]`.
        end: the same; where both are 0 there is no mention.
        role: int32 `(batch, mentions)`: 1 subject, -1 object, 2 both, 0 not known.
        id: of the mention's entity, string `(batch, mentions)`; `""` for none.
        type: the same.

    Returns:
        The words, without roles of their own, and what is wrong with each row, string `(batch,)`.
    """
    shape, same = tf.shape(start), []
    for each in (end, role, id, type):
        same.append(tf.debugging.assert_equal(tf.shape(each), shape, "Mentions differ in shape."))
    with tf.control_dependencies(same):
        words, lengths, problem = _words_of_array(tokens, None)
    start, end = tf.cast(start, tf.int64), tf.cast(end, tf.int64)
    there = (start != 0) | (end != 0)
    good = (start >= 0) & (start < end) & (end <= lengths[:, None])
    known = (role >= -1) & (role <= BOTH)
    for wrong, name in ((~known, UNKNOWN_ROLE), (~good, OUTSIDE)):
        row = tf.reduce_any(there & wrong, axis=1)
        problem = tf.where((problem == "") & row, name, problem)
    rows = tf.broadcast_to(tf.range(words.num_rows)[:, None], tf.shape(start))
    number = tf.reshape(tf.range(tf.size(start, out_type=tf.int64)), shape)
    parts = []
    kinds = (
        (_SUBJECT, (role == SUBJECT) | (role == BOTH)),
        (_OBJECT, (role == OBJECT) | (role == BOTH)),
        (_UNKNOWN, (role == 0) | ~known),
    )
    for kind, of in kinds:
        each = (rows, start, end, tf.fill(shape, kind), id, type)
        chosen = there & good & of
        parts.append([tf.boolean_mask(values, chosen) for values in (*each, number)])
    *mentions, place = (tf.concat(each, axis=0) for each in zip(*parts, strict=True))
    return words._replace(mentions=Mentions(*mentions).by(place)), problem


def _words_of_array(tokens: Any, max_length: int | None) -> tuple[Words, Any, Any]:
    """Words without roles and mentions, how many each row has, and what is wrong with it."""
    batch, time = tf.unstack(tf.shape(tokens, out_type=tf.int64))
    column = tf.range(1, time + 1)
    used = tf.where(tokens != "", column, 0)  # pad: no maximum of nothing
    lengths = tf.reduce_max(tf.pad(used, [[0, 0], [0, 1]]), axis=1)
    stays = column <= lengths[:, None]
    if max_length is not None:
        stays &= column <= max_length
    places = tf.where(stays)
    decoded = tf.strings.unicode_decode(
        tf.boolean_mask(tokens, stays), "UTF-8", replacement_char=0xFFFD
    )
    none = tf.zeros((0,), tf.int64)
    text = tf.zeros((0,), tf.string)
    words = Words(
        decoded.values,
        decoded.value_rowids(),
        places[:, 0],
        places[:, 1],
        tf.zeros_like(places[:, 0], tf.int8),
        Mentions(none, none, none, tf.zeros((0,), tf.int32), text, text),
        batch,
    )
    problem = tf.where(lengths == 0, NO_WORDS, "")
    return words, lengths, tf.where(tf.reduce_all(_is_utf8(tokens), axis=1), problem, INVALID_UTF8)


def _mentions_of_text(plain: PlainText, count: Any, first: Any) -> Mentions:
    rows = tf.gather(plain.rows, plain.starts)
    starts, ends = (
        tf.gather(count, places) - tf.gather(first, rows) for places in (plain.starts, plain.ends)
    )
    mentions = Mentions(rows, starts, ends, plain.kinds, plain.ids, plain.types)
    mentions = mentions.where(starts < ends)
    width = tf.reduce_max(tf.concat([mentions.ends, [0]], axis=0)) + 1
    return mentions.by((mentions.rows * width + mentions.starts) * width + mentions.ends)


def _mentions_of_roles(role: Any) -> Mentions:
    parts = []
    for kind, held in ((_SUBJECT, role > 0), (_OBJECT, (role < 0) | (role == BOTH))):
        inside = tf.pad(held, [[0, 0], [1, 1]])
        first = tf.where(inside[:, 1:] & ~inside[:, :-1])
        after = tf.where(inside[:, :-1] & ~inside[:, 1:])
        shape = tf.shape(first)[:1]
        none = tf.fill(shape, "")
        parts.append((first[:, 0], first[:, 1], after[:, 1], tf.fill(shape, kind), none, none))
    return Mentions(*(tf.concat(pair, axis=0) for pair in zip(*parts, strict=True)))


def _problems(text: Any, plain: PlainText, count: Any, num_words: Any) -> Any:
    """What is wrong with each row, as its place in `_PROBLEMS`; int32 `(batch,)`."""
    unmarked = tf.gather(count, plain.starts) == tf.gather(count, plain.ends)
    rows = tf.gather(plain.rows, tf.boolean_mask(plain.starts, unmarked))
    empty = flat.flags_at(rows, plain.problem)[:-1]
    of_tags = plain.problem[:-1]
    problem = tf.cast(empty, tf.int32)
    problem = tf.where(of_tags > 0, of_tags + 1, problem)
    problem = tf.where(num_words == 0, _PROBLEMS.index(NO_WORDS), problem)
    return tf.where(_is_utf8(text), problem, _PROBLEMS.index(INVALID_UTF8))


def _is_utf8(text: Any) -> Any:
    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", replacement_char=0xFFFD) == text
