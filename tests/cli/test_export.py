import json
import shutil
from pathlib import Path

import pytest

from mrca.config import dump_config
from mrca.errors import MrcaError

pytest.importorskip("tensorflow")


@pytest.fixture(autouse=True)
def verified(monkeypatch):
    """Spares another process."""
    from mrca.export.verification import Verified

    monkeypatch.setattr("mrca.export.export_run.verify", lambda *arguments: Verified(1e-7, 1000))


def test_a_run_is_exported_and_the_next_steps_are_said(mrca, tiny_run):
    folder = Path(shutil.copytree(tiny_run.folder, "saved_models/tiny"))
    result = mrca("export", "tiny")
    assert result.code == 0, result.err
    assert (folder / "1" / "saved_model.pb").is_file()
    for part in (
        "words (full)",
        "MB on disk",
        "gives what `mrca predict` gives; scores differ by 1e-07",
    ):
        assert part in result.out
    assert "Next: mrca serve saved_models/tiny" in result.err
    assert "MODEL=tiny docker compose up" in result.err
    again = mrca("export", "tiny", "--version", "1")
    assert again.code == 1
    assert "--version 2" in again.err


def test_what_cannot_be_exported_is_refused_at_once(mrca, tiny_run):
    wrong = mrca("export", tiny_run.folder, "--vocabulary", "most")
    assert wrong.code == 1 and "top:N" in wrong.err
    missing = mrca("export", "none")
    assert missing.code == 1 and "There is no run at" in missing.err


def test_a_run_is_refused_before_it_is_loaded(mrca, tiny_run, tmp_path, monkeypatch):
    folder = shutil.copytree(tiny_run.folder, tmp_path / "tiny")
    config = tiny_run.config.changed({"data.roles": "unknown"})
    (folder / "config.toml").write_text(dump_config(config), "utf-8")
    monkeypatch.setattr("mrca.training.load", None)
    for command in ("export", "demo", "serve"):
        done = mrca(command, folder)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(f"Error: The run {folder} was trained with data.roles=unknown")
    assert not (folder / "1").exists()


@pytest.fixture
def exports(monkeypatch):
    """Exports nothing, and keeps what it was asked for."""
    from mrca.export.effect import Effect
    from mrca.export.export_run import Exported

    calls = []

    def export_run(run, output, version, *, corpus, say, **options):
        calls.append({**options, "corpus": corpus and corpus.name})
        say("building")
        effect = Effect("test", 40, 7, 0.5, 0.25) if corpus else None
        return Exported(output / "tiny" / "1", "20 words (run)", None, 5_000_000, 1000, effect)

    monkeypatch.setattr("mrca.export.export_run.export_run", export_run)
    return calls


def test_json(mrca, tiny_run, exports):
    result = mrca("export", tiny_run.folder, "--vocabulary", "run", "--json", "--output", "out")
    values = json.loads(result.out)
    assert values["folder"] == "out/tiny/1"
    assert values["memory"] == 1000
    assert values["effect"]["split"] == "test"
    assert "building …" in result.err
    assert exports == [{"vocabulary": "run", "half": False, "corpus": "sample"}]


def test_what_fewer_words_or_half_precision_cost_is_printed(mrca, tiny_run, exports, monkeypatch):
    done = mrca("export", tiny_run.folder, "--float16", "--output", "out")
    assert "5 MB on disk" in done.out
    assert "Micro F1 on the 40 rows of test" in done.out
    assert "0.2500. The run itself: 0.5000." in done.out
    monkeypatch.setattr("mrca.cli.export.run_corpus", failing)
    done = mrca("export", tiny_run.folder, "--float16", "--output", "out")
    assert done.code == 0 and "what this costs is not measured: it is gone" in done.err
    assert [call["corpus"] for call in exports] == ["sample", None]


def failing(*_):
    raise MrcaError("it is gone")
