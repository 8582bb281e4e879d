"""The folder of a run: its files, written atomically, and where runs are found.

Nothing here loads Keras.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mrca.config import RunConfig, load_config
from mrca.errors import MrcaError, did_you_mean
from mrca.files import file_digest, whole_file
from mrca.runs.shared import fetch, origin, parse_address

CONFIG = "config.toml"
RELATIONS = "relations.json"
LABEL_COUNTS = "label_counts.json"
TYPES = "types.json"
DECISION = "decision.json"
METRICS = "metrics.json"
HISTORY = "history.csv"
HISTORY_FIGURE = "history.png"
ENVIRONMENT = "environment.json"
CARD = "card.md"
# What has learned.
NETWORK = "model.keras"
ENCODER = "encoder"
SVM = "svm"
# What else it reads with.
VECTORS = "vectors"
VOCABULARY = "vocab.txt"

_ALL = (CONFIG, RELATIONS, LABEL_COUNTS, DECISION, ENVIRONMENT)
FILES = (
    *(CONFIG, RELATIONS, LABEL_COUNTS, TYPES, DECISION, METRICS, HISTORY, HISTORY_FIGURE),
    *(ENVIRONMENT, NETWORK, VOCABULARY, f"{ENCODER}/*", f"{SVM}/*", f"{VECTORS}/*"),
)
"""Patterns of a run's files; what else lies in its folder, such as an export, is no part of it."""
# What makes a folder a SavedModel; an exported version is one whose name is a number.
SAVED_MODEL = "saved_model.pb"
_UNFINISHED = ".unfinished"
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
# TF Serving reads them as 64 bits with a sign.
HIGHEST_VERSION = 2**63 - 1


def unfinished_folder(folder: Path) -> Path:
    """Where a run lives until it is finished."""
    return folder.with_name(f"{folder.name}{_UNFINISHED}")


def check_run_name(name: str) -> None:
    """Check that a folder of this name can be a run's.

    Raises:
        MrcaError: if it is that of an unfinished run, which training another one may delete; or if
            it has characters that cannot be shown.
    """
    if name.casefold().endswith(_UNFINISHED):
        raise MrcaError(
            f"{name!r} cannot be a run's name: names that end with {_UNFINISHED!r} are those of "
            "runs that are not finished yet. Choose another one."
        )
    if not name.isprintable():
        raise MrcaError(
            f"{name!r} cannot be a run's name: it has characters that cannot be shown. Choose "
            "another one."
        )


def find_run(folder: Path) -> Path:
    """The folder that a run's name, folder or address stands for.

    Args:
        folder: a folder, which is returned as it is; a bare name, which means a run in
            `saved_models/` where there is one; or `hf://user/name`, which is fetched.

    Raises:
        MrcaError: if an address is none, or its run cannot be fetched.
    """
    if address := parse_address(folder):
        fetched = fetch(address, FILES)
        if not (fetched / CONFIG).is_file():
            raise MrcaError(
                f"{address} is no run of mrca: {CONFIG} is missing. Expected a repository that "
                "`mrca push` wrote."
            )
        return fetched
    if len(folder.parts) != 1 or (folder / CONFIG).is_file():
        return folder
    named = Path("saved_models") / folder
    is_run = (named / CONFIG).is_file() or unfinished_folder(named).is_dir()
    # Another folder may have the name: the corpus that the run was trained on.
    return named if is_run or not folder.exists() else folder


def run_name(folder: Path) -> str:
    """What to call a run: the name of its folder, or of the repository that it was fetched from."""
    address = origin(folder)
    return folder.name if address is None else address.name


def shown_run(folder: Path) -> str:
    """What a user types to mean a run: its folder, or the address that it was fetched from."""
    return str(origin(folder) or folder)


def check_own(folder: Path, what: str) -> None:
    """Check that a run is the user's to change, and none in Hugging Face's cache.

    Args:
        folder: the run's.
        what: what would change it, for the message, such as `"--save"`.

    Raises:
        MrcaError: if it was fetched.
    """
    if address := origin(folder):
        raise MrcaError(
            f"{what} writes into the run, and {address} is a fetched one, which stays as it is. "
            f"Make a copy of your own: `hf download {address.repository} --local-dir "
            f"saved_models/{address.name}`."
        )


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
    """Check that training may resume in a folder, or delete it.

    Raises:
        MrcaError: if it holds something, but not what training writes first.
    """
    held = [path.name for path in unfinished.iterdir() if not path.name.startswith(".")]
    if held and CONFIG not in held:
        raise MrcaError(
            f"{unfinished} is needed for the unfinished run, but is not one; it holds: "
            f"{', '.join(sorted(held)[:5])}. Rename it, or choose another --name."
        )


def gone(unfinished: Path) -> MrcaError:
    """That a run was deleted while it was trained: no half of it is written anew."""
    return MrcaError(
        f"{unfinished} was deleted, or moved, while the run was trained. Nothing more is written "
        "to it; train the run again."
    )


def check_run_folder(folder: Path) -> None:
    """Check that `folder` is a finished run.

    Raises:
        MrcaError: if it is not, with what is there instead.
    """
    if not folder.is_dir():
        unfinished = unfinished_folder(folder)
        if unfinished.is_dir():
            raise MrcaError(
                f"The run {folder} is not finished. Resume it with `mrca train --resume` and the "
                "options that it was started with."
            )
        raise MrcaError(
            f"There is no run at {folder}.{other_runs(folder)} Make one with `mrca train --dataset "
            "NAME`."
        )
    missing = [name for name in _ALL if not (folder / name).exists()]
    if not (folder / SVM).exists() and not (folder / NETWORK).exists():
        missing.append(NETWORK)
    if missing:
        raise MrcaError(
            f"{folder} is not a whole run: {', '.join(missing)} missing. Expected a folder that "
            "`mrca train` wrote."
        )


def other_runs(missing: Path) -> str:
    """The runs beside one that is not there, as part of a message, or nothing.

    Example:
        >>> other_runs(Path("nowhere/webnlg"))
        ''
    """
    known = sorted(
        path.parent.name
        for path in missing.parent.glob("*/config.toml")
        if path.parent.suffix != _UNFINISHED
    )
    if not known:
        return ""
    return f"{did_you_mean(missing.name, known)} Runs in {missing.parent}: {', '.join(known)}."


def fingerprint_of_run(folder: Path) -> str:
    """SHA-256 over what a run has learned: another training of it gives another one."""
    state = hashlib.sha256()
    for part in (NETWORK, ENCODER, SVM):
        path = folder / part
        files = sorted(each for each in path.rglob("*") if each.is_file())
        for file in files or ([path] if path.is_file() else []):
            state.update(file_digest(file, "sha256").encode())
    return state.hexdigest()


def exported_versions(folder: Path) -> list[int]:
    """The versions that a run or model was exported as, rising: folders named 1, 2, 3 …"""
    if not folder.is_dir():
        return []
    return sorted(
        int(path.name)
        for path in folder.iterdir()
        if _NUMBER.fullmatch(path.name)
        and int(path.name) <= HIGHEST_VERSION
        and (path / SAVED_MODEL).is_file()
    )


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
    """Write a file atomically."""
    with whole_file(path) as temporary:
        temporary.write_text(text, "utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
