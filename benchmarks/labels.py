"""Peak memory of `mrca train`, `evaluate` and `predict` with PubMed's 18,211 labels.

    python benchmarks/labels.py --output benchmarks/results/labels.json

The corpus is generated: documents of random words with twelve labels on average, whose frequencies
fall as 1 / rank (Zipf); every label stands in training at least once. A small network (the sample
vectors, 64 hidden units) is trained for one epoch, evaluated and asked, each as a user would start
it, in a process of its own whose peak memory is read from the operating system. `mrca losses list`
is the memory of the libraries alone.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mrca.datasets import load_corpus, write_jsonl
from mrca.text import Document

LABELS = 18_211
PER_DOCUMENT = 12
WORDS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--measured", type=int, default=2_000, help="of validation, and of test")
    parser.add_argument("--labels", type=int, default=LABELS)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    cells = (options.documents + 2 * options.measured) * options.labels
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_corpus(folder / "corpus", options)
        run = folder / "runs" / "corpus"
        corpus = ["--dataset", str(folder / "corpus"), "--vectors", "sample"]
        settings = ["model.units=0", "model.hidden=64", "model.pooling=mean", "features.role=false"]
        settings += ["training.epochs=1", "loss.name=distribution_balanced"]
        train = ["train", *corpus, "--output", str(folder / "runs")]
        for each in settings:
            train += ["--set", each]
        measured = {
            "libraries": _peak("losses", "list"),
            "train": _peak(*train),
            "evaluate": _peak("evaluate", str(run), "--tune", "global"),
            "predict": _peak("predict", str(run), str(folder / "corpus" / "test.jsonl")),
        }
    title = f"{options.documents:,} documents, {options.labels:,} labels"
    table = Table("command", "peak MB", "seconds", title=title)
    for command, (peak, seconds) in measured.items():
        table.add_row(command, f"{peak:.0f}", f"{seconds:.0f}")
    console = Console()
    console.print(table)
    console.print(
        f"Labels and scores as whole matrices of 1 and 4 bytes: {5 * cells / 1e6:,.0f} MB."
    )
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        results = {"peak_mb": {name: peak for name, (peak, _) in measured.items()}, **vars(options)}
        options.output.write_text(json.dumps(results, indent=2, default=str) + "\n")


def _peak(*arguments: str) -> tuple[float, float]:
    """The most memory of a command, in MB, and its seconds."""
    start = time.perf_counter()
    measure = (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, code)"
    )
    command = [sys.executable, "-c", "from mrca.cli.main import main; main()", *arguments]
    done = subprocess.run(
        [sys.executable, "-c", measure, *command], check=True, stdout=subprocess.PIPE, text=True
    )
    kilobytes, code = map(int, done.stdout.split())  # kilobytes on Linux
    if code:
        raise SystemExit(f"mrca {' '.join(arguments)} failed.")
    return kilobytes / 1e3, time.perf_counter() - start


def _write_corpus(folder: Path, options: argparse.Namespace) -> None:
    words = sorted({word for row in load_corpus("sample").splits["train"] for word in row.tokens})
    names = np.array([f"heading {number:05}" for number in range(options.labels)])
    share = 1 / np.arange(1, options.labels + 1)
    share /= share.sum()
    rng = np.random.default_rng(0)
    seldom = iter(rng.permutation(options.labels).tolist())

    def documents(count: int, *, all_labels: bool = False) -> Iterator[Document]:
        extra = -(-options.labels // count) if all_labels else 0
        for _ in range(count):
            drawn = rng.choice(options.labels, rng.poisson(PER_DOCUMENT - extra), p=share)
            chosen = {*drawn.tolist(), *islice(seldom, extra)}
            tokens = tuple(rng.choice(words, WORDS).tolist())
            yield Document(tokens, labels=tuple(names[sorted(chosen)].tolist()))

    folder.mkdir()
    write_jsonl(documents(options.documents, all_labels=True), folder / "train.jsonl")
    for split in ("valid", "test"):
        write_jsonl(documents(options.measured), folder / f"{split}.jsonl")
    (folder / "relations.json").write_text(json.dumps(names.tolist()))


if __name__ == "__main__":
    main()
