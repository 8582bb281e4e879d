"""Texts whose entities are marked inline, `<e>Ada</e> was born in <e>London</e>.`"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from mrca.text.document import Document, Entity, Span
from mrca.text.tokenise import Token, tokenise

# What `MarkedText.problem` says, in order: of several the first. One tag is named after UNPAIRED.
INVALID_UTF8 = "invalid UTF-8"
NO_WORDS = "no words"
UNPAIRED = "unpaired "
NO_WORD_MARKED = "no word between tags"

ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
TAGS = ("<s>", "</s>", "<o>", "</o>")


class MarkedText(NamedTuple):
    """What a marked text says.

    Attributes:
        text: it without the marks.
        words: its words, with their places in `text`.
        subjects, objects: spans of the marked mentions of either role, in order.
        entities: the same of mentions without a role.
        problem: what is wrong with it, or `""`.
    """

    text: str
    words: tuple[Token, ...]
    subjects: tuple[Span, ...]
    objects: tuple[Span, ...]
    entities: tuple[Span, ...]
    problem: str

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words alone."""
        return tuple(word.text for word in self.words)


def marked_document(text: str) -> tuple[Document, str]:
    """The document that a text with inline marks is, and what is wrong with it.

    Marks are those of `parse_marked`, and `<e>…</e>` for an entity whose role is not known: it may
    be subject and object. Marked mentions with the same words are one entity.

    Example:
        >>> document, problem = marked_document("<e>Ada</e> was born in <e>London</e>.")
        >>> [entity.name for entity in document.entities], problem
        (['Ada', 'London'], '')
    """
    found = parse_marked(text, roles_only=False)
    kinds = (found.subjects, found.objects, found.entities)
    mentions: dict[str, set[Span]] = {}
    for span in sorted({span for spans in kinds for span in spans}):
        mentions.setdefault(" ".join(found.tokens[span.start : span.end]), set()).add(span)
    names = list(mentions)
    subjects, objects, others = (
        {names.index(" ".join(found.tokens[span.start : span.end])) for span in spans}
        for spans in kinds
    )
    document = Document(
        tokens=found.tokens,
        entities=tuple(Entity(tuple(sorted(mentions[name])), name=name) for name in names),
        subjects=tuple(sorted(subjects | others)),
        objects=tuple(sorted(objects | others)),
        roles="unknown" if others else "given",
        text=found.text,
        offsets=tuple(Span(word.start, word.end) for word in found.words),
    )
    return document, found.problem


def parse_marked(text: str, *, roles_only: bool = True) -> MarkedText:
    """Read a text with inline marks.

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
        roles_only: whether `<e>` is text like any other.

    Returns:
        Words, mentions, and the first of these problems: `"no words"`; `"unpaired </s>"`, with the
        first such tag; `"no word between tags"`, where a mention is empty and so marks nothing.
    """
    tags = TAGS if roles_only else (*TAGS, "<e>", "</e>")
    special = list(re.finditer("|".join([*tags, *ESCAPES]), text))
    names = [match[0] for match in special]
    paired = {index for kind in "soe" for index in _paired(names, f"<{kind}>", f"</{kind}>")}

    plain: list[str] = []
    borders: dict[str, list[int]] = {
        f"<{slash}{kind}>": [] for kind in "soe" for slash in ("", "/")
    }
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

    read = "".join(plain)
    words = _cut(tokenise(read), {border for each in borders.values() for border in each})
    spans = [_spans(words, borders[f"<{kind}>"], borders[f"</{kind}>"]) for kind in "soe"]
    unpaired = [name for i, name in enumerate(names) if name in tags and i not in paired]
    problem = ""
    if not words:
        problem = NO_WORDS
    elif unpaired:
        problem = UNPAIRED + unpaired[0]
    elif any(None in each for each in spans):
        problem = NO_WORD_MARKED
    subjects, objects, entities = (tuple(span for span in each if span) for each in spans)
    return MarkedText(read, tuple(words), subjects, objects, entities, problem)


def marked(document: Document) -> str:
    """A document as one string that `parse_marked` reads, with the roles of its entities.

    The words are joined by spaces. They come back as they are if `mrca.text.tokenise` leaves them
    so, as it does those that it has cut itself. Mentions of one kind that overlap come back as one.

    Example:
        >>> marked(Document(("AT&T", "is", "big"), (Entity((Span(0, 1),)),), subjects=(0,)))
        '<s>AT&amp;T</s> is big'
    """
    words = [_escaped(token) for token in document.tokens]
    for kind, spans in (("o", document.spans("object")), ("s", document.spans("subject"))):
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
