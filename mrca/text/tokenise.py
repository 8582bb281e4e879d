"""Text to words with character offsets, and mentions to token spans."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from mrca.text.document import Span

# The rules, which `tokenise` here and `mrca.export.graph_tokenise` in a graph are made from.
OPENING = "([{<\"'`“‘«¿¡"
CLOSING = ")]}>\"'`”’»,;:!?…."
QUOTES = "'’"
# A word of its own behind one of the QUOTES, as in `'s`: at the end of others those of POSSESSIVE,
# where they stand alone all of these.
POSSESSIVE = ("s", "S")
CONTRACTIONS = (*POSSESSIVE, "m", "d", "re", "ve", "ll", "em")
DOUBLE_QUOTES = ("''", "``")
# Whose full stop belongs to them, beside that of initials (`J.`, `U.S.`): titles, months, states.
TITLES = (
    "St|Mr|Mrs|Ms|Dr|Jr|Sr|Rev|Gen|Gov|Sen|Rep|Lt|Col|Capt|Sgt|Maj|Prof|Co|Corp|Inc|Ltd|Bros|No|vs"
    "|Mt|Ft|Ave|Blvd|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec|Ala|Ariz|Calif|Colo|Conn|Fla|Ga|Ill|Ind"
    "|Kan|Ky|La|Mass|Md|Mich|Minn|Miss|Mo|Neb|Nev|Okla|Ore|Pa|Tenn|Tex|Va|Vt|Wash|Wis"
)

_ABBREVIATION = re.compile(rf"(?:[^\W\d_]\.)+|(?:{TITLES})\.")
# Words that stand whole although they begin or end with punctuation, such as `'s` and `...`.
_WHOLE = re.compile(
    rf"[{QUOTES}](?:{'|'.join(CONTRACTIONS)})(?!\w)|{'|'.join(DOUBLE_QUOTES)}|\.{{2,}}"
)
_CLITIC = re.compile(rf"(?<=\w)[{QUOTES}](?:{'|'.join(POSSESSIVE)})$")


class Token(NamedTuple):
    """A word and where it stands: `text[start:end]`."""

    text: str
    start: int
    end: int


def tokenise(text: str) -> list[Token]:
    """Split text at white space, then split punctuation off both ends of each word.

    Punctuation inside a word stays (`north-central`, `3.5`, `O'Neil`), so does the full stop of an
    abbreviation (`U.S.`, `St.`, `Feb.`); a possessive `'s` is a word of its own. Text that is
    already tokenised with spaces, as the published corpora are, comes back nearly as it was.

    Args:
        text: any string; the empty string gives no tokens.

    Returns:
        The tokens in order. `text[token.start:token.end] == token.text` for each.
    """
    tokens: list[Token] = []
    for chunk in re.finditer(r"\S+", text):
        start, end = chunk.span()
        while end - start > 1 and text[start] in OPENING and not _WHOLE.match(text, start, end):
            tokens.append(Token(text[start], start, start + 1))
            start += 1
        closing: list[Token] = []
        while end - start > 1 and not _stands_whole(text, start, end):
            clitic = _CLITIC.search(text, start, end)
            cut = clitic.start() if clitic else end - 1
            if clitic is None and text[cut] not in CLOSING:
                break
            closing.append(Token(text[cut:end], cut, end))
            end = cut
        tokens.append(Token(text[start:end], start, end))
        tokens.extend(reversed(closing))
    return tokens


def _stands_whole(text: str, start: int, end: int) -> bool:
    if end - start == 2 and text[start + 1] == "." and not text[end:].strip():
        return False  # `Malcolm X.` ends a text more often than an initial does
    return bool(_ABBREVIATION.fullmatch(text, start, end) or _WHOLE.fullmatch(text, start, end))


def find_mention(tokens: Sequence[str], mention: Sequence[str]) -> list[Span]:
    """Every place where `mention` stands in `tokens` as an exact sequence (case counts).

    Args:
        tokens: the sentence.
        mention: the entity's tokens; an empty one is found nowhere.

    Returns:
        Spans in order, overlapping ones included; empty if it is not found.
    """
    width = len(mention)
    if not width:
        return []
    wanted = list(mention)
    return [
        Span(start, start + width)
        for start in range(len(tokens) - width + 1)
        if tokens[start] == wanted[0] and list(tokens[start : start + width]) == wanted
    ]
