"""Does attentive relation routing lack training rows? Macro F1 over a linear classifier.

    python benchmarks/routing.py saved_models/fewrel-lt --output benchmarks/results/routing.json

A controlled experiment on what an encoder has learnt (a finished run of `fewrel-lt`): of the
relations with at least 100 training rows, 5, 20 and 100 rows each, so that there is no long tail,
and all of FewRel-LT with its tail. On each, a linear classifier and routing with one and two
iterations are trained anew on the run's frozen layers, and measured on the test rows of the same
relations.
"""

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

import mrca
from mrca import training
from mrca.config import RunConfig
from mrca.datasets import write_jsonl
from mrca.runs import layout
from mrca.text import Document

COUNTS = (5, 20, 100)
# Name, and what it sets.
CLASSIFIERS = {
    "linear": {"name": "linear"},
    "routing, one iteration": {
        "name": "attentive_relation_routing",
        "options": {"iterations": 1},
    },
    "routing, two iterations": {
        "name": "attentive_relation_routing",
        "options": {"iterations": 2},
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a finished run of fewrel-lt")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2000, help="batches of each training")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    run = options.run.resolve()
    corpus = mrca.load_corpus("fewrel-lt")
    counts = Counter(row.labels[0] for row in corpus.splits["train"])
    kept = {name for name, count in counts.items() if count >= max(COUNTS)}
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in (*COUNTS, None):
            what = f"{rows} rows of each of {len(kept)}" if rows else "FewRel-LT"
            place = folder / f"rows-{rows}"
            for split, documents in corpus.splits.items():
                most = rows if split == "train" else None
                taken = documents if rows is None else _taken(documents, kept, most)
                write_jsonl(taken, place / f"{split}.jsonl")
                if split == "train":
                    trained = len(taken)
            for title, classifier in CLASSIFIERS.items():
                for seed in range(1, options.seeds + 1):
                    config = _config(run, place, classifier, seed, options.steps, trained)
                    output = folder / "runs" / f"{rows}-{title}-{seed}".replace(" ", "-")
                    metrics = training.train(config, output).metrics
                    found[what][title].append(metrics["splits"]["test"]["macro"]["f1"])
                    print(what, title, seed, round(found[what][title][-1], 4), flush=True)
    table = Table("training rows", *CLASSIFIERS, title="test macro F1")
    for what, scores in found.items():
        table.add_row(what, *(f"{fmean(each):.4f}" for each in scores.values()))
    Console().print(table)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(found, indent=2) + "\n")


def _taken(documents: Sequence[Document], kept: set[str], most: int | None) -> list[Document]:
    """The first rows of each relation that is kept."""
    seen: Counter[str] = Counter()
    taken = []
    for document in documents:
        label = document.labels[0]
        if label in kept and (most is None or seen[label] < most):
            seen[label] += 1
            taken.append(document)
    return taken


def _config(
    run: Path, corpus: Path, classifier: dict, seed: int, steps: int, rows: int
) -> RunConfig:
    """A second stage on the run's layers, of as many steps whatever the number of rows."""
    config = layout.read_config(run)
    epochs = max(1, round(steps * config.training.batch_size / rows))
    return config.changed(
        {
            "data.dataset": str(corpus),
            "classifier": {**classifier, "representation": str(run)},
            "training.epochs": epochs,
            "training.patience": epochs,
            "training.seed": seed,
        }
    )


if __name__ == "__main__":
    main()
