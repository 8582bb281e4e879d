"""Every row that the documentation shows must mean what the page says."""

import json
import re
from pathlib import Path

import pytest

from mrca.datasets import iter_jsonl

PAGE = Path(__file__).parents[2] / "docs" / "data-format.md"
BLOCKS = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
ROWS = [
    row
    for block in BLOCKS
    for row in ([block.replace("\n", " ")] if block.count("\n  ") else block.strip().split("\n"))
]


@pytest.mark.parametrize("line", ROWS)
def test_the_rows_of_the_page_are_read_without_a_problem(line):
    (row,) = iter_jsonl([line], "page")
    assert row.error is None, row.error
    assert row.problems == ()
    assert row.labelled == bool({"labels", "triples"} & json.loads(line).keys())


def test_the_page_shows_every_field():
    fields = {field for line in ROWS for field in json.loads(line)}
    assert fields == {"id", "text", "tokens", "triples", "subjects", "objects", "labels"}
