"""Time from starting `mrca predict` on one row to its answer, over `import tensorflow`.

    python benchmarks/first_answer.py saved_models/my_corpus row.jsonl

Processes of their own, in turn in each round. Seconds are the processor's: what other programs do
on a machine makes those of a clock longer.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

GOAL = 1.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", help="a run folder")
    parser.add_argument("row", type=Path, help="a JSON Lines file of one row")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    predict = ["-c", "from mrca.cli.main import main; main()", "predict", options.run, options.row]
    commands = {"import tensorflow": ["-c", "import tensorflow"], "mrca predict": predict}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            seconds[name].append(_seconds(command))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["mrca predict"] / medians["import tensorflow"]
    table = Table(*(f"{name}, s" for name in medians), "ratio", "goal", title="One row")
    table.add_row(*(f"{value:.1f}" for value in medians.values()), f"{ratio:.2f}", f"≤ {GOAL}")
    Console().print(table)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        results = {"seconds": seconds, "ratio": ratio, "goal": GOAL}
        options.output.write_text(json.dumps(results, indent=2) + "\n")


def _seconds(command: list[str]) -> float:
    """Of the processor, in a process of Python and what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
