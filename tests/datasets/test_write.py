import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets import iter_jsonl, iter_rows, to_json_row, write_jsonl
from mrca.errors import MrcaError
from mrca.text import Example, Span, Triple, find_mention

TOKENS = st.text(min_size=1, max_size=4).filter(lambda token: " " not in token)
RELATIONS = st.sampled_from(["r", "s", "/a/b c", "ü\n"])


@st.composite
def examples(draw) -> Example:
    tokens = tuple(draw(st.lists(TOKENS, min_size=1, max_size=6)))

    def spans() -> tuple[Span, ...]:
        starts = st.integers(0, len(tokens) - 1)
        pairs = draw(st.lists(st.tuples(starts, st.integers(1, 3)), max_size=3))
        return tuple(sorted({Span(s, min(s + n, len(tokens))) for s, n in pairs}))

    def names(marks: tuple[Span, ...]) -> st.SearchStrategy[str]:
        absent = TOKENS.map(lambda token: token + "?!").filter(
            lambda token: not find_mention(tokens, [token])
        )
        marked = [" ".join(tokens[span.start : span.end]) for span in marks]
        return st.sampled_from(marked) | absent if marked else absent

    subjects, objects = spans(), spans()
    triples = tuple(
        dict.fromkeys(
            Triple(draw(names(subjects)), draw(RELATIONS), draw(names(objects)))
            for _ in range(draw(st.integers(0, 3)))
        )
    )
    relations = dict.fromkeys(triple.relation for triple in triples)
    labels = draw(st.permutations(list(relations)) if triples else st.sets(RELATIONS).map(list))
    return Example(tokens, subjects, objects, tuple(labels), triples, draw(st.text(max_size=4)))


@given(examples())
def test_what_is_written_reads_back_the_same(example):
    line = json.dumps(to_json_row(example), ensure_ascii=False)
    (row,) = iter_jsonl([line], "written", require_labels=True)
    assert row.error is None, row.error
    assert row.example == example


def test_a_file_holds_a_line_for_each_example(tmp_path):
    path = tmp_path / "new" / "out.jsonl"
    rows = [Example(("Ada", "x"), (Span(0, 1),), labels=("r",), id="1"), Example(("é\u2028",))]
    assert write_jsonl(iter(rows), path) == 2
    assert [row.example for row in iter_rows(path, require_labels=True)] == rows
    assert [p.name for p in path.parent.iterdir()] == ["out.jsonl"]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    def failing():
        yield Example(("A",))
        raise MrcaError("bad row")

    with pytest.raises(MrcaError, match="bad row"):
        write_jsonl(failing(), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MrcaError, match="Cannot write"):
        write_jsonl([Example(("A",))], tmp_path / "file" / "out.jsonl")
