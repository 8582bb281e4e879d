"""Rows that stand in a corpus more than once, or say different things of the same words."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mrca.errors import counted
from mrca.text import Document


@dataclass(frozen=True)
class Repeats:
    """Counts of equal rows: those with the same words and the same marked entities.

    Attributes:
        rows: split → its rows.
        repeated: split → its rows that are equal to an earlier row of the same split.
        in_train: another split → its rows that are equal to one of the training split.
        contradicting: rows that are equal to an earlier one and state other relations.

    Example:
        >>> row = Document(("a", "b"))
        >>> Repeats.of({"train": [row, row], "test": [row]})
        Repeats(rows={'train': 2, 'test': 1}, repeated={'train': 1}, in_train={'test': 1}, \
contradicting=0)
    """

    rows: dict[str, int]
    repeated: dict[str, int]
    in_train: dict[str, int]
    contradicting: int

    @classmethod
    def of(cls, splits: Mapping[str, Iterable[Document]]) -> "Repeats":
        """Those of a corpus."""
        counter = RepeatCounter()
        for split in sorted(splits, key=lambda split: split != "train"):
            for document in splits[split]:
                counter.add(split, document)
        return counter.counts

    def in_words(self) -> str:
        """What a user should know; empty where all rows differ."""
        parts = [
            f"{number:,} of {self.rows[split]:,} {split} rows repeat an earlier one"
            for split, number in self.repeated.items()
        ]
        parts += [
            f"{number:,} of {self.rows[split]:,} {split} rows stand in the training split too, so "
            "that scores there are partly of what was trained on"
            for split, number in self.in_train.items()
        ]
        if self.contradicting:
            rows = counted(self.contradicting, "row")
            parts.append(f"{rows} with the words and marks of another state other relations")
        return f"Equal rows: {'; '.join(parts)}." if parts else ""


class RepeatCounter:
    """Compares rows with each other, of which it keeps no more than hashes."""

    def __init__(self) -> None:
        self._rows: Counter[str] = Counter()
        self._repeated: Counter[str] = Counter()
        self._in_train: Counter[str] = Counter()
        self._contradicting = 0
        self._stated: dict[int, int] = {}  # what a row asks → what the first such row states
        self._seen: dict[str, set[int]] = {"train": set()}

    def add(self, split: str, document: Document) -> None:
        """Compare one more row; those of the training split come first."""
        marks = tuple((each.mentions, each.type) for each in document.entities)
        asked = hash((document.tokens, marks, document.subjects, document.objects, document.pairs))
        facts = frozenset((fact.subject, fact.relation, fact.object) for fact in document.facts)
        stated = hash((facts, frozenset(document.labels)))
        seen = self._seen.setdefault(split, set())
        self._rows[split] += 1
        if asked in seen:
            self._repeated[split] += 1
        if split != "train" and asked in self._seen["train"]:
            self._in_train[split] += 1
        self._contradicting += self._stated.setdefault(asked, stated) != stated
        seen.add(asked)

    @property
    def counts(self) -> Repeats:
        """Those so far."""
        return Repeats(
            dict(self._rows), dict(self._repeated), dict(self._in_train), self._contradicting
        )
