import pytest

from mrca.errors import MrcaError
from mrca.runs.families import run_families


@pytest.fixture
def runs(make_run, tmp_path, monkeypatch):
    """`saved_models/` with families and a single run, and the start of one more."""
    monkeypatch.chdir(tmp_path)
    for name in ("bce-seed1", "bce-seed10", "bce-seed2", "mrca", "mrca-seed1", "bce-x-seed1"):
        make_run(tmp_path / "saved_models" / name)
    (tmp_path / "saved_models" / "bce-seed3.unfinished").mkdir()
    return tmp_path / "saved_models"


def test_a_name_stands_for_its_run_or_for_those_of_its_seeds(runs):
    families = run_families(["mrca", "bce"])
    assert list(families) == ["mrca", "bce"]
    assert [[folder.name for folder in family] for family in families.values()] == [
        ["mrca"],
        ["bce-seed1", "bce-seed2", "bce-seed10"],
    ]
    assert families == run_families(["saved_models/mrca", "saved_models/bce"])


def test_runs_of_one_name_are_called_by_their_place(runs, make_run, tmp_path):
    make_run(tmp_path / "other" / "mrca")
    assert list(run_families([runs / "mrca", "other/mrca"])) == [str(runs / "mrca"), "other/mrca"]


def test_what_is_no_run_is_said(runs):
    with pytest.raises(MrcaError, match="There is no run at"):
        run_families(["mrca", "none"])
    with pytest.raises(MrcaError, match="named twice"):
        run_families(["mrca", "mrca"])
    (runs / "bce-seed2" / "model.keras").unlink()
    with pytest.raises(MrcaError, match=r"bce-seed2 is not a whole run: model\.keras missing"):
        run_families(["mrca", "bce"])
