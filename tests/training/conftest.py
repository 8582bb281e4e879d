"""What the tests of training share: reporters that listen, a corpus of a few rows."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mrca import training
from mrca.config import RunConfig, parse_settings
from mrca.datasets import Candidates, Corpus, load_corpus
from mrca.models import RelationClassifier
from mrca.training import Run


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """States and representations that are kept go with the test."""
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


class Notes(training.SilentReporter):
    """Keeps what training says."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.first_epochs: list[int] = []

    def message(self, text: str) -> None:
        self.messages.append(text)

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        self.first_epochs.append(first_epoch)


class Stopping(training.SilentReporter):
    """A user who presses Ctrl-C after the first epoch."""

    def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
        raise KeyboardInterrupt


class AtStart(Notes):
    """Presses Ctrl-C where fitting would begin: what a training says and writes before."""

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        super().training_starts(epochs, first_epoch, batches)
        raise KeyboardInterrupt


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def at_start() -> AtStart:
    return AtStart()


@pytest.fixture
def said(tmp_path: Path) -> Callable[..., str]:
    """`said(config, data_dir)`: what training says before it fits."""

    def before(config: RunConfig, data_dir: Path | None = None) -> str:
        listening = AtStart()
        with pytest.raises(KeyboardInterrupt):
            training.train(config, tmp_path / "said", data_dir=data_dir, reporter=listening)
        return "\n".join(listening.messages)

    return before


@pytest.fixture(scope="session")
def stopping() -> type[Stopping]:
    return Stopping


@pytest.fixture(scope="session")
def changed() -> Callable[..., RunConfig]:
    """`changed(config, "training.epochs=1", …)`."""
    return lambda config, *settings: config.changed(parse_settings(settings))


@pytest.fixture(scope="session")
def few_rows(sample_slice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `sample_slice`, with a quarter of its rows: for one epoch in a second."""
    data = tmp_path_factory.mktemp("few")
    shutil.copytree(sample_slice / "sample", data / "sample")
    for split, rows in {"train": 32, "valid": 12, "test": 10}.items():
        path = data / "sample" / f"{split}.jsonl"
        lines = path.read_text("utf-8").splitlines(keepends=True)[:rows]
        path.write_text("".join(lines), "utf-8")
    return data


@pytest.fixture(scope="session")
def corpus(sample_slice: Path) -> Corpus:
    return load_corpus("sample", sample_slice)


@pytest.fixture(scope="session")
def outputs() -> Callable[..., np.ndarray]:
    """`outputs(run, documents)`: raw outputs of a run."""

    def of(run: Run, documents: Any, **options: Any) -> np.ndarray:
        return run.classifier.raw_outputs(candidates(run, documents), **options)

    return of


def candidates(run: Run, documents: Any) -> Candidates:
    return run.classifier.candidates(documents)


def network_weights(run: Run) -> list[np.ndarray]:
    assert isinstance(run.classifier, RelationClassifier)
    return [np.array(weight) for weight in run.classifier.network.get_weights()]


@pytest.fixture(scope="session")
def weights() -> Callable[[Run], list[np.ndarray]]:
    """`weights(run)` of its network."""
    return network_weights


@pytest.fixture(scope="session")
def assert_same_weights() -> Callable[[Run, Run], None]:
    def check(one: Run, other: Run) -> None:
        for left, right in zip(network_weights(one), network_weights(other), strict=True):
            np.testing.assert_array_equal(left, right)

    return check


@pytest.fixture(scope="session")
def write_corpus() -> Callable[..., Path]:
    """`train`, `valid`, `test`: lists of rows; `relations`: the relation set."""

    def write(folder: Path, **splits: Any) -> Path:
        folder.mkdir(parents=True)
        for split, rows in splits.items():
            if split == "relations":
                (folder / "relations.json").write_text(json.dumps(rows))
            else:
                lines = "".join(json.dumps(row) + "\n" for row in rows)
                (folder / f"{split}.jsonl").write_text(lines)
        return folder

    return write
