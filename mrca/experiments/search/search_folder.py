"""A search's folder: what it was started with, and what is kept of its trials."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import keras

import mrca
from mrca import training
from mrca.config import RunConfig, dump_config
from mrca.config.run_config import DataConfig
from mrca.datasets import Corpus, load_corpus
from mrca.encoders.encoder import Progress
from mrca.errors import MrcaError
from mrca.experiments.search.objective import check_defined
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trials import TRIALS, SearchReporter, best_first, read_trials
from mrca.experiments.train_planned import built_on
from mrca.files import file_digest, only_writer
from mrca.models.svm_classifier import READS
from mrca.runs import layout
from mrca.training.checkpoint import Checkpoint

SPACE = "space.toml"
# What the space starts from.
START = "start.toml"
SEARCH = "search.json"
BEST = "best.toml"
LOCK = ".lock"
# The fields that say what texts are read with.
_READ_WITH = ("vectors.name", "encoder.name")
_ENCODERS = ("vectors", "encoder")
# The parts of the package that have no part in what a trial is.
_NO_PART = {"bulk", "cli", "export", "reporting", "serving"}
_NOTHING: dict[str, Any] = {"name": "none", "fingerprint": ""}
# What is left of the run folders of trials that are not among the best.
_KEPT = {layout.CONFIG, layout.METRICS, layout.HISTORY}


def describe_search(
    space: SearchSpace, data_dir: Path | None, vectors_dir: Path | None, reporter: SearchReporter
) -> dict[str, Any]:
    """What `search.json` holds: fingerprints of everything that decides what a trial comes to.

    Raises:
        MrcaError: if the corpus, or what a trial may read with, cannot be had; or if the corpus
            does not define the objective.
    """
    name = space.base.data.dataset
    progress = partial(reporter.preparing, f"fetching {name}")
    corpus = corpus_of(space.base.data, data_dir, progress)
    check_defined(space.objective, corpus, space.base)
    read_with: dict[str, dict[str, str]] = {}
    for config in _sources(space):
        for part, about in _read_with(config, corpus, vectors_dir, reporter.preparing).items():
            found = read_with.setdefault(part, {"name": "", "fingerprint": ""})
            for key in found:
                found[key] = ", ".join(filter(None, [found[key], about[key]]))
    return {
        "space": {"name": "", "fingerprint": space.fingerprint(), "content": space.content()},
        "corpus": {
            "name": corpus.name,
            "fingerprint": corpus.fingerprint,
            "content": {"read from": str(corpus.folder)},
        },
        **read_with,
        "code": {"name": f"mrca {mrca.__version__}", "fingerprint": _code()},
        "backend": {"name": keras.backend.backend(), "fingerprint": keras.version()},
    }


def corpus_of(
    data: DataConfig, data_dir: Path | None, progress: Callable[..., None] | None = None
) -> Corpus:
    """The corpus of a configuration.

    Raises:
        MrcaError: if it cannot be had.
    """
    return load_corpus(
        data.dataset,
        data_dir,
        train_split=data.train_split,
        unmatched=data.unmatched,
        offsets=data.offsets,
        on_error=data.on_error,
        progress=progress,
    )


def _sources(space: SearchSpace) -> list[RunConfig]:
    """A configuration for everything that the trials of a space may read texts with."""
    searched = [each for each in space.parameters if each.field in _READ_WITH]
    chosen = [{each.field: value} for each in searched for value in each.values or []]
    return [space.config(space.assignment(each)) for each in chosen] or [space.base]


def _read_with(
    config: RunConfig, corpus: Corpus, vectors_dir: Path | None, progress: Progress
) -> dict[str, Any]:
    """What a configuration reads with and builds on, as `environment.json` has it."""
    runs = built_on(config)
    found: dict[str, Any] = {
        part: {"name": str(folder), "fingerprint": layout.fingerprint_of_run(folder)}
        for part, folder in runs.items()
    }
    for part in ("representation", "init_from"):
        if part in runs:  # with all that it reads with
            with layout.reading(runs[part] / layout.ENVIRONMENT) as environment:
                kept = {name: environment[name] for name in _ENCODERS if name in environment}
            return {**kept, **found}
    if config.is_svm:
        return {**READS, **found}
    return {**training.open_encoder(config, corpus, vectors_dir, progress).describe(), **found}


def start_folder(folder: Path, space: SearchSpace, described: dict[str, Any]) -> None:
    """Write what is known before the first trial.

    Raises:
        MrcaError: if the folder cannot be written.
    """
    try:
        (folder / TRIALS).mkdir(parents=True, exist_ok=True)
        layout.write_text(folder / START, dump_config(space.base))
        layout.write_text(folder / SPACE, space.to_toml(START))
        layout.write_json(folder / SEARCH, described)  # the last: now it is a search
    except OSError as error:
        raise MrcaError(f"Cannot write the search {folder}: {error.strerror or error}.") from error


def check_unchanged(folder: Path, described: dict[str, Any]) -> None:
    """Check that a search can be resumed: what it was started with is what there is now.

    Raises:
        MrcaError: if not, with all that has changed.
    """
    with layout.reading(folder / SEARCH) as kept:
        changed = []
        for part in {**described, **kept}:
            was, now = kept.get(part, _NOTHING), described.get(part, _NOTHING)
            if was["fingerprint"] != now["fingerprint"] or was["name"] != now["name"]:
                changed.append(f"the {part} ({_difference(was, now)})")
    if changed:
        raise MrcaError(
            f"The search {folder} was started with something else than there is now, and scores "
            f"of both cannot be compared. Changed: {', '.join(changed)}. Put that back, or start "
            "another search with --name."
        )


def _difference(was: dict[str, Any], now: dict[str, Any]) -> str:
    """What has changed of a part of a search's description."""
    if was["name"] != now["name"]:
        return f"was {was['name']}, is now {now['name']}"
    before, after = was.get("content", {}), now.get("content", {})
    said = [
        f"{key} was {before.get(key, 'not set')}, is now {after.get(key, 'not set')}"
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    ]
    return "; ".join(filter(None, [now["name"], *said]))


@contextmanager
def only_search_in(folder: Path) -> Iterator[None]:
    """Keep a folder for this process, as far as the system can.

    Raises:
        MrcaError: if another one has it.
    """
    busy = f"Another process is searching in {folder}. Wait for it, or stop it."
    try:
        with only_writer(folder / LOCK, f"the search {folder}", busy):
            yield
    finally:
        with suppress(OSError):
            folder.rmdir()  # it never started, and leaves nothing


def check_no_links(folder: Path) -> None:
    """Check that no path in a search's folder leads out of it: nothing in there is a link.

    Raises:
        MrcaError: if something is.
    """
    for place, folders, files in os.walk(folder):
        for path in (Path(place, name) for name in (*folders, *files)):
            if path.is_symlink():
                raise MrcaError(
                    f"{path} is a link, and leads out of the search. Put what it leads to in its "
                    "place, or delete it."
                )


def prune(folder: Path, keep: int, needed: Set[str]) -> None:
    """Delete the models of all trials that have ended but the best.

    Args:
        folder: the search's.
        keep: how many of the best keep theirs.
        needed: trials whose runs are to be trained further, which keep them too.
    """
    for place, trial in enumerate(best_first(read_trials(folder))):
        if trial.id in needed or (place < keep and trial.score is not None):
            continue
        for path in (folder / TRIALS / trial.id).glob("*/*"):
            if path.parent.is_symlink() or path.name in _KEPT:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def remove_states(folder: Path) -> None:
    """Delete from finished runs what is only there to train them further."""
    for run in (folder / TRIALS).glob("*/*"):
        if (run / layout.METRICS).is_file():
            Checkpoint(run, patience=1).remove()


def write_best(folder: Path, space: SearchSpace) -> Path | None:
    """Write the best trial's configuration as a file that `mrca train --recipe` takes.

    Returns:
        Its path; None while no trial is done.
    """
    done = [trial for trial in best_first(read_trials(folder)) if trial.status == "done"]
    if not done:
        return None
    config = space.config(done[0].settings, done[0].seeds[0])
    layout.write_text(folder / BEST, dump_config(config))
    return folder / BEST


def _code() -> str:
    """SHA-256 over the modules that decide what a trial comes to."""
    package = Path(mrca.__file__).parent
    state = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        part = path.relative_to(package)
        if path.suffix in (".py", ".json") and part.parts[0] not in _NO_PART:
            state.update(f"{part.as_posix()}\0{file_digest(path, 'sha256')}\n".encode())
    return state.hexdigest()
