"""Trials of a search: asked for, trained, measured on the validation split, recorded."""

import csv
import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import keras
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial as Suggestion

from mrca import training
from mrca.config import RunConfig, dump_config
from mrca.datasets import Corpus, load_corpus
from mrca.errors import MrcaError
from mrca.experiments.search.objective import objective_value
from mrca.experiments.search.oracle import NO_SCORE, ORACLE, SearchOracle, trial_settings
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trial_watch import (
    Paused,
    TrialWatch,
    UnavailableError,
    check_available,
    is_hopeless,
)
from mrca.experiments.search.trials import (
    TRIALS,
    SearchReporter,
    Trial,
    read_trials,
    write_trial,
)
from mrca.models.epochs import follows_epochs
from mrca.runs import layout
from mrca.training.checkpoint import MICRO_F1, STATE

TRACEBACK = "traceback.txt"
# There as soon as a trial was found to be hopeless, so that a killed process does not forget it.
_HOPELESS = "hopeless"
# While a trial runs: how often it has started since an epoch of it ended. A process that is killed,
# for want of memory perhaps, leaves it.
_STARTS = "starts"
_START, _MOST_STARTS = b".", 3
# Between two questions to an oracle that waits for other workers, in seconds.
_WAIT = 0.2


class TrialRunner:
    """Trains the trials of a search, one after another.

    Args:
        space: what is searched.
        folder: the search's.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        is_paused: asked after each epoch whether the search is to stop.
        reporter: told about progress.
    """

    def __init__(
        self,
        space: SearchSpace,
        folder: Path,
        *,
        data_dir: Path | None,
        vectors_dir: Path | None,
        is_paused: Callable[[], bool],
        reporter: SearchReporter,
    ) -> None:
        self.space = space
        self.folder = folder
        self._data_dir = data_dir
        self._vectors_dir = vectors_dir
        self._is_paused = is_paused
        self._reporter = reporter
        self._corpus: Corpus | None = None

    def run(self, trial_id: str, settings: dict[str, Any], continues: str = "") -> Trial:
        """Run a trial, or resume one that was interrupted; one that has ended is only read.

        Whatever goes wrong in it is recorded and ends the trial alone.

        Args:
            trial_id: the name of its folder.
            settings: `{dotted field: value}`.
            continues: a trial with the same settings but for fewer epochs, whose runs are trained
                on where that comes to the same as training anew.

        Raises:
            Paused: if the search is to stop; the trial can then be resumed.
            UnavailableError: if what went wrong is none of its doing; it can be resumed, too.
        """
        for ended in read_trials(self.folder):
            if ended.id == trial_id:
                return ended
        self._reporter.trial_starts(trial_id, settings, self.space.epochs(settings))
        started = time.monotonic()
        first = self.space.base.training.seed
        seeds = range(first, first + self.space.seeds)
        found: dict[str, Any] = {"status": "failed", "seeds": list(seeds)}
        starts = self.folder / TRIALS / trial_id / _STARTS
        try:
            _count_start(starts)
            found |= self._trained(trial_id, settings, seeds, continues)
        except (Paused, KeyboardInterrupt):
            starts.unlink(missing_ok=True)
            raise
        except Exception as error:
            try:
                check_available(error, self.space, self.folder, self._data_dir, self._vectors_dir)
            except UnavailableError:
                starts.unlink(missing_ok=True)
                raise
            expected = isinstance(error, MrcaError)
            said = str(error) if expected else f"{type(error).__name__}: {error}"
            found["error"] = said
            if not expected:
                path = self.folder / TRIALS / trial_id / TRACEBACK
                layout.write_text(path, traceback.format_exc())
        finally:
            keras.utils.clear_session()  # or dozens of models would add up
        starts.unlink(missing_ok=True)
        found["seconds"] = found.get("seconds", 0.0) + time.monotonic() - started
        trial = Trial(id=trial_id, settings=settings, **found)
        write_trial(trial, self.folder)
        self._reporter.trial_ends(trial)
        return trial

    def _trained(
        self, trial_id: str, settings: dict[str, Any], seeds: Sequence[int], continues: str
    ) -> dict[str, Any]:
        """What there is to say of a trial, by the names of `Trial`."""
        config = self.space.config(settings)
        training.check_config(config)
        size = training.trainable_weights(config, self._load_corpus(config), self._vectors_dir)
        if self.space.max_parameters is not None and size > self.space.max_parameters:
            return {"parameters": size, "status": "too_large"}
        place = self.folder / TRIALS / trial_id
        scores: list[float] = []
        history: list[list[float]] = []
        before = 0.0
        for seed in seeds:
            name = run_name(trial_id, seed, first=seeds[0])
            if continues:
                earlier = run_name(continues, seed, first=seeds[0])
                _take_over(
                    self.folder / TRIALS / continues / earlier,
                    place / name,
                    self.space.config(settings, seed),
                )
            watch = self._watch(trial_id, seed - seeds[0])
            run = training.train(
                self.space.config(settings, seed),
                place / name,
                data_dir=self._data_dir,
                vectors_dir=self._vectors_dir,
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
            rows = _history(run.folder)
            history.append([float(row[MICRO_F1]) for row in rows])
            if not continues:
                before += sum(float(row["seconds"]) for row in rows[: watch.first_epoch])
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

    def _watch(self, trial_id: str, run: int) -> TrialWatch:
        place = self.folder / TRIALS / trial_id
        mark = place / _HOPELESS
        # Hyperband has a rule of its own; by the others the first run decides for all.
        may_stop = self.space.stops_hopeless and self.space.algorithm != "hyperband" and run == 0

        def ends(epoch: int, best: float) -> bool:
            if not may_stop:
                return False
            if is_hopeless(best, epoch, read_trials(self.folder)):
                mark.touch()
            return mark.exists()

        def advances(epoch: int, best: float) -> None:
            (place / _STARTS).write_bytes(_START)
            self._reporter.trial_advances(trial_id, run + 1, epoch, best)

        return TrialWatch(advances, self._is_paused, ends)

    def _load_corpus(self, config: RunConfig) -> Corpus:
        """The corpus, which all trials share."""
        if self._corpus is None:
            data = config.data
            self._corpus = load_corpus(
                data.dataset,
                self._data_dir,
                train_split=data.train_split,
                unmatched=data.unmatched,
                offsets=data.offsets,
                on_error=data.on_error,
            )
        return self._corpus


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


def _history(folder: Path) -> list[dict[str, str]]:
    """A run's epochs; none of an SVM."""
    path = folder / layout.HISTORY
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class SearchTuner(BaseTuner):
    """KerasTuner's loop over trials, here or as one of several workers.

    It is a worker where the environment says KERASTUNER_TUNER_ID, _ORACLE_IP and _ORACLE_PORT.

    Args:
        oracle: chooses the trials; for a worker the one at that address does.
        runner: runs them.
        ends: called when a trial has ended.
    """

    def __init__(
        self, oracle: SearchOracle, runner: TrialRunner, ends: Callable[[], None] = lambda: None
    ) -> None:
        self._runner = runner
        self._ends = ends
        super().__init__(oracle, directory=str(runner.folder), project_name=ORACLE)

    def pre_create_trial(self) -> None:
        """Keep from asking without a pause."""
        time.sleep(_WAIT)

    def run_trial(self, trial: Suggestion, *_: Any, **__: Any) -> float:
        """Run a trial.

        Returns:
            Its score, or `NO_SCORE`.
        """
        values = trial.hyperparameters.values
        settings = trial_settings(self._runner.space, trial.hyperparameters)
        ended = self._runner.run(trial.trial_id, settings, values.get("tuner/trial_id", ""))
        return NO_SCORE if ended.score is None else ended.score

    def on_trial_end(self, trial: Suggestion) -> None:
        """Tell the oracle, which keeps all that there is to keep."""
        self.oracle.end_trial(trial)
        self._ends()

    def save(self) -> None:
        """There is nothing of its own to keep."""

    def reload(self) -> None:
        """There is nothing of its own to read."""
