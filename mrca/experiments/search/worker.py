"""A worker process of `mrca tune --workers`: `python -m mrca.experiments.search.worker JOB`."""

import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

from mrca.experiments.search.contact import beat
from mrca.experiments.search.load_space import load_space
from mrca.experiments.search.oracle import make_oracle
from mrca.experiments.search.search_folder import SPACE, check_unchanged, describe_search
from mrca.experiments.search.trial_runner import SearchTuner, TrialRunner
from mrca.experiments.search.trial_watch import UNAVAILABLE, Paused, UnavailableError
from mrca.experiments.search.trials import SilentSearchReporter, Trial
from mrca.experiments.search.workers import WorkerJob


class _Log(SilentSearchReporter):
    """Lines for the worker's log file."""

    def trial_starts(self, trial_id: str, settings: dict[str, Any], epochs: int) -> None:
        print(f"trial {trial_id} starts: {json.dumps(settings)}", flush=True)

    def trial_advances(self, trial_id: str, run: int, epoch: int, best: float) -> None:
        print(f"trial {trial_id} run {run} epoch {epoch}: best so far {best:.4f}", flush=True)

    def trial_ends(self, trial: Trial) -> None:
        print(f"trial {trial.id} {trial.status}: {trial.score} {trial.error}", flush=True)


def main(arguments: Sequence[str]) -> None:
    """Work until the chief says that there is nothing more to do.

    Args:
        arguments: a `WorkerJob` as JSON.

    Raises:
        MrcaError: if the search was started with something else than there is now.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    job = WorkerJob.from_json(arguments[0])
    address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
    leave = threading.Event()
    beat(address, os.environ["KERASTUNER_TUNER_ID"], leave)
    space = load_space(job.folder / SPACE)
    log = _Log()
    check_unchanged(job.folder, describe_search(space, job.data_dir, job.vectors_dir, log))
    runner = TrialRunner(
        space,
        job.folder,
        data_dir=job.data_dir,
        vectors_dir=job.vectors_dir,
        is_paused=leave.is_set,
        reporter=log,
    )
    try:
        SearchTuner(make_oracle(space), runner).search()
    except Paused as pause:
        print(f"The time is up: {pause}.", flush=True)
    except UnavailableError as error:
        print(" ".join(str(error).split()), flush=True)  # the chief hands on the last line
        sys.exit(UNAVAILABLE)


if __name__ == "__main__":
    main(sys.argv[1:])
