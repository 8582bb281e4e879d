"""The form of the sample corpus's grammar.

Wordings are natural text. In them stands

- `{}` for the other entity of a fact, where the phrase belongs to one of its two entities (its
  topic), and `{t}` for the topic where the phrase names it itself;
- `{s}` and `{o}` for a fact's subject and object, `{ss}` and `{oo}` for several of them, `{x}` for
  an entity of the object's kind and `{y}` for one of the subject's kind that are not meant;
- `{person}`, `{city2}` and so on for any entity of this kind, `{people}` for two or more;
- `<job>` and so on for a word of `FILLERS`, `<both>` before what several entities do;
- `<she:s>`, `<wife:o>` and so on for a word of `GENDERED` that fits the fact's subject or object.

The last quarter of each list is rare in the train split.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """A relation and its wordings, grouped by the place in a sentence that they fit.

    One relation may have several of these objects, each for other kinds of entities.

    Attributes:
        name: the label; empty for wordings that state no relation of the corpus.
        kinds: kinds of the subject and the object; a pair that stands twice is twice as frequent.
        active: verb phrases whose grammatical subject is the fact's subject.
        inverse: verb phrases whose grammatical subject is the fact's object.
        modifiers: what follows the subject between commas.
        inverse_modifiers: what follows the object between commas.
        fronted: what stands before a clause about the subject.
        inverse_fronted: what stands before a clause about the object.
        introductions: the subject as the topic of a clause, introduced by the object.
        inverse_introductions: the object as the topic of a clause, introduced by the subject.
        clauses: clauses that place both entities themselves.
        shared: clauses with several subjects or several objects.
        gapped: a clause, and what follows it for a second fact without the verb.
        contrasts: clauses with a third entity that the fact is not about.
        near_misses: verb phrases of the subject that name the object and do not state the relation.
        near_clauses: the same as clauses.
        functional: whether a subject has one object only, so that a sentence states no second.
        unique: the same of an object.
        symmetric: whether it holds both ways; it is then stated once, from the one named first.
    """

    name: str
    kinds: tuple[tuple[str, str], ...]
    active: tuple[str, ...] = ()
    inverse: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    inverse_modifiers: tuple[str, ...] = ()
    fronted: tuple[str, ...] = ()
    inverse_fronted: tuple[str, ...] = ()
    introductions: tuple[str, ...] = ()
    inverse_introductions: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    gapped: tuple[tuple[str, str], ...] = ()
    contrasts: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()
    near_clauses: tuple[str, ...] = ()
    functional: bool = False
    unique: bool = False
    symmetric: bool = False


@dataclass(frozen=True)
class Double:
    """Wordings that state two relations between the same two entities.

    Attributes:
        kinds: the kinds of `{a}` and `{b}`.
        facts: what they state, as `("a", relation, "b")`.
        wordings: clauses that place both entities.
    """

    kinds: tuple[str, str]
    facts: tuple[tuple[str, str, str], ...]
    wordings: tuple[str, ...]


GENDERED: dict[str, tuple[str, str]] = {
    "she": ("she", "he"),
    "her": ("her", "his"),
    "her_object": ("her", "him"),
    "wife": ("wife", "husband"),
    "mother": ("mother", "father"),
    "daughter": ("daughter", "son"),
    "sister": ("sister", "brother"),
}

FILLERS: dict[str, tuple[str, ...]] = {
    "year": tuple(str(year) for year in range(1951, 2019)),
    "job": (
        "lawyer",
        "designer",
        "chemist",
        "painter",
        "manager",
        "programmer",
        "cook",
        "clerk",
        "teacher",
        "engineer",
        "gardener",
        "accountant",
    ),
    "department": ("sales", "legal", "research", "travel", "music", "press"),
    "subject": ("law", "physics", "medicine", "music", "history", "chemistry", "botany"),
    "instrument": ("cello", "guitar", "violin", "trumpet", "harp", "piano"),
    "side": ("north", "south", "east", "west"),
}
