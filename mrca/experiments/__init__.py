"""Many runs: comparisons, decouplings, and searches for settings."""

from mrca.experiments.compare import check_same_candidates, compare, compare_runs
from mrca.experiments.decouple import decouple
from mrca.experiments.plan_runs import PlannedRun, plan_runs, plan_training
from mrca.experiments.runs_reporter import RunsReporter, SilentRunsReporter

__all__ = [
    "PlannedRun",
    "RunsReporter",
    "SilentRunsReporter",
    "check_same_candidates",
    "compare",
    "compare_runs",
    "decouple",
    "plan_runs",
    "plan_training",
]
