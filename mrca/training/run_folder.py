"""The files of a run folder, written whole or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mrca.config import RunConfig, load_config
from mrca.errors import MrcaError
from mrca.models.piece_model import ENCODER
from mrca.models.svm_model import SVM
from mrca.models.text_model import NETWORK
from mrca.models.word_model import VECTORS
from mrca.resources import whole_file
from mrca.resources.exported_versions import exported_versions as exported_versions
from mrca.resources.fingerprint_of_run import fingerprint_of_run as fingerprint_of_run
from mrca.resources.other_runs import other_runs

CONFIG = "config.toml"
RELATIONS = "relations.json"
LABEL_COUNTS = "label_counts.json"
DECISION = "decision.json"
METRICS = "metrics.json"
HISTORY = "history.csv"
HISTORY_FIGURE = "history.png"
ENVIRONMENT = "environment.json"
CARD = "card.md"

_ALL = (CONFIG, RELATIONS, LABEL_COUNTS, DECISION, ENVIRONMENT)


def unfinished_folder(folder: Path) -> Path:
    """Where a run lives until it is finished."""
    return folder.with_name(f"{folder.name}.unfinished")


def find_run(folder: Path) -> Path:
    """The folder itself, or `saved_models/<folder>` where a bare name means a run there."""
    if len(folder.parts) != 1 or (folder / CONFIG).is_file():
        return folder
    named = Path("saved_models") / folder
    is_run = (named / CONFIG).is_file() or unfinished_folder(named).is_dir()
    # Another folder may have the name: the corpus that the run was trained on.
    return named if is_run or not folder.exists() else folder


def read_config(folder: Path) -> RunConfig:
    """What the run was trained with.

    Raises:
        MrcaError: if the file is damaged or cut off.
    """
    config = load_config(folder / CONFIG)
    # A run's file gives every setting, the last section's last; any other line may be the last one
    # of a file that is cut off and still reads well.
    section = list(type(config).model_fields)[-1]
    last = getattr(config, section)
    setting = list(type(last).model_fields)[-1]
    if setting not in last.model_fields_set:
        raise MrcaError(
            f"{folder / CONFIG} is cut off: {section}.{setting} is missing. The run is damaged: "
            "train it again."
        )
    return config


def is_resumable(unfinished: Path) -> bool:
    """Whether an unfinished run was written whole before it was stopped."""
    return (unfinished / ENVIRONMENT).is_file()  # the last file before training starts


def check_unfinished_folder(unfinished: Path) -> None:
    """See that training may go on in a folder or delete it.

    Raises:
        MrcaError: if it holds something, but not what training writes first.
    """
    held = [path.name for path in unfinished.iterdir() if not path.name.startswith(".")]
    if held and CONFIG not in held:
        raise MrcaError(
            f"{unfinished} is needed for the unfinished run, but is not one; it holds: "
            f"{', '.join(sorted(held)[:5])}. Rename it, or choose another --name."
        )


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
        raise MrcaError(
            f"There is no run at {folder}.{other_runs(folder)} Make one with `mrca train --dataset "
            "NAME`."
        )
    missing = [name for name in _ALL if not (folder / name).exists()]
    if CONFIG not in missing:
        config = read_config(folder)
        missing += [name for name in _model_parts(config) if not (folder / name).exists()]
    if missing:
        raise MrcaError(
            f"{folder} is not a whole run: {', '.join(missing)} missing. Expected a folder that "
            "`mrca train` wrote."
        )


def _model_parts(config: RunConfig) -> list[str]:
    if config.encoder.name == "tfidf":
        return [SVM]
    if config.encoder.name == "word_vectors":
        return [NETWORK, VECTORS]
    return [NETWORK, ENCODER] if config.encoder.trainable else [NETWORK]


def differing_settings(kept: RunConfig, wanted: RunConfig, then: str, now: str) -> list[str]:
    """Every setting that two configurations differ in, in words.

    Example:
        >>> from mrca.config import with_overrides
        >>> differing_settings(
        ...     RunConfig(), with_overrides(RunConfig(), ["training.seed=2"]), "was", "is now"
        ... )
        ['training.seed was 1 and is now 2']
    """
    old, new = kept.model_dump(), wanted.model_dump()
    return [
        f"{section}.{name} {then} {value!r} and {now} {new[section][name]!r}"
        for section, values in old.items()
        for name, value in values.items()
        if new[section][name] != value
    ]


def read_json(path: Path) -> Any:
    """The JSON value of a run's file.

    Raises:
        MrcaError: if it cannot be read.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise MrcaError(
            f"Cannot read {path}: {error}. The run is damaged: train it again."
        ) from None


@contextmanager
def reading(path: Path) -> Iterator[Any]:
    """The JSON value of a run's file; that it does not fit what it is used for is said of the file.

    Raises:
        MrcaError: if it cannot be read or does not fit.
    """
    value = read_json(path)
    try:
        yield value
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise MrcaError(
            f"{path} does not hold what it should ({type(error).__name__}: {error}). The run is "
            "damaged: train it again."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, "utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
