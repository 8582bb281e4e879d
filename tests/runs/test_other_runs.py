from pathlib import Path

from mrca.runs.other_runs import other_runs


def test_the_runs_beside_a_missing_one_are_named(tmp_path):
    for name in ("webnlg", "nyt", "half.unfinished"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").touch()
    (tmp_path / "corpus").mkdir()
    said = other_runs(tmp_path / "webngl")
    assert said == f" Did you mean 'webnlg'? Runs in {tmp_path}: nyt, webnlg."
    assert other_runs(tmp_path / "corpus" / "webnlg") == ""
    assert other_runs(Path("nowhere/webnlg")) == ""
