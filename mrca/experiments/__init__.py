"""Many runs: comparisons, decouplings, and searches for settings."""

from mrca.experiments.compare import check_same_candidates, compare, compare_runs
from mrca.experiments.decouple import decouple
from mrca.experiments.plan_runs import PlannedRun, plan_runs, plan_training

__all__ = [
    "PlannedRun",
    "check_same_candidates",
    "compare",
    "compare_runs",
    "decouple",
    "plan_runs",
    "plan_training",
]
