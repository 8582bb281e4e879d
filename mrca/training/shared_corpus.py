"""The one corpus that several runs are tested on."""

from functools import partial
from pathlib import Path

from mrca.datasets import Corpus, load_corpus, read_relations
from mrca.errors import MrcaError
from mrca.training import run_folder
from mrca.training.reporter import Reporter


def shared_corpus(name: str, data_dir: Path | None, reporter: Reporter) -> Corpus:
    """Load a corpus to test on.

    Raises:
        MrcaError: if it cannot be had, or has no test split.
    """
    corpus = load_corpus(name, data_dir, progress=partial(reporter.preparing, f"fetching {name}"))
    if "test" not in corpus.splits:
        raise MrcaError(
            f"The corpus {corpus.name!r} has no test split, so methods cannot be compared on it. "
            f"Expected a test.jsonl in {corpus.folder}."
        )
    return corpus


def check_trained_on(folder: Path, corpus: Corpus) -> None:
    """See that a run was trained on the corpus as it is now.

    Raises:
        MrcaError: if not.
    """
    with run_folder.reading(folder / run_folder.ENVIRONMENT) as environment:
        name, fingerprint = (environment["corpus"][key] for key in ("name", "fingerprint"))
    same_relations = read_relations(folder / run_folder.RELATIONS) == corpus.relations
    if fingerprint == corpus.fingerprint and same_relations:
        return
    if name == corpus.name:
        was = f"{name!r} as it was then: its files have changed since"
    else:
        was = f"the corpus {name!r}"
    raise MrcaError(
        f"The run {folder} was trained on {was}, and is compared on {corpus.folder}. Expected runs "
        "on one corpus: leave it out, or delete its folder and train it again."
    )
