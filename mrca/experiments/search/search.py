"""A search from its first trial to its last."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mrca.errors import MrcaError, counted
from mrca.experiments.search.chief import Chief
from mrca.experiments.search.contact import Address
from mrca.experiments.search.oracle import SearchOracle, make_oracle
from mrca.experiments.search.search_folder import (
    LOCK,
    SEARCH,
    check_unchanged,
    describe_search,
    only_search_in,
    prune,
    remove_states,
    start_folder,
    write_best,
)
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trial_runner import SearchTuner, TrialRunner
from mrca.experiments.search.trial_watch import Paused
from mrca.experiments.search.trials import (
    SearchReporter,
    SilentSearchReporter,
    Trial,
    read_trials,
)
from mrca.experiments.search.workers import WorkerJob, Workers, process_starter


def search(
    space: SearchSpace,
    folder: Path,
    *,
    resume: bool = False,
    workers: int = 1,
    chief: Address | None = None,
    gpus: Sequence[str] = (),
    keep: int = 3,
    data_dir: Path | None = None,
    vectors_dir: Path | None = None,
    reporter: SearchReporter | None = None,
) -> list[Trial]:
    """Search, and leave in `folder` every trial, the best runs and `best.toml`.

    The test split is never looked at. When the time is up, trials stop after their epoch, and
    `resume` resumes them.

    Args:
        space: what is searched, and for how long.
        folder: the search's, such as `tuning/results/webnlg`.
        resume: resume the search there, if there is one.
        workers: processes that train at the same time.
        chief: where workers of other machines find this process; by default there are none.
        gpus: as CUDA_VISIBLE_DEVICES names them; workers take them in turn.
        keep: how many of the best trials keep their models.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        reporter: told about progress.

    Returns:
        All trials that have ended.

    Raises:
        MrcaError: if there is a search already and `resume` is not given, or it was started with
            something else than there is now; if that is gone in between, or all workers are; or
            if no trial has a score.
    """
    reporter = reporter or SilentSearchReporter()
    folder = folder.resolve()
    _check_place(folder, resume)
    oracle = make_oracle(space)
    seconds = None if space.max_hours is None else space.max_hours * 3600
    with only_search_in(folder):
        is_there = _check_place(folder, resume)  # another process may have been there in between
        described = describe_search(space, data_dir, vectors_dir, reporter)
        if is_there:
            check_unchanged(folder, described)
        elif resume:
            reporter.message("nothing to resume: starts anew.")
        start_folder(folder, space, described)
        deadline = None if seconds is None else time.monotonic() + seconds
        oracle.open(folder, space.max_trials, deadline)
        trials = read_trials(folder)
        reporter.search_starts(oracle.size, seconds, trials)

        def tidy() -> None:
            prune(folder, keep, oracle.needed())
            write_best(folder, space)

        tidy()  # the last process may have been killed before it had
        if workers == 1 and chief is None:
            runner = TrialRunner(
                space,
                folder,
                data_dir=data_dir,
                vectors_dir=vectors_dir,
                is_paused=lambda: oracle.is_late,
                reporter=reporter,
            )
            with suppress(Paused):
                SearchTuner(oracle, runner, tidy).search()
        else:
            address = chief or Address("127.0.0.1", 0)
            leader = Chief(oracle, address, tidy, reporter)
            names = [f"worker{number}" for number in range(1, workers + 1)]
            here = address._replace(port=leader.port).reached_from_here
            job = WorkerJob(folder, data_dir, vectors_dir)
            leader.run(Workers(names, process_starter(job, here, names, gpus)))
        if oracle.is_over and oracle.is_idle and not oracle.is_late:
            remove_states(folder)
    return _checked(folder, oracle, reporter, len(trials))


def _check_place(folder: Path, resume: bool) -> bool:
    """Check that a search can start, or be resumed, in a folder; whether there is one."""
    is_there = (folder / SEARCH).is_file()
    if is_there and not resume:
        raise MrcaError(
            f"{folder} holds a search already. Resume it with --resume, or start another one with "
            "--name."
        )
    other = folder.exists() and (
        not folder.is_dir() or any(path.name != LOCK for path in folder.iterdir())
    )
    if other and not is_there:
        raise MrcaError(
            f"{folder} exists already and is no search. Rename it, or choose another --name."
        )
    return is_there


def _checked(
    folder: Path, oracle: SearchOracle, reporter: SearchReporter, before: int
) -> list[Trial]:
    trials = read_trials(folder)
    large = sum(trial.status == "too_large" for trial in trials)
    too_large = (
        f"were too large for max_parameters = {oracle.space.max_parameters}: raise it, or search "
        "smaller layers."
    )
    if oracle.is_late and not (oracle.is_spent and oracle.is_idle):
        reporter.message("the time is up. Resume with --resume.")
    elif trials and all(trial.score is None for trial in trials):
        errors = [trial.error for trial in trials if trial.error]
        why = f"The first one failed with: {errors[0]}" if errors else f"All {too_large}"
        raise MrcaError(f"None of the {len(trials)} trials in {folder} has a score. {why}")
    elif oracle.meets_only_large:
        reporter.message(
            f"ends after {counted(len(trials), 'trial')}, of which {large} {too_large}"
        )
    elif len(trials) - large < oracle.max_counted:
        reporter.message(f"nothing new is left to try after {counted(len(trials), 'trial')}.")
    elif len(trials) == before:
        reporter.message(
            f"all {counted(oracle.max_counted, 'trial')} that this search may have had ended "
            "before. Allow more with --resume --max-trials."
        )
    return trials
