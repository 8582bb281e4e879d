from pathlib import Path

import pytest

from mrca.config import dump_config, load_recipe
from mrca.errors import MrcaError
from mrca.serving import find_exported
from mrca.serving.find_exported import NothingExportedError


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with runs in saved_models/: with versions, without, and one in another place."""
    monkeypatch.chdir(tmp_path)
    for place in ("saved_models/run/1", "saved_models/run/2", "saved_models/run/10", "else/3"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "saved_model.pb").touch()
    for place in ("saved_models/run/0", "saved_models/run/02", f"saved_models/run/{2**63}"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "saved_model.pb").touch()
    for place in ("saved_models/run/11", "saved_models/run/best", "saved_models/trained"):
        (tmp_path / place).mkdir()
    (tmp_path / "saved_models/run/best/saved_model.pb").touch()
    return tmp_path


def test_the_highest_version_or_the_given_one(here):
    for folder in (here / "saved_models" / "run", here.joinpath("run").relative_to(here)):
        assert find_exported(folder).resolve() == here / "saved_models" / "run" / "10"
        assert find_exported(folder, 2).resolve() == here / "saved_models" / "run" / "2"
    assert find_exported(here / "else").name == "3"


def test_a_folder_of_that_name_without_versions_does_not_hide_the_run(here):
    (here / "run").mkdir()
    assert find_exported(here.joinpath("run").relative_to(here)).name == "10"


def test_a_run_elsewhere_is_exported_under_its_name(here):
    (here / "runs" / "run").mkdir(parents=True)
    assert find_exported(here / "runs" / "run", 1).resolve() == here / "saved_models/run/1"


@pytest.mark.parametrize(
    ("folder", "version", "message"),
    [
        ("run", 7, "no exported version 7, but 1, 2, 10.*`mrca export run --version 7`"),
        ("run", 0, "no exported version 0, but 1, 2, 10"),
        ("a run", None, "no run at a run"),
        ("run", 11, "no exported version 11, but"),
        ("trained", None, "Nothing is exported from trained.*`mrca export trained`"),
        ("nowhere", None, "no run at nowhere or saved_models/nowhere.*`mrca train"),
        ("no/run", None, r"no run at no/run\."),
        ("no/where", None, "no run at no/where"),
        ("saved_models/run/2", None, "one exported model.*give .*/saved_models/run --version 2"),
    ],
)
def test_what_is_missing_is_said(here, folder, version, message):
    with pytest.raises(MrcaError, match=message):
        find_exported(Path(folder), version)


def test_a_run_that_can_have_no_version_is_told_why(here):
    config = dump_config(load_recipe("mrca").changed({"data.roles": "unknown"}))
    (here / "saved_models/trained/config.toml").write_text(config, "utf-8")
    with pytest.raises(MrcaError, match=r"trained was trained with data\.roles=unknown") as error:
        find_exported(Path("trained"))
    assert not isinstance(error.value, NothingExportedError)
    (here / "saved_models/trained/config.toml").write_text(dump_config(load_recipe("mrca")))
    with pytest.raises(NothingExportedError):
        find_exported(Path("trained"))


def test_a_misspelt_run_is_told_with_those_that_there_are(here):
    (here / "saved_models" / "run" / "config.toml").touch()
    with pytest.raises(MrcaError, match=r"Did you mean 'run'\? Runs in saved_models: run\."):
        find_exported(Path("runn"))
