"""Searches without networks: trainings that take no time and can be killed at any moment."""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mrca.config import RunConfig, dump_config
from mrca.experiments.search import SearchSpace, Trial
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.trials import SilentSearchReporter

SPACE = """\
recipe = "sample"
max_trials = 5

[set]
training.epochs = 3

[search."model.units"]
min = 8
max = 32
step = 8

[search."training.learning_rate"]
min = 1e-3
max = 1e-1
log = true

[search."loss.name"]
choices = ["rc_dice", "focal", "adaptive_focal"]

[[search."loss.options.gamma"]]
min = 0.0
max = 3.0
when = { "loss.name" = ["focal"] }

[[search."loss.options.gamma"]]
choices = [1.0, 2.0]
when = { "loss.name" = ["adaptive_focal"] }
"""


class Notes(SilentSearchReporter):
    """Keeps what a search has to say."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture
def notes() -> Notes:
    """A reporter that keeps messages."""
    return Notes()


class FakeTraining:
    """Stands for `mrca.training.train`, with its files and its way of resuming.

    Attributes:
        score: what the model of a configuration has after an epoch; a test sets it.
        epochs: every epoch that was trained, as `(trial's folder, run's name, epoch)`.
        splits: what runs were evaluated on.
    """

    def __init__(self) -> None:
        self.score: Callable[[RunConfig, int], float] = lambda config, epoch: (
            config.model.units / 100 + epoch / 1000
        )
        self.epochs: list[tuple[str, str, int]] = []
        self.splits: set[str] = set()

    def __call__(
        self, config: RunConfig, output: Path, *, reporter: Any, splits: Any, **_: Any
    ) -> Any:
        from mrca.training import StopTraining

        self.splits |= set(splits)
        run = SimpleNamespace(folder=output)
        if not output.exists():
            unfinished = output.with_name(f"{output.name}.unfinished")
            unfinished.mkdir(parents=True, exist_ok=True)
            (unfinished / "config.toml").write_text(dump_config(config))
            history = _read(unfinished / "history.csv")
            reporter.training_starts(config.training.epochs, len(history), 1)
            for epoch in range(len(history) + 1, config.training.epochs + 1):
                score = self.score(config, epoch)
                self.epochs.append((output.parent.name, output.name, epoch))
                history.append({"epoch": epoch, "val_micro_f1": score, "seconds": 1.0})
                _write(unfinished / "history.csv", history)
                (unfinished / "state.npz").touch()
                best = max(history, key=lambda row: row["val_micro_f1"])
                try:
                    reporter.epoch_ends(history[-1], best)
                except StopTraining:
                    break
            best_score = max(row["val_micro_f1"] for row in history)
            metrics = {"splits": {"valid": {"micro": {"f1": best_score}, "macro": {"f1": 0.5}}}}
            (unfinished / "metrics.json").write_text(json.dumps(metrics))
            (unfinished / "model.keras").touch()
            (unfinished / "vectors").mkdir(exist_ok=True)
            unfinished.rename(output)
        run.metrics = json.loads((output / "metrics.json").read_text())
        return run


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    with path.open() as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def fake_training(monkeypatch: pytest.MonkeyPatch) -> FakeTraining:
    """Trials take no time, have `10 * model.units` weights, and need no corpus."""
    from mrca import training
    from mrca.experiments.search import search, trial_runner

    fake = FakeTraining()
    monkeypatch.setattr(trial_runner.keras.utils, "clear_session", lambda: None)
    monkeypatch.setattr(training, "train", fake)
    monkeypatch.setattr(training, "trainable_weights", lambda config, *_: 10 * config.model.units)
    monkeypatch.setattr(trial_runner, "_corpus", lambda *_: None)
    for module in (search, trial_runner):
        monkeypatch.setattr(
            module,
            "describe_search",
            lambda space, *_: {"space": {"name": "", "fingerprint": space.fingerprint()}},
        )
    return fake


@pytest.fixture
def make_space(tiny_config: RunConfig) -> Callable[..., SearchSpace]:
    """A space of `model.units` from 1 to 50 on the tiny configuration, with other settings."""

    def make(**settings: Any) -> SearchSpace:
        parameters = (Parameter(field="model.units", min=1, max=50),)
        settings = {"algorithm": "random", "max_trials": 6, "parameters": parameters, **settings}
        return SearchSpace(base=tiny_config, **settings)

    return make


@pytest.fixture
def space_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a space, by default a small one in which parts of its text are replaced."""

    def write(*replaced: tuple[str, str], text: str = SPACE) -> Path:
        for old, new in replaced:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def draw() -> Callable[[SearchSpace, int], dict[str, Any]]:
    """`draw(space, seed)` draws the settings of a trial as KerasTuner's random oracle does."""
    import keras_tuner

    def settings(space: SearchSpace, seed: int) -> dict[str, Any]:
        whole = keras_tuner.HyperParameters()
        space.declare(whole)
        hp = keras_tuner.HyperParameters()
        for number, each in enumerate(whole.space):
            hp.merge([each])
            if hp.is_active(each):
                hp.values[each.name] = each.random_sample(1000 * seed + number)
        return space.declare(hp)

    return settings


@pytest.fixture(scope="session")
def make_trials() -> Callable[[int], list[Trial]]:
    """`make_trials(count)` invents trials whose score depends on the learning rate, mostly.

    Of ten, the fourth and ninth were stopped and the seventh failed.
    """

    def make(count: int) -> list[Trial]:
        draws = random.Random(0)
        return [_trial(number, draws) for number in range(count)]

    return make


def _trial(number: int, draws: random.Random) -> Trial:
    rate = 10 ** draws.uniform(-4, -2)
    loss = draws.choice(["rc_dice", "focal"])
    settings = {
        "training.learning_rate": rate,
        "model.units": draws.choice([16, 32, 64]),
        "features.case": draws.choice([True, False]),
        "loss.name": loss,
        **({"loss.options.gamma": draws.uniform(0, 3)} if loss == "focal" else {}),
    }
    trial = Trial(
        id=f"{number:04}",
        settings=settings,
        seeds=[4, 5],
        status="failed",
        error="The loss is [NaN] | no number.",
    )
    if number % 10 == 6:
        return trial
    score = 0.9 - 50 * abs(rate - 5e-3) + draws.uniform(0, 0.01)
    found = {
        "status": "stopped" if number % 5 == 3 else "done",
        "score": score,
        "scores": [score - 0.01, score + 0.01],
        "history": [[0.1, score - 0.01], [0.2, score + 0.01]],
        "parameters": 1_234_567,
        "seconds": 3725.0,
        "error": "",
    }
    return trial.model_copy(update=found)
