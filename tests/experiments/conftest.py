import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from mrca.config import ComparisonConfig, MethodConfig, RunConfig, dump_config
from mrca.datasets import Candidates, Corpus, load_corpus
from mrca.models import Classifier
from mrca.models.decision import Decision
from mrca.runs import layout
from mrca.text import Document
from mrca.training import Run


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """States and representations that are kept go with the test."""
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def corpus(sample_slice: Path) -> Corpus:
    """The slice of the sample."""
    return load_corpus("sample", sample_slice)


@pytest.fixture
def comparison(tiny_settings: list[str]) -> Callable[..., ComparisonConfig]:
    """Losses on the slice, made tiny; `(loss, representation)` is a second stage."""

    def make(*methods: str | tuple[str, str], **changes: Any) -> ComparisonConfig:
        pairs = [
            (each, "") if isinstance(each, str) else each
            for each in methods or ("rc_dice", "binary_crossentropy")
        ]
        values = {
            "title": "Losses",
            "settings": [*tiny_settings, "training.epochs=1"],
            "methods": [
                MethodConfig(
                    name=loss, settings=[f"loss.name={loss}"], representation=representation
                )
                for loss, representation in pairs
            ],
        }
        return ComparisonConfig(**{**values, **changes})

    return make


class Reread(Classifier):
    """A copied run with the decision in its own files, and the outputs of its original."""

    def __init__(self, folder: Path, original: Classifier, outputs: dict[Any, np.ndarray]) -> None:
        self.config = layout.read_config(folder)
        self.decision = Decision.from_config(layout.read_json(folder / layout.DECISION))
        self.relations = original.relations
        self.label_counts = original.label_counts
        self.selection = original.selection
        self._original = original
        self._outputs = outputs

    @property
    def columns(self) -> int:
        return self._original.columns

    def raw_outputs(self, candidates: Candidates, *, keep: bool = False) -> np.ndarray:
        key = (candidates.kind, candidates.documents[0].tokens)
        if key not in self._outputs:
            self._outputs[key] = self._original.raw_outputs(candidates)
        return self._outputs[key]

    def words_read(self, documents: Sequence[Document]) -> list[int]:
        return self._original.words_read(documents)

    def save_parts(self, folder: Path) -> None:
        raise NotImplementedError

    def in_float32(self) -> Self:
        return self


@pytest.fixture(scope="session")
def outputs() -> dict[Any, np.ndarray]:
    """What the tiny runs gave for documents that were asked about before."""
    return {}


@pytest.fixture
def trained(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, outputs: dict[Any, np.ndarray]
) -> list[tuple[str, RunConfig]]:
    """In place of training: a copy of a tiny run; keeps what was asked for.

    Each copy decides otherwise than the one before it. In place of loading one: its decision with
    the outputs of the tiny run.
    """
    from mrca.experiments import decided_labels, train_planned

    asked: list[tuple[str, RunConfig]] = []

    def original(config: RunConfig) -> Run:
        kind = config.candidates.kind
        run: Run = request.getfixturevalue("tiny_run" if kind == "whole" else "tiny_pairs_run")
        return run

    def copy(config: RunConfig, output: Path, *, resume: bool, **options: Any) -> None:
        assert resume
        asked.append((output.name, config))
        shutil.copytree(original(config).folder, output)
        (output / "config.toml").write_text(dump_config(config), "utf-8")
        decision = json.loads((output / "decision.json").read_text("utf-8"))
        place = "threshold" if "threshold" in decision else "offset"
        decision[place] = 0.3 + 0.1 * len(asked)
        (output / "decision.json").write_text(json.dumps(decision), "utf-8")

    def load(folder: Path) -> Run:
        run = original(layout.read_config(folder))
        return Run(folder, Reread(folder, run.classifier, outputs))

    monkeypatch.setattr(train_planned, "train", copy)
    monkeypatch.setattr(decided_labels, "load", load)
    return asked
