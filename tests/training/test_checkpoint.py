"""A run killed at any moment ends with the weights of one that was not."""

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import mrca
from mrca import training
from mrca.config import dump_config
from mrca.models import RelationNetwork
from mrca.models.optimizer import ScheduledAdam
from mrca.models.weight_average import average_in_use
from mrca.training.checkpoint import Checkpoint, history_csv

JIT = keras.backend.backend() == "jax"

# Trains, or resumes, says with which epoch (from 0), and kills itself at a moment.
KILLED = """
import os, signal, sys
from pathlib import Path
from mrca import training
from mrca.config import load_config
from mrca.training import checkpoint
from mrca.training.checkpoint import Checkpoint

config, output, data, moment = sys.argv[1:]
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)

class Reporter(training.SilentReporter):
    def training_starts(self, epochs, first_epoch, batches):
        print(first_epoch, flush=True)
        self.epoch = first_epoch
    def epoch_ends(self, row, best):
        self.epoch += 1
    def batch_ends(self, batch):
        if moment == "in the middle of epoch 3" and (self.epoch, batch) == (2, 7):
            kill()

save, write = Checkpoint._save, checkpoint.write_text

def killing_save(self, path, *args, **kwargs):
    save(self, path, *args, **kwargs)
    if moment == "between later best weights and their state" and path.name.startswith("best-"):
        kill()

def killing_write(path, text):
    write(path, text)
    if moment == "between the last history and its state" and text.count("\\n") == 5:
        kill()

Checkpoint._save = killing_save
checkpoint.write_text = killing_write
if moment == "before the last rename":
    sys.modules["mrca.training.train"].replace_folder = lambda *_: kill()
training.train(
    load_config(Path(config)), output, data_dir=Path(data), resume=True, reporter=Reporter()
)
"""
# In the order in which one training meets them.
MOMENTS = (
    "in the middle of epoch 3",
    "between later best weights and their state",
    "between the last history and its state",
    "before the last rename",
)


# Everything whose state outlasts an epoch: 7 batches of few rows leave one of three accumulated.
SCHEDULED = (
    *("training.optimizer=adamw", "training.weight_decay=0.05", "training.clip_norm=0.5"),
    *("training.schedule=linear", "training.warm_up=0.3", "training.accumulate=3"),
    *("training.monitor=macro_f1", "training.l2=0.001", "training.batch_size=5"),
)


class FirstEpoch(training.SilentReporter):
    value = -1

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        self.value = first_epoch


@pytest.fixture(scope="module")
def config(tiny_pairs_config, changed):
    """Four epochs of the recipe `pairs`, whose weights are averaged."""
    settings = ("training.epochs=4", "training.patience=4", "training.weight_average=0.8")
    return changed(tiny_pairs_config, *settings, *SCHEDULED)


@pytest.fixture(scope="module")
def uninterrupted(config, sample_slice, tmp_path_factory):
    return training.train(
        config, tmp_path_factory.mktemp("uninterrupted") / "tiny", data_dir=sample_slice
    )


@pytest.mark.processes
def test_a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been(
    config, uninterrupted, sample_slice, assert_same_weights, tmp_path
):
    (tmp_path / "config.toml").write_text(dump_config(config))
    output = tmp_path / "runs" / "tiny"
    began = []
    for moment in MOMENTS:
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, tmp_path / "config.toml", output, sample_slice, moment],
            capture_output=True,
            text=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, (moment, killed.stderr)
        # Its lock is left, which is nobody's now.
        left = sorted(path.name for path in output.parent.iterdir())
        assert left == [".tiny.lock", "tiny.unfinished"]
        began.append(int(killed.stdout))
    first_epoch = FirstEpoch()
    run = training.train(config, output, data_dir=sample_slice, resume=True, reporter=first_epoch)
    # Killed in an epoch it begins with that epoch; one whose state was not kept is lost.
    assert began[:2] == [0, 2]
    assert began[2] in (2, 3)  # whichever epoch was the next best
    assert [began[3], first_epoch.value] == [3, 4]
    assert_same_weights(run, uninterrupted)
    assert run.metrics == uninterrupted.metrics
    assert sorted(path.name for path in run.folder.iterdir()) == sorted(
        path.name for path in uninterrupted.folder.iterdir()
    )
    assert [path.name for path in output.parent.iterdir()] == ["tiny"]
    without_times = [
        [row.rpartition(",")[0] for row in (folder / "history.csv").read_text().splitlines()]
        for folder in (run.folder, uninterrupted.folder)
    ]
    assert without_times[0] == without_times[1]
    assert len(without_times[0]) == 5


def test_a_schedule_of_steps_is_resumed_where_it_was(
    tiny_config, few_rows, changed, stopping, assert_same_weights, tmp_path
):
    config = changed(tiny_config, *SCHEDULED, "training.epochs=3", "training.patience=3")
    options = {"data_dir": few_rows, "splits": ("valid",)}
    whole = training.train(config, tmp_path / "whole", **options)
    with pytest.raises(KeyboardInterrupt):
        training.train(config, tmp_path / "run", reporter=stopping(), **options)
    run = training.train(config, tmp_path / "run", resume=True, **options)
    assert_same_weights(run, whole)
    rows = list(csv.DictReader((run.folder / "history.csv").read_text().splitlines()))
    # 21 batches are 7 steps, 2 of which warm up; after 7, 14 and 21 batches 2, 4 and 7 are done.
    rate = config.training.learning_rate
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([rate, rate * 3 / 5, 0])
    assert {"val_macro_f1", "val_micro_f1"} <= set(rows[0])


# === The callback alone ===


@pytest.fixture
def model() -> Any:
    return compiled(keras.optimizers.Adam(0.1))


def compiled(optimizer: Any, **settings: Any) -> Any:
    model = RelationNetwork(3, 1.0, columns=2, units=2, max_length=8, **settings)
    model.compile(optimizer=optimizer, loss="mse", jit_compile=JIT)
    return model


@pytest.fixture
def batch() -> Any:
    random = np.random.default_rng(0)
    inputs = {
        "states": random.normal(size=(4, 8, 3)).astype(np.float32),
        "case": np.ones((4, 8), np.int8),
        "role": np.zeros((4, 8), np.int8),
        "lengths": np.full(4, 8, np.int32),
    }
    return inputs, random.random((4, 2)).astype(np.float32)


def checkpoint_for(model: Any, folder: Path, patience: int = 2) -> Checkpoint:
    checkpoint = Checkpoint(folder, patience)
    checkpoint.watch(model)
    model.optimizer.build(model.trainable_variables)
    return checkpoint


def run_epochs(checkpoint: Checkpoint, *scores: float) -> None:
    for score in scores:
        checkpoint.on_epoch_end(checkpoint.next_epoch, {"loss": 0.5, "val_micro_f1": score})


def test_patience_counts_epochs_since_the_best(model, tmp_path):
    checkpoint = checkpoint_for(model, tmp_path)
    assert not checkpoint.finished
    run_epochs(checkpoint, 0.1, 0.3, 0.3)
    assert checkpoint.best["epoch"] == 2  # the first of equals
    assert not checkpoint.finished
    assert not model.stop_training
    run_epochs(checkpoint, 0.2)
    assert checkpoint.finished
    assert model.stop_training
    assert checkpoint.next_epoch == 4


@pytest.mark.parametrize(("monitor", "best"), [("macro_f1", 2), ("loss", 3), ("micro_f1", 1)])
def test_the_best_epoch_is_chosen_by_what_is_named(model, tmp_path, monitor, best):
    checkpoint = Checkpoint(tmp_path, 1, monitor)
    checkpoint.watch(model)
    model.optimizer.build(model.trainable_variables)
    for micro, macro, loss in ((0.9, 0.1, 3.0), (0.8, 0.3, 2.0), (0.7, 0.2, 1.0), (0.6, 0.1, 4.0)):
        scores = {"val_micro_f1": micro, "val_macro_f1": macro, "val_loss": loss}
        if not checkpoint.finished:
            checkpoint.on_epoch_end(checkpoint.next_epoch, {"loss": 0.5, **scores})
    assert checkpoint.best["epoch"] == best
    assert checkpoint.next_epoch == best + 1  # patience


def test_one_state_and_one_best_are_kept_and_removed(model, tmp_path):
    checkpoint = checkpoint_for(model, tmp_path)
    run_epochs(checkpoint, 0.1, 0.3, 0.2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("best-2.npz", "history.csv", "state.npz")
    ]
    checkpoint.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]


def test_the_best_weights_come_back(model, batch, tmp_path):
    checkpoint = checkpoint_for(model, tmp_path)
    model.train_on_batch(*batch)
    run_epochs(checkpoint, 0.9)
    best = model.get_weights()
    model.train_on_batch(*batch)
    run_epochs(checkpoint, 0.1)
    assert not np.array_equal(model.get_weights()[1], best[1])
    checkpoint.restore_best()
    for restored, kept in zip(model.get_weights(), best, strict=True):
        np.testing.assert_array_equal(restored, kept)


def test_of_averaged_weights_the_average_is_the_best_and_training_goes_on(batch, tmp_path):
    model = compiled(ScheduledAdam(0.1, average=0.5))
    checkpoint = checkpoint_for(model, tmp_path)
    for _ in range(3):
        model.train_on_batch(*batch)
    weights = model.get_weights()
    with average_in_use(model):
        average = model.get_weights()
    run_epochs(checkpoint, 0.9)
    for now, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, before)
    model.train_on_batch(*batch)
    wanted = [*model.get_weights(), *(np.array(each) for each in model.optimizer.averages)]
    checkpoint.restore_best()
    for restored, kept in zip(model.get_weights(), average, strict=True):
        np.testing.assert_array_equal(restored, kept)
    again = checkpoint_for(model, tmp_path)
    again.restore()
    again.on_epoch_begin(1)
    model.train_on_batch(*batch)
    found = [*model.get_weights(), *(np.array(each) for each in model.optimizer.averages)]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_everything_that_training_depends_on_comes_back(model, batch, tmp_path):
    """Weights, moments, step and dropout's generator: the next steps are the same, bit for bit."""
    checkpoint = checkpoint_for(model, tmp_path)
    for _ in range(2):
        model.train_on_batch(*batch)
    run_epochs(checkpoint, 0.5)
    for _ in range(2):
        model.train_on_batch(*batch)
    expected = model.get_weights()

    again = checkpoint_for(model, tmp_path)
    again.restore()
    again.on_epoch_begin(1)
    assert again.history == checkpoint.history
    assert int(model.optimizer.iterations) == 2
    for _ in range(2):
        model.train_on_batch(*batch)
    for weight, wanted in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(weight, wanted)


def test_a_rate_that_was_changed_comes_back(model, batch, tmp_path):
    checkpoint = checkpoint_for(model, tmp_path)
    model.optimizer.learning_rate.assign(0.05)
    run_epochs(checkpoint, 0.5)
    model.optimizer.learning_rate.assign(0.1)
    checkpoint_for(model, tmp_path).restore()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)


def test_with_the_average_in_the_model_the_state_has_the_weights(batch, tmp_path):
    model = compiled(ScheduledAdam(0.1, average=0.5))
    checkpoint = checkpoint_for(model, tmp_path)
    model.train_on_batch(*batch)
    weights = model.get_weights()
    with average_in_use(model):
        average = model.get_weights()
        run_epochs(checkpoint, 0.9)
        np.testing.assert_array_equal(model.get_weights()[1], average[1])
    checkpoint.restore_best()
    np.testing.assert_array_equal(model.get_weights()[1], average[1])
    checkpoint_for(model, tmp_path).restore()
    np.testing.assert_array_equal(model.get_weights()[1], weights[1])


def test_a_fit_that_goes_on_ends_as_one_that_was_not_interrupted(batch, tmp_path):
    """On PyTorch a `fit` draws at its start from the generator that dropout has, too."""

    class Score(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["val_micro_f1"] = epoch / 10

    def fit(folder, epochs):
        keras.utils.set_random_seed(3)
        folder.mkdir(exist_ok=True)
        model = compiled(keras.optimizers.Adam(0.1), dropout=0.5)
        checkpoint = checkpoint_for(model, folder)
        checkpoint.restore()
        start = {"initial_epoch": checkpoint.next_epoch, "epochs": epochs, "shuffle": False}
        model.fit(*batch, batch_size=2, verbose=0, callbacks=[Score(), checkpoint], **start)
        return model.get_weights()

    whole = fit(tmp_path / "whole", 3)
    fit(tmp_path / "cut", 1)
    for weight, wanted in zip(fit(tmp_path / "cut", 3), whole, strict=True):
        np.testing.assert_array_equal(weight, wanted)


def test_without_a_state_nothing_is_restored(model, tmp_path):
    checkpoint = Checkpoint(tmp_path, 2)
    checkpoint.watch(model)
    checkpoint.restore()
    assert checkpoint.history == []
    assert checkpoint.next_epoch == 0


def test_a_state_of_another_model_is_refused(model, tmp_path):
    run_epochs(checkpoint_for(model, tmp_path), 0.5)
    other = RelationNetwork(3, 1.0, columns=2, units=3, max_length=8)
    other.compile(optimizer="adam", loss="mse", jit_compile=JIT)
    with pytest.raises(mrca.MrcaError, match="does not fit this run"):
        checkpoint_for(other, tmp_path).restore()


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_training(model, tmp_path, loss):
    checkpoint = checkpoint_for(model, tmp_path)
    with pytest.raises(mrca.MrcaError, match=r"after epoch 1: training diverged"):
        checkpoint.on_epoch_end(0, {"loss": loss, "val_micro_f1": 0.0})
    assert list(tmp_path.iterdir()) == []


def test_history_as_csv():
    rows = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]
    assert history_csv(rows) == "epoch,loss\n1,0.5\n2,0.25\n"


def test_the_state_is_read_without_pickle(model, tmp_path):
    checkpoint = checkpoint_for(model, tmp_path)
    run_epochs(checkpoint, 0.5)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as state:
        assert json.loads(str(state["history"])) == checkpoint.history
    np.savez(tmp_path / "state.npz", history=np.array({"a": 1}, dtype=object))
    with pytest.raises(mrca.MrcaError, match="does not fit"):
        checkpoint.restore()
