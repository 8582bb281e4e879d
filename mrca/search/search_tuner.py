"""Asks the oracle for trials and runs them, until there are no more."""

import time
from collections.abc import Callable
from typing import Any

from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial as Suggestion

from mrca.search.oracle import NO_SCORE, ORACLE, SearchOracle, trial_settings
from mrca.search.trial_runner import TrialRunner

# Between two questions to an oracle that waits for other workers, in seconds.
_WAIT = 0.2


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
