"""The form of the sample corpus's grammar, and its wordings that state no relation.

In a wording `{}` stands for the other entity, `{s}` and `{o}` for the fact's subject and object,
and `<name>` for a word of `FILLERS`. The last third of each list is rare in the train split.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """A relation and its wordings, grouped by the place in a sentence that they fit.

    Attributes:
        name: the label; empty for wordings that state no relation of the corpus.
        pairs: kinds of the subject and the object; one that stands twice is twice as frequent.
        says: verb phrases whose grammatical subject is the fact's subject.
        said: verb phrases whose grammatical subject is the fact's object.
        noun: appositions to the subject.
        nouned: appositions to the object.
        whole: clauses that place both entities themselves.
        denials: verb phrases of the subject that name the object and do not state the relation.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    says: tuple[str, ...]
    said: tuple[str, ...] = ()
    noun: tuple[str, ...] = ()
    nouned: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    denials: tuple[str, ...] = ()


# Wordings that join two entities and state none of the relations.
NEUTRAL = (
    Relation(
        name="",
        pairs=(("person", "city"),),
        says=("moved to {}", "visited {}", "gave a speech in {}", "bought a house in {}"),
    ),
    Relation(
        name="",
        pairs=(("person", "company"),),
        says=("complained to {}", "once visited {}", "writes about {}", "owns a car made by {}"),
    ),
    Relation(
        name="",
        pairs=(("person", "person"),),
        says=("once met {}", "admires {}", "lost a game of chess to {}", "votes against {}"),
    ),
    Relation(
        name="",
        pairs=(("company", "company"),),
        says=("competes with {}", "lent money to {}", "signed a contract with {}"),
    ),
    Relation(
        name="",
        pairs=(("city", "city"),),
        says=("is twinned with {}", "is two hours by train from {}", "competes with {}"),
    ),
    Relation(
        name="",
        pairs=(("book", "city"), ("band", "city")),
        says=("was a success in {}", "caused a scandal in {}", "was celebrated in {}"),
    ),
    Relation(
        name="",
        pairs=(("university", "company"), ("landmark", "company")),
        says=("is paid for by {}", "was renovated by {}", "signed a contract with {}"),
    ),
    Relation(
        name="",
        pairs=(("river", "company"),),
        says=("was polluted by {}", "was measured by {}"),
    ),
)

# Adverbials and asides. Many hold words that elsewhere state a relation.
OPENERS = (
    "according to a report of <year>",
    "as a local newspaper writes",
    "as the archive shows",
    "after a long dispute",
    "long before the company had a capital of its own",
    "despite the rain",
    "when the founder of the club was born",
    "in the year of the great wedding",
    "while the river was frozen",
    "to the surprise of the students",
)
CLOSERS = (
    "despite the cost",
    "as everyone knows",
    "according to the father of a witness",
    "in the week of a royal wedding",
    "to the joy of the neighbours",
    "although the book says otherwise",
    "as a member of the council told reporters",
    "which surprised the author of the report",
    "and nobody knows why",
    "after the war",
)

FILLERS: dict[str, tuple[str, ...]] = {
    "year": tuple(str(year) for year in range(1951, 2019)),
    "number": ("two", "three", "four", "five", "six", "seven"),
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
        "pilot",
        "gardener",
        "researcher",
    ),
    "department": ("sales", "legal", "research", "travel", "music", "press"),
    "subject": ("law", "physics", "medicine", "music", "history", "chemistry", "botany"),
    "instrument": ("drums", "guitar", "violin", "trumpet", "harp", "piano"),
}
