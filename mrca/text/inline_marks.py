"""Texts whose entities are marked inline, `<e>Ada</e> was born in <e>London</e>.`"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, NamedTuple

from mrca.text.document import Document, Entity, Span
from mrca.text.tokenise import Token, tokenise

# What `MarkedText.problem` says, in order: of several the first. A kind of tag is named after
# UNPAIRED, and after BAD_MARK.
INVALID_UTF8 = "invalid UTF-8"
NO_WORDS = "no words"
BAD_MARK = "bad mark "
UNPAIRED = "unpaired "
NO_WORD_MARKED = "no word between tags"

Kind = Literal["s", "o", "e"]
KINDS: tuple[Kind, ...] = ("s", "o", "e")  # subject, object, an entity whose role is not known
ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
# In an attribute's value, where a quotation mark would end it; "&" last, so that it escapes others.
VALUE_ESCAPES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}

# Patterns that mean the same in Python and in RE2, with which an exported model reads.
SPACE = r"[ \t\r\n]"
_VALUE = r'(?:"([^"<>]*)"|([^ \t\r\n"<>]+))'
_ID, _TYPE = f"{SPACE}+id={_VALUE}", f"{SPACE}+type={_VALUE}"
OPENING = f"<[soe](?:(?:{_ID})?(?:{_TYPE})?|{_TYPE}{_ID}){SPACE}*>"
ID, TYPE = r"\1\2\7\8", r"\3\4\5\6"  # of its groups, those that have a value
# What looks like an opening tag with attributes.
ATTRIBUTED = f"<[soe]{SPACE}[^<>]*>"

_ESCAPE = re.compile("|".join(ESCAPES))
_SPECIAL = re.compile(f"{OPENING}|</[soe]>|{_ESCAPE.pattern}")
_SPECIAL_ROLES = re.compile(f"</?[so]>|{_ESCAPE.pattern}")
_ATTRIBUTED, _OPENING = re.compile(ATTRIBUTED), re.compile(OPENING)


class Mark(NamedTuple):
    """A marked mention.

    Attributes:
        span: its words.
        kind: `"s"` of a subject, `"o"` of an object, `"e"` of an entity whose role is not known.
        id, type: what its tag says, or `""`.
    """

    span: Span
    kind: Kind
    id: str = ""
    type: str = ""


class MarkedText(NamedTuple):
    """What a marked text says.

    Attributes:
        text: it without the marks.
        words: its words, with their places in `text`.
        marks: the marked mentions: those of subjects, of objects, of others, each in order.
        problem: what is wrong with it, or `""`.
    """

    text: str
    words: tuple[Token, ...]
    marks: tuple[Mark, ...]
    problem: str

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words alone."""
        return tuple(word.text for word in self.words)

    def spans(self, kind: Kind) -> tuple[Span, ...]:
        """The mentions of a kind, in order."""
        return tuple(mark.span for mark in self.marks if mark.kind == kind)


def marked_document(text: str) -> tuple[Document, str]:
    """The document that a text with inline marks is, and what is wrong with it.

    Marks are those of `parse_marked` with `<e>`, an entity that may be subject and object. Mentions
    with the same id are one entity, whatever their words; those without an id that have the same
    words are one. Its type is the first that a mention has.

    Example:
        >>> document, problem = marked_document("<e id=1>Ada</e> knew that <e id=1>she</e> slept.")
        >>> [(entity.id, entity.name, len(entity.mentions)) for entity in document.entities]
        [('1', 'Ada', 2)]
    """
    found = parse_marked(text, roles_only=False)
    tokens = found.tokens
    marks: dict[tuple[str, str], list[Mark]] = {}
    for mark in sorted(found.marks, key=lambda mark: (mark.span, KINDS.index(mark.kind))):
        words = " ".join(tokens[mark.span.start : mark.span.end])
        marks.setdefault((mark.id, "" if mark.id else words), []).append(mark)
    entities = [
        Entity(
            tuple(dict.fromkeys(mark.span for mark in each)),
            next((mark.type for mark in each if mark.type), ""),
            each[0].id,
            " ".join(tokens[each[0].span.start : each[0].span.end]),
        )
        for each in marks.values()
    ]

    def numbers(*kinds: Kind) -> tuple[int, ...]:
        of = enumerate(marks.values())
        return tuple(i for i, each in of if any(mark.kind in kinds for mark in each))

    document = Document(
        tokens=tokens,
        entities=tuple(entities),
        subjects=numbers("s", "e"),
        objects=numbers("o", "e"),
        roles="unknown" if numbers("e") else "given",
        text=found.text,
        offsets=tuple(Span(word.start, word.end) for word in found.words),
    )
    return document, found.problem


def parse_marked(text: str, *, roles_only: bool = True) -> MarkedText:
    """Read a text with inline marks.

    * `<s>…</s>` marks a mention of a subject, `<o>…</o>` one of an object, `<e>…</e>` one of an
      entity whose role is not known. The kinds do not care about each other, so an entity that is
      subject and object is `<s><o>Ada</o></s>`.
    * An opening tag may have an id and a type, in either order, bare or in quotation marks:
      `<e id=Q7259 type="human being">`. In there `&quot;` is a quotation mark. What looks like a
      tag with something else in it is text, and a problem.
    * An opening tag belongs to the closing tag of its kind that follows it with no other tag of its
      kind between them. A tag that so belongs to none is text where it stands, and a problem.
    * `&lt;`, `&gt;` and `&amp;` are the characters `<`, `>` and `&`. Any other `<`, `>` and `&` is
      itself.
    * What is left is cut into words by `mrca.text.tokenise`, as if there were no tags, and a word
      that runs over a tag is cut there.

    Args:
        text: any string. Every one has words and mentions, if only none.
        roles_only: whether `<e>` and tags with attributes are text like any other.

    Returns:
        Words, mentions, and the first of these problems: `"no words"`; `"bad mark <e …>"`;
        `"unpaired </s>"`, with the first such tag; `"no word between tags"`, where a mention is
        empty and so marks nothing.
    """
    special = list((_SPECIAL_ROLES if roles_only else _SPECIAL).finditer(text))
    # Of each tag its kind without attributes, "" of an escape.
    tags = [each[0][:2] + ">" if each[0][1] in KINDS else each[0] for each in special]
    tags = ["" if tag in ESCAPES else tag for tag in tags]
    pairs = {kind: _pairs(tags, f"<{kind}>", f"</{kind}>") for kind in KINDS}
    paired = {index for each in pairs.values() for pair in each for index in pair}

    plain: list[str] = []
    border: dict[int, int] = {}  # where in the plain text each tag that is in a pair stands
    length = end = 0  # of the plain text so far; of what is read
    for index, match in enumerate(special):
        piece = text[end : match.start()]
        if index not in paired:
            piece += _ESCAPE.sub(lambda each: ESCAPES[each[0]], match[0])
        plain.append(piece)
        length += len(piece)
        end = match.end()
        if index in paired:
            border[index] = length
    plain.append(text[end:])

    read = "".join(plain)
    words = _cut(tokenise(read), set(border.values()))
    marks, empty = [], False
    for kind, each in pairs.items():
        spans = _spans(words, [border[i] for i, _ in each], [border[i] for _, i in each])
        for span, (opening, _) in zip(spans, each, strict=True):
            if span is None:
                empty = True
            else:
                match = special[opening]
                marks.append(Mark(span, kind, *(_attributes(match[0]))))
    problem = ""
    if not words:
        problem = NO_WORDS
    elif not roles_only and (bad := _bad_mark(text)):
        problem = BAD_MARK + bad
    elif unpaired := next((t for i, t in enumerate(tags) if t and i not in paired), ""):
        problem = UNPAIRED + unpaired
    elif empty:
        problem = NO_WORD_MARKED
    return MarkedText(read, tuple(words), tuple(marks), problem)


def marked(document: Document, *, roles_only: bool = True) -> str:
    """A document as one string that `parse_marked` reads, with the roles of its entities.

    The words are joined by spaces. They come back as they are if `mrca.text.tokenise` leaves them
    so, as it does those that it has cut itself. Mentions of one kind that overlap come back as one;
    with ids and types, only the longest of them is marked, of those the first.

    Args:
        document: any.
        roles_only: whether only roles are written. Else entities whose role is not known are
            `<e>`, and every tag has the number of its entity as id, and its type.

    Example:
        >>> marked(Document(("AT&T", "is", "big"), (Entity((Span(0, 1),)),), subjects=(0,)))
        '<s>AT&amp;T</s> is big'
    """
    words = [_escaped(token) for token in document.tokens]
    subjects, objects = set(document.subjects), set(document.objects)
    known = roles_only or document.roles == "given"
    numbers: dict[Kind, set[int]] = {
        "e": set() if known else subjects & objects,
        "o": objects if known else objects - subjects,
        "s": subjects if known else subjects - objects,
    }
    for kind, of in numbers.items():
        mentions = [(span, each) for each in of for span in document.entities[each].mentions]
        if roles_only:
            spans = [(span, "") for span in _merged(span for span, _ in mentions)]
        else:
            spans = [
                (span, _written(number, document.entities[number].type))
                for span, number in _longest(mentions)
            ]
        for (start, end), attributes in spans:
            words[start] = f"<{kind}{attributes}>{words[start]}"
            words[end - 1] += f"</{kind}>"
    return " ".join(words)


def _attributes(tag: str) -> tuple[str, str]:
    """The id and the type of an opening tag."""
    match = _OPENING.fullmatch(tag)
    values = [match.expand(of) if match else "" for of in (ID, TYPE)]
    for escape, character in VALUE_ESCAPES.items():
        values = [value.replace(escape, character) for value in values]
    return values[0], values[1]


def _written(number: int, type: str) -> str:
    """Attributes of a tag."""
    value = type
    for escape, character in reversed(VALUE_ESCAPES.items()):
        value = value.replace(character, escape)
    return f" id={number}" + (f' type="{value}"' if type else "")


def _bad_mark(text: str) -> str:
    """The first of what looks like an opening tag with attributes and is none."""
    for match in _ATTRIBUTED.finditer(text):
        if not _OPENING.fullmatch(match[0]):
            return f"{match[0][:2]} …>"
    return ""


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


def _longest(mentions: Iterable[tuple[Span, int]]) -> list[tuple[Span, int]]:
    """Mentions of which none overlap."""
    kept: list[tuple[Span, int]] = []
    for span, number in sorted(mentions, key=lambda each: (each[0].start - each[0].end, each)):
        if all(span.end <= other.start or other.end <= span.start for other, _ in kept):
            kept.append((span, number))
    return kept


def _pairs(tags: list[str], opening: str, closing: str) -> list[tuple[int, int]]:
    places = [index for index, tag in enumerate(tags) if tag in (opening, closing)]
    return [pair for pair in pairwise(places) if [tags[i] for i in pair] == [opening, closing]]


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
