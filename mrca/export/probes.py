"""Sentences that an exported model is tried on before it counts as one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mrca.text import Document, Entity
from mrca.text.inline_marks import KINDS, MarkedText, marked_document, parse_marked

SAMPLE = "<s>Ada Lovelace</s> was born in <o>London</o>, in the south of <o>England</o>."
SAMPLE_PAIRS = (
    "<e id=1>Ada Lovelace</e> was born in <e>London</e>, where <e id=1>she</e> met "
    '<e type="PERSON">Charles Babbage</e>.'
)

# What goes wrong, or might.
_HARD = (
    "",
    " \t\n",
    "Ada",
    "<s>Ada</s>",
    "nothing is marked here",
    "AT&amp;T &lt;s&gt; 3 &lt; 4 & more",
    "<s>Ada</s> once <s>was <o>born</s> in </o>London</o>",
    "<s></s> <o> </o> empty marks",
    "<s><o>Ada</o></s> loves <o><s>herself</s></o>.",
    "👩\u200d👩\u200d👧 <s>e\u0301mile</s> 😀 ＷＩＤＥ <o>ÅNGSTRÖM</o> \ufeff",
    "<s>שלום</s> العالم <o>مرحبا</o> ΟΔΥΣΣΕΥΣ İstanbul",
    "<s>東京</s>は<o>日本</o>の首都です。",
    "''``\"\" ... ?! -- U.S. o'clock can't",
    "<s>" + "word " * 9_999 + "</s>x",
    "a" * 10_000,
)
_HARD_PAIRS = (
    '<e id="a &quot;b&quot;" type=x>Ada</e> <e type="human being" id=a&amp;b>Bo</e> <e x=1>C</e>',
    "<s id=1>Ada</s> knew <o id=2>Bo</o> and <e id=1>herself</e>; <e id=>Cy</e> <e id=3",
    "<s><o>New  York</o></s> is <e>New York</e>, <e>Ada</e>'s <o>New\tYork</o>",
)


class Probes(NamedTuple):
    """Marked sentences, and what they say."""

    texts: list[str]
    documents: list[Document]


def probes(
    words: Sequence[str],
    count: int = 100,
    longest: int = 40,
    seed: int = 0,
    *,
    types: Sequence[str] | None = None,
) -> Probes:
    """Sentences that are hard to read, and then some that are drawn from words, with marks.

    Args:
        words: what a model knows.
        count: sentences that are drawn.
        longest: their words, at most.
        seed: of the drawing.
        types: of entities, for a run that is asked about entity pairs; `None` for one that is not.
    """
    generator = np.random.default_rng(seed)
    plain = [word for word in words if word.isalpha()] or ["word"]
    pairs = types is not None
    texts = [*([SAMPLE_PAIRS, *_HARD_PAIRS] if pairs else []), SAMPLE, *_HARD]
    for _ in range(count):
        length = int(generator.integers(4, longest + 1))
        drawn = [plain[place] for place in generator.integers(len(plain), size=length)]
        kinds: Sequence[str] = (*KINDS, "e", "e") if pairs else KINDS[:2]
        for kind in kinds:
            place = int(generator.integers(length))
            tag = str(kind)
            if types:
                tag += f' type="{types[int(generator.integers(len(types)))]}"'
            drawn[place] = f"<{tag}>{drawn[place].title()}</{kind}>"
        texts.append(" ".join(drawn))
    if pairs:
        return Probes(texts, [marked_document(text)[0] for text in texts])
    return Probes(texts, [document_of(parse_marked(text)) for text in texts])


def document_of(read: MarkedText) -> Document:
    """The document that an exported model takes a marked text for: each mention has its own role.

    (In `mrca.text.inline_marks.marked_document` mentions with the same words are one entity.)
    """
    spans = (*read.spans("s"), *read.spans("o"))
    subjects = range(len(read.spans("s")))
    return Document(
        read.tokens,
        tuple(Entity((span,)) for span in spans),
        subjects=tuple(subjects),
        objects=tuple(range(len(subjects), len(spans))),
    )
