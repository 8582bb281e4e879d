import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.graph import FoundEntity, FoundFact
from mrca.graph.rows import COLUMNS, SeparatedRows, defused

text = st.text(st.characters(exclude_categories=["Cs"]))
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
entities = st.builds(FoundEntity, text, text, text, st.integers(0), st.integers(0))
facts = st.builds(
    FoundFact, entities, text, entities, st.floats(-9, 9), text, st.sampled_from(["char", "token"])
)


def table(facts: list[FoundFact], delimiter: str) -> list[dict[str, str]]:
    """What a spreadsheet reads."""
    stream = io.BytesIO()
    writer = SeparatedRows(stream, delimiter)
    for fact in facts:
        writer.add([fact])
    writer.close()
    lines = io.StringIO(stream.getvalue().decode(), newline="")
    return list(csv.DictReader(lines, delimiter=delimiter))


@given(st.lists(facts, max_size=5), st.sampled_from(",\t"))
def test_what_is_written_is_read_back_and_no_cell_is_a_formula(facts, delimiter):
    rows = table(facts, delimiter)
    assert len(rows) == len(facts)
    for row, fact in zip(rows, facts, strict=True):
        assert list(row) == list(COLUMNS)
        for name, entity in (("subject", fact.subject), ("object", fact.object)):
            texts = [row[name], row[f"{name}_type"], row[f"{name}_id"]]
            assert texts == [defused(each) for each in entity[:3]]
            assert (int(row[f"{name}_start"]), int(row[f"{name}_end"])) == entity[3:]
        assert row["relation"] == defused(fact.relation)
        assert (float(row["score"]), row["offsets"]) == (fact.score, fact.unit)
        texts = {name: cell for name, cell in row.items() if name != "score"}
        assert not any(cell.startswith(FORMULAS) for cell in texts.values())


@given(text)
def test_only_a_formula_gets_an_apostrophe(content):
    assert defused(content) in (content, f"'{content}")
    assert (defused(content) == content) == (not content.startswith((*FORMULAS, "\n")))


def test_a_negative_score_stays_a_number():
    one = FoundEntity("-x", "", "", 0, 2)
    [row] = table([FoundFact(one, "=r", one, -0.25, "d", "char")], ",")
    assert (row["score"], row["subject"], row["relation"]) == ("-0.25", "'-x", "'=r")


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_no_facts_leave_the_head(delimiter):
    stream = io.BytesIO()
    SeparatedRows(stream, delimiter).close()
    assert stream.getvalue().decode() == delimiter.join(COLUMNS) + "\n"
