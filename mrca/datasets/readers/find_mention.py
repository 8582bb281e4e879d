"""A mention's words among those of its text."""

from collections.abc import Sequence
from typing import NamedTuple

from mrca.text import Span, find_mention


class FoundWords(NamedTuple):
    """The words by which a mention was found, and every place where it stands."""

    words: list[str]
    spans: list[Span]


def find_words(tokens: Sequence[str], words: Sequence[str]) -> FoundWords:
    """Every place of a mention's words in a text that the tokeniser cut.

    The tokeniser leaves a full stop to an abbreviation (`Globex Corp.`), so a mention is found
    with and without the one at its end.

    Args:
        tokens: the text's.
        words: the mention's, cut by the same tokeniser; at least one.

    Returns:
        The first form of the words that is found, and the places of all forms in order; the words
        as they were given, and no place, if none is found.
    """
    forms = [list(words), [*words[:-1], words[-1] + "."]]
    if words[-1] == "." and len(words) > 1:  # `Malcolm X.`, which is cut so at the end of a text
        forms.append([*words[:-2], words[-2] + "."])
    found = [FoundWords(form, spans) for form in forms if (spans := find_mention(tokens, form))]
    if not found:
        return FoundWords(forms[0], [])
    return FoundWords(found[0].words, sorted(span for form in found for span in form.spans))


def similar_words(tokens: Sequence[str], words: Sequence[str]) -> list[str]:
    """The part of a text that is most like a mention that does not stand in it.

    Args:
        tokens: the text's.
        words: the mention's.

    Returns:
        The tokens in its place; empty where not even one of them is like a word of the mention.

    Example:
        >>> similar_words(["the", "New", "York-based", "firm"], ["New", "York"])
        ['New', 'York-based']
    """
    width = len(words)

    def likeness(start: int) -> int:
        return sum(
            _likeness(tokens[start + index], word)
            for index, word in enumerate(words)
            if 0 <= start + index < len(tokens)
        )

    best = max(range(1 - width, len(tokens)), key=likeness)
    return list(tokens[max(best, 0) : best + width]) if likeness(best) else []


def _likeness(token: str, word: str) -> int:
    if token == word:
        return 2
    return int(len(word) > 2 and word.casefold() in token.casefold())
