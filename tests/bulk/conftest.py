import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from mrca.bulk import Asked, Summary, score_files
from mrca.bulk.answers import Answer
from mrca.bulk.model import Model


class FirstWord:
    """Says of a row its first word, without a model. `boom` is too much for it."""

    marks_needed = 0
    types = ()
    offsets = "exact"
    chunk = 3

    def __call__(self, documents):
        for document in documents:
            if "boom" in document.tokens:
                raise ArithmeticError("boom")
            cut = "cut" if "long" in document.tokens else ""
            yield Answer({"relations": [{"relation": document.tokens[0], "score": 1.0}]}, cut)


class Place(NamedTuple):
    """A folder with rows in it, and how they are scored there."""

    rows: Path
    output: Path
    score: Callable[..., Summary]

    def lines(self) -> list[dict]:
        """All results, in the order of their files' names."""
        files = sorted(self.output.glob("shard-*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


@pytest.fixture
def fingerprint() -> list[str]:
    """The model's; a test may change it."""
    return ["sha256:1"]


@pytest.fixture
def place(tmp_path, monkeypatch, fingerprint) -> Place:
    """Forty rows, scored in shards of 100 bytes, unless told otherwise, by `FirstWord`."""
    monkeypatch.chdir(tmp_path)
    model = Model("run", tmp_path / "run", fingerprint[0])
    monkeypatch.setattr(
        "mrca.bulk.scoring.find_model",
        lambda given, asked: model._replace(fingerprint=fingerprint[0]),
    )
    monkeypatch.setattr("mrca.bulk.score_shard.answers_of", lambda model, asked: FirstWord())
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"id": "{row}", "text": "word{row} é"}}\n' for row in range(40)))

    def score(*inputs: str, shard_bytes: int = 100, reporter=None, **asked) -> Summary:
        return score_files(
            "run",
            inputs or ["rows.jsonl"],
            "out",
            Asked(**asked),
            shard_bytes=shard_bytes,
            reporter=reporter,
        )

    return Place(rows, tmp_path / "out", score)
