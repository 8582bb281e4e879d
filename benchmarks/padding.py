"""Sentences per second on WebNLG: masked padding against fixed, in one process, in turn.

    python benchmarks/padding.py --output benchmarks/results/padding.json

The paper's settings (BiLSTM 2 x 500, batch 32). Each round times both modes on the same rows, so
that a machine whose speed drifts does not favour one; quote the ratio of the medians. Needs the
corpus (`mrca data fetch webnlg`) and word vectors (`--vectors`).
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

GOALS = {"training": 2.5, "prediction": 3.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors", default="minilm-static")
    parser.add_argument("--rows", type=int, default=640, help="training rows a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()

    corpus = load_corpus("webnlg")
    rng = np.random.default_rng(0)
    train = corpus.splits["train"]
    rows = [train[i] for i in rng.permutation(len(train))[: options.rows]]
    jobs = {mode: _jobs(mode, options.vectors, corpus, rows) for mode in ("masked", "fixed")}
    timings: dict[str, dict[str, list[float]]] = {
        mode: {name: [] for name in GOALS} for mode in jobs
    }
    for round_ in range(options.rounds + 1):
        for name in GOALS:
            for mode, job in jobs.items():
                count, run = job[name]
                start = time.perf_counter()
                run()
                if round_:  # the first round compiles
                    timings[mode][name].append(count / (time.perf_counter() - start))
    _report(timings, options.output)


def _jobs(mode, vectors, corpus, rows):  # type: ignore[no-untyped-def]
    settings = {"features.padding": mode, "vectors.name": vectors}
    classifier = mrca.RelationClassifier.from_recipe(
        "webnlg",
        rows,
        settings=settings,
        relations=corpus.relations,
        vocabulary_of=corpus.splits["test"],
    )
    classifier.compile()
    test = classifier.candidates(corpus.splits["test"])
    return {
        "training": (len(rows), lambda: classifier.fit(rows, epochs=1, verbose=0)),
        "prediction": (len(test), lambda: classifier.raw_outputs(test)),
    }


def _report(timings: dict[str, dict[str, list[float]]], output: Path | None) -> None:
    table = Table("", "masked /s", "fixed /s", "ratio", "goal", title="WebNLG sentences a second")
    results = {}
    for name, goal in GOALS.items():
        masked, fixed = (statistics.median(timings[mode][name]) for mode in ("masked", "fixed"))
        results[name] = {"masked": masked, "fixed": fixed, "ratio": masked / fixed, "goal": goal}
        table.add_row(name, f"{masked:.0f}", f"{fixed:.0f}", f"{masked / fixed:.2f}", f"≥ {goal}")
    Console().print(table)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps({"timings": timings, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
