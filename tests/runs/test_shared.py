"""Runs on Hugging Face's hub, fetched from a server on this machine."""

from pathlib import Path

import pytest

from mrca.errors import MrcaError
from mrca.runs import layout
from mrca.runs.shared import Address, origin, parse_address


@pytest.fixture
def shared(hub, make_run, tmp_path):
    """A repository with a run, and with what is none of its files."""
    run = make_run(tmp_path / "made")
    files = {path.name: path.read_bytes() for path in run.iterdir()}
    first = {**files, "config.toml": b"# first"}
    other = {"encoder/deep/weights.h5": b"w", "pytorch_model.bin": b"!", "setup.py": b"!"}
    hub.commits["ada/webnlg"] = [first, {**files, **other, "1/saved_model.pb": b"!"}]
    return hub


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("hf://ada/webnlg", Address("ada/webnlg")),
        (Path("hf://ada/webnlg"), Address("ada/webnlg")),
        (Path("hf://ada/web.nlg-2@refs/pr/1"), Address("ada/web.nlg-2", "refs/pr/1")),
        (Path("saved_models/webnlg"), None),
        ("webnlg", None),
    ],
)
def test_an_address_is_known_also_as_a_path(given, expected):
    assert parse_address(given) == expected


@pytest.mark.parametrize("given", ["hf://webnlg", "hf://a/b/c", "hf://../x", "hf://a/b@", "hf://"])
def test_what_only_begins_like_one_is_refused(given):
    with pytest.raises(MrcaError, match="Expected hf://user/name"):
        parse_address(given)


def test_the_run_is_fetched_and_nothing_else(shared):
    folder = layout.find_run(Path("hf://ada/webnlg"))
    layout.check_run_folder(folder)
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert "encoder/deep/weights.h5" in held
    assert not held & {"pytorch_model.bin", "setup.py", "1/saved_model.pb"}
    assert "setup.py" not in shared.fetched
    before = len(shared.fetched)
    assert layout.find_run(Path("hf://ada/webnlg")) == folder
    assert len(shared.fetched) == before  # kept


def test_a_revision_is_taken(shared):
    folder = layout.find_run(Path("hf://ada/webnlg@v0"))
    assert (folder / layout.CONFIG).read_text() == "# first"
    with pytest.raises(MrcaError, match="has no revision 'v7'"):
        layout.find_run(Path("hf://ada/webnlg@v7"))


def test_a_fetched_run_knows_where_it_is_from(shared, tmp_path):
    folder = layout.find_run(Path("hf://ada/webnlg"))
    assert origin(folder) == Address("ada/webnlg", shared.sha("ada/webnlg"))
    assert layout.run_name(folder) == "webnlg"
    assert layout.shown_run(folder) == f"hf://ada/webnlg@{shared.sha('ada/webnlg')}"
    with pytest.raises(MrcaError, match="hf download ada/webnlg --local-dir saved_models/webnlg"):
        layout.check_own(folder, "--save")
    own = tmp_path / "made"
    assert origin(own) is None
    assert (layout.run_name(own), layout.shown_run(own)) == ("made", str(own))
    layout.check_own(own, "--save")


def test_what_is_not_there_is_said(shared):
    with pytest.raises(MrcaError, match=r"no repository ada/nothing, or it is private.*HF_TOKEN"):
        layout.find_run(Path("hf://ada/nothing"))
    shared.gated.add("ada/webnlg")
    with pytest.raises(MrcaError, match="ada/webnlg: it is gated"):
        layout.find_run(Path("hf://ada/webnlg"))
    shared.commits["ada/bert"] = [{"config.json": b"{}"}]
    with pytest.raises(MrcaError, match="hf://ada/bert is no run of mrca"):
        layout.find_run(Path("hf://ada/bert"))


def test_without_a_connection_what_is_kept_is_taken(shared, monkeypatch):
    folder = layout.find_run(Path("hf://ada/webnlg"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert layout.find_run(Path("hf://ada/webnlg")) == folder
    with pytest.raises(MrcaError, match="the hub was not reached"):
        layout.find_run(Path("hf://ada/other"))
