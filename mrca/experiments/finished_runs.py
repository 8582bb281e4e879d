"""Finished runs that are compared: on which corpus, and what they cost."""

import csv
import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from mrca.config import RunConfig
from mrca.datasets import Corpus, load_corpus, read_relations
from mrca.errors import MrcaError
from mrca.runs import layout
from mrca.training import Reporter


def shared_corpus(
    configs: Iterable[RunConfig], data_dir: Path | None, reporter: Reporter
) -> Corpus:
    """Load the corpus that runs are tested on.

    Where some of them are trained on its annotated documents and others on automatically labelled
    ones, it is that of the former.

    Args:
        configs: of the runs.
        data_dir: a folder of corpora to look in first.
        reporter: told about a download.

    Raises:
        MrcaError: if it cannot be had, or has no test split.
    """
    sections = [config.data for config in configs]
    data = next((each for each in sections if each.train_split == "train"), sections[0])
    name = data.dataset
    if not name:
        raise MrcaError(
            "The runs were trained on rows in memory, so there is no test split to compare them "
            "on. Expected runs trained on a corpus (data.dataset)."
        )
    progress = partial(reporter.preparing, f"fetching {name}")
    corpus = load_corpus(
        name,
        data_dir,
        train_split=data.train_split,
        offsets=data.offsets,
        on_error=data.on_error,
        progress=progress,
    )
    if "test" not in corpus.splits:
        raise MrcaError(
            f"The corpus {corpus.name!r} has no test split, so methods cannot be compared on it. "
            f"Expected a test.jsonl in {corpus.folder}."
        )
    return corpus


def check_trained_on(folder: Path, corpus: Corpus) -> None:
    """Check that a run was trained on the corpus as it is now.

    Raises:
        MrcaError: if not.
    """
    with layout.reading(folder / layout.ENVIRONMENT) as environment:
        about = environment.get("corpus", {"name": "", "fingerprint": ""})
        name, fingerprint = about["name"], about["fingerprint"]
        now = corpus.fingerprint_with(about.get("train_split", "train"))
    same_relations = read_relations(folder / layout.RELATIONS) == corpus.relations
    if fingerprint == now and same_relations:
        return
    if not name:
        was = "rows in memory"
    elif name == corpus.name:
        was = f"{name!r} as it was then: its files have changed since"
    else:
        was = f"the corpus {name!r}"
    raise MrcaError(
        f"The run {folder} was trained on {was}, and is compared on {corpus.folder}. Expected runs "
        "on one corpus: leave it out, or delete its folder and train it again."
    )


def training_seconds(folder: Path) -> float | None:
    """Add up the seconds that the epochs of a finished run took; None for one without epochs.

    Args:
        folder: the run folder. Its first stage or teacher has its own.

    Raises:
        MrcaError: if its history is damaged.
    """
    path = folder / layout.HISTORY
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            seconds = math.fsum(float(row["seconds"]) for row in csv.DictReader(file))
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{seconds} seconds")
    except (OSError, KeyError, TypeError, ValueError, OverflowError, csv.Error) as error:
        raise MrcaError(
            f"Cannot read the seconds of each epoch in {path}: {type(error).__name__}: {error}. "
            "The run is damaged: train it again."
        ) from None
    return seconds
