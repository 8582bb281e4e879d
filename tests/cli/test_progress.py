import io

import pytest
from rich.console import Console

from mrca.cli.progress import StageProgress, TrainingProgress


@pytest.fixture
def console() -> Console:
    """A terminal, wide enough for any line."""
    return Console(file=io.StringIO(), force_terminal=True, color_system=None, width=160)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_there_is_no_bar_before_anything_is_done(console):
    with StageProgress(console):
        pass
    assert shown(console) == ""


def test_each_stage_has_a_bar(console):
    with StageProgress(console) as progress:
        progress("reading [bold] vectors", 1, 4)
        progress.of("fetching nyt")(2, 4)
        progress("fetching nyt", 4, None)  # the size may turn out to be unknown
    assert "reading [bold] vectors" in shown(console)
    assert "fetching nyt" in shown(console)


def epoch(number: int, f1: float = 0.25) -> dict[str, float]:
    return {"epoch": number, "seconds": 1.25, "loss": 0.5, "val_micro_f1": f1}


def test_an_epoch_leaves_a_line(console):
    with TrainingProgress(console, patience=5) as progress:
        progress.preparing("fetching nyt", 1, 2)
        progress.training_starts(epochs=9, first_epoch=0, batches=4)
        progress.batch_ends(3)
        progress.epoch_ends(epoch(1), best=epoch(1))
        progress.epoch_ends(epoch(2, 0.2), best=epoch(1))
        progress.epoch_ends({**epoch(3), "val_macro_f1": 0.125}, best=epoch(1))
        progress.training_ends()
    lines = shown(console)
    assert "validation macro F1 0.1250\n" in lines  # where it chooses the best epoch
    assert "epoch   1/9     1.2 s  loss 0.50000  validation micro F1 0.2500 best\n" in lines
    assert "epoch   2/9     1.2 s  loss 0.50000  validation micro F1 0.2000\n" in lines
    assert "stopped" not in shown(console)
    assert "epoch 1/9, batch 3/4" in shown(console)


@pytest.mark.parametrize(("patience", "epochs"), [(1, "1 epoch"), (2, "2 epochs")])
def test_an_early_stop_is_said(console, patience, epochs):
    with TrainingProgress(console, patience) as progress:
        progress.training_starts(epochs=9, first_epoch=0, batches=4)
        progress.epoch_ends(epoch(1), best=epoch(1))
        assert "stopped" not in shown(console)
        progress.epoch_ends(epoch(1 + patience), best=epoch(1))
    assert f"stopped: no better validation score for {epochs}" in shown(console)


def test_the_last_epoch_is_no_early_stop(console):
    with TrainingProgress(console, patience=1) as progress:
        progress.training_starts(epochs=2, first_epoch=0, batches=4)
        progress.epoch_ends(epoch(2), best=epoch(1))
    assert "stopped" not in shown(console)


def test_a_resumed_run_says_where_it_is(console):
    with TrainingProgress(console, patience=1) as progress:
        progress.training_starts(epochs=9, first_epoch=3, batches=4)
        progress.batch_ends(1)
    assert "Note: resumed after epoch 3." in shown(console)
    assert "epoch 4/9, batch 1/4" in shown(console)


def test_a_note_is_shown_as_it_is(console):
    with TrainingProgress(console, patience=1) as progress:
        progress.message("the relation [red] is never stated")
    assert "Note: the relation [red] is never stated" in shown(console)
