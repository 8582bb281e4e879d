"""Trials of a search: trained, measured on the validation split, recorded."""

import errno
import platform
import shutil
import statistics
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any

import keras

from mrca import training
from mrca.config import RunConfig, dump_config
from mrca.errors import MrcaError
from mrca.experiments.search.objective import objective_value
from mrca.experiments.search.oracle import Suggestion
from mrca.experiments.search.search_folder import check_unchanged, corpus_of, describe_search
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trials import (
    TRIALS,
    SearchReporter,
    SilentSearchReporter,
    Trial,
    read_trials,
    write_trial,
)
from mrca.models.epochs import follows_epochs
from mrca.runs import layout
from mrca.runs.history import read_epochs
from mrca.training.checkpoint import MICRO_F1, STATE

TRACEBACK = "traceback.txt"
# There as soon as a trial was found to be hopeless, so that a killed process does not forget it.
_HOPELESS = "hopeless"
# While a trial runs: how often it has started since an epoch of it ended. A process that is killed,
# for want of memory perhaps, leaves it.
_STARTS = "starts"
_START, _MOST_STARTS = b".", 3

# The median says little before so many trials and epochs.
_TRIALS, _EPOCHS = 5, 2
# What is wrong with the disk and not with what is read or written.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE}

# Trials share their corpus, as far as one process runs them.
_corpus = lru_cache(maxsize=1)(corpus_of)


class UnavailableError(MrcaError):
    """What every trial needs is not there, so the search is to stop and the trial to wait."""


class _Paused(Exception):  # noqa: N818 - it is no error
    """The time is up."""


@dataclass(frozen=True)
class TrialRunner:
    """Runs the trials of a search; a copy of it does so in another process.

    Attributes:
        space: what is searched.
        folder: the search's.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        deadline: by `time.time`, when trials stop after their epoch; None for never.
        machine: the name of the one that the search was started on.
        reporter: told about epochs, and about the search by who runs it.
    """

    space: SearchSpace
    folder: Path
    data_dir: Path | None
    vectors_dir: Path | None
    deadline: float | None
    machine: str
    reporter: SearchReporter

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.time() >= self.deadline

    def run(self, suggestion: Suggestion) -> Trial | None:
        """Run a trial, or resume one that was interrupted; one that has ended is only read.

        Whatever goes wrong in it is recorded and ends the trial alone. A trial that it continues
        is trained on where that comes to the same as training anew.

        Returns:
            What came of it; None if the time was up before, so that it waits to be resumed.

        Raises:
            UnavailableError: if what went wrong is none of its doing; it can be resumed, too.
        """
        if platform.node() != self.machine:
            self._check_available()
        for ended in read_trials(self.folder):
            if ended.id == suggestion.id:
                return ended
        started = time.monotonic()
        place = self.folder / TRIALS / suggestion.id
        first = self.space.base.training.seed
        seeds = range(first, first + self.space.seeds)
        found: dict[str, Any] = {"status": "failed", "seeds": list(seeds)}
        starts = place / _STARTS
        try:
            _count_start(starts)
            found |= self._trained(suggestion, seeds)
        except _Paused:
            starts.unlink(missing_ok=True)
            return None
        except KeyboardInterrupt:
            starts.unlink(missing_ok=True)
            raise
        except Exception as error:
            try:
                self._check_available(error)
            except UnavailableError:
                starts.unlink(missing_ok=True)
                raise
            is_expected = isinstance(error, MrcaError)
            found["error"] = str(error) if is_expected else f"{type(error).__name__}: {error}"
            if not is_expected:
                layout.write_text(place / TRACEBACK, traceback.format_exc())
        finally:
            keras.utils.clear_session()  # or dozens of models would add up
        starts.unlink(missing_ok=True)
        found["seconds"] = found.get("seconds", 0.0) + time.monotonic() - started
        trial = Trial(id=suggestion.id, settings=suggestion.settings, **found)
        write_trial(trial, self.folder)
        return trial

    def _trained(self, suggestion: Suggestion, seeds: Sequence[int]) -> dict[str, Any]:
        """What there is to say of a trial, by the names of `Trial`."""
        config = self.space.config(suggestion.settings)
        training.check_config(config)
        corpus = _corpus(config.data, self.data_dir)
        size = training.trainable_weights(config, corpus, self.vectors_dir)
        if self.space.max_parameters is not None and size > self.space.max_parameters:
            return {"parameters": size, "status": "too_large"}
        place = self.folder / TRIALS / suggestion.id
        scores: list[float] = []
        history: list[list[float]] = []
        before = 0.0
        for seed in seeds:
            config = self.space.config(suggestion.settings, seed)
            folder = place / run_name(suggestion.id, seed, first=seeds[0])
            if suggestion.continues:
                earlier = run_name(suggestion.continues, seed, first=seeds[0])
                _take_over(place.with_name(suggestion.continues) / earlier, folder, config)
            watch = _Watch(self, suggestion.id, seed - seeds[0])
            run = training.train(
                config,
                folder,
                data_dir=self.data_dir,
                vectors_dir=self.vectors_dir,
                resume=True,
                splits=("valid",),
                keep_state=self.space.algorithm == "hyperband",
                reporter=watch,
            )
            score = objective_value(run.metrics["splits"]["valid"], self.space.objective)
            if score is None:
                raise MrcaError(
                    f"{self.space.objective} is undefined on the validation split: no row of it "
                    "has such a relation. Choose another objective."
                )
            scores.append(score)
            epochs = read_epochs(run.folder)
            history.append([row[MICRO_F1] for row in epochs])
            if not suggestion.continues:
                before += sum(row["seconds"] for row in epochs[: watch.first_epoch])
            if (place / _HOPELESS).exists():
                break
        return {
            "parameters": size,
            "status": "stopped" if (place / _HOPELESS).exists() else "done",
            "seeds": list(seeds[: len(scores)]),
            "score": fmean(scores),
            "scores": scores,
            "history": history,
            "seconds": before,
        }

    def _check_available(self, error: Exception | None = None) -> None:
        """Check whether a trial can be trained here, and whether one that failed was at fault.

        Raises:
            UnavailableError: if the disk is full or fails, or the corpus, what it is read with, or
                the code is not what the search was started with.
        """
        reason = _trouble_of_the_disk(error)
        if not reason:
            try:
                silent = SilentSearchReporter()
                described = describe_search(self.space, self.data_dir, self.vectors_dir, silent)
                check_unchanged(self.folder, described)
                return
            except MrcaError as changed:
                reason = str(changed)
        raise UnavailableError(
            f"A trial could not continue on {platform.node()}, for no fault of its own, and waits: "
            f"{reason} Put that right, and resume with --resume."
        ) from error


class _Watch(training.SilentReporter):
    """Decides after each epoch whether a run of a trial continues."""

    def __init__(self, runner: TrialRunner, trial_id: str, run: int) -> None:
        self._runner = runner
        self._trial_id = trial_id
        self._place = runner.folder / TRIALS / trial_id
        self._run = run
        self._epochs = 0
        self.first_epoch = 0
        space = runner.space
        # Hyperband has a rule of its own; by the others the first run decides for all.
        self._may_stop = space.stops_hopeless and space.algorithm != "hyperband" and run == 0

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        self._epochs = epochs
        self.first_epoch = first_epoch  # how many were done before this process resumed the run

    def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
        epoch, score = row["epoch"], best[MICRO_F1]
        (self._place / _STARTS).write_bytes(_START)
        self._runner.reporter.trial_advances(self._trial_id, self._run + 1, epoch, score)
        if epoch == self._epochs:
            return
        if self._runner.is_late:
            raise _Paused
        if self._may_stop:
            mark = self._place / _HOPELESS
            if is_hopeless(score, epoch, read_trials(self._runner.folder)):
                mark.touch()
            if mark.exists():
                raise training.StopTraining


def is_hopeless(best: float, epoch: int, ended: Sequence[Trial]) -> bool:
    """The median rule: behind the median of what other trials had reached by the same epoch.

    A trial that was itself stopped counts with what it had reached, or else the median would rise
    with each stop until nearly every trial fell below it.

    Source: Golovin et al. 2017, Google Vizier, section 3.2.2.

    Args:
        best: validation micro F1 of the best epoch so far.
        epoch: how many are done.
        ended: trials that have ended; the first run of each counts.
    """
    others = [max(trial.history[0][:epoch]) for trial in ended if any(trial.history[:1])]
    return epoch >= _EPOCHS and len(others) >= _TRIALS and best < statistics.median(others)


def _trouble_of_the_disk(error: BaseException | None) -> str:
    """What the disk has to do with an error, in words; empty for nothing."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK:
            return f"{error.strerror}{f' ({error.filename})' if error.filename else ''}."
        error = error.__cause__ or error.__context__
    return ""


def _count_start(path: Path) -> None:
    """Note that a trial starts.

    Raises:
        MrcaError: if it has started so often and each time died in the same epoch.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    starts = len(path.read_bytes()) if path.is_file() else 0
    if starts >= _MOST_STARTS:
        raise MrcaError(
            f"{starts} processes died of it in the same epoch; it may need more memory than there "
            "is."
        )
    with path.open("ab") as file:
        file.write(_START)


def run_name(trial_id: str, seed: int, first: int) -> str:
    """What the run folder of one seed is called, in the trial's folder.

    Example:
        >>> run_name("0007", 1, first=1), run_name("0007", 2, first=1)
        ('trial-0007', 'trial-0007-seed2')
    """
    return f"trial-{trial_id}" if seed == first else f"trial-{trial_id}-seed{seed}"


def _take_over(earlier: Path, run: Path, config: RunConfig) -> None:
    """Make a copy of a finished run the beginning of a longer one.

    Left out where the epochs to come decide what the first ones do; the run is then trained anew.
    """
    unfinished = layout.unfinished_folder(run)
    is_there = run.exists() or unfinished.exists()
    if follows_epochs(config) or is_there or not (earlier / STATE).is_file():
        return
    copy = unfinished.with_name(f".{unfinished.name}.partial")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(earlier, copy)
    layout.write_text(copy / layout.CONFIG, dump_config(config))
    copy.rename(unfinished)
