"""Runs that are planned together: checked before the first one, then trained, some at once."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import keras

from mrca.config import RunConfig
from mrca.datasets import Corpus, locate_corpus
from mrca.encoders import encoder_class
from mrca.errors import MrcaError, counted
from mrca.executor import Executor, open_executor
from mrca.experiments.finished_runs import check_trained_on
from mrca.experiments.plan_runs import PlannedRun
from mrca.experiments.runs_reporter import RunsReporter
from mrca.runs import layout
from mrca.runs.history import read_epochs
from mrca.training import check_config, check_output, train
from mrca.training.stages import TAU_NORMALISED

# Classifiers whose weights can be rescaled.
_LINEAR = ("linear", TAU_NORMALISED)
# Seconds between two looks at how far runs are.
_LOOK = 1.0


def check_planned(runs: Sequence[PlannedRun]) -> None:
    """Check that all settings go together, and that what lies in a run's place is that run.

    Args:
        runs: with all that they build on.

    Raises:
        MrcaError: if not.
    """
    by_folder = {run.folder.resolve(): run for run in runs}
    for run in runs:
        try:
            _check_first_stage(run, by_folder)
            check_config(run.config)
        except MrcaError as error:
            raise MrcaError(f"{run.folder.name}: {error}") from None
    for run in runs:
        _check_place(run)


def check_finished(runs: Sequence[PlannedRun], corpus: Corpus) -> None:
    """Check that runs that are there were trained on this corpus, and on what they build on now.

    Raises:
        MrcaError: if one was not.
    """
    fingerprint = cache(layout.fingerprint_of_run)
    for run in runs:
        for folder in (run.folder, layout.unfinished_folder(run.folder)):
            if not layout.is_resumable(folder):  # nothing was written, or not all of it
                continue
            check_trained_on(folder, corpus)
            bases = built_on(run.config)
            with layout.reading(folder / layout.ENVIRONMENT) as environment:
                was = {
                    part: environment[part]["fingerprint"] for part in bases if part in environment
                }
            for part, before in was.items():
                base = bases[part]
                if base.is_dir() and fingerprint(base) != before:
                    raise MrcaError(
                        f"The {part} of {folder}, {base}, has been trained again since then. "
                        f"Delete {folder} and give the same command again: it is then trained on "
                        f"the {part} as it is now."
                    )


def built_on(config: RunConfig) -> dict[str, Path]:
    """The folders of the runs that a configuration builds on, as `environment.json` calls them."""
    named = {
        "representation": config.classifier.representation,
        "teacher": config.loss.teacher,
        "init_from": config.training.init_from,
    }
    return {part: layout.find_run(Path(name)) for part, name in named.items() if name}


def train_planned(
    runs: Sequence[PlannedRun],
    *,
    overwrite: bool = False,
    data_dir: Path | None,
    vectors_dir: Path | None,
    workers: int | None = None,
    ray: str | None = None,
    reporter: RunsReporter,
) -> None:
    """Train what is missing of the runs, and resume what is unfinished.

    A run starts as soon as those that it builds on are finished and a place is free. The first one
    that fails ends all that are under way; they can be resumed.

    Args:
        runs: each after those that it builds on, all of them checked by `check_planned`.
        overwrite: train all of them, and replace those that are finished.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        workers: how many runs are trained at the same time; see `mrca.executor.open_executor`.
        ray: the address of a cluster of Ray that trains them.
        reporter: told about progress.

    Raises:
        MrcaError: if a training cannot work.
    """
    missing = [run for run in runs if overwrite or not run.folder.exists()]
    _fetch(missing, data_dir, vectors_dir, reporter)
    if len(missing) < len(runs):
        reporter.message(f"{len(runs) - len(missing)} of {counted(len(runs), 'run')} are finished.")
    if not missing:
        return
    with open_executor(workers, ray) as executor:
        reporter.runs_start([run.folder.name for run in missing], executor.places)
        try:
            train_one = partial(
                _train,
                overwrite=overwrite,
                data_dir=data_dir,
                vectors_dir=vectors_dir,
                reporter=reporter if executor.is_here else None,
            )
            _train_all(missing, executor, train_one, reporter)
        finally:
            reporter.runs_end()


def _fetch(
    runs: Sequence[PlannedRun],
    data_dir: Path | None,
    vectors_dir: Path | None,
    reporter: RunsReporter,
) -> None:
    """Bring what they are trained on and read with here, before several want to at once."""
    for name in {run.config.data.dataset: None for run in runs}:
        locate_corpus(name, data_dir, progress=partial(reporter.preparing, f"fetching {name}"))
    reads = {
        (config.encoder.name, config.vectors.name): config
        for config in (run.config for run in runs)
        # An SVM reads with neither, and what builds on a run reads with its encoder.
        if not (config.is_svm or config.classifier.representation or config.training.init_from)
    }
    for config in reads.values():
        encoder_class(config.encoder.name).check_there(config, vectors_dir, reporter.preparing)


def _train_all(
    runs: Sequence[PlannedRun],
    executor: Executor,
    train_one: Callable[[PlannedRun], None],
    reporter: RunsReporter,
) -> None:
    waiting = list(runs)
    running: dict[str, PlannedRun] = {}
    while waiting or running:
        unfinished = {run.folder for run in (*waiting, *running.values())}
        ready = [run for run in waiting if unfinished.isdisjoint(run.builds_on)]
        for run in ready[: executor.places - len(running)]:
            name = run.folder.name
            waiting.remove(run)
            running[name] = run
            reporter.run_starts(name, 0 if run.config.is_svm else run.config.training.epochs)
            executor.submit(name, train_one, run)
        for ended in executor.wait(_LOOK):
            run = running.pop(ended.key)
            if isinstance(ended.error, MrcaError):
                raise MrcaError(f"{ended.key}: {ended.error}") from ended.error
            if ended.error is not None:
                reporter.message(f"{ended.key} failed.")
                raise ended.error
            if ended.deaths:
                died = counted(ended.deaths, "worker")
                reporter.message(f"{died} died of {ended.key}, which the next one resumed.")
            if not executor.is_here:
                _report_epochs(run, run.folder, reporter)
            reporter.run_ends(ended.key)
        for run in running.values():
            _report_epochs(run, layout.unfinished_folder(run.folder), reporter)


def _train(run: PlannedRun, **how: Any) -> None:
    """What a worker does."""
    train(run.config, run.folder, resume=True, **how)
    keras.utils.clear_session()  # or dozens of models would add up


def _report_epochs(run: PlannedRun, folder: Path, reporter: RunsReporter) -> None:
    """How far a run is that another process trains."""
    epochs = read_epochs(folder)
    if epochs:
        monitor = run.config.training.monitor
        scores = [epoch[f"val_{monitor}"] for epoch in epochs]
        best = min(scores) if monitor == "loss" else max(scores)
        reporter.run_advances(run.folder.name, len(epochs), best)


def _check_first_stage(run: PlannedRun, by_folder: Mapping[Path, PlannedRun]) -> None:
    """Check that a second stage can be built on the run that it names."""
    base = by_folder.get(Path(run.config.classifier.representation))
    if base is None:  # no second stage, or one on a run that is not of this plan
        return
    if base.config.is_svm:
        raise MrcaError(
            f"Its representation {base.folder.name} is an SVM on word frequencies, which has no "
            "layers to give another classifier. Choose a method with a network."
        )
    if run.config.classifier.name == TAU_NORMALISED and base.config.classifier.name not in _LINEAR:
        raise MrcaError(
            f"tau-normalisation rescales the weights of a linear classifier, and its "
            f"representation {base.folder.name} has {base.config.classifier.name!r}. Choose a "
            "method with classifier.name=linear."
        )


def _check_place(run: PlannedRun) -> None:
    for folder in (run.folder, layout.unfinished_folder(run.folder)):
        if not (folder / layout.CONFIG).is_file():
            continue
        kept = layout.read_config(folder)
        differences = kept.differences(run.config, "was", "is now")
        if differences:
            raise MrcaError(
                f"{folder} has another configuration than it is to have here: "
                f"{', '.join(differences)}. Delete or rename that folder to train it again, or "
                "choose another --name or --output."
            )
    check_output(run.config, run.folder, resume=True, overwrite=False)
