"""Runs that are planned together: all checked before the first one, then trained one by one."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import keras

from mrca.config import RunConfig
from mrca.datasets import Corpus
from mrca.encoders import encoder_class
from mrca.errors import MrcaError, counted
from mrca.experiments.finished_runs import check_trained_on
from mrca.experiments.plan_runs import PlannedRun
from mrca.runs import layout
from mrca.training import Reporter, check_config, check_output, train
from mrca.training.stages import TAU_NORMALISED

# Classifiers whose weights can be rescaled.
_LINEAR = ("linear", TAU_NORMALISED)


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
    data_dir: Path | None,
    vectors_dir: Path | None,
    reporter: Reporter,
) -> None:
    """Train what is missing of the runs, and resume what is unfinished.

    Args:
        runs: each after those that it builds on, all of them checked by `check_planned`.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        reporter: told about progress.

    Raises:
        MrcaError: if a training cannot work.
    """
    missing = [run for run in runs if not run.folder.exists()]
    for name, config in {run.config.encoder.name: run.config for run in missing}.items():
        if not config.is_svm:  # an error, before anything is trained
            encoder_class(name).check_there(config)
    if len(missing) < len(runs):
        reporter.message(f"{len(runs) - len(missing)} of {counted(len(runs), 'run')} are finished.")
    for number, run in enumerate(missing, 1):
        reporter.message(f"training {run.folder.name} ({number} of {len(missing)}).")
        train(
            run.config,
            run.folder,
            data_dir=data_dir,
            vectors_dir=vectors_dir,
            resume=True,
            reporter=reporter,
        )
        keras.utils.clear_session()  # or dozens of models would add up


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
