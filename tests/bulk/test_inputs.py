import os

import pytest

from mrca.bulk.inputs import changes, describe_input, find_inputs
from mrca.errors import MrcaError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with some files."""
    monkeypatch.chdir(tmp_path)
    for name in ("in/b.jsonl", "in/a.jsonl.gz", "in/.c.jsonl", "in/notes.md", "in/deep/d.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return tmp_path


def test_files_folders_and_globs_in_their_order(here):
    out = here / "out"
    assert find_inputs(["in/b.jsonl", "in"], out) == ["in/b.jsonl", "in/a.jsonl.gz"]
    assert find_inputs(["in/notes.md"], out) == ["in/notes.md"]
    assert find_inputs(["in/**/*.jsonl"], out) == ["in/.c.jsonl", "in/b.jsonl", "in/deep/d.jsonl"]
    assert find_inputs([f"{here}/in/*.gz"], out) == [f"{here}/in/a.jsonl.gz"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(here):
    (here / "in" / "[b].jsonl").write_text("{}")
    assert find_inputs(["in/[b].jsonl"], here / "out") == ["in/[b].jsonl"]


def test_a_file_that_is_named_twice_is_read_once(here):
    (here / "link.jsonl").symlink_to("in/b.jsonl")
    given = ["in/b.jsonl", "in/../in/b.jsonl", "link.jsonl", "in/*b.jsonl"]
    assert find_inputs(given, here / "out") == ["in/b.jsonl"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere.jsonl", "nowhere.jsonl does not exist"),
        ("no*.jsonl", "No file is called no"),
        ("in/deep/empty", "no rows in in/deep/empty"),
        ("-", "Standard input cannot be read again"),
        ("out/rows.jsonl", "lies in .*out, where results go"),
    ],
)
def test_what_cannot_be_read_is_said(here, given, message):
    (here / "in" / "deep" / "empty").mkdir()
    (here / "out").mkdir()
    (here / "out" / "rows.jsonl").write_text("{}")
    with pytest.raises(MrcaError, match=message):
        find_inputs([given], here / "out")


def test_a_file_is_known_by_size_content_and_time(here):
    path = here / "in" / "b.jsonl"
    path.write_bytes(bytes(3_000_000))
    before = describe_input("in/b.jsonl")
    assert before.change(describe_input("in/b.jsonl")) == ""
    os.utime(path, ns=(1, 1))
    assert "was written again" in before.change(describe_input("in/b.jsonl"))
    for place in (0, 2_999_999):  # its first byte and its last
        path.write_bytes(bytes(3_000_000))
        with path.open("r+b") as file:
            file.seek(place)
            file.write(b"x")
        os.utime(path, ns=(before.modified, before.modified))
        assert "another content" in before.change(describe_input("in/b.jsonl"))
    path.write_bytes(b"12")
    assert "has 2 bytes, and had 3,000,000" in before.change(describe_input("in/b.jsonl"))


def test_all_of_a_small_file_counts(here):
    path = here / "in" / "b.jsonl"
    seen = set()
    for place in range(0, 1_000_000, 50_000):
        data = bytearray(1_000_000)
        data[place] = 1
        path.write_bytes(data)
        seen.add(describe_input("in/b.jsonl").content)
    assert len(seen) == 20


def test_other_files_are_named(here):
    one, other = describe_input("in/b.jsonl"), describe_input("in/a.jsonl.gz")
    assert changes([one, other], [one, other]) == []
    assert changes([one, other], [other, one]) == ["the inputs come in another order"]
    assert changes([one], [one, other]) == ["in/a.jsonl.gz is not among them before"]
    assert changes([one, other], [one]) == ["in/a.jsonl.gz is not among the inputs now"]
