import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_rows, load_corpus
from mrca.datasets.readers.fewrel import read_fewrel
from mrca.datasets.validate import validate
from mrca.datasets.write import convert_file
from mrca.errors import MrcaError
from mrca.text import Fact, Span

ROW = {
    "tokens": ["Ada", "Byron", "plays", "the", "harp", "."],
    "h": ["ada byron", "Q1", [[0, 1]]],
    "t": ["harp", "Q2", [[4]]],
}
NAMES = {"P1": ["instrument", "what is played"], "P2": ["", "None"], "P3": ["", "None"]}


def dump(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), "utf-8")
    return path


def as_lines(*rows: dict) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def line(row: dict, relation: str | None) -> dict:
    """The row in the form without Wikidata ids."""
    short = {side: [row[side][0], row[side][-1]] for side in "ht"}
    named = {} if relation is None else {"relation": relation}
    return {**named, "tokens": row["tokens"], **short, "source": "ignored"}


def test_the_official_form(tmp_path):
    (sentence,) = read_fewrel([dump(tmp_path / "train_wiki.json", {"P1": [ROW]})])
    document = sentence.document
    assert sentence.relation == "P1"
    assert document.tokens == tuple(ROW["tokens"])
    assert [entity.name for entity in document.entities] == ["Ada Byron", "harp"]
    assert document.spans("subject") == (Span(0, 2),)
    assert document.spans("object") == (Span(4, 5),)
    assert (document.labels, document.facts) == (("P1",), (Fact(0, "P1", 1),))
    assert (document.id, document.roles, document.oracle) == ("P1/1", "given", False)


def test_json_lines_and_gzip_give_the_same(tmp_path):
    official = read_fewrel([dump(tmp_path / "any", {"P1": [ROW, ROW], "P4": [ROW]})])
    lines = as_lines(line(ROW, "P1"), line(ROW, "P4"), line(ROW, "P1"))
    (tmp_path / "lines").write_text(lines, "utf-8")
    (tmp_path / "zipped").write_bytes(gzip.compress(lines.encode()))
    plain, zipped = (read_fewrel([tmp_path / name]) for name in ("lines", "zipped"))
    assert plain == zipped
    assert sorted(plain, key=lambda one: one.document.id) == official
    assert [one.document.id for one in plain] == ["P1/1", "P4/1", "P1/2"]


def test_readable_names_are_labels_unless_two_relations_share_them(tmp_path):
    files = [
        dump(tmp_path / "names", NAMES),
        dump(tmp_path / "a", {"P1": [ROW]}),
        dump(tmp_path / "b", {"P2": [ROW], "P4": [ROW]}),
    ]
    for order in (files, files[::-1]):
        sentences = {one.relation: one.document for one in read_fewrel(order)}
        labels = {relation: one.labels for relation, one in sentences.items()}
        assert labels == {"P1": ("instrument",), "P2": ("P2",), "P4": ("P4",)}
        assert sentences["P1"].facts[0].relation == "instrument"


def test_white_space_is_no_word_and_marks_move_with_the_words(tmp_path):
    row = {
        "tokens": [" ", "Ada", "\u00a0", "Lady Byron", "plays", "harp"],
        "h": ["ada lady byron", "Q1", [[1, 2, 3]]],
        "t": ["harp", "Q2", [[5]]],
    }
    (sentence,) = read_fewrel([dump(tmp_path / "x", {"P1": [row]})])
    document = sentence.document
    assert document.tokens == ("Ada", "Lady", "Byron", "plays", "harp")
    assert [document.words(span) for span in document.spans("subject")] == ["Ada Lady Byron"]
    assert [document.words(span) for span in document.spans("object")] == ["harp"]


def test_every_mention_is_marked_and_a_gap_is_not(tmp_path):
    row = {**ROW, "h": ["ada", "Q1", [[4], [0, 1, 3]]]}
    (sentence,) = read_fewrel([dump(tmp_path / "x", {"P1": [row]})])
    assert sentence.document.entities[0].mentions == (Span(0, 2), Span(3, 4), Span(4, 5))


def test_wording_and_pair_know_the_same_sentence_again(tmp_path):
    twin = {
        "tokens": ["ada", "byron", "plays", "the", "ha", "rp", "."],
        "h": ["Harp", "Q2", [[4, 5]]],
        "t": ["Ada Byron", "Q1", [[0, 1]]],
    }
    first, second = read_fewrel([dump(tmp_path / "x", {"P1": [ROW], "P2": [twin]})])
    assert first.wording == second.wording
    assert first.pair == second.pair


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tokens": []}, "tokens: expected 1 items"),
        ({"tokens": "Ada"}, "tokens: expected a valid list"),
        ({"h": ["ada byron"]}, r"h: expected \[name, \(Wikidata id,\) mentions\]"),
        ({"h": ["ada", "Q1", []]}, "h.mentions: expected 1 items"),
        ({"t": ["harp", "Q2", [[6]]]}, "t: expected indices of words, below 6, received"),
        ({"t": ["harp", "Q2", [[-1]]]}, r"t.mentions\[0\]\[0\]: expected greater than or equal"),
        ({"tokens": [" ", " ", "plays", "the", "harp", "."]}, "h: expected indices of words"),
    ],
)
def test_a_wrong_sentence_is_named(change, said, tmp_path):
    path = dump(tmp_path / "x.json", {"P1": [ROW, {**ROW, **change}]})
    with pytest.raises(MrcaError, match=rf"x\.json, item 2, P1\[1\]\.{said}"):
        read_fewrel([path])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "none of FewRel's files"),
        (b"[]", "none of FewRel's files"),
        (b"{}", "none of FewRel's files"),
        (b'{"P1": 3}', "item 1, P1: expected a property with a list of sentences, received 3"),
        (b'{"P1": [3]}', r"item 1, P1\[0\]: expected a JSON object"),
        (b'{"tokens": ["A"]}\n', "line 1, h: expected this field"),
        (as_lines(ROW).encode(), 'line 1: expected an object with "relation"'),
        (as_lines(line(ROW, "P1")).encode() + b'\n{"tok', "line 3: expected JSON"),
        (b"\x1f\x8b\x08 cut off", "broken gzip"),
        (gzip.compress(b'{"tokens": []}', mtime=0)[:-4], "broken gzip"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_that_is_none_of_fewrels_is_refused(content, said, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(MrcaError, match=said):
        read_fewrel([path])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MrcaError, match=r"Cannot read .*nowhere\.json: No such file"):
        read_fewrel([tmp_path / "nowhere.json"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["tokens", "h", "t", "relation", "P1"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(
    st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: json.dumps({"P1": [{**ROW, "h": ["a", value]}]}).encode())
    | st.lists(JSON, max_size=3).map(lambda h: json.dumps({"P1": [{**ROW, "h": h}]}).encode())
)
def test_whatever_the_file_holds_only_our_error_comes_out(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "x"
    path.write_bytes(content)
    try:
        read_fewrel([path])
    except MrcaError as error:
        assert str(path) in str(error)


# === Rows of a corpus's file ===

TWICE = {
    "tokens": ["Ada", "Byron", "plays", "the", "harp", "."],
    "h": ["ada byron", "Q1", [[0, 1], [4]]],
    "t": ["harp", "Q2", [[4]]],
}
OTHER = {**TWICE, "tokens": ["Bo", "Byron", "hates", "the", "harp", "!"]}
OFFICIAL = {"P1": [TWICE, OTHER], "P2": [OTHER]}
LINES = as_lines(line(TWICE, "P1"), line(OTHER, "P1"), line(OTHER, "P2"))


@pytest.fixture
def write(tmp_path):
    def write(content, name="train.json"):
        path = tmp_path / name
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        OFFICIAL,
        json.dumps(OFFICIAL, indent=2),
        LINES,
        "\n" + LINES,
        as_lines(*({"h": row.pop("h"), **row} for row in map(json.loads, LINES.splitlines()))),
        gzip.compress(LINES.encode()),
        gzip.compress(json.dumps(OFFICIAL).encode()),
    ],
    ids=["official", "indented", "lines", "blank line", "h first", "zipped lines", "zipped"],
)
def test_every_form_gives_the_same_rows_as_the_reader_of_its_files(write, content):
    path = write(content)
    rows = list(iter_rows(path, require_labels=True))
    assert [row.document for row in rows] == [one.document for one in read_fewrel([path])]
    first = rows[0].document
    assert first.spans("subject") == (Span(0, 2), Span(4, 5))  # every mention
    assert first.spans("object") == (Span(4, 5),)
    assert first.facts == (Fact(0, "P1", 1),)
    assert [row.document.id for row in rows] == ["P1/1", "P1/2", "P2/1"]


def test_relations_that_are_no_properties(write):
    rows = list(iter_rows(write({"cause of": [TWICE], "Cause-Effect(e2,e1)": [TWICE]})))
    assert [row.document.labels for row in rows] == [("cause of",), ("Cause-Effect",)]
    assert rows[1].document.facts == (Fact(1, "Cause-Effect", 0),)  # a relation and a direction


def test_rows_are_counted_as_the_file_shows_them(write):
    assert [row.line for row in iter_rows(write(OFFICIAL))] == [1, 2, 3]
    assert [row.line for row in iter_rows(write("\n" + LINES))] == [2, 3, 4]


@pytest.mark.parametrize("content", [OFFICIAL, LINES])
def test_labels_are_readable_where_names_lie_beside(write, content):
    names = {"P1": ["instrument", "what is played"], "P2": ["", "None"], "P3": ["", "None"]}
    write(names, "pid2name.json")
    rows = list(iter_rows(write(content)))
    assert [row.document.labels for row in rows] == [("instrument",), ("instrument",), ("P2",)]
    assert rows[0].document.facts[0].relation == "instrument"
    write({"P1": ["instrument"]}, "pid2name.json")
    with pytest.raises(MrcaError, match=r"pid2name\.json: expected property → \[readable name"):
        list(iter_rows(write(content)))


def test_a_line_without_a_relation_is_one_to_predict(write):
    path = write(as_lines(line(TWICE, None)))
    (row,) = iter_rows(path)
    assert (row.labelled, row.document.labels, row.document.facts) == (False, (), ())
    assert row.document.spans("subject") == (Span(0, 2), Span(4, 5))
    (row,) = iter_rows(path, require_labels=True)
    assert "line 1: expected the relations that are stated" in str(row.error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {"P1": [TWICE, {**TWICE, "h": 3}]},
            "item 2, P1[1].h: expected [name, (Wikidata id,) ment",
        ),
        (
            {"P1": [TWICE], "P2": [{**TWICE, "tokens": []}]},
            "item 2, P2[0].tokens: expected 1 items",
        ),
        ({"P1": [TWICE, 3]}, "item 2, P1[1]: expected a JSON object"),
        ({"P1": [TWICE], "P2": 3}, "item 2, P2: expected a property with a list of sentences"),
        ({"P1": [{**TWICE, "t": ["", "Q2", [[9]]]}]}, "item 1, P1[0].t: expected indices of words"),
        (json.dumps(OFFICIAL)[:-1], "train.json: expected JSON"),
        (json.dumps(OFFICIAL) + "{}", "train.json: expected one JSON value"),
        (
            LINES + as_lines(line({**TWICE, "h": ["a", "b"]}, "P1")),
            "line 4, h.mentions: expected a",
        ),
        (
            LINES + as_lines({**line(TWICE, "P1"), "relation": 3}),
            "line 4, relation: expected a prop",
        ),
        (LINES + "{", "line 4: expected JSON"),
        (LINES + "3\n", "line 4: expected a JSON object"),
        (LINES.encode() + b"\xff\n", "line 4: expected text encoded as UTF-8"),
    ],
)
def test_a_wrong_sentence_is_named_by_place_and_field(write, content, said):
    path = write(content)
    errors = [str(row.error) for row in iter_rows(path) if row.error is not None]
    assert len(errors) == 1
    assert str(path) in errors[0]
    assert said in errors[0]


@pytest.mark.parametrize("data", [gzip.compress(LINES.encode())[:-9], b"\x1f\x8b\x08 broken"])
def test_a_broken_gzip_file_is_one_error(write, data):
    with pytest.raises(MrcaError, match=r"train\.jsonl\.gz is a broken gzip file"):
        list(iter_rows(write(data, "train.jsonl.gz")))


def test_a_folder_of_it_is_a_corpus(write, tmp_path):
    write({"P1": [TWICE] * 10, "P2": [OTHER] * 10})
    write(as_lines(line(TWICE, "P1")), "test.jsonl")
    assert not validate(str(tmp_path)).errors
    corpus = load_corpus(str(tmp_path))
    assert corpus.relations.names == ("P1", "P2")
    assert {split: len(rows) for split, rows in corpus.splits.items()} == {
        "train": 18,
        "valid": 2,
        "test": 1,
    }
    write(as_lines(line(TWICE, "P7")), "test.jsonl")
    (relations,) = (note for note in load_corpus(str(tmp_path)).notes if note.field == "relations")
    assert 'that only other splits state and that cannot be learnt: ["P7"]' in str(relations)


def test_it_is_converted_with_every_mention(write, tmp_path):
    assert (
        convert_file(write(gzip.compress(LINES.encode()), "a.jsonl.gz"), tmp_path / "b").rows == 3
    )
    first, *_ = iter_rows(tmp_path / "b")
    original, *_ = iter_rows(tmp_path / "a.jsonl.gz")
    assert [one.mentions for one in first.document.entities] == [
        one.mentions for one in original.document.entities
    ]
    assert (first.document.facts, first.document.id) == (original.document.facts, "P1/1")
    # The harp is a mention of both, so that an id has to tell them apart.
    assert [one.id for one in first.document.entities] == ["", "entities[1]"]


def test_the_users_own_rows_are_not_taken_for_it(write):
    row = {
        "facts": [{"subject": "Ada", "relation": "r", "object": "harp"}],
        "text": 'Ada plays the harp, "h": [1].',
    }
    (read,) = iter_rows(write(json.dumps(row)))
    assert read.error is None
    assert read.document.labels == ("r",)


@settings(deadline=None)
@given(
    JSON.map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: json.dumps({"P1": value}).encode())
    | JSON.map(lambda value: json.dumps({"P1": [{**TWICE, "h": ["a", value]}]}).encode())
    | JSON.map(lambda value: json.dumps({"h": value, **line(TWICE, "P1")}).encode())
    | st.lists(JSON, max_size=3).map(lambda h: json.dumps({**line(TWICE, "P1"), "h": h}).encode())
    | st.tuples(
        st.sampled_from([b'{"P1":', b'{"x":[{"h":', b'{"h":', b"\x1f\x8b", b"\x1f\x8b\x08\x00"]),
        st.binary(max_size=40),
    ).map(b"".join)
)
def test_any_file_gives_rows_or_errors_of_ours(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("fuzz") / "train.json"
    path.write_bytes(data)
    try:
        for row in iter_rows(path):
            assert (row.document is None) == (row.error is not None)
    except MrcaError as error:
        assert "broken gzip file" in str(error)
