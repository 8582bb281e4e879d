"""Words of a text in which one subject and one object are tagged."""

from itertools import pairwise

from mrca.text import Span, Token, tokenise


def tagged_pair(text: str, tags: tuple[Span, Span, Span, Span]) -> tuple[list[str], Span, Span]:
    """The words of a text without its tags, and the spans of subject and object.

    The text is cut by the package's rules, and at the borders of both entities.

    Args:
        text: with the tags.
        tags: where in it the tags stand: before and after the subject, before and after the object.

    Returns:
        `(words, subject, object)`; a span is empty where no word stands between its tags.
    """
    kept: list[str] = []
    borders = dict.fromkeys(tags, 0)
    end = length = 0
    for tag in sorted(tags):
        kept.append(text[end : tag.start])
        length += tag.start - end
        borders[tag] = length
        end = tag.end
    kept.append(text[end:])
    words = _cut("".join(kept), sorted(borders.values()))
    before, after, before_object, after_object = (borders[tag] for tag in tags)
    return (
        [word.text for word in words],
        _words_between(words, before, after),
        _words_between(words, before_object, after_object),
    )


def marked_pair(text: str, subject: Span, object_: Span) -> tuple[list[str], Span, Span]:
    """The same where the characters of subject and object are known, and there are no tags."""
    borders = (subject.start, subject.end, object_.start, object_.end)
    first, last, first_object, last_object = (Span(border, border) for border in borders)
    return tagged_pair(text, (first, last, first_object, last_object))


def _cut(text: str, borders: list[int]) -> list[Token]:
    """The words; one that runs over a border is cut there."""
    words: list[Token] = []
    for word in tokenise(text):
        inside = {border for border in borders if word.start < border < word.end}
        cuts = [word.start, *sorted(inside), word.end]
        words.extend(Token(text[start:end], start, end) for start, end in pairwise(cuts))
    return words


def _words_between(words: list[Token], start: int, end: int) -> Span:
    inside = [i for i, word in enumerate(words) if start <= word.start and word.end <= end]
    return Span(inside[0], inside[-1] + 1) if inside else Span(0, 0)
