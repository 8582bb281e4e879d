import json

from mrca.datasets import Problem, RowError
from mrca.datasets.readers.row import shorten
from mrca.errors import MrcaError


def test_a_problem_says_where_what_was_expected_and_what_is_there():
    problem = Problem("error", "a.jsonl", 3, "facts[0].subject", "a word", "none")
    assert str(problem) == "a.jsonl, line 3, facts[0].subject: expected a word, received none"
    assert str(Problem("error", "a.json", 3, "", "x", "y", "item")) == (
        "a.json, item 3: expected x, received y"
    )
    assert str(Problem("note", "a", 0, "valid", "x", "y")) == "a, valid: expected x, received y"
    assert json.loads(json.dumps(problem.to_dict())) == {
        "kind": "error",
        "source": "a.jsonl",
        "line": 3,
        "field": "facts[0].subject",
        "expected": "a word",
        "received": "none",
        "unit": "line",
        "document": "",
    }


def test_the_error_of_a_row_has_a_line_for_each_problem():
    problems = [Problem("error", "a", line, "", "x", "y") for line in (1, 2)]
    error = RowError(problems)
    assert isinstance(error, MrcaError)
    assert error.problems == tuple(problems)
    assert str(error) == "a, line 1: expected x, received y\na, line 2: expected x, received y"


def test_values_are_shown_as_json_that_fits_a_line():
    assert shorten({"ü": [1, None]}) == '{"ü": [1, null]}'
    assert shorten("x" * 200) == '"' + "x" * 78 + "…"
    assert shorten({1, 2}).startswith('"{1')  # what JSON has no form for, as Python shows it
    nested = []
    for _ in range(100_000):
        nested = [nested]
    assert shorten(nested) == "deeply nested brackets"
