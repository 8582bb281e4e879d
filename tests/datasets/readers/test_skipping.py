from mrca.datasets.readers.row import Problem, Row, RowError
from mrca.datasets.readers.skipping import Skipping


def test_how_many_are_skipped_and_why_the_first_of_them():
    skipping = Skipping("rows.jsonl")
    assert skipping.note() is None
    for line in range(1, 6):
        problem = Problem("error", "rows.jsonl", line, "text", "words", "none")
        skipping.add(Row(line, None, RowError([problem])))
    note = skipping.note()
    assert (note.kind, skipping.count) == ("note", 5)
    assert str(note) == (
        "rows.jsonl: expected rows that can be used, received 5 unusable rows, skipped:\n"
        "  rows.jsonl, line 1, text: expected words, received none\n"
        "  rows.jsonl, line 2, text: expected words, received none\n"
        "  rows.jsonl, line 3, text: expected words, received none\n"
        "  …"
    )
