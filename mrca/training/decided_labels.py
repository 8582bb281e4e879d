"""What a run predicts on the test rows, kept so that it is computed once."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from mrca.config import Tune
from mrca.datasets import Corpus
from mrca.losses import FixedThreshold
from mrca.resources import file_digest, whole_file
from mrca.training import run_folder
from mrca.training.evaluate_split import labels_and_outputs, tuned_rule
from mrca.training.run import load


def kept_file(folder: Path, place: Path) -> Path:
    """The file in `place` for a run's labels; runs of one name in two places have two files."""
    digest = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()
    return place / f"{folder.name}-{digest[:8]}.npz"


def decided_labels(folder: Path, corpus: Corpus, tune: Tune, kept: Path) -> tuple[np.ndarray, bool]:
    """The labels that a run decides for on the corpus's test split.

    Args:
        folder: a finished run with the corpus's relations.
        corpus: with a test split.
        tune: the threshold to choose on validation first; a run whose decision has no threshold
            keeps its own.
        kept: the file that keeps them; made anew where the run, the corpus or `tune` is another.

    Returns:
        `(labels, tuned)`: bool `(rows, relations)`, and whether a threshold was chosen.

    Raises:
        MrcaError: if the run is damaged.
    """
    key = _key(folder, corpus, tune)
    known = _read(kept, key)
    if known is not None:
        return known
    run = load(folder)
    tuned = tune != "none" and isinstance(run.decision_rule, FixedThreshold)
    if tune != "none" and tuned:
        run.decision_rule = tuned_rule(run, corpus, tune)
    _, outputs = labels_and_outputs(run, corpus, "test")
    _, holds = run.decide(outputs)
    with whole_file(kept) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file, key=key, tuned=tuned, shape=np.array(holds.shape), bits=np.packbits(holds)
        )
    return holds, tuned


def _key(folder: Path, corpus: Corpus, tune: Tune) -> str:
    """Everything that the labels follow from."""
    digests = [
        f"{name} {file_digest(folder / name, 'sha256')}"
        for name in (run_folder.CONFIG, run_folder.DECISION)
    ]
    learnt = f"learnt {run_folder.fingerprint_of_run(folder)}"
    return "\n".join([*digests, learnt, f"corpus {corpus.fingerprint}", f"tune {tune}"])


def _read(kept: Path, key: str) -> tuple[np.ndarray, bool] | None:
    try:
        with kept.open("rb") as file, np.load(file, allow_pickle=False) as values:
            if str(values["key"]) != key:
                return None
            rows, relations = (int(size) for size in values["shape"])
            bits = np.unpackbits(values["bits"], count=rows * relations)
            return bits.reshape(rows, relations).astype(bool), bool(values["tuned"])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None  # not there, or damaged: as good as not there
