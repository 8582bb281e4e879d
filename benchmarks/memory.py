"""Peak memory of `mrca train` on a corpus of NYT's size with 400,000 x 300 word vectors.

    python benchmarks/memory.py --output benchmarks/results/memory.json

The corpus is `nyt_small`, repeated to 56,000 training sentences; the vectors are GloVe's word list
(`glove.6B.vocabulary-400k.txt.gz` in `$MRCA_VECTORS_DIR`) with seeded random values. The training
runs as a user would start it, for one epoch, in a process of its own whose peak memory is read
from the operating system. Needs about 3 GB of disk for a while.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mrca.datasets import load_corpus, write_jsonl
from mrca.vectors import VectorStore

GOAL_MB = 2500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sentences", type=int, default=56_000)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_corpus(folder / "corpus", options.sentences)
        _write_vectors(folder / "vectors")
        start = time.perf_counter()
        command = [sys.executable, "-c", "from mrca.cli.main import main; main()", "train"]
        command += ["--dataset", str(folder / "corpus"), "--vectors", str(folder / "vectors")]
        command += ["--output", str(folder / "runs"), "--set", "training.epochs=1"]
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - start
    # Kilobytes on Linux. The largest child: this process's own peak does not count.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    table = Table("sentences", "vectors", "peak MB", "goal", "seconds", title="mrca train, 1 epoch")
    table.add_row(
        str(options.sentences), "400,000 x 300", f"{peak:.0f}", f"≤ {GOAL_MB}", f"{seconds:.0f}"
    )
    Console().print(table)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        results = {"peak_mb": peak, "goal_mb": GOAL_MB, "seconds": seconds, **vars(options)}
        options.output.write_text(json.dumps(results, indent=2, default=str) + "\n")


def _write_corpus(folder: Path, sentences: int) -> None:
    corpus = load_corpus("nyt_small")
    folder.mkdir()
    rows = list(islice(cycle(corpus.splits["train"]), sentences))
    write_jsonl(rows, folder / "train.jsonl")
    for split in ("valid", "test"):
        write_jsonl(corpus.splits[split], folder / f"{split}.jsonl")
    (folder / "relations.json").write_text(json.dumps(list(corpus.relations)))


def _write_vectors(folder: Path) -> None:
    if "MRCA_VECTORS_DIR" not in os.environ:
        raise SystemExit("Set MRCA_VECTORS_DIR to the folder of glove.6B.vocabulary-400k.txt.gz.")
    source = Path(os.environ["MRCA_VECTORS_DIR"]) / "glove.6B.vocabulary-400k.txt.gz"
    with gzip.open(source, "rt", encoding="utf-8") as file:
        words = [line.rstrip("\n") for line in file]
    values = np.random.default_rng(0).normal(0, 0.4, (len(words), 300)).astype(np.float32)
    VectorStore.write(folder, words, values, name="random-400k")


if __name__ == "__main__":
    main()
