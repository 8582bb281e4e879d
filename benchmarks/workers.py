"""`mrca compare` of 12 small runs on the sample: two workers against one process.

    python benchmarks/workers.py --output benchmarks/results/workers.json

Both are started as a user would, with one thread for each run, and are compared within one run of
this script. Their scores must be equal.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

GOAL = 1.5
_LOSSES = ("rc_dice", "binary_crossentropy", "focal", "dice")
_FILE = """
title = "Workers"
seeds = {seeds}
recipe = "mrca"
set = [
    "data.dataset=sample", "vectors.name=sample", "model.units=32",
    "training.epochs={epochs}", "training.patience={epochs}", "training.learning_rate=1e-2",
]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3, help="of each of four losses")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        methods = [f'[[methods]]\nname = "{loss}"\nset = ["loss.name={loss}"]' for loss in _LOSSES]
        text = _FILE.format(seeds=options.seeds, epochs=options.epochs)
        (folder / "runs.toml").write_text(text + "\n".join(methods))
        load = os.getloadavg()[0]
        alone, expected = _compare(folder, "alone")
        at_once, found = _compare(folder, "at-once", "--workers", str(options.workers))
    runs = options.seeds * len(_LOSSES)
    ratio = alone / at_once
    title = f"mrca compare, {runs} runs, load {load:.1f} of {os.cpu_count()} before"
    table = Table("workers", "seconds", "speed-up", "goal", "scores", title=title)
    table.add_row("one process", f"{alone:.0f}", "", "", "")
    equal = "equal" if expected == found else "DIFFERENT"
    table.add_row(str(options.workers), f"{at_once:.0f}", f"{ratio:.2f}", f"≥ {GOAL}", equal)
    Console().print(table)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        results = {
            "runs": runs,
            "seconds_one_process": alone,
            "seconds_at_once": at_once,
            "speed_up": ratio,
            "goal": GOAL,
            "equal_scores": expected == found,
            "load_before": load,
            **vars(options),
        }
        options.output.write_text(json.dumps(results, indent=2, default=str) + "\n")


def _compare(folder: Path, name: str, *options: str) -> tuple[float, dict[str, Any]]:
    """Seconds, and the comparison without what differs by place and time."""
    start = time.perf_counter()
    command = [sys.executable, "-c", "from mrca.cli.main import main; main()", "compare"]
    done = subprocess.run(
        [*command, "runs.toml", "--output", name, "--json", *options],
        cwd=folder,
        env={**os.environ, "TF_NUM_INTRAOP_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds = time.perf_counter() - start
    values = json.loads(done.stdout)
    del values["made_from"]
    for method in values["methods"].values():
        del method["seconds"]
    return seconds, values


if __name__ == "__main__":
    main()
