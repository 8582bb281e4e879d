"""A search from its first trial to its last."""

import platform
import time
from dataclasses import replace
from pathlib import Path

from mrca.errors import MrcaError, counted
from mrca.executor import Ended, Executor, open_executor
from mrca.experiments.search.oracle import SearchOracle, Suggestion, most_trials
from mrca.experiments.search.search_folder import (
    LOCK,
    SEARCH,
    check_no_links,
    check_unchanged,
    describe_search,
    only_search_in,
    prune,
    remove_states,
    start_folder,
    write_best,
)
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trial_runner import TrialRunner, UnavailableError
from mrca.experiments.search.trials import (
    TRIALS,
    SearchReporter,
    SilentSearchReporter,
    Trial,
    read_trials,
    write_trial,
)
from mrca.runs.history import read_epochs
from mrca.training.checkpoint import MICRO_F1

# Seconds between two looks at trials that other processes train.
_LOOK = 1.0
# So many times `max_trials` may be too large before a search ends: they cost little.
_TOO_LARGE = 10


def search(
    space: SearchSpace,
    folder: Path,
    *,
    resume: bool = False,
    workers: int | None = None,
    ray: str | None = None,
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
        workers: how many trials are trained at the same time; by default one, in this process.
        ray: the address of a cluster of Ray, whose machines all see the folder.
        keep: how many of the best trials keep their models.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        reporter: told about progress.

    Returns:
        All trials that have ended.

    Raises:
        MrcaError: if there is a search already and `resume` is not given, or it was started with
            something else than there is now; if that is gone in between, or Ray is; if the folder
            is damaged; or if no trial has a score.
    """
    reporter = reporter or SilentSearchReporter()
    folder = folder.resolve()
    _check_place(folder, resume)
    with only_search_in(folder):
        is_there = _check_place(folder, resume)  # another process may have been there in between
        described = describe_search(space, data_dir, vectors_dir, reporter)
        if is_there:
            check_unchanged(folder, described)
        elif resume:
            reporter.message("nothing to resume: starts anew.")
        start_folder(folder, space, described)
        before = read_trials(folder)
        oracle = SearchOracle(space, folder)
        seconds = None if space.max_hours is None else space.max_hours * 3600
        runner = TrialRunner(
            space=space,
            folder=folder,
            data_dir=data_dir,
            vectors_dir=vectors_dir,
            deadline=None if seconds is None else time.time() + seconds,
            machine=platform.node(),
            reporter=reporter,
        )
        with open_executor(workers, ray) as executor:
            reporter.search_starts(most_trials(space), seconds, before)
            running = _Search(runner, oracle, executor, keep, before)
            running.run()
        if not running.is_cut_off:
            prune(folder, keep, needed=set())
            remove_states(folder)
    return _checked(running, len(before))


class _Search:
    """The one process of a search that chooses trials, and hands them to an executor.

    Args:
        runner: of the trials.
        oracle: chooses them.
        executor: where they run.
        keep: how many of the best keep their models.
        ended: the trials that have ended before.
    """

    def __init__(
        self,
        runner: TrialRunner,
        oracle: SearchOracle,
        executor: Executor,
        keep: int,
        ended: list[Trial],
    ) -> None:
        self.space = runner.space
        self.folder = runner.folder
        self._runner = runner
        self.reporter = runner.reporter
        self._oracle = oracle
        self._executor = executor
        self._keep = keep
        self.trials = {trial.id: trial for trial in ended}
        self._running: dict[str, Suggestion] = {}
        self._seen: dict[str, tuple[int, int]] = {}

    def run(self) -> None:
        """Run trials until none is left or the time is up.

        Raises:
            MrcaError: if what every trial needs is gone, or Ray is.
        """
        started = self._oracle.started
        for trial in self.trials.values():
            if trial.id not in started or trial.settings != started[trial.id].settings:
                raise MrcaError(
                    f"The search {self.folder} is damaged: it has not tried what its trial "
                    f"{trial.id} sets. `mrca tune report` shows what was tried; start another "
                    "search with --name."
                )
            self._oracle.end(trial.id, trial.score)  # the last process may have been killed before
        self._tidy()
        waiting = [each for each in started.values() if each.id not in self.trials]
        while True:
            while len(self._running) < self._executor.places and not self._runner.is_late:
                suggestion = waiting.pop(0) if waiting else self._new()
                if suggestion is None:
                    break
                self._submit(suggestion)
            if not self._running:
                return
            for ended in self._executor.wait(_LOOK):
                self._take(ended)
            for trial_id in self._running:
                self._look_at(trial_id)

    @property
    def large(self) -> int:
        """How many trials were too large, which are not counted in `max_trials`."""
        return sum(trial.status == "too_large" for trial in self.trials.values())

    @property
    def meets_only_large(self) -> bool:
        """Whether the search ends for all the trials that are too large."""
        return self.large >= _TOO_LARGE * self.space.max_trials

    @property
    def is_cut_off(self) -> bool:
        """Whether the time is up, and there would have been more to do."""
        return self._runner.is_late and (bool(self._oracle.under_way) or self._may_start)

    @property
    def _may_start(self) -> bool:
        counted = len(self._oracle.started) - self.large
        return counted < self.space.max_trials and not self.meets_only_large

    def _new(self) -> Suggestion | None:
        return self._oracle.suggest() if self._may_start else None

    def _submit(self, suggestion: Suggestion) -> None:
        epochs = self.space.epochs(suggestion.settings)
        self.reporter.trial_starts(suggestion.id, suggestion.settings, epochs)
        runner = self._runner
        if not self._executor.is_here:
            runner = replace(runner, reporter=SilentSearchReporter())
        self._executor.submit(suggestion.id, TrialRunner.run, runner, suggestion)
        self._running[suggestion.id] = suggestion

    def _take(self, ended: Ended) -> None:
        suggestion = self._running.pop(ended.key)
        trial = ended.value
        waits = isinstance(ended.error, UnavailableError)
        if ended.deaths and isinstance(ended.error, MrcaError) and not waits:
            trial = Trial(
                id=suggestion.id,
                settings=suggestion.settings,
                seeds=[],
                status="failed",
                error=str(ended.error),
            )
            write_trial(trial, self.folder)
        elif ended.error is not None:
            raise ended.error
        if trial is None:  # the time is up
            return
        if ended.deaths and trial.status != "failed":
            died = counted(ended.deaths, "worker")
            self.reporter.message(f"{died} died of trial {trial.id}, which the next one resumed.")
        self.trials[trial.id] = trial
        self._oracle.end(trial.id, trial.score)
        self.reporter.trial_ends(trial)
        self._tidy()

    def _tidy(self) -> None:
        prune(self.folder, self._keep, self._oracle.needed())
        write_best(self.folder, self.space)

    def _look_at(self, trial_id: str) -> None:
        """Tell of the epochs that another process has done."""
        runs = sorted((self.folder / TRIALS / trial_id).glob("trial-*"))
        for run in runs[-1:]:  # the one under way
            scores = [row[MICRO_F1] for row in read_epochs(run)]
            seen = len(runs), len(scores)
            if scores and self._seen.get(trial_id) != seen:
                self._seen[trial_id] = seen
                self.reporter.trial_advances(trial_id, *seen, max(scores))


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
    check_no_links(folder)
    return is_there


def _checked(done: _Search, before: int) -> list[Trial]:
    """The trials of a search; a last message says why it has ended, where that is not plain."""
    trials = read_trials(done.folder)
    most = done.space.max_trials
    too_large = (
        f"were too large for max_parameters = {done.space.max_parameters}: raise it, or search "
        "smaller layers."
    )
    message = ""
    if done.is_cut_off:
        message = "the time is up. Resume with --resume."
    elif trials and all(trial.score is None for trial in trials):
        errors = [trial.error for trial in trials if trial.error]
        why = f"The first one failed with: {errors[0]}" if errors else f"All {too_large}"
        raise MrcaError(f"None of the {len(trials)} trials in {done.folder} has a score. {why}")
    elif done.meets_only_large:
        message = f"ends after {counted(len(trials), 'trial')}, of which {done.large} {too_large}"
    elif len(trials) - done.large < most:
        message = f"nothing new is left to try after {counted(len(trials), 'trial')}."
    elif len(trials) == before:
        message = (
            f"all {counted(most, 'trial')} that this search may have had ended before. Allow more "
            "with --resume --max-trials."
        )
    if message:
        done.reporter.message(message)
    return trials
