import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets.readers.fewrel import read_fewrel
from mrca.errors import MrcaError
from mrca.text import Fact, Span

ROW = {
    "tokens": ["Ada", "Byron", "plays", "the", "harp", "."],
    "h": ["ada byron", "Q1", [[0, 1]]],
    "t": ["harp", "Q2", [[4]]],
}
NAMES = {"P1": ["instrument", "what is played"], "P2": ["", "None"], "P3": ["", "None"]}


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), "utf-8")
    return path


def as_lines(*rows: dict) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def short(row: dict, relation: str) -> dict:
    """The row in the form without Wikidata ids."""
    h, t = ([row[side][0], row[side][-1]] for side in "ht")
    return {"relation": relation, **row, "h": h, "t": t, "source": "ignored"}


def test_the_official_form(tmp_path):
    (sentence,) = read_fewrel([write(tmp_path / "train_wiki.json", {"P1": [ROW]})])
    document = sentence.document
    assert sentence.relation == "P1"
    assert document.tokens == tuple(ROW["tokens"])
    assert [entity.name for entity in document.entities] == ["Ada Byron", "harp"]
    assert document.spans("subject") == (Span(0, 2),)
    assert document.spans("object") == (Span(4, 5),)
    assert (document.labels, document.facts) == (("P1",), (Fact(0, "P1", 1),))
    assert (document.id, document.roles, document.oracle) == ("P1/1", "given", False)


def test_json_lines_and_gzip_give_the_same(tmp_path):
    official = read_fewrel([write(tmp_path / "any", {"P1": [ROW, ROW], "P4": [ROW]})])
    lines = as_lines(short(ROW, "P1"), short(ROW, "P4"), short(ROW, "P1"))
    (tmp_path / "lines").write_text(lines, "utf-8")
    (tmp_path / "zipped").write_bytes(gzip.compress(lines.encode()))
    plain, zipped = (read_fewrel([tmp_path / name]) for name in ("lines", "zipped"))
    assert plain == zipped
    assert sorted(plain, key=lambda one: one.document.id) == official
    assert [one.document.id for one in plain] == ["P1/1", "P4/1", "P1/2"]


def test_readable_names_are_labels_unless_two_relations_share_them(tmp_path):
    files = [
        write(tmp_path / "names", NAMES),
        write(tmp_path / "a", {"P1": [ROW]}),
        write(tmp_path / "b", {"P2": [ROW], "P4": [ROW]}),
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
    (sentence,) = read_fewrel([write(tmp_path / "x", {"P1": [row]})])
    document = sentence.document
    assert document.tokens == ("Ada", "Lady", "Byron", "plays", "harp")
    assert [document.words(span) for span in document.spans("subject")] == ["Ada Lady Byron"]
    assert [document.words(span) for span in document.spans("object")] == ["harp"]


def test_every_mention_is_marked_and_a_gap_is_not(tmp_path):
    row = {**ROW, "h": ["ada", "Q1", [[4], [0, 1, 3]]]}
    (sentence,) = read_fewrel([write(tmp_path / "x", {"P1": [row]})])
    assert sentence.document.entities[0].mentions == (Span(0, 2), Span(3, 4), Span(4, 5))


def test_wording_and_pair_know_the_same_sentence_again(tmp_path):
    twin = {
        "tokens": ["ada", "byron", "plays", "the", "ha", "rp", "."],
        "h": ["Harp", "Q2", [[4, 5]]],
        "t": ["Ada Byron", "Q1", [[0, 1]]],
    }
    first, second = read_fewrel([write(tmp_path / "x", {"P1": [ROW], "P2": [twin]})])
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
    path = write(tmp_path / "x.json", {"P1": [ROW, {**ROW, **change}]})
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
        (as_lines(short(ROW, "P1")).encode() + b'\n{"tok', "line 3: expected JSON"),
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
