"""What is checked before a training writes anything."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mrca import losses
from mrca.config import RunConfig
from mrca.config.run_config import LINEAR_SVM, TFIDF
from mrca.datasets import Corpus
from mrca.errors import MrcaError, check_installed, did_you_mean
from mrca.layers import heads
from mrca.models import checks as network
from mrca.models.svm_classifier import SVMClassifier, new_svm
from mrca.runs import layout
from mrca.training import stages, warm_start


def check_config(config: RunConfig) -> None:
    """Check that a configuration can be trained, as far as that is known without its corpus.

    Raises:
        MrcaError: if it cannot; it says why.
    """
    loss = losses.check(config.loss.name, config.loss.options)
    if config.training.tensorboard:
        check_installed("training.tensorboard", "tensorboard", "tensorboard")
    for problem in _problems(config, loss):
        raise MrcaError(problem)


def _problems(config: RunConfig, loss: losses.MultiLabelLoss) -> Iterator[str]:
    name = config.classifier.name
    if config.is_svm != (name == LINEAR_SVM):
        yield (
            f"The encoder {TFIDF!r} and the classifier {LINEAR_SVM!r} go together only: the "
            "baseline is a linear SVM on word frequencies. Received: encoder "
            f"{config.encoder.name!r}, classifier {name!r}. Give both (or --recipe svm), or "
            "neither."
        )
    if config.is_svm:
        new_svm(config, 1)
        yield from SVMClassifier.problems(config)
        return
    if name not in (*heads.HEADS, stages.TAU_NORMALISED):
        known = [*heads.HEADS, stages.TAU_NORMALISED, LINEAR_SVM]
        yield (
            f"Unknown classifier {name!r}.{did_you_mean(name, known)} Expected one of: "
            f"{', '.join(known)}."
        )
    yield from network.problems(config, loss, other_heads=[stages.TAU_NORMALISED])
    yield from stages.problems(config, loss)
    yield from warm_start.problems(config)


def check_output(config: RunConfig, folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Check that a run may be written where it is to be.

    Raises:
        MrcaError: if there is something already that may not be replaced or resumed, or its name
            cannot be a run's.
    """
    layout.check_run_name(folder.name)
    unfinished = layout.unfinished_folder(folder)
    if folder.exists():
        if not (resume or overwrite):
            raise MrcaError(
                f"{folder} exists already. Choose another name with --name, or replace it with "
                "--overwrite."
            )
        # Only what a run wrote is ever replaced.
        layout.check_run_folder(folder)
        if not overwrite:
            _check_same(folder, "finished", config)
        elif versions := layout.exported_versions(folder):
            raise MrcaError(
                f"{folder} holds exported versions ({', '.join(map(str, versions))}), which a "
                "server may be using and which would go with the run. Delete or move them first, "
                "or choose another name with --name."
            )
    if unfinished.is_dir():
        layout.check_unfinished_folder(unfinished)
    if resume and layout.is_resumable(unfinished):
        _check_same(unfinished, "unfinished", config)
    elif unfinished.exists() and not (resume or overwrite):
        raise MrcaError(
            f"{unfinished} holds an unfinished run. Resume it with --resume, or start over with "
            "--overwrite."
        )


def check_labels(corpus: Corpus) -> None:
    """Check that there is something to learn and something to tell epochs apart by.

    Raises:
        MrcaError: if no training row or no validation row states a relation.
    """
    if not any(document.labels for document in corpus.splits["train"]):
        raise MrcaError(
            f"No training row of {corpus.name!r} states a relation, so there is nothing to learn. "
            'Give "facts" or "labels" in its train.jsonl.'
        )
    if not any(document.labels for document in corpus.splits["valid"]):
        raise MrcaError(
            f"No validation row of {corpus.name!r} states a relation, so no epoch can be told from "
            "another. Expected at least one in its validation split."
        )


def check_loss(loss: losses.MultiLabelLoss, num_relations: int) -> None:
    """Check that the loss takes rows of so many relations.

    Raises:
        MrcaError: if it was given counts or factors for another number of them.
    """
    columns = loss.columns(num_relations)
    beside = columns if isinstance(loss, losses.DistillationLoss) else 0  # the teacher's outputs
    loss(np.zeros((1, beside + num_relations), np.float32), np.zeros((1, columns), np.float32))


def _check_same(folder: Path, state: str, config: RunConfig) -> None:
    kept = layout.read_config(folder)
    if kept == config:
        return
    differences = ", ".join(kept.differences(config, "was", "is now"))
    raise MrcaError(
        f"The {state} run {folder} has another configuration: {differences}. Resume with the "
        "options that it was started with, choose another --name, or start over with --overwrite."
    )
