"""Peak memory and speed of recipe `atlop`, and of the same model as ATLOP's code has it.

    python benchmarks/documents.py --encoder keras_hub:FOLDER \\
        --output benchmarks/results/documents.json

The authors' code (github.com/wzhouad/ATLOP) takes the attention of both entities out for every
pair, `(pairs, heads, time)`, and multiplies it there; its grouped bilinear classifier makes all
products of all groups, `(pairs, hidden * 64)`, before one dense layer. Those two layers are
written here so, flat over pairs; all else is the package's own, so that encoder, batches and
numbers are the same.

Both train on and predict the largest documents of Re-DocRED, 4 a batch, in processes of their own
that take turns: peak memory is the process's, a speed the median of the rounds.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

GOAL_GB = 4
DESIGNS = {"mrca": "recipe atlop", "atlop": "as ATLOP's code"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--encoder", required=True, help="keras_hub:FOLDER of a BERT")
    parser.add_argument("--hidden", type=int, default=384, help="model.hidden, a multiple of 64")
    parser.add_argument("--documents", type=int, default=16)
    parser.add_argument("--accumulate", type=int, default=1, help="steps that read the 4 documents")
    parser.add_argument(
        "--checkpointing", action="store_true", help="encoder.gradient_checkpointing"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--design", choices=DESIGNS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.design:
        print(json.dumps(_measure(options)))
        return
    found: dict[str, list[dict[str, float]]] = {design: [] for design in DESIGNS}
    for _ in range(options.rounds):
        for design, results in found.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--design", design]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            results.append(json.loads(done.stdout.splitlines()[-1]))
    _report(found, options)


def _measure(options: argparse.Namespace) -> dict[str, float]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import mrca
    from mrca.datasets import load_corpus

    corpus = load_corpus("re-docred")
    documents = [document for rows in corpus.splits.values() for document in rows]
    documents.sort(key=lambda document: len(document.entities), reverse=True)
    documents = documents[: options.documents]
    settings = {
        "encoder.name": options.encoder,
        "encoder.gradient_checkpointing": options.checkpointing,
        "model.hidden": options.hidden,
        "training.batch_size": 4 // options.accumulate,
        "training.accumulate": options.accumulate,
    }
    with ExitStack() as stack:
        if options.design == "atlop":
            _take_the_layers_of_the_authors(stack)
        classifier = mrca.RelationClassifier.from_recipe(
            "atlop", documents, settings=settings, relations=corpus.relations
        )
    classifier.compile()
    results = {"entities": max(len(document.entities) for document in documents)}
    batches = [documents[i : i + 4] for i in range(0, len(documents), 4)]
    for name, run in (
        ("predicted", lambda: [classifier.predict(batch) for batch in batches]),
        ("trained", lambda: classifier.fit(documents, epochs=1, verbose=0)),
    ):
        run()  # compiles
        start = time.perf_counter()
        run()
        results[name] = len(documents) / (time.perf_counter() - start)
        # Kilobytes on Linux. Prediction first: it takes less.
        results[f"{name}_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return results


def _take_the_layers_of_the_authors(stack: ExitStack) -> None:
    import keras
    from keras import ops

    from mrca.layers import GroupedBilinear, LocalizedContext, heads
    from mrca.models import network

    class GatheredContext(LocalizedContext):
        def call(self, states, attention, entities, pairs, entity_rows, row_entities):  # type: ignore[no-untyped-def]
            time_ = ops.shape(states)[1]
            tokens = ops.expand_dims(entity_rows, 1) * time_ + ops.maximum(entities, 0)
            by_token = ops.transpose(attention, (0, 2, 1, 3))
            by_token = ops.reshape(by_token, (-1, attention.shape[1], time_))
            is_token = ops.cast(entities >= 0, "float32")[:, :, None, None]
            of_entities = ops.sum(ops.take(by_token, tokens, axis=0) * is_token, axis=1)
            of_entities /= ops.maximum(ops.sum(is_token, axis=1), 1)
            subject = ops.take(of_entities, pairs[:, 0], axis=0)
            object_ = ops.take(of_entities, pairs[:, 1], axis=0)
            weights = ops.mean(subject * object_, axis=1)
            weights /= ops.sum(weights, axis=1, keepdims=True) + 1e-5
            rows = ops.take(entity_rows, pairs[:, 0], axis=0)
            # Document by document, as the authors: the batches here have at most four.
            parts = [ops.where(rows[:, None] == row, weights, 0) for row in range(4)]
            rows_of_batch = ops.shape(states)[0]
            return sum(
                ops.matmul(part, ops.take(states, ops.minimum(row, rows_of_batch - 1), axis=0))
                for row, part in enumerate(parts)
            )

    class ExpandedBilinear(GroupedBilinear):
        def call(self, inputs: Any) -> Any:
            groups, block = self._groups(inputs.shape[-1])
            halves = ops.reshape(inputs, (-1, 2, groups, block))
            products = ops.expand_dims(halves[:, 0], 3) * ops.expand_dims(halves[:, 1], 2)
            flat = ops.reshape(products, (-1, groups * block * block))
            return ops.matmul(flat, self.kernel) + self.bias

    assert keras.backend.backend() == "tensorflow"
    stack.enter_context(patch.object(network, "LocalizedContext", GatheredContext))
    stack.enter_context(patch.dict(heads.HEADS, {"grouped_bilinear": ExpandedBilinear}))


def _report(found: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> None:
    medians = {
        design: {key: statistics.median(round_[key] for round_ in rounds) for key in rounds[0]}
        for design, rounds in found.items()
    }
    ours, theirs = medians["mrca"], medians["atlop"]
    title = f"Re-DocRED, {options.documents} documents of up to {ours['entities']:.0f} entities"
    table = Table("", *DESIGNS.values(), "ratio", "goal", title=title)
    for key, label, goal in (
        ("trained_gb", "training, peak GB", f"≤ {GOAL_GB} GB"),
        ("predicted_gb", "prediction, peak GB", ""),
        ("trained", "training, documents /s", ""),
        ("predicted", "prediction, documents /s", ""),
    ):
        ratio = ours[key] / theirs[key]
        table.add_row(label, f"{ours[key]:.2f}", f"{theirs[key]:.2f}", f"{ratio:.2f}", goal)
    Console().print(table)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"rounds": found, "medians": medians}, indent=2)
        options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
