"""Published words cut at white space, and where each of them went."""

import sys
from collections.abc import Iterable


def cut_words(published: Iterable[str]) -> tuple[list[str], list[int]]:
    """Words without white space in them, of words that may have some or be nothing else.

    Args:
        published: the words of a text.

    Returns:
        The words, and for each published one where its words begin among them; at last, where the
        last one's end. Those of `published[i:j]` are `words[starts[i]:starts[j]]`, which may be
        none.

    Example:
        >>> cut_words(["New York", " ", "won"])
        (['New', 'York', 'won'], [0, 2, 2, 3])
    """
    words: list[str] = []
    starts: list[int] = []
    for word in published:
        starts.append(len(words))
        words.extend(map(sys.intern, word.split()))
    starts.append(len(words))
    return words, starts
