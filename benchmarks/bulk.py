"""`mrca bulk` over millions of made-up sentences: speed, memory, and that it survives being killed.

    python benchmarks/bulk.py --rows 2000000 --kills 10 --output benchmarks/results/bulk.json

The sentences are the sample's, each with a word of its own at its end, marked as the
sample is. They are scored by `mrca predict` in one process, by `mrca bulk` in one process and by
`mrca bulk --workers N`, each a command of its own: rows per second of the whole command, rows per
second of processor time (which other work on the machine changes little), and the largest memory
that any one process held, for all rows and for a tenth of them: it does not grow with the file.

With --kills the last command is begun once more, and at drawn moments its first process or a
worker is killed (SIGKILL), as often as said; then every id must be there once.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mrca.datasets import load_corpus, to_json_row

MRCA = [sys.executable, "-c", "from mrca.cli.main import main; main()"]
_SECONDS = 0.5  # between two looks at a command's processes
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--run", help="default: a run trained on the sample for an epoch")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shard-mb", type=float, default=16.0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = options.run or _train(folder)
        rows, tenth = folder / "rows.jsonl", folder / "tenth.jsonl"
        _write_rows(rows, options.rows)
        _write_rows(tenth, options.rows // 10)
        size = ["--shard-mb", str(options.shard_mb)]
        spread = ["--workers", str(options.workers)]
        commands = {
            "mrca predict": ["predict", run, str(rows)],
            "mrca bulk, a tenth": ["bulk", run, str(tenth), "--output", f"{folder}/tenth", *size],
            "mrca bulk": ["bulk", run, str(rows), "--output", f"{folder}/here", *size],
            f"mrca bulk --workers {options.workers}": [
                *("bulk", run, str(rows), "--output", f"{folder}/spread", *size, *spread)
            ],
        }
        results: dict[str, Any] = {"megabytes": rows.stat().st_size / 1e6, **vars(options)}
        results["commands"] = {
            name: _measure(command, options.rows // (10 if "tenth" in name else 1))
            for name, command in commands.items()
        }
        _print(results)
        if options.kills:
            killed = ["bulk", run, str(rows), "--output", f"{folder}/killed", *size, *spread]
            results["kills"] = _kill(killed, options.kills, random.Random(options.seed))
            results["kills"] |= _count(folder / "killed", options.rows)
            print(json.dumps(results["kills"]))
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(results, indent=2, default=str) + "\n")


def _train(folder: Path) -> str:
    command = ["train", "--dataset", "sample", "--set", "training.epochs=1"]
    command += ["--output", str(folder), "--name", "run"]
    subprocess.run([*MRCA, *command], check=True, stderr=subprocess.DEVNULL)
    return str(folder / "run")


def _write_rows(path: Path, number: int) -> None:
    """So many rows, each with an id of its own."""
    documents = [each for split in load_corpus("sample").splits.values() for each in split]
    drawn = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for row, document in enumerate(islice(cycle(documents), number)):
            line = to_json_row(document)
            line.pop("facts", None)
            line.pop("labels", None)
            line["id"] = f"row-{row}"
            line["tokens"] += ["".join(drawn.choices(_LETTERS, k=8)), str(row), "."]
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _measure(command: list[str], rows: int) -> dict[str, float]:
    """Rows per second of a command, and the most memory that a process of it held, in MB."""
    start = time.perf_counter()
    process = _begin(command)
    peaks: Counter[str] = Counter()
    cpu: dict[int, float] = {}
    while process.poll() is None:
        for pid in [process.pid, *_below(process.pid)]:
            _look_at(pid, "first" if pid == process.pid else "worker", peaks, cpu)
        time.sleep(_SECONDS)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"mrca {' '.join(command)} ended with {process.returncode}")
    found = {"seconds": seconds, "rows_per_second": rows / seconds}
    found["rows_per_processor_second"] = rows / sum(cpu.values())
    return found | {f"peak_mb_{kind}": peak for kind, peak in peaks.items()}


def _begin(command: list[str]) -> subprocess.Popen[bytes]:
    nowhere = subprocess.DEVNULL
    return subprocess.Popen([*MRCA, *command], stdout=nowhere, stderr=nowhere)


def _look_at(pid: int, kind: str, peaks: Counter[str], cpu: dict[int, float]) -> None:
    """Note memory and processor time of a process; of those below, workers of Ray alone."""
    try:
        name = Path(f"/proc/{pid}/cmdline").read_bytes()
        status = Path(f"/proc/{pid}/status").read_text()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return
    cpu[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    if "VmHWM:" in status and (kind == "first" or name.startswith(b"ray::")):
        peak = int(status.partition("VmHWM:")[2].split()[0]) / 1e3
        peaks[kind] = max(peaks[kind], round(peak))


def _below(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def _workers(pid: int) -> list[int]:
    """The workers of Ray that have a shard."""
    found = []
    for each in _below(pid):
        try:
            if b"ray::_run" in Path(f"/proc/{each}/cmdline").read_bytes():
                found.append(each)
        except OSError:
            continue
    return found


def _kill(command: list[str], kills: int, drawn: random.Random) -> dict[str, Any]:
    """Run a command until it ends by itself after so many kills of its processes."""
    done: Counter[str] = Counter()
    starts, start = 1, time.perf_counter()
    process = _begin(command)
    while done.total() < kills:
        ready = time.monotonic() + 120  # workers need a while to start
        while not _workers(process.pid) and time.monotonic() < ready and process.poll() is None:
            time.sleep(_SECONDS)
        time.sleep(drawn.uniform(0, 20))
        if process.poll() is not None:
            break  # it was done before
        workers = _workers(process.pid)
        kind = "worker" if workers and drawn.random() < 0.5 else "first process"
        os.kill(drawn.choice(workers) if kind == "worker" else process.pid, signal.SIGKILL)
        done[kind] += 1
        if kind == "first process":
            process.wait()
            process = _begin(command)
            starts += 1
    code = process.wait()
    seconds = time.perf_counter() - start
    return {"killed": dict(done), "starts": starts, "exit_code": code, "seconds": seconds}


def _count(folder: Path, rows: int) -> dict[str, Any]:
    """How many rows and ids there are, and whether they are those that should be, in order."""
    ids = [
        json.loads(line)["id"]
        for file in sorted(folder.glob("shard-*.jsonl"))
        for line in file.open(encoding="utf-8")
    ]
    wanted = [f"row-{number}" for number in range(rows)]
    return {"rows": len(ids), "distinct_ids": len(set(ids)), "in_order": ids == wanted}


def _print(results: dict[str, Any]) -> None:
    title = f"{results['rows']:,} rows, {results['megabytes']:,.0f} MB"
    table = Table("", "rows/s", "rows/s of processor time", "peak MB", "of a worker", title=title)
    for name, found in results["commands"].items():
        table.add_row(
            name,
            f"{found['rows_per_second']:,.0f}",
            f"{found['rows_per_processor_second']:,.0f}",
            f"{found['peak_mb_first']:,}",
            f"{found.get('peak_mb_worker', '')}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
