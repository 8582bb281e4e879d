"""What a user should know of the marks in the rows that a model is asked about."""

from collections.abc import Collection

from mrca.errors import counted
from mrca.text.document import Document


class MarkNotes:
    """Rows with too few marked entities, or with entity types that the model does not know.

    Args:
        needed: how many entities of a row should be marked.
        types: the entity types that the model reads; with none it reads no types.
        place: what the numbers of rows count, such as `"line"`.

    Example:
        >>> notes = MarkNotes(2)
        >>> notes.add(7, Document(("Ada", "sleeps")))
        >>> notes.sentences()  # doctest: +ELLIPSIS
        ['fewer than two entities are marked in 1 row (line 7), which so have no facts. Give ...']
    """

    def __init__(self, needed: int, types: Collection[str] = (), place: str = "line") -> None:
        self._needed = needed
        self._types = types
        self._place = place
        self._unmarked: list[int] = []
        self._other_types: list[int] = []

    def add(self, number: int, document: Document) -> None:
        """Look at a row.

        Args:
            number: where it stands, from 1.
            document: what it says.
        """
        entities = [entity for entity in document.entities if entity.mentions]
        if len(entities) < self._needed:
            self._unmarked.append(number)
        elif self._types and any(entity.type not in self._types for entity in entities):
            self._other_types.append(number)

    def sentences(self) -> list[str]:
        """A note for each kind of row that there was, with how many and where."""
        notes = []
        if self._unmarked:
            rows = self._rows(self._unmarked)
            notes.append(
                f"fewer than two entities are marked in {rows}, which so have no facts. Give "
                '"entities" that stand in the text.'
                if self._needed == 2
                else f"no entity is marked in {rows}. Give entities that stand in the text; "
                "without them the relations are a guess, if those of the training were marked."
            )
        if self._other_types:
            notes.append(
                f"entities of {self._rows(self._other_types)} have no type, or one that the run "
                f'was not trained with, and less is found between them. Give each a "type": '
                f"{', '.join(sorted(self._types))}."
            )
        return notes

    def _rows(self, numbers: list[int]) -> str:
        """How many rows, and where the first of them are."""
        first = ", ".join(map(str, numbers[:5])) + (", …" if len(numbers) > 5 else "")
        return (
            f"{counted(len(numbers), 'row')} "
            f"({self._place}{'s' if len(numbers) > 1 else ''} {first})"
        )
