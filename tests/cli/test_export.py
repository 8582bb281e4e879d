import json
import shutil
from pathlib import Path

import pytest

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
        "mrca serve",
    ):
        assert part in result.out
    again = mrca("export", "tiny", "--version", "1")
    assert again.code == 1
    assert "--version 2" in again.err


def test_what_cannot_be_exported_is_refused_at_once(mrca, tiny_run):
    wrong = mrca("export", tiny_run.folder, "--vocabulary", "most")
    assert wrong.code == 1 and "top:N" in wrong.err
    missing = mrca("export", "none")
    assert missing.code == 1 and "There is no run at" in missing.err


def test_a_run_of_pairs_is_refused_before_it_is_loaded(mrca, tiny_pairs_run, monkeypatch):
    monkeypatch.setattr("mrca.training.load", None)
    for command in ("export", "demo", "serve"):
        done = mrca(command, tiny_pairs_run.folder)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(f"Error: The run {tiny_pairs_run.folder} is asked about pairs")
    assert not (tiny_pairs_run.folder / "1").exists()


def test_json(mrca, tiny_run):
    result = mrca("export", tiny_run.folder, "--vocabulary", "run", "--json", "--output", "out")
    values = json.loads(result.out)
    assert values["folder"] == "out/tiny/1"
    assert values["memory"] == 1000
    assert values["effect"]["split"] == "test"
    assert "sample" in result.err
