"""A corpus as flat arrays, and its padded batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mrca.features.batch_plan import Batch, Padding
from mrca.features.vocabulary import Vocabulary
from mrca.text import Example


@dataclass(frozen=True)
class EncodedExamples:
    """Rows of tokens, end to end: memory grows with tokens, not with rows times the longest.

    Attributes:
        arrays: the model's inputs by name, each `(tokens, …)`. Words have `words`, int32 rows of
            the model's word table; word pieces have `pieces`, int32 rows of the encoder's; stored
            states have `states`, float16 `(tokens, dim)`. All have `case`, int8, 1 where the first
            character of the word is upper case, else -1; and `role`, int8, 1 subject (also where
            both), -1 object, 0 neither.
        starts: int64 `(rows + 1,)`, where each row begins.
    """

    arrays: dict[str, np.ndarray]
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row, `(rows,)`."""
        return np.diff(self.starts)

    def batch(self, batch: Batch, padding: Padding) -> dict[str, np.ndarray]:
        """The model's inputs for one batch of the plan.

        With `"masked"` padding `lengths` tells the model where each row ends; with `"fixed"` every
        row claims the full length, so that the model computes on the zeros of the padding, as the
        paper's code does.
        """
        starts = self.starts[batch.rows]
        lengths = (self.starts[batch.rows + 1] - starts).astype(np.int32)
        column = np.arange(batch.length)
        is_token = column < lengths[:, None]
        tokens = (starts[:, None] + column)[is_token]
        inputs = {}
        for name, array in self.arrays.items():
            inputs[name] = np.zeros((*is_token.shape, *array.shape[1:]), input_dtype(array))
            inputs[name][is_token] = array[tokens]
        inputs["lengths"] = lengths if padding == "masked" else np.full_like(lengths, batch.length)
        return inputs


def input_dtype(array: np.ndarray) -> np.dtype:
    """What a model takes an array as: itself, but float32 for states kept in half precision."""
    return np.dtype(np.float32) if array.dtype == np.float16 else array.dtype


def encode(
    examples: Sequence[Example],
    vocabulary: Vocabulary,
    *,
    max_length: int,
    case: bool = True,
    role: bool = True,
) -> EncodedExamples:
    """Examples as arrays.

    Args:
        examples: rows of at least one token each.
        vocabulary: has a row for every word; see `Vocabulary.admit`.
        max_length: tokens; longer rows are cut to it.
        case: whether to mark upper-case first characters; else 0 everywhere.
        role: whether to mark subjects and objects; else 0 everywhere.
    """
    sentences = [example.tokens[:max_length] for example in examples]
    starts = np.zeros(len(sentences) + 1, dtype=np.int64)
    np.cumsum([len(sentence) for sentence in sentences], out=starts[1:])
    tokens = [token for sentence in sentences for token in sentence]
    # Each distinct spelling is lower-cased and looked up once.
    spellings = set(tokens)
    rows = {token: vocabulary.row(token.lower()) for token in spellings}
    cases = {token: 1 if case and token[:1].isupper() else -int(case) for token in spellings}
    roles = np.zeros(len(tokens), dtype=np.int8)
    if role:
        for example, start, end in zip(examples, starts[:-1], starts[1:], strict=True):
            row = roles[start:end]
            for span in example.objects:
                row[span.start : span.end] = -1
            for span in example.subjects:
                row[span.start : span.end] = 1
    return EncodedExamples(
        {
            "words": np.fromiter((rows[token] for token in tokens), np.int32, len(tokens)),
            "case": np.fromiter((cases[token] for token in tokens), np.int8, len(tokens)),
            "role": roles,
        },
        starts,
    )
