"""Text in, labels out: `mrca predict`, the exported model and `mrca serve`, against plain Keras.

    python benchmarks/serving.py saved_models/webnlg --output benchmarks/results/serving.json

The baseline is Keras's `predict`, in batches of 32, on arrays that are made beforehand and padded
to `features.max_length`. All others start from text or words on every round. Each round times all
of them in turn on the run's test split, so that a machine whose speed drifts favours none; quote
the ratios of the medians. Below a goal it exits with 1. The run must have been exported (`mrca
export`); its newest version is used.
"""

import argparse
import json
import signal
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import requests
from rich.console import Console
from rich.table import Table
from serve_load import start_server

import mrca
from mrca.datasets import load_corpus
from mrca.encoding import Batch
from mrca.models import RelationClassifier
from mrca.serving import find_exported
from mrca.serving.served_model import ServedModel
from mrca.text import Document
from mrca.text.inline_marks import marked

BASELINE = "Keras, arrays padded"
GOALS = {"SavedModel, text": 3.0}
# Sentences of which each is asked about alone.
SINGLE = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()

    run = mrca.load(options.run)
    rows = load_corpus(run.config.data.dataset).splits["test"]
    folder = find_exported(options.run).absolute()
    texts = np.array([marked(row).encode() for row in rows], object)
    padded = _padded(run.classifier, rows)
    network, model = run.classifier.network, ServedModel.load(folder)
    server, host = start_server(folder)
    url = f"http://{host}/v1/models/{folder.parent.name}:predict"

    def ask(session: requests.Session, some: np.ndarray) -> None:
        body = {"instances": [text.decode() for text in some]}
        session.post(url, json=body).raise_for_status()

    def served() -> None:
        with requests.Session() as session, ThreadPoolExecutor(options.clients) as clients:
            session.mount(url, requests.adapters.HTTPAdapter(pool_maxsize=options.clients))
            list(clients.map(lambda some: ask(session, some), _batches(texts)))

    def keras_alone() -> None:
        for row in range(SINGLE):
            network.predict_on_batch({name: array[[row]] for name, array in padded.items()})

    def saved(batches: list[np.ndarray]) -> Callable[[], None]:
        def run_all() -> None:
            for batch in batches:
                model.run("serving_default", {"text": batch})

        return run_all

    alone = [texts[[row]] for row in range(SINGLE)]
    with requests.Session() as session:
        throughput = {
            BASELINE: lambda: network.predict(padded, batch_size=32, verbose=0),
            "mrca predict": lambda: run.predict(rows),
            "SavedModel, text": saved([texts]),
            "SavedModel, text, 32 at a time": saved(_batches(texts)),
            f"mrca serve, {options.clients} clients": served,
        }
        latency = {
            BASELINE: keras_alone,
            "mrca predict": lambda: [run.predict([row]) for row in rows[:SINGLE]],
            "SavedModel, text": saved(alone),
            "mrca serve": lambda: [ask(session, text) for text in alone],
        }
        try:
            speeds = _timed(throughput, len(rows), options.rounds)
            waits = _timed(latency, SINGLE, options.rounds)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    _report(speeds, waits, options.output)
    baseline = statistics.median(speeds[BASELINE])
    if any(baseline / statistics.median(speeds[name]) < goal for name, goal in GOALS.items()):
        sys.exit(1)


def _padded(classifier: RelationClassifier, rows: list[Document]) -> dict[str, np.ndarray]:
    encoded = classifier.encoder.encode(classifier.candidates(rows))
    whole = Batch(np.arange(len(rows)), classifier.config.features.max_length)
    return encoded.batch(whole, "fixed")


def _batches(texts: np.ndarray) -> list[np.ndarray]:
    return [texts[start : start + 32] for start in range(0, len(texts), 32)]


def _timed(jobs: dict[str, Callable[[], Any]], count: int, rounds: int) -> dict[str, list[float]]:
    """Seconds a sentence, of each round."""
    timings: dict[str, list[float]] = {name: [] for name in jobs}
    for round_ in range(rounds + 1):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if round_:  # the first one compiles
                timings[name].append((time.perf_counter() - start) / count)
    return timings


def _report(
    speeds: dict[str, list[float]], waits: dict[str, list[float]], output: Path | None
) -> None:
    results: dict[str, Any] = {"sentences_per_second": {}, "milliseconds_alone": {}}
    table = Table("", "sentences a second", "over Keras", "goal", title="Many sentences")
    median = {name: statistics.median(values) for name, values in speeds.items()}
    for name, seconds in median.items():
        ratio = median[BASELINE] / seconds
        results["sentences_per_second"][name] = {"speed": 1 / seconds, "ratio": ratio}
        goal = f"≥ {GOALS[name]}" if name in GOALS else ""
        table.add_row(name, f"{1 / seconds:.0f}", f"{ratio:.2f}", goal)
    Console().print(table)
    table = Table("", "milliseconds", "of Keras's", title="One sentence at a time")
    median = {name: statistics.median(values) for name, values in waits.items()}
    for name, seconds in median.items():
        ratio = seconds / median[BASELINE]
        results["milliseconds_alone"][name] = {"milliseconds": seconds * 1e3, "ratio": ratio}
        table.add_row(name, f"{seconds * 1e3:.1f}", f"{ratio:.2f}")
    Console().print(table)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        timings = {"speeds": speeds, "waits": waits}
        output.write_text(json.dumps({"timings": timings, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
