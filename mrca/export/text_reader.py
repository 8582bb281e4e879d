"""What turns strings into a network's inputs, inside the TensorFlow graph."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from mrca.export.graph_entities import Entities
from mrca.export.text_to_words import (
    TEXT_SPECS,
    TOKENS_SPECS,
    Words,
    words_of_text,
    words_of_tokens,
)


class TextReader(tf.Module):
    """What `parse_marked` and an encoder do in Python, for a batch of strings.

    Core TensorFlow operations only. The result of a row does not depend on the other rows, but for
    how far it is padded. No row can fail.

    Args:
        max_length: tokens; longer rows are cut to it. `None` for no limit.
        case, role: whether to mark upper case, and entities; else 0 everywhere.
        types: the entity types that are a feature, where pairs are asked about.
    """

    def __init__(
        self, max_length: int | None, case: bool, role: bool, types: Sequence[str]
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.case = case
        self.role = role
        self.types = list(types)

    # Nothing for autograph to convert: half a trace's time.
    @tf.function(input_signature=TEXT_SPECS, autograph=False)
    def __call__(self, text: Any) -> dict[str, Any]:
        """Inputs of marked sentences.

        Args:
            text: string `(batch,)`, UTF-8. What is not is read with U+FFFD in its place.

        Returns:
            As `inputs`, and `problem` string `(batch,)`, as `parse_marked` gives it, or `"invalid
            UTF-8"`.
        """
        words, problem = words_of_text(text, self.max_length)
        return {**self.inputs(words), "problem": problem}

    @tf.function(input_signature=TOKENS_SPECS, autograph=False)
    def from_tokens(self, tokens: Any, role: Any) -> dict[str, Any]:
        """Inputs of sentences that are cut into words already.

        Args:
            tokens: string `(batch, time)`. Empty strings after a row's last word are padding.
            role: int32 `(batch, time)`: 1 subject, -1 object, 2 both, 0 neither. Words of a kind
                that touch count as one mention.

        Returns:
            As for text; `problem` is `""`, `"no words"` or `"invalid UTF-8"`.
        """
        words, problem = words_of_tokens(tokens, role, self.max_length)
        return {**self.inputs(words), "problem": problem}

    def lengths(self, words: Words) -> Any:
        """About how many tokens each row has, int64 `(rows,)`."""
        raise NotImplementedError

    def inputs(self, words: Words, entities: Entities | None = None) -> dict[str, Any]:
        """What words become, in the batch's form.

        Args:
            words: of a batch.
            entities: what is marked in them, where pairs are asked about: with these `role` and
                `types` are theirs, and there is `entities`, as `EncodedEntities.batch` has it.
        """
        raise NotImplementedError
