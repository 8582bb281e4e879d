"""Searches without networks: trainings that take no time and can be killed at any moment."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mrca.config import RunConfig, dump_config
from mrca.search import SearchSpace
from mrca.search.parameter import Parameter


class FakeTraining:
    """Stands for `mrca.training.train`, with its files and its way of going on.

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
    from mrca.search import search, search_tuner, trial_runner, unavailable

    fake = FakeTraining()
    monkeypatch.setattr(search_tuner, "_WAIT", 0.01)
    monkeypatch.setattr(trial_runner.keras.utils, "clear_session", lambda: None)
    monkeypatch.setattr(training, "train", fake)
    monkeypatch.setattr(training, "trainable_weights", lambda config, *_: 10 * config.model.units)
    monkeypatch.setattr(trial_runner, "load_corpus", lambda *_, **__: None)
    for module in (search, unavailable):
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
