"""From a configuration to a run folder."""

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from mrca.config import RunConfig, dump_config
from mrca.datasets import load_corpus
from mrca.datasets.registry import sample_note
from mrca.errors import MrcaError, counted
from mrca.files import only_writer, replace_folder, require_room
from mrca.models.parts import write_described
from mrca.reporting import plot_history
from mrca.runs import layout
from mrca.runs.card import write_card
from mrca.runs.environment import describe_environment
from mrca.training.checkpoint import Checkpoint
from mrca.training.checks import check_config, check_labels, check_output
from mrca.training.determinism import enable_determinism
from mrca.training.plan import TrainingPlan
from mrca.training.reporter import Reporter, SilentReporter
from mrca.training.run import Run, load


def train(
    config: RunConfig,
    output: str | Path,
    *,
    data_dir: Path | None = None,
    vectors_dir: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    splits: Sequence[str] = ("valid", "test"),
    keep_state: bool = False,
    reporter: Reporter | None = None,
) -> Run:
    """Train a classifier and write its run folder.

    Until it is finished the run lives in `<output>.unfinished`, where `resume` takes it up after
    the last whole epoch; then it gets its name in one rename.

    Args:
        config: what to train; see `mrca.load_recipe`.
        output: the run folder to write, such as `saved_models/webnlg`.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        resume: resume an unfinished run of the same configuration, if there is one; a finished one
            is returned as it is.
        overwrite: replace a finished run of that name, and an unfinished one unless `resume`.
        splits: what the finished run is evaluated on, where the corpus has it.
        keep_state: leave what `resume` needs in the finished run, so that a copy of it can be
            trained for more epochs.
        reporter: told about progress.

    Returns:
        The finished run, with what was trained, ready to predict.

    Raises:
        MrcaError: before anything is written, if the training cannot work.
    """
    reporter = reporter or SilentReporter()
    folder = Path(output)
    unfinished = layout.unfinished_folder(folder)
    check_output(config, folder, resume=resume, overwrite=overwrite)
    if folder.exists() and not overwrite:
        reporter.message(f"{folder} is finished already.")
        return load(folder)
    check_config(config)
    corpus = load_corpus(
        config.data.dataset,
        data_dir,
        train_split=config.data.train_split,
        unmatched=config.data.unmatched,
        offsets=config.data.offsets,
        on_error=config.data.on_error,
        progress=partial(reporter.preparing, f"fetching {config.data.dataset}"),
    )
    check_labels(corpus)
    plan = TrainingPlan(config, corpus, vectors_dir, reporter)
    environment = describe_environment(plan.built_on, config.training.seed, corpus)
    if not (resume and layout.is_resumable(unfinished)):
        _check_room(folder, plan.bytes_needed())
    plan.tell(reporter)
    if config.training.deterministic:
        enable_determinism()
    with _only_training(folder):
        check_output(config, folder, resume=resume, overwrite=overwrite)  # as it is by now
        if resume and layout.is_resumable(unfinished):
            _check_unchanged(unfinished, environment)
        else:
            if unfinished.exists():
                shutil.rmtree(unfinished)
            _write_start(unfinished, plan, environment)
        checkpoint = Checkpoint(unfinished, config.training.patience, config.training.monitor)
        _train(plan, checkpoint, unfinished, folder.name, splits, environment, reporter)
        if folder.exists() and not overwrite:
            raise MrcaError(
                f"{folder} has appeared while this run was trained, and is left as it is. Rename "
                "it and finish this one with --resume."
            )
        layout.check_run_folder(unfinished)
        replace_folder(unfinished, folder)
    if not keep_state:
        Checkpoint(folder, config.training.patience).remove()
    return Run(folder, plan.classifier)


def _train(
    plan: TrainingPlan,
    checkpoint: Checkpoint,
    unfinished: Path,
    name: str,
    splits: Sequence[str],
    environment: dict[str, Any],
    reporter: Reporter,
) -> None:
    """Train, or go on, evaluate, and write all that a run folder has."""
    found = plan.train(checkpoint, reporter)
    config, corpus, classifier = plan.config, plan.corpus, plan.classifier
    reports = {split: plan.evaluate(split) for split in splits if split in corpus.splits}
    metrics = {
        "corpus": corpus.name,
        "epochs": checkpoint.next_epoch,
        "best_epoch": checkpoint.best["epoch"] if checkpoint.history else 0,
        **found,
        "splits": {split: report.to_dict() for split, report in reports.items()},
    }
    if checkpoint.history and "valid" in reports:
        same = reports["valid"].candidates.same_in_all_rows
        if same is not None:
            reporter.message(_learnt_nothing(same, config.training.learning_rate))
    if not layout.is_resumable(unfinished):
        raise layout.gone(unfinished)
    classifier.save_parts(unfinished)
    layout.write_json(unfinished / layout.METRICS, metrics)
    card = write_card(name, config, corpus.relations, metrics, environment)
    layout.write_text(unfinished / layout.CARD, card)
    if checkpoint.history:
        title = f"{name}: training on {corpus.name}{sample_note(corpus.name)}"
        figure = plot_history(checkpoint.history, title, checkpoint.best["epoch"])
        figure.savefig(unfinished / layout.HISTORY_FIGURE, dpi=150)


def _learnt_nothing(same: int, rate: float) -> str:
    """That a model says the same of all rows, in words.

    Args:
        same: how many relations it predicts of each.
        rate: the learning rate.
    """
    if not same:
        return (
            "Nothing is predicted on the validation split: the run has learnt nothing yet. Train "
            "it for more epochs or, if its loss has not fallen (see history.csv), lower "
            f"training.learning_rate ({rate:g})."
        )
    return (
        f"Every validation row gets the same {counted(same, 'relation')}, whatever it "
        "says: training diverged, and its scores are those of labelling everything. Lower "
        f"training.learning_rate ({rate:g})."
    )


def _only_training(folder: Path) -> AbstractContextManager[None]:
    """Keep a run to this process, as far as the system can; an error if another one trains it."""
    busy = (
        f"Another process is training {folder}. Wait for it or stop it, or choose another name "
        "with --name."
    )
    return only_writer(folder.with_name(f".{folder.name}.lock"), f"the run {folder}", busy)


def _check_room(folder: Path, needed: int) -> None:
    place = next(parent for parent in folder.resolve().parents if parent.exists())
    require_room(place, needed, f"the run {folder}")


def _check_unchanged(unfinished: Path, environment: dict[str, Any]) -> None:
    parts = [
        name
        for name, value in environment.items()
        if isinstance(value, dict) and "fingerprint" in value
    ]
    with layout.reading(unfinished / layout.ENVIRONMENT) as kept:
        started_with = {what: kept[what]["fingerprint"] for what in parts}
    for what, fingerprint in started_with.items():
        if fingerprint != environment[what]["fingerprint"]:
            raise MrcaError(
                f"The {what} {environment[what]['name']!r} has changed since the unfinished run "
                f"{unfinished} was started. Start over with --overwrite."
            )


def _write_start(unfinished: Path, plan: TrainingPlan, environment: dict[str, Any]) -> None:
    """Write what is known before training, or nothing."""
    try:
        unfinished.mkdir(parents=True)
        layout.write_text(unfinished / layout.CONFIG, dump_config(plan.config))
        write_described(unfinished, plan.classifier)
        layout.write_json(unfinished / layout.ENVIRONMENT, environment)
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if isinstance(error, OSError):
            raise MrcaError(
                f"Cannot write the run {unfinished}: {error.strerror or error}."
            ) from error
        raise
