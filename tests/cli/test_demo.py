import shutil
import sys
import webbrowser
from pathlib import Path
from types import SimpleNamespace

import pytest

from mrca.errors import MrcaError

pytest.importorskip("tensorflow")

URL = "http://127.0.0.1:1"


@pytest.fixture
def served(monkeypatch):
    """What was served: the version's folder, the host, and what the page knew of the model."""
    calls = []

    def serve(exported, *, host, port, page, ready):
        calls.append((exported, host, page))
        ready(URL)

    monkeypatch.setattr("mrca.serving.serve.serve", serve)
    return calls


@pytest.fixture
def exports(monkeypatch):
    """Exports a run as no more than its relations' names."""
    calls = []

    def export_run(run, output=None, version=None, *, say):
        model = run.folder if output is None else Path(output) / run.folder.name
        calls.append((run.folder, model.parent))
        folder = model / str(version or 1)
        (folder / "assets.extra").mkdir(parents=True)
        (folder / "assets.extra" / "relations.json").write_text('["a"]')
        (folder / "saved_model.pb").write_bytes(b"")
        say("building")
        return SimpleNamespace(folder=folder)

    monkeypatch.setattr("mrca.export.export_run.export_run", export_run)
    return calls


def test_a_run_is_exported_once_and_then_shown(mrca, tiny_run, served, exports):
    folder = Path(shutil.copytree(tiny_run.folder, "saved_models/tiny"))
    done = mrca("demo", "tiny")
    assert (done.code, done.out) == (0, ""), done.err
    assert (
        f"nothing is exported yet: exporting version 1 to {folder / '1'} … building …" in done.err
    )
    assert f"Showing {folder / '1'} at {URL} until Ctrl-C." in done.err
    assert exports == [(folder, folder.parent)]
    again = mrca("demo", "tiny", "--host", "localhost")
    assert again.code == 0 and "exporting" not in again.err
    assert len(exports) == 1
    assert [call[:2] for call in served] == [
        (folder / "1", "127.0.0.1"),
        (folder / "1", "localhost"),
    ]
    page = served[0][2]
    assert (page["name"], page["version"], page["relations"]) == ("tiny", 1, ["a"])
    assert len(page["examples"]) == 4


def test_without_its_corpus_the_page_has_no_examples(mrca, run_copy, served, exports):
    config = run_copy / "config.toml"
    config.write_text(config.read_text("utf-8").replace('"sample"', '"gone/away"', 1), "utf-8")
    done = mrca("demo", run_copy)
    assert done.code == 0
    assert "Note: the page has no examples of the run's corpus" in done.err
    assert served[0][2]["examples"] == []


def test_a_run_in_another_place_is_exported_there(mrca, run_copy, served, exports):
    first = mrca("demo", run_copy, "--version", 7)
    assert first.code == 0
    assert "exporting version 7 to" in first.err
    assert mrca("demo", run_copy).code == 0
    assert [call[0] for call in served] == [run_copy / "7"] * 2
    wrong = mrca("demo", run_copy, "--version", 2)
    assert wrong.code == 1 and "no exported version 2, but 7" in wrong.err
    assert len(exports) == 1


@pytest.mark.parametrize("option", ["--vectors", "--encoder"])
def test_what_lies_elsewhere_now_is_said_to_export(mrca, run_copy, served, option, monkeypatch):
    def load(folder):
        raise MrcaError(f"It has moved. Give its place as {option}.")

    monkeypatch.setattr("mrca.training.load", load)
    done = mrca("demo", run_copy)
    assert done.code == 1
    assert f"Give its place as {option}. `mrca demo` does not take {option}" in done.err
    assert f"mrca export {run_copy} {option}" in done.err


def test_what_has_changed_since_it_was_exported_is_noted(mrca, run_copy, served, exports):
    assert "Note: version" not in mrca("demo", run_copy).err
    extras = run_copy / "1" / "assets.extra"
    (extras / "export.json").write_text('{"fingerprint": "of another"}')
    done = mrca("demo", run_copy)
    assert done.code == 0
    assert "Note: version 1 was exported from another training of this run" in done.err


def test_what_is_no_run(mrca, served):
    assert "no run at nowhere" in mrca("demo", "nowhere").err
    Path("empty").mkdir()
    done = mrca("demo", "empty")
    assert done.code == 1 and "Traceback" not in done.err
    assert served == []


def test_a_browser_opens_at_a_terminal_only(mrca, run_copy, served, exports, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    mrca("demo", run_copy)
    assert opened == []
    # The file that pytest puts there for each run of the command.
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True, raising=False)
    mrca("demo", run_copy, "--no-open")
    assert opened == []
    mrca("demo", run_copy)
    assert opened == [URL]
