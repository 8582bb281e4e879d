"""What is said of rows whose marks keep a model from finding facts."""

from mrca.text import Document, Entity, MarkNotes, Span


def row(*types):
    entities = [Entity((Span(each, each + 1),), type) for each, type in enumerate(types)]
    return Document(("Ada", "met", "Bob"), tuple(entities))


def notes_of(rows, *options):
    notes = MarkNotes(*options)
    for number, document in enumerate(rows, 1):
        notes.add(number, document)
    return notes.sentences()


def test_rows_with_too_few_marks_are_counted_and_placed():
    unmarked = Document(("Ada",), (Entity(()), Entity((Span(0, 1),))))
    (note,) = notes_of([row("", ""), *[unmarked] * 7], 2)
    assert "fewer than two entities are marked in 7 rows (lines 2, 3, 4, 5, 6, …)" in note
    (note,) = notes_of([row("", ""), Document(("Ada",))], 1, (), "number")
    assert "no entity is marked in 1 row (number 2)" in note
    assert notes_of([Document(("Ada",))], 0) == []


def test_types_matter_to_a_model_that_reads_them():
    rows = [row("PER", "LOC"), row("PER", ""), row("PER", "DRUG"), row("")]
    few, other = notes_of(rows, 2, ["PER", "LOC"])
    assert "in 1 row (line 4)" in few
    assert "entities of 2 rows (lines 2, 3) have no type" in other
    assert other.endswith("LOC, PER.")
    assert len(notes_of(rows, 2)) == 1
