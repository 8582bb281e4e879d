import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mrca.config import ComparisonConfig, MethodConfig, RunConfig, dump_config


@pytest.fixture
def comparison(tiny_settings: list[str]) -> Callable[..., ComparisonConfig]:
    """Losses on the slice, made tiny; `(loss, representation)` is a second stage."""

    def make(*methods: str | tuple[str, str], **changes: Any) -> ComparisonConfig:
        pairs = [
            (each, "") if isinstance(each, str) else each
            for each in methods or ("rc_dice", "binary_crossentropy")
        ]
        return ComparisonConfig(
            title="Losses",
            preset="sample",
            settings=[*tiny_settings, "training.epochs=1"],
            methods=[
                MethodConfig(
                    name=loss, settings=[f"loss.name={loss}"], representation=representation
                )
                for loss, representation in pairs
            ],
            **changes,
        )

    return make


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tiny_run: Any) -> list[tuple[str, RunConfig]]:
    """In place of training: a copy of the tiny run; keeps what was asked for."""
    asked: list[tuple[str, RunConfig]] = []

    def copy(config: RunConfig, output: Path, *, resume: bool, **options: Any) -> None:
        assert resume
        asked.append((output.name, config))
        shutil.copytree(tiny_run.folder, output)
        (output / "config.toml").write_text(dump_config(config), "utf-8")
        # Each run decides otherwise than the one before it.
        decision = {**tiny_run.decision_rule.get_config(), "threshold": 0.3 + 0.1 * len(asked)}
        (output / "decision.json").write_text(json.dumps(decision), "utf-8")

    monkeypatch.setattr(sys.modules["mrca.training.train_planned"], "train", copy)
    return asked
