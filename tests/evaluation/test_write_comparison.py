import json

import pytest

from mrca.evaluation import write_comparison


def test_four_files_that_replace_those_before(three_methods, tmp_path):
    folder = tmp_path / "new" / "folder"
    paths = write_comparison(three_methods(), folder)
    write_comparison(three_methods(title="Again"), folder)
    names = ["comparison.csv", "comparison.json", "comparison.md", "comparison.png"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert sorted(path.name for path in paths) == names
    assert (folder / "comparison.md").read_text("utf-8").startswith("# Again\n")
    assert json.loads((folder / "comparison.json").read_text("utf-8"))["best"] == "good"
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_half_written(three_methods, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    def fail(self, target, **options):
        target.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        write_comparison(three_methods(), tmp_path)
    assert not (tmp_path / "comparison.png").exists()
    assert not list(tmp_path.glob(".*"))
