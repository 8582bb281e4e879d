import gzip
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_rows
from mrca.datasets.readers.read_file import row_unit
from mrca.errors import MrcaError
from mrca.text import Document


@pytest.fixture
def rows_of(tmp_path):
    def read(content, **options):
        path = tmp_path / "train.json"
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return list(iter_rows(path, **options))

    return read


def test_the_content_decides_the_form_not_the_name(rows_of):
    assert rows_of(b"\xef\xbb\xbf \n[]") == []
    assert rows_of(b"") == []
    (row,) = rows_of({"text": "A", "labels": []})
    assert row.document.without_text() == Document(tokens=("A",))
    (row,) = rows_of(b'\xef\xbb\xbf{"text": "A"}', require_labels=True)
    assert '"facts" or "labels"' in str(row.error)
    (row,) = rows_of(b'\n1\t"<e1>A</e1> <e2>B</e2>"\nOther\n')
    assert row.document.labels == ("Other",)
    (row,) = rows_of(b'{ "articles" : [{"title": "A", "meshMajor": ["m"]}]}')
    assert row.document.labels == ("m",)
    (row,) = rows_of(b" " * 2**17 + b'{"abstractText": "A", "meshMajor": ["m"]}')
    assert row.document.labels == ("m",)


def test_one_array_may_hold_items_of_several_forms(rows_of):
    tacred = {"token": ["A", "B"], "relation": "r"}
    tacred |= {"subj_start": 0, "subj_end": 0, "obj_start": 1, "obj_end": 1}
    rows = rows_of(
        [
            {"text": "A B", "triple_list": [["A", "t", "B"]]},
            tacred,
            {"abstractText": "A", "meshMajor": []},
            {
                "tokens": ["A", "B"],
                "entities": [{"start": 0, "end": 1}, {"start": 1, "end": 2}],
                "relations": [{"type": "s", "head": 0, "tail": 1}],
            },
            {"text": "A B", "relation_list": []},
        ]
    )
    assert [row.document.labels for row in rows] == [("t",), ("r",), (), ("s",), ()]


def test_rows_without_labels_are_refused_where_they_are_needed(rows_of):
    text = b'8\t"<e1>A</e1> <e2>B</e2>"\n9\t"<e1>A</e1>"\n'
    assert [row.error is None for row in rows_of(text)] == [True, False]
    first, second = rows_of(text, require_labels=True)
    assert "line 1: expected the relations that are stated" in str(first.error)
    assert "line 2, sentence" in str(second.error)


def test_a_file_that_cannot_be_read_is_an_error_of_ours(tmp_path):
    with pytest.raises(MrcaError, match="Cannot read"):
        list(iter_rows(tmp_path / "missing.jsonl"))
    with pytest.raises(MrcaError, match="Cannot read"):
        list(iter_rows(tmp_path))


UNITS = {
    "[]": "item",
    '{"articles": []}': "item",
    '{"P1": []}': "item",
    '{"text": "A"}': "line",
    '{"tokens": ["A"], "h": ["a", [[0]]]}': "line",
    '1\t"<e1>A</e1>"': "line",
    '{"text": "[[ A ]] << B >>", "label": "r"}': "line",
    "": "line",
}


@pytest.mark.parametrize(("content", "unit"), UNITS.items())
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_rows_are_counted_in(content, unit, pack, tmp_path):
    (tmp_path / "x").write_bytes(pack(content.encode()))
    assert row_unit(tmp_path / "x") == unit


def test_a_gzipped_file_is_read_as_the_same_rows(rows_of):
    content = json.dumps({"text": "A B", "entities": ["A", "B"], "facts": []}).encode()
    assert rows_of(gzip.compress(content)) == rows_of(content)


def test_offsets_inside_words_are_widened_where_it_is_asked_for(rows_of):
    row = {"text": "a manhunt", "entities": [{"char_start": 5, "char_end": 9}]}
    assert rows_of(row)[0].error is not None
    (read,) = rows_of(row, offsets="widen")
    assert read.document.entities[0].name == "manhunt"


@settings(deadline=None)
@example(b"\x1f\x8b")
@given(
    st.binary(max_size=30).map(lambda tail: b"[" + tail)
    | st.binary(max_size=30)
    | st.tuples(
        st.sampled_from(
            [
                *(b'{"articles":[', b'{"abstractText":', b'1\t"', b"1\t", b'[{"token":'),
                *(b'[{"tokens":["A"],"entities":', b'{"text":"<< A >> [[ B ]]","label":'),
            ]
        ),
        st.binary(max_size=30),
    ).map(b"".join)
)
def test_any_file_gives_rows_or_errors_of_ours(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("fuzz") / "train.json"
    path.write_bytes(data)
    try:
        for row in iter_rows(path):
            assert (row.document is None) == (row.error is not None)
    except MrcaError as error:
        assert "is a broken gzip file" in str(error)
        assert data.startswith(b"\x1f\x8b")
