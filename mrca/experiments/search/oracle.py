"""KerasTuner's oracles, made to survive interruptions, dead workers and bad trials."""

import shutil
import time
import warnings
from functools import cmp_to_key
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial as Suggestion
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.oracles import (
    BayesianOptimizationOracle,
    GridSearchOracle,
    HyperbandOracle,
    RandomSearchOracle,
)
from keras_tuner.src.engine import conditions
from sklearn.exceptions import ConvergenceWarning

from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trials import TRIAL, TRIALS, read_trials
from mrca.runs.layout import write_json

# The folder in a search's that the oracle keeps its state in.
ORACLE = "oracle"
# Version 1.4.8 prints every condition that it sends to a worker.
vars(conditions)["print"] = lambda *_: None
# What an oracle is told of a trial without a score: below all measures, so that it is no better
# than any other.
NO_SCORE = -1.0
# So many times `max_trials` may be too large before a search ends: they cost little.
_TOO_LARGE = 10


class SearchOracle(keras_tuner.Oracle):
    """What all four have in common: budgets, whole files, and trials that find a new worker.

    To the oracle every trial is completed: one that failed or was too large has `NO_SCORE`. What
    became of it stands in its `trial.json`.

    Attributes:
        space: what is searched.
        folder: the search's.
        max_counted: how many trials to start, but for those that are too large.
        deadline: by `time.monotonic`, when no trial is started or resumed any more.
        is_over: whether a worker has been told that there are no more trials.
    """

    space: SearchSpace
    folder: Path
    max_counted: int
    deadline: float | None
    is_over = False
    # KerasTuner's.
    end_order: list[str]
    _retry_queue: list[str]

    def open(self, folder: Path, max_trials: int, deadline: float | None) -> None:
        """Begin in a folder, or resume what is kept there."""
        self.folder = folder
        self.max_counted = max_trials
        self.deadline = deadline
        self.verbose = 0
        self._set_project_dir(str(folder), ORACLE)
        if Path(self._get_oracle_fname()).is_file():
            self.reload()

    @property
    def size(self) -> int:
        """How many trials there will be at most."""
        return self.max_counted

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    @property
    def is_idle(self) -> bool:
        """Whether no trial is under way or waits for a worker."""
        return not self.ongoing_trials and not self._retry_queue

    @property
    def has_waiting(self) -> bool:
        """Whether a trial waits for a worker to resume it."""
        return bool(self._retry_queue)

    def settings(self, trial_id: str) -> dict[str, Any]:
        """What a trial sets, as `{dotted field: value}`."""
        return trial_settings(self.space, self.trials[trial_id].hyperparameters)

    def needed(self) -> set[str]:
        """Trials whose runs may be trained further, and so have to be kept whole."""
        return set()

    @keras_tuner.synchronized
    def create_trial(self, tuner_id: str) -> Suggestion:
        """As KerasTuner's, within the budgets."""
        is_new = tuner_id not in self.ongoing_trials and not self._retry_queue
        if self.is_late or (is_new and self.is_spent):
            # A trial under way that proves too large leaves the budget for another one.
            waits = not self.is_late and self.ongoing_trials and self.space.max_parameters
            status = TrialStatus.IDLE if waits else TrialStatus.STOPPED
            trial = Suggestion(self.get_space(), trial_id="", status=status)
            if not waits:
                self.tuner_ids.discard(tuner_id)
        else:
            trial = super().create_trial(tuner_id)
        self.is_over |= trial.status == TrialStatus.STOPPED
        return trial

    @keras_tuner.synchronized
    def end_trial(self, trial: Suggestion) -> None:
        """As KerasTuner's, once for each trial."""
        if trial.trial_id not in self.end_order:
            super().end_trial(trial)

    @keras_tuner.synchronized
    def give_back(self, tuner_id: str) -> str | None:
        """Let the next worker that asks resume the trial of one that is gone.

        Returns:
            The trial's id, if it had one.
        """
        self.tuner_ids.discard(tuner_id)
        trial = self.ongoing_trials.pop(tuner_id, None)
        if trial is None:
            return None
        self._queue(trial)
        self.save()
        return str(trial.trial_id)

    @keras_tuner.synchronized
    def give_up(self, trial_id: str) -> None:
        """End a trial that waits for a worker, without a score."""
        self._retry_queue.remove(trial_id)
        self.update_trial(trial_id, {self.objective.name: NO_SCORE})
        trial = self.trials[trial_id]
        trial.status = TrialStatus.COMPLETED
        self.end_trial(trial)

    def save(self) -> None:
        """Write the state whole; KerasTuner's own way leaves half a file when it is killed."""
        write_json(Path(self._get_oracle_fname()), self.get_state())

    def reload(self) -> None:
        """Read the state of a search that was interrupted at any moment."""
        super().reload()
        for trial_id in set(self.trials) - set(self.start_order):  # killed before it was started
            shutil.rmtree(self._get_trial_dir(trial_id))
            del self.trials[trial_id]
        ended = [each for each in self.end_order if self._is_recorded(each)]
        waiting = [each for each in self.start_order if each not in ended]
        self.end_order = ended
        self._retry_queue = []
        for trial_id in reversed(waiting):  # it is taken from its end
            self._queue(self.trials[trial_id])

    def _queue(self, trial: Suggestion) -> None:
        trial.status = TrialStatus.RUNNING
        trial.metrics = type(trial.metrics)()
        self._retry_queue.append(trial.trial_id)

    def _is_recorded(self, trial_id: str) -> bool:
        return (self.folder / TRIALS / trial_id / TRIAL).is_file()

    @property
    def is_spent(self) -> bool:
        """Whether no trial may be started any more, whatever the time is."""
        large = self._too_large()
        return len(self.trials) - large >= self.max_counted or self._is_too_much(large)

    @property
    def meets_only_large(self) -> bool:
        """Whether the search ends for all the trials that are too large."""
        return self._is_too_much(self._too_large())

    def _is_too_much(self, large: int) -> bool:
        return large >= _TOO_LARGE * self.max_counted

    def _too_large(self) -> int:
        return sum(trial.status == "too_large" for trial in read_trials(self.folder))

    def _save_trial(self, trial: Suggestion) -> None:
        write_json(Path(self._get_trial_dir(trial.trial_id)) / TRIAL, trial.get_state())


class RandomOracle(SearchOracle, RandomSearchOracle):
    """Settings drawn evenly."""


class BayesianOracle(SearchOracle, BayesianOptimizationOracle):
    """Settings where a Gaussian process expects a good score, or knows little.

    It takes a trial without a score for as bad as the worst one that has a score: far enough to
    keep away from its like, and not so far that all others look the same.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """As KerasTuner's, but for settings that have been tried."""
        completed = [each for each in self.trials.values() if each.score is not None]
        scores = [each.score for each in completed if each.score != NO_SCORE]
        without = [each for each in completed if each.score == NO_SCORE]
        for each in without:
            each.score = min(scores, default=0.0)
        try:
            return self._new_values(trial_id)
        finally:
            for each in without:
                each.score = NO_SCORE

    def _new_values(self, trial_id: str) -> dict[str, Any]:
        with warnings.catch_warnings():  # of scores that are all alike, which is nothing to mend
            warnings.simplefilter("ignore", ConvergenceWarning)
            suggested = super().populate_space(trial_id)
        if suggested["values"] and self._duplicate(suggested["values"]):
            drawn: dict[str, Any] = self._random_populate_space()
            return drawn
        found: dict[str, Any] = suggested
        return found


class GridOracle(SearchOracle, GridSearchOracle):
    """Every combination."""

    _ordered_ids: Any

    @property
    def size(self) -> int:
        """The grid, or as much of it as may be tried."""
        return min(self.max_counted, self.space.grid_size())

    def reload(self) -> None:
        """Read the state, and find out which combination follows which: KerasTuner forgets."""
        super().reload()
        values = {each: self.trials[each].hyperparameters.values for each in self.start_order}
        self._ordered_ids = type(self._ordered_ids)()
        for trial_id in sorted(
            values, key=cmp_to_key(lambda a, b: self._compare(values[a], values[b]))
        ):
            self._ordered_ids.insert(trial_id)
        self._populate_next = list(values)


class HalvingOracle(SearchOracle, HyperbandOracle):
    """Hyperband: many short trainings, of which the best are resumed."""

    @property
    def size(self) -> int:
        """All rounds of all brackets, or as many as may be tried."""
        brackets = range(self._get_num_brackets())
        rounds = (self._get_size(each, number) for each in brackets for number in range(each + 1))
        return min(self.max_counted, sum(rounds))

    @keras_tuner.synchronized
    def needed(self) -> set[str]:
        """The trials of rounds from which a further trial can still be chosen or is under way."""
        needed = {
            trial.hyperparameters.values.get("tuner/trial_id")
            for trial in self.ongoing_trials.values()
        }
        needed |= {
            self.trials[each].hyperparameters.values.get("tuner/trial_id")
            for each in self._retry_queue
        }
        for bracket in self._brackets:
            rounds = bracket["rounds"]
            for number, following in enumerate(rounds[1:]):
                if len(following) < self._get_size(bracket["bracket_num"], number + 1):
                    chosen = {each["past_id"] for each in following}
                    needed |= {each["id"] for each in rounds[number]} - chosen
        return {each for each in needed if each}


def trial_settings(
    space: SearchSpace, hyperparameters: keras_tuner.HyperParameters
) -> dict[str, Any]:
    """What a suggested trial sets, as `{dotted field: value}`; of Hyperband also its epochs."""
    settings = space.declare(hyperparameters.copy())
    epochs = hyperparameters.values.get("tuner/epochs")
    return settings if epochs is None else {**settings, "training.epochs": epochs}


def make_oracle(space: SearchSpace) -> SearchOracle:
    """The oracle that a space asks for."""
    hyperparameters = keras_tuner.HyperParameters()
    space.declare(hyperparameters)
    common: dict[str, Any] = {
        "objective": keras_tuner.Objective(space.objective, direction="max"),
        "hyperparameters": hyperparameters,
        "seed": space.base.training.seed + 1,  # 0 would be none
    }
    oracle: SearchOracle
    match space.algorithm:
        case "random":
            oracle = RandomOracle(max_trials=None, **common)
        case "bayesian":
            drawn = max(3, min(3 * len(space.parameters), space.max_trials // 3))
            oracle = BayesianOracle(max_trials=None, num_initial_points=drawn, **common)
        case "grid":
            oracle = GridOracle(max_trials=None, **common)
        case "hyperband":
            oracle = HalvingOracle(max_epochs=space.base.training.epochs, **common)
    oracle.space = space
    return oracle
