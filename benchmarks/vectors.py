"""Time and memory of importing, opening and searching 400,000 x 300 vectors.

    python benchmarks/vectors.py --output benchmarks/results/vectors.json

It needs GloVe's word list, `glove.6B.vocabulary-400k.txt.gz`, in `$MRCA_VECTORS_DIR`, and about
2 GB of disk for a while: the text file is made from that list with seeded random values. Every
stage runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DIM = 300
LOOKED_UP = 25_000
GOALS = {"import_peak_mb": 2000, "open_ms": 50, "open_growth_mb": 20, "lookup_s": 2}


def make_text(vocabulary: Path, target: Path, words: int | None) -> None:
    """Write GloVe text: the words with values from a pool of normal numbers."""
    rng = random.Random(0)
    pool = [f"{rng.gauss(0, 0.4):.5f}" for _ in range(1 << 16)]
    with (
        gzip.open(vocabulary, "rt", encoding="utf-8") as source,
        target.open("w", encoding="utf-8") as file,
    ):
        for number, line in enumerate(source):
            if number == words:
                break
            file.write(f"{line.rstrip(chr(10))} {' '.join(rng.choices(pool, k=DIM))}\n")


def peak_mb() -> float:
    """The most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1e6 if os.uname()[0] == "Darwin" else 1e3
    )


def held_mb() -> float:
    """The memory this process holds now (Linux only)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def stage_import(source: Path, store: Path) -> dict[str, float]:
    from mrca.vectors import import_vectors

    start = time.perf_counter()
    import_vectors(source, store, "random")
    return {"import_s": time.perf_counter() - start, "import_peak_mb": peak_mb()}


def stage_open(store: Path) -> dict[str, float]:
    from mrca.vectors import VectorStore, word_vectors

    before = held_mb()
    start = time.perf_counter()
    vectors = VectorStore.open(store)
    opened = time.perf_counter()
    growth = held_mb() - before
    words = list(vectors.words())
    rng = random.Random(1)
    sought = rng.sample(words, min(LOOKED_UP, len(words)))
    sought[::20] = [f"{word}-{word}" for word in sought[::20]]  # one in twenty is unknown
    ready = time.perf_counter()
    _, known = word_vectors(vectors, sought)
    return {
        "rows": len(vectors),
        "open_ms": 1000 * (opened - start),
        "open_growth_mb": growth,
        "lookup_s": time.perf_counter() - ready,
        "lookup_known": float(known.mean()),
        "lookup_peak_mb": peak_mb(),
    }


def run_stage(*arguments: str) -> dict[str, float]:
    """Run one stage in a fresh process."""
    command = [sys.executable, __file__, "--stage", *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, help="where to write the numbers as JSON")
    parser.add_argument("--words", type=int, help="only so many words, to try it out")
    parser.add_argument("--stage", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        stage = {"import": stage_import, "open": stage_open}[options.stage[0]]
        print(json.dumps(stage(*map(Path, options.stage[1:]))))
        return

    from rich.console import Console
    from rich.table import Table

    folder = os.environ.get("MRCA_VECTORS_DIR")
    vocabulary = Path(folder or ".") / "glove.6B.vocabulary-400k.txt.gz"
    if not vocabulary.is_file():
        sys.exit(f"{vocabulary} is missing: set MRCA_VECTORS_DIR to the folder that holds it.")
    with tempfile.TemporaryDirectory() as temporary:
        text, store = Path(temporary) / "vectors.txt", Path(temporary) / "store"
        make_text(vocabulary, text, options.words)
        results: dict[str, float] = {"text_mb": text.stat().st_size / 1e6}
        results |= run_stage("import", str(text), str(store))
        results |= run_stage("open", str(store))
    table = Table("measure", "value", "goal")
    for name, value in results.items():
        table.add_row(name, f"{value:,.2f}", f"≤ {GOALS[name]:,}" if name in GOALS else "")
    Console().print(table)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps({"results": results, "goals": GOALS}, indent=2) + "\n")


if __name__ == "__main__":
    main()
