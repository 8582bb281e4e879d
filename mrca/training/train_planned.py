"""Runs that are planned together: looked at before the first one, then trained one by one."""

from collections.abc import Sequence
from pathlib import Path

import keras

from mrca import losses
from mrca.errors import MrcaError
from mrca.text import counted
from mrca.training import run_folder
from mrca.training.combinations import check_combination
from mrca.training.plan_runs import PlannedRun
from mrca.training.preflight import check_output
from mrca.training.reporter import Reporter
from mrca.training.train import train


def check_planned(run: PlannedRun) -> None:
    """See that a run's settings go together, and that what lies in its place is that run.

    Raises:
        MrcaError: if not.
    """
    try:
        check_combination(run.config, losses.check(run.config.loss.name, run.config.loss.options))
    except MrcaError as error:
        raise MrcaError(f"{run.folder.name}: {error}") from None
    for folder in (run.folder, run_folder.unfinished_folder(run.folder)):
        if not (folder / run_folder.CONFIG).is_file():
            continue
        kept = run_folder.read_config(folder).model_dump()
        differences = [
            f"{section}.{name} is {kept[section][name]!r} there and {value!r} now"
            for section, values in run.config.model_dump().items()
            for name, value in values.items()
            if kept[section][name] != value
        ]
        if differences:
            raise MrcaError(
                f"{folder} has another configuration than it is to have here: "
                f"{', '.join(differences)}. Delete or rename that folder to train it again, or "
                "choose another --output."
            )
    check_output(run.config, run.folder, resume=True, overwrite=False)


def train_planned(
    runs: Sequence[PlannedRun],
    *,
    data_dir: Path | None,
    vectors_dir: Path | None,
    reporter: Reporter,
) -> None:
    """Train what is missing of the runs, and go on with what is unfinished.

    Args:
        runs: each after those that it builds on, all of them looked at by `check_planned`.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        reporter: told about progress.

    Raises:
        MrcaError: if a training cannot work.
    """
    missing = [run for run in runs if not run.folder.exists()]
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
