"""The process of a search that has the oracle, and sees to it that workers do their work."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer
from keras_tuner.src.engine.oracle import LOCKS, THREADS

from mrca.errors import MrcaError
from mrca.experiments.search.contact import Address, Heartbeats
from mrca.experiments.search.oracle import SearchOracle
from mrca.experiments.search.trial_watch import UNAVAILABLE
from mrca.experiments.search.trials import (
    TRIALS,
    SearchReporter,
    Trial,
    read_trials,
    write_trial,
)
from mrca.experiments.search.workers import Ended, Workers, last_lines, log_file
from mrca.runs.layout import HISTORY, METRICS
from mrca.training.checkpoint import MICRO_F1

# Seconds between two looks at everything, without a sign of a worker of another machine until it
# counts as dead, and for workers to leave by themselves.
_LOOK, _LOST, _LEAVING = 0.2, 120.0, 30.0
# After the time is up, for epochs to end, in seconds.
_GRACE = 600.0
# A trial that so many workers have died of is given up.
_DEATHS = 2


class Chief:
    """KerasTuner's oracle behind its gRPC service.

    Whoever can reach the port can take part: there is no password.

    Args:
        oracle: chooses the trials; opened.
        address: where to listen.
        ends: called when a trial has ended.
        reporter: told about progress.

    Attributes:
        port: where it listens.

    Raises:
        MrcaError: if it cannot listen there.
    """

    def __init__(
        self,
        oracle: SearchOracle,
        address: Address,
        ends: Callable[[], None],
        reporter: SearchReporter,
    ) -> None:
        self._oracle = oracle
        self._ends = ends
        self._reporter = reporter
        self._failure: Exception | None = None
        self._running: dict[str, str] = {}  # trial: worker
        self._ended = len(oracle.end_order)
        self._epochs: dict[str, int] = {}
        self._deaths: Counter[str] = Counter()
        self._heartbeats = Heartbeats(lambda: oracle.is_late)
        # Without the option two searches could listen at the same port and share their workers.
        self._server = grpc.server(
            ThreadPoolExecutor(max_workers=8), options=[("grpc.so_reuseport", 0)]
        )
        servicer = OracleServicer(oracle)
        for name in ("CreateTrial", "UpdateTrial", "EndTrial"):
            setattr(servicer, name, self._guarded(getattr(servicer, name)))
        protos.get_service_grpc().add_OracleServicer_to_server(servicer, self._server)
        self._heartbeats.add_to(self._server)
        try:
            self.port = int(self._server.add_insecure_port(str(address)))
        except RuntimeError as error:
            raise MrcaError(
                f"Cannot listen at {address}: {error}. Choose another port, or an address of "
                "this machine."
            ) from None

    def run(self, workers: Workers) -> None:
        """Serve until all trials have ended or the time is up.

        Args:
            workers: those of this machine; others may join.

        Raises:
            MrcaError: if all workers are gone, or what every trial needs.
        """
        self._server.start()
        try:
            while not self._is_done(workers):
                self._look_after(workers)
                self._report(workers)
                time.sleep(_LOOK)
            self._see_off(workers)
            self._report(workers)
        finally:
            workers.stop()
            self._server.stop(grace=None)
        self._oracle.save()

    def _is_done(self, workers: Workers) -> bool:
        oracle = self._oracle
        if oracle.deadline is not None and oracle.is_late:
            nobody = not workers.alive and not self._heartbeats.names
            return nobody or time.monotonic() > oracle.deadline + _GRACE
        # A worker that has not been told so may still be given a trial: the last was too large.
        return oracle.is_over and oracle.is_idle and not oracle.tuner_ids

    def _look_after(self, workers: Workers) -> None:
        """Notice who has died, hand their trials on, and start others in their place."""
        oracle = self._oracle
        if self._failure is not None:
            raise self._failure
        for ended in workers.take_ended(may_leave=oracle.is_over or oracle.is_late):
            self._heartbeats.forget(ended.name)
            if ended.code == UNAVAILABLE:
                raise MrcaError(last_lines(oracle.folder, [ended.name], 1).strip())
            if not oracle.is_late:
                self._bury(ended, oracle.give_back(ended.name))
        for name in self._heartbeats.silent(_LOST):
            if name in workers:
                workers.kill(name)  # it hangs; its trial goes to another one, as if it had died
            else:
                trial_id = oracle.give_back(name)
                self._reporter.message(
                    f"{name} has not been heard of for {_LOST:.0f} s"
                    + (f"; trial {trial_id} goes to another worker." if trial_id else ".")
                )
        if not oracle.is_late and (oracle.has_waiting or not oracle.is_over):
            workers.start_missing(recall=oracle.has_waiting)
        if workers.are_lost and not self._heartbeats.names:
            raise MrcaError(
                f"All workers of the search {oracle.folder} have died, and started anew have died "
                f"again. Last lines of the log of one:\n{last_lines(oracle.folder, workers.names)}"
                "\nPut that right and resume with --resume."
            )

    def _bury(self, ended: Ended, trial_id: str | None) -> None:
        """Say that a worker has died, and give up on a trial that keeps killing them."""
        if trial_id is None and ended.code == 0:
            return
        self._reporter.message(
            f"{ended.name} died ({ended.how}; see {log_file(self._oracle.folder, ended.name)})"
            + (f"; trial {trial_id} is resumed by the next one." if trial_id else ".")
        )
        if trial_id is None:
            return
        self._running.pop(trial_id, None)
        self._deaths[trial_id] += 1
        if self._deaths[trial_id] >= _DEATHS:
            self._give_up(trial_id, f"{_DEATHS} workers died of it, the last one of {ended.how}")

    def _give_up(self, trial_id: str, error: str) -> None:
        oracle = self._oracle
        if all(trial.id != trial_id for trial in read_trials(oracle.folder)):
            settings = oracle.settings(trial_id)
            trial = Trial(id=trial_id, settings=settings, seeds=[], status="failed", error=error)
            write_trial(trial, oracle.folder)
        oracle.give_up(trial_id)

    def _report(self, workers: Workers) -> None:
        """Tell what has happened since the last time."""
        oracle = self._oracle
        for name, suggestion in list(oracle.ongoing_trials.items()):
            trial_id = suggestion.trial_id
            if trial_id not in self._running:
                self._running[trial_id] = name
                settings = oracle.settings(trial_id)
                self._reporter.trial_starts(trial_id, settings, oracle.space.epochs(settings))
            self._report_epochs(trial_id)
        ended = oracle.end_order[self._ended :]
        self._ended += len(ended)
        trials = {trial.id: trial for trial in read_trials(oracle.folder)} if ended else {}
        for trial_id in ended:
            workers.forgive(self._running.pop(trial_id, ""))
            if trial_id in trials:
                self._reporter.trial_ends(trials[trial_id])
        if ended:
            self._ends()

    def _report_epochs(self, trial_id: str) -> None:
        place = self._oracle.folder / TRIALS / trial_id
        for path in place.glob(f"*.unfinished/{HISTORY}"):
            scores = _column(path, MICRO_F1)
            if scores and self._epochs.get(trial_id) != len(scores):
                self._epochs[trial_id] = len(scores)
                run = 1 + len(list(place.glob(f"*/{METRICS}")))
                self._reporter.trial_advances(trial_id, run, len(scores), max(scores))

    def _see_off(self, workers: Workers) -> None:
        """Answer until every worker knows that there is nothing more to do."""
        if self._oracle.is_late:
            return
        end = time.monotonic() + _LEAVING
        while time.monotonic() < end and (workers.alive or self._oracle.tuner_ids):
            for ended in workers.take_ended(may_leave=True):
                self._oracle.tuner_ids.discard(ended.name)
            time.sleep(_LOOK)

    def _guarded(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """An oracle that fails, such as for a full disk, must end more than one call."""

        def guarded(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return answer(request, context)
            except Exception as error:
                self._failure = error
                if THREADS[self._oracle] == threading.current_thread().name:
                    THREADS[self._oracle] = None  # KerasTuner leaves its lock locked
                    LOCKS[self._oracle].release()
                raise

        return guarded


def _column(path: Path, name: str) -> list[float]:
    """A column of a run's history that may be replaced at this moment."""
    try:
        header, *rows = path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    place = header.split(",").index(name)
    return [float(row.split(",")[place]) for row in rows]
