import math

import pytest

from mrca.bulk import Asked, Form
from mrca.bulk.model import find_model
from mrca.config import RunConfig, dump_config
from mrca.errors import MrcaError


@pytest.fixture
def run(make_run, tmp_path):
    """A run folder, as far as it can be told without loading it."""
    folder = make_run(tmp_path / "saved_models" / "mine")
    (folder / "config.toml").write_text(dump_config(RunConfig()))
    return folder


def export(folder, content="graph"):
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text(content)
    (folder / "variables" / "values").write_text("1 2 3")
    return folder


def test_a_run_is_known_by_all_that_its_answers_follow_from(run):
    seen = [find_model(run, Asked()).fingerprint]
    for name in ("metrics.json", "card.md", "history.csv"):
        (run / name).write_text("{}")
    export(run / "1")
    assert find_model(run, Asked()).fingerprint == seen[0]
    (run / "vectors").mkdir()
    for name in ("decision.json", "relations.json", "model.keras", "vectors/words.txt"):
        (run / name).write_text(" ")
        seen.append(find_model(run, Asked()).fingerprint)
    assert len(set(seen)) == len(seen)


def test_a_bare_name_is_a_run_in_saved_models(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    model = find_model(run.relative_to(tmp_path / "saved_models"), Asked())
    assert (model.kind, model.folder) == ("run", run)


def test_a_version_or_the_highest_of_those_without_a_run(run, tmp_path):
    versions = tmp_path / "exported"
    for number in ("9", "10"):
        export(versions / number, number)
    highest = find_model(versions, Asked())
    assert (highest.kind, highest.folder) == ("export", versions / "10")
    assert find_model(versions / "10", Asked()) == highest
    assert find_model(versions / "9", Asked()).fingerprint != highest.fingerprint
    assert find_model(run, Asked()).kind == "run"
    assert find_model(export(run / "1"), Asked()).kind == "export"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(form=Form.DOCRED), "finds no facts to write in DocRED's form"),
        (Asked(threshold=math.nan), "The threshold is no number"),
    ],
)
def test_what_a_run_cannot_be_asked_is_said_before_it_is_loaded(run, asked, message):
    with pytest.raises(MrcaError, match=message):
        find_model(run, asked)


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        (Asked(form=Form.DOCRED), "--format"),
        (Asked(threshold=0.5), "--threshold"),
        (Asked(top=1), "--top"),
        (Asked(vectors="sample"), "--vectors"),
    ],
)
def test_what_an_export_has_inside_is_no_option(tmp_path, asked, option):
    with pytest.raises(MrcaError, match=f"exported model.*Leave {option} out"):
        find_model(export(tmp_path / "exported" / "1"), asked)


def test_what_is_no_model_is_said(tmp_path):
    with pytest.raises(MrcaError, match="There is no run at"):
        find_model(tmp_path / "nowhere", Asked())


@pytest.mark.parametrize("threshold", [None, 0.5, 1, math.inf, -math.inf])
def test_how_it_is_asked_survives_a_file(threshold):
    asked = Asked(form=Form.DOCRED, threshold=threshold, top=3)
    assert Asked.model_validate_json(asked.model_dump_json()) == asked
