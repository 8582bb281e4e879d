import pytest

from mrca.errors import MrcaError
from mrca.graph import FactsRead, read_facts

ADA = {"text": "Ada", "char_start": 0, "char_end": 3}
BO = {"text": "Bo", "char_start": 8, "char_end": 10}
FACT = {"subject": ADA, "relation": "met", "object": BO, "score": 1}


def test_facts_come_with_their_names_places_and_documents(story, lines):
    read = FactsRead()
    found = list(read_facts(lines(story), "facts.jsonl", read))
    assert read == FactsRead(rows=4, facts=4, failed=1)
    assert [fact.document for fact in found] == ["d1", "line 2", "line 2", "d3"]
    assert found[0].subject == ("Ada Lane", "PER", "", 4, 12)
    assert found[2].object == ("Bryan Hunt", "PER", "", 3, 7)  # its longest name, its first place
    assert (found[3].subject.id, found[3].unit, found[3].score) == ("Q7", "char", 0.7)


def test_words_and_files_of_many(lines):
    token = {"text": "Ada  \n Lane", "token_start": 2, "token_end": 4}
    fact = {"subject": token, "relation": "r", "object": token, "score": 0.5}
    [found] = read_facts(lines([{"file": "a.jsonl", "line": 7, "facts": [fact]}]), "x")
    assert (found.document, found.unit) == ("a.jsonl, line 7", "token")
    assert found.subject == ("Ada Lane", "", "", 2, 4)


def test_blank_lines_are_passed_over(lines):
    [data] = lines([{"line": 1, "facts": [FACT]}])
    assert len(list(read_facts([b"\xef\xbb\xbf" + data, b"\n"], "x"))) == 1


def without(name: str) -> dict:
    return {"line": 1, "facts": [{key: value for key, value in FACT.items() if key != name}]}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "a JSON object"),
        ({"line": 1}, "facts: expected this field"),
        ({"line": 0, "facts": []}, "line: expected"),
        ({"line": 1, "facts": [7]}, r"facts\[0\]: expected"),
        (without("relation"), r"facts\[0\].relation: expected this field"),
        (without("score"), r"facts\[0\].score: expected this field"),
        ({"line": 1, "facts": [{**FACT, "score": "high"}]}, r"facts\[0\].score: expected .*number"),
        ({"line": 1, "facts": [{**FACT, "subject": {"text": "A"}}]}, "char_start and char_end"),
        ({"line": 1, "relations": []}, "recipe pairs.*relations of a whole text"),
        ({"line": 1, "facts": [{**FACT, "object": {**BO, "char_end": -1}}]}, "char_end: expected"),
    ],
)
def test_another_line_is_an_error_with_file_and_place(lines, value, says):
    good = {"line": 1, "facts": []}
    with pytest.raises(MrcaError, match=f"facts.jsonl, line 2.*{says}"):
        list(read_facts(lines([good, value]), "facts.jsonl"))


@pytest.mark.parametrize("data", [b"{", b"\xff\n", b'{"line": 1, "line": 1}', b'{"line": NaN}'])
def test_what_is_no_json_is_an_error(data):
    with pytest.raises(MrcaError, match=r"facts.jsonl, line 1: expected .*, received"):
        list(read_facts([data], "facts.jsonl"))
