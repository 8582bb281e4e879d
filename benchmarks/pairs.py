"""Recipe `pairs` over recipe `mrca` on WebNLG: sentences a second of training and prediction.

    python benchmarks/pairs.py --output benchmarks/results/pairs.json

Each round times both on the same sentences, so that a machine whose speed drifts does not favour
one; quote the ratio of the medians. Prediction is text in, answers out: relations of a sentence
by the one, facts by the other. Epochs to the best one are those of two finished runs, where given.
Needs the corpus (`mrca data fetch webnlg`) and word vectors (`--vectors`).
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import mrca
from mrca.datasets import load_corpus

GOAL = 0.8  # of prediction
TIME_GOAL = 0.5  # of training to the best epoch
RECIPES = {"pairs": "pairs", "whole": "webnlg"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors", default="minilm-static")
    parser.add_argument("--rows", type=int, default=640, help="training rows a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", nargs=2, type=Path, metavar=("PAIRS", "WHOLE"))
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()

    corpus = load_corpus("webnlg")
    rng = np.random.default_rng(0)
    train = corpus.splits["train"]
    rows = [train[i] for i in rng.permutation(len(train))[: options.rows]]
    jobs = {kind: _jobs(recipe, options.vectors, corpus, rows) for kind, recipe in RECIPES.items()}
    timings: dict[str, dict[str, list[float]]] = {
        kind: {"training": [], "prediction": []} for kind in jobs
    }
    for round_ in range(options.rounds + 1):
        for name in ("training", "prediction"):
            for kind, job in jobs.items():
                count, run = job[name]
                start = time.perf_counter()
                run()
                if round_:  # the first round compiles
                    timings[kind][name].append(count / (time.perf_counter() - start))
    _report(timings, options)


def _jobs(recipe, vectors, corpus, rows):  # type: ignore[no-untyped-def]
    classifier = mrca.RelationClassifier.from_recipe(
        recipe,
        rows,
        settings={"vectors.name": vectors},
        relations=corpus.relations,
        vocabulary_of=corpus.splits["test"],
    )
    classifier.compile()
    test = corpus.splits["test"]
    return {
        "training": (len(rows), lambda: classifier.fit(rows, epochs=1, verbose=0)),
        "prediction": (len(test), lambda: classifier.predict(test)),
    }


def _report(timings: dict[str, dict[str, list[float]]], options: argparse.Namespace) -> None:
    table = Table("", "pairs /s", "whole /s", "ratio", "goal", title="WebNLG sentences a second")
    results = {}
    for name in ("training", "prediction"):
        pairs, whole = (statistics.median(timings[kind][name]) for kind in RECIPES)
        results[name] = {"pairs": pairs, "whole": whole, "ratio": pairs / whole}
        goal = f"≥ {GOAL}" if name == "prediction" else ""
        table.add_row(name, f"{pairs:.0f}", f"{whole:.0f}", f"{pairs / whole:.2f}", goal)
    if options.runs:
        best = [
            json.loads((run / "metrics.json").read_text("utf-8"))["best_epoch"]
            for run in options.runs
        ]
        share = best[0] / best[1] / results["training"]["ratio"]
        results["time to the best epoch"] = {"epochs": best, "ratio": share, "goal": TIME_GOAL}
        table.add_row("best epoch", str(best[0]), str(best[1]), "")
        table.add_row("time to it", "", "", f"{share:.2f}", f"≤ {TIME_GOAL}")
    Console().print(table)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"timings": timings, "results": results}, indent=2)
        options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
