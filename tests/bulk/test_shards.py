import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.bulk.shards import Shard, cut_file, cut_lines
from mrca.datasets import iter_rows
from mrca.errors import MrcaError

ends = st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\r\n\r\n"])
texts = st.text(st.characters(exclude_characters="\n"), max_size=12).map(str.encode)


@st.composite
def files(draw):
    """Lines with any ends, empty ones among them; the last may have no end."""
    lines = [draw(texts) + draw(ends) for _ in range(draw(st.integers(0, 12)))]
    return b"".join(lines) + draw(texts)


@given(files(), st.integers(1, 60))
def test_every_line_is_in_one_part_whatever_the_sizes(data, size):
    parts = list(cut_lines(io.BytesIO(data), size))
    assert [start for start, _, _ in parts] == [0, *(end for _, end, _ in parts)][: len(parts)]
    assert b"".join(data[start:end] for start, end, _ in parts) == data
    lines = io.BytesIO(data).readlines()
    found = []
    for start, end, number in parts:
        assert number == len(found) + 1
        assert end > start
        found += io.BytesIO(data[start:end]).readlines()
        assert len(data[start:end]) - len(found[-1]) < size  # it ends with the line that reaches it
    assert found == lines


@given(
    st.lists(
        st.sampled_from(
            ['{"text": "a é"}', "", "nonsense", '{"text": "日本"}', "  ", '{"text": 3}']
        )
    ),
    st.booleans(),
    ends,
    st.integers(1, 80),
)
def test_shards_have_the_rows_of_the_file(tmp_path_factory, lines, closed, end, size):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    text = end.decode().join(lines) + (end.decode() if closed else "")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    shards = list(cut_file(0, path, size))
    rows = [row for shard in shards for row in shard.rows(path, str(path), "exact")]
    whole = list(iter_rows(path))
    assert [(row.line, row.document, str(row.error)) for row in rows] == [
        (row.line, row.document, str(row.error)) for row in whole
    ]


def test_lines_longer_than_a_block_stay_whole(monkeypatch):
    monkeypatch.setattr("mrca.bulk.shards._BLOCK", 4)
    data = b"123456789\n1\n123456789\n"
    assert list(cut_lines(io.BytesIO(data), 6)) == [(0, 10, 1), (10, 22, 2)]


@pytest.mark.parametrize(
    "content",
    [b'[{"token": ["a"]}]', gzip.compress(b'{"text": "a"}\n' * 9)],
    ids=["array", "packed"],  # gzip writes the time into it, and processes must agree on names
)
def test_what_has_no_lines_to_enter_at_is_one_shard(tmp_path, content):
    path = tmp_path / "rows"
    path.write_bytes(content)
    assert list(cut_file(3, path, 2)) == [Shard(3)]


def test_a_shard_of_a_packed_file_has_all_its_rows(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "a"}\n' * 9))
    rows = list(Shard(0).rows(path, "given/rows.jsonl.gz", "exact"))
    assert [row.line for row in rows] == list(range(1, 10))


def test_errors_name_the_file_as_it_was_given(tmp_path):
    for name, content in (("a.jsonl", b"{nonsense"), ("a.jsonl.gz", gzip.compress(b"{nonsense"))):
        path = tmp_path / name
        path.write_bytes(content)
        (row,) = next(cut_file(0, path, 9)).rows(path, "given/a", "exact")
        assert str(row.error).startswith("given/a, line 1: expected JSON")


def test_no_shard_begins_inside_a_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": "a"}) + "\n")
    with pytest.raises(MrcaError, match="No line of x begins at byte 3"):
        list(Shard(0, 3, 9, 2).rows(path, "x", "exact"))
