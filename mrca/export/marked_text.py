"""Sentences whose entities are marked inline, `<s>Ada</s> was born in <o>London</o>.`"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from mrca.text import Example, Span, Token, tokenise

# What `MarkedText.problem` says, in order: of several the first. One tag is named after UNPAIRED.
INVALID_UTF8 = "invalid UTF-8"
NO_WORDS = "no words"
UNPAIRED = "unpaired "
NO_WORD_MARKED = "no word between tags"

ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
TAGS = ("<s>", "</s>", "<o>", "</o>")
_SPECIAL = re.compile("|".join([*TAGS, *ESCAPES]))


class MarkedText(NamedTuple):
    """What a marked sentence says.

    Attributes:
        tokens: its words.
        subjects, objects: spans of the marked mentions, in order.
        problem: what is wrong with it, or `""`.
    """

    tokens: tuple[str, ...]
    subjects: tuple[Span, ...]
    objects: tuple[Span, ...]
    problem: str


def parse_marked(text: str) -> MarkedText:
    """Read a sentence with inline marks.

    * `<s>…</s>` marks a mention of a subject, `<o>…</o>` one of an object. The two kinds do not
      care about each other, so an entity that is both is `<s><o>Ada</o></s>`.
    * An opening tag belongs to the closing tag of its kind that follows it with no other tag of its
      kind between them. A tag that so belongs to none is text where it stands, and a problem.
    * `&lt;`, `&gt;` and `&amp;` are the characters `<`, `>` and `&`. Any other `<`, `>` and `&` is
      itself.
    * What is left is cut into words by `mrca.text.tokenise`, as if there were no tags, and a word
      that runs over a tag is cut there.

    Args:
        text: any string. Every one has words and mentions, if only none.

    Returns:
        Words, mentions, and the first of these problems: `"no words"`; `"unpaired </s>"`, with the
        first such tag; `"no word between tags"`, where a mention is empty and so marks nothing.
    """
    special = list(_SPECIAL.finditer(text))
    names = [match[0] for match in special]
    paired = {index for kind in "so" for index in _paired(names, f"<{kind}>", f"</{kind}>")}

    plain: list[str] = []
    borders: dict[str, list[int]] = {tag: [] for tag in TAGS}
    length = end = 0  # of the plain text so far; of what is read
    for index, match in enumerate(special):
        piece = text[end : match.start()]
        if index not in paired:
            piece += ESCAPES.get(names[index], names[index])
        plain.append(piece)
        length += len(piece)
        end = match.end()
        if index in paired:
            borders[names[index]].append(length)
    plain.append(text[end:])

    words = _cut(tokenise("".join(plain)), {border for each in borders.values() for border in each})
    subjects = _spans(words, borders["<s>"], borders["</s>"])
    objects = _spans(words, borders["<o>"], borders["</o>"])
    unpaired = [name for i, name in enumerate(names) if name in TAGS and i not in paired]
    problem = ""
    if not words:
        problem = NO_WORDS
    elif unpaired:
        problem = UNPAIRED + unpaired[0]
    elif None in subjects or None in objects:
        problem = NO_WORD_MARKED
    return MarkedText(
        tuple(word.text for word in words),
        tuple(span for span in subjects if span),
        tuple(span for span in objects if span),
        problem,
    )


def marked(example: Example) -> str:
    """An example as one string that `parse_marked` reads.

    The words are joined by spaces. They come back as they are if `mrca.text.tokenise` leaves them
    so, as it does those that it has cut itself. Mentions of one kind that overlap come back as one.

    Example:
        >>> marked(Example(("AT&T", "is", "big"), subjects=(Span(0, 1),)))
        '<s>AT&amp;T</s> is big'
    """
    words = [_escaped(token) for token in example.tokens]
    for kind, spans in (("o", example.objects), ("s", example.subjects)):
        for start, end in _merged(spans):
            words[start] = f"<{kind}>{words[start]}"
            words[end - 1] += f"</{kind}>"
    return " ".join(words)


def _escaped(token: str) -> str:
    return token.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


def _paired(names: list[str], opening: str, closing: str) -> list[int]:
    tags = [index for index, name in enumerate(names) if name in (opening, closing)]
    pairs = [pair for pair in pairwise(tags) if [names[i] for i in pair] == [opening, closing]]
    return [index for pair in pairs for index in pair]


def _cut(words: list[Token], borders: set[int]) -> list[Token]:
    pieces: list[Token] = []
    for word in words:
        inside = [place for place in range(word.start + 1, word.end) if place in borders]
        for start, end in pairwise([word.start, *inside, word.end]):
            pieces.append(Token(word.text[start - word.start : end - word.start], start, end))
    return pieces


def _spans(words: list[Token], starts: list[int], ends: list[int]) -> list[Span | None]:
    """The words between each pair of borders; `None` where there are none."""
    first = [bisect_left(words, start, key=lambda word: word.start) for start in starts]
    last = [bisect_right(words, end, key=lambda word: word.end) for end in ends]
    pairs = zip(first, last, strict=True)
    return [Span(start, end) if start < end else None for start, end in pairs]
