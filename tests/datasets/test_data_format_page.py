"""Every row that the documentation shows must mean what the page says."""

import json
import re
from pathlib import Path

import pytest

from mrca.datasets import CandidateSelection, iter_jsonl, load_corpus
from mrca.datasets.readers.jsonl_schema import JsonRow
from mrca.datasets.validate import validate
from mrca.text.inline_marks import marked_document

PAGE = Path(__file__).parents[2] / "docs" / "data-format.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
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
    assert row.labelled == bool({"labels", "facts"} & json.loads(line).keys())


def test_the_page_shows_every_field():
    fields = {field for line in ROWS for field in json.loads(line)}
    assert fields == set(JsonRow.model_fields)
    for field in fields:
        assert re.search(rf"^\| .*`{field}`.* \|", TEXT, re.MULTILINE), field


def document(number: int):
    (row,) = iter_jsonl([ROWS[number]], "page")
    return row.document


def test_all_entities_are_listed_and_five_of_six_pairs_are_negatives():
    row = document(0)
    assert [entity.name for entity in row.entities] == [
        "Ada Lovelace",
        "London",
        "Charles Babbage",
    ]
    labels = [candidate.labels for candidate in CandidateSelection("pairs").of(row)]
    assert labels.count(()) == 5
    assert labels.count(("place_of_birth",)) == 1
    assert (row.roles, row.oracle) == ("unknown", False)


def test_the_row_without_facts_is_one_to_predict():
    assert len(CandidateSelection("pairs").of(document(1))) == 6
    assert document(1).facts == document(1).labels == ()


def test_facts_without_entities_are_an_oracle():
    row = document(2)
    assert row.oracle
    assert [entity.name for entity in row.entities] == ["Ada Lovelace", "London"]
    assert (row.subjects, row.objects) == ((0,), (1,))


def test_ids_types_mentions_sentences_and_a_fact_between_two_pairs():
    row = document(3)
    assert (row.id, row.sentences) == ("7", (0, 8))
    assert [(entity.id, entity.type) for entity in row.entities] == [
        ("marie", "PER"),
        ("pierre", "PER"),
        ("", "LOC"),
        ("", "LOC"),
    ]
    assert [row.words(span) for span in row.entities[0].mentions] == ["Marie", "She"]
    assert [(fact.subject, fact.object, fact.evidence) for fact in row.facts] == [
        (0, 2, ()),
        (1, 2, ()),
        (0, 3, (1,)),
    ]


def test_only_some_pairs_are_in_question():
    (candidate,) = CandidateSelection("pairs").of(document(4))
    assert candidate == ((0,), (2,), ("reverses",))


def test_words_of_your_own_and_known_roles():
    row = document(5)
    assert (row.tokens, row.labels, row.facts) == (
        ("Rome", "is", "in", "Italy", "."),
        ("country",),
        (),
    )
    assert (row.subjects, row.objects, row.roles) == ((0,), (1,), "given")
    assert [entity.name for entity in row.entities] == ["Rome", "Italy"]


def test_nothing_is_stated_and_a_text_with_marks():
    assert len(ROWS) == 7
    row = document(6)
    marked, problem = marked_document("<e>Rome</e> is not in <e>France</e>.")
    assert 'classifier.predict("<e>Rome</e> is not in <e>France</e>.")' in TEXT
    assert problem == ""
    assert (marked, marked.facts) == (row, ())


def test_the_messages_of_the_page_are_those_that_are_given(tmp_path):
    paris = {"char_start": 12, "char_end": 18, "text": "Paris"}
    stated = [["York-based", "met", "firm"], ["New York", "met", "firm"]]
    lines = {
        2: json.dumps({"text": "Ada born in London", "facts": [["Ada", "met", paris]]}),
        5: '{"text": "Ada met Bo", "id": "5" '.ljust(34) + '"labels": ["met"]}',
        9: json.dumps({"text": "the New York-based firm", "facts": stated}),
    }
    rows = [
        lines.get(number, json.dumps({"text": f"Ada {number}", "labels": []}))
        for number in range(1, 13)
    ]
    (tmp_path / "train.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    report = validate(str(tmp_path))
    shown = re.findall(r"^(error|unmatched): my/corpus/train\.jsonl, (.*)$", TEXT, re.MULTILINE)
    given = [(each.kind, str(each).partition("train.jsonl, ")[2]) for each in report.problems]
    assert given == shown
    assert (list(report.rows.values()), len(report.errors)) == ([12], 2)
    assert "12 rows, 2 errors, 1 notice" in TEXT


def test_the_example_in_python_runs(write_corpus, monkeypatch, tmp_path):
    write_corpus("my/corpus", train=["a"] * 2, valid=["a"])
    (tmp_path / "more.jsonl").write_text(ROWS[0] + "\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"## From Python\n\n```python\n(.*?)```", TEXT, re.DOTALL)
    printed = []
    exec(compile(example, str(PAGE), "exec"), {"print": lambda *given: printed.append(given)})
    assert printed[0][:2] == (load_corpus("my/corpus").splits["train"][0], ("a",))
    assert printed[1][0] == 1
