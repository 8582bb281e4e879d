"""The files of a run folder, written whole or not at all."""

import json
import secrets
import shutil
from pathlib import Path
from typing import Any

from mrca.errors import MrcaError

CONFIG = "config.toml"
MODEL = "model.keras"
RELATIONS = "relations.json"
LABEL_COUNTS = "label_counts.json"
DECISION = "decision.json"
VECTORS = "vectors"
METRICS = "metrics.json"
HISTORY = "history.csv"
HISTORY_FIGURE = "history.png"
ENVIRONMENT = "environment.json"
CARD = "card.md"

_ALL = (CONFIG, MODEL, RELATIONS, LABEL_COUNTS, DECISION, VECTORS, ENVIRONMENT)


def unfinished_folder(folder: Path) -> Path:
    """Where a run lives until it is finished."""
    return folder.with_name(f"{folder.name}.unfinished")


def check_run_folder(folder: Path) -> None:
    """See that `folder` is a finished run.

    Raises:
        MrcaError: if it is not, with what is there instead.
    """
    if not folder.is_dir():
        unfinished = unfinished_folder(folder)
        if unfinished.is_dir():
            raise MrcaError(
                f"The run {folder} is not finished. Go on with `mrca train --resume` and the "
                "options that it was started with."
            )
        known = (
            sorted(path.name for path in folder.parent.glob("*") if (path / CONFIG).is_file())
            if folder.parent.is_dir()
            else []
        )
        hint = f" Runs in {folder.parent}: {', '.join(known)}." if known else ""
        raise MrcaError(
            f"There is no run at {folder}.{hint} Make one with `mrca train --dataset NAME`."
        )
    missing = [name for name in _ALL if not (folder / name).exists()]
    if missing:
        raise MrcaError(
            f"{folder} is not a whole run: {', '.join(missing)} missing. Expected a folder that "
            "`mrca train` wrote."
        )


def read_json(path: Path) -> Any:
    """The JSON value of a run's file.

    Raises:
        MrcaError: if it cannot be read.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MrcaError(
            f"Cannot read {path}: {error}. The run is damaged: train it again."
        ) from None


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def finish(unfinished: Path, folder: Path, overwrite: bool) -> None:
    """Give a finished run its name in one rename, over an older run only if asked to."""
    if overwrite and folder.exists():
        old = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.old")
        folder.replace(old)
        unfinished.replace(folder)
        shutil.rmtree(old)
    else:
        unfinished.replace(folder)
