"""How far a run is."""

import pytest

from mrca.runs.history import read_epochs


def test_a_run_has_a_row_for_each_epoch(tiny_run):
    epochs = read_epochs(tiny_run.folder)
    assert [row["epoch"] for row in epochs] == [1, 2]
    assert all(row["seconds"] > 0 and 0 <= row["val_micro_f1"] <= 1 for row in epochs)


@pytest.mark.parametrize("content", [None, "", "epoch,loss\n", "epoch,loss\n1,no\n"])
def test_before_the_first_epoch_there_is_none(tmp_path, content):
    if content is not None:
        (tmp_path / "history.csv").write_text(content)
    assert read_epochs(tmp_path) == []
