"""Forward and backward of every loss as a ratio to `binary_crossentropy`, TensorFlow graph mode.

    python benchmarks/losses.py --output benchmarks/results/losses.json

Shapes are those of document-level relation extraction (4096 pairs, 96 relations and the threshold)
and of a WebNLG batch (32 sentences, 216 relations). In each round every loss is timed in turn, in
another order, so that a machine whose speed drifts favours none; a ratio is the median over rounds
of the loss's time over that of `binary_crossentropy` in the same round. A distillation loss is
timed with its student's, which is one against the threshold.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from mrca import losses

SHAPES = ((4096, 97), (32, 216))
REFERENCE = "binary_crossentropy"
GOALS = {"elementwise": 2.5, "threshold": 4.0}
# Seconds that one measurement should take at least.
SLICE = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--losses", nargs="*", default=list(losses.LOSSES))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    names = list(dict.fromkeys([REFERENCE, *options.losses]))
    ratios: dict[str, dict[str, float]] = {name: {} for name in names}
    for shape in SHAPES:
        for name, ratio in _ratios(names, shape, options.rounds).items():
            ratios[name]["x".join(map(str, shape))] = ratio
    _report(ratios, options.output)


def _ratios(names: list[str], shape: tuple[int, int], rounds: int) -> dict[str, float]:
    steps = {name: _step(name, *shape) for name in names}
    repeats = max(1, int(SLICE / min(_seconds(steps[REFERENCE], 20) for _ in range(3))))
    generator = np.random.default_rng(0)
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        seconds = {
            name: _seconds(steps[name], repeats) for name in generator.permutation(names).tolist()
        }
        for name in names:
            found[name].append(seconds[name] / seconds[REFERENCE])
    return {name: statistics.median(each) for name, each in found.items()}


def _step(name, rows, columns):  # type: ignore[no-untyped-def]
    """A compiled function of no arguments: the loss and its gradient, already warm."""
    generator = np.random.default_rng(0)
    loss = (
        losses.get(name)
        if not losses.needs_counts(name)
        else losses.get(
            name,
            class_counts=generator.integers(1, rows, columns).tolist(),
            num_samples=10 * rows,
        )
    )
    labels = tf.constant(generator.random((rows, columns)) < 0.03, tf.float32)
    if isinstance(loss, losses.DistillationLoss):  # the teacher's outputs, then the labels
        teacher = generator.normal(0, 2, (rows, columns))
        labels = tf.concat([tf.constant(teacher, tf.float32), labels], axis=1)
    # Counts are of relations alone; without them a threshold column is among the columns.
    width = loss.columns(columns) if losses.needs_counts(name) else columns
    outputs = tf.Variable(generator.normal(0, 2, (rows, width)), dtype=tf.float32)

    @tf.function
    def step():  # type: ignore[no-untyped-def]
        with tf.GradientTape() as tape:
            value = loss(labels, outputs)
        return value, tape.gradient(value, outputs)

    for _ in range(3):
        step()
    return step


def _seconds(step, repeats: int) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    for _ in range(repeats):
        value, gradient = step()
    value.numpy(), gradient.numpy()
    return (time.perf_counter() - start) / repeats


def _kind(name: str) -> str:
    rule = losses.check(name, {}).decision_rule
    columns = (losses.ThresholdColumn, losses.ZeroThreshold, losses.SegmentThresholds)
    return "threshold" if isinstance(rule, columns) else "elementwise"


def _report(ratios: dict[str, dict[str, float]], output: Path | None) -> None:
    table = Table("loss", *next(iter(ratios.values())), "goal", title=f"Time over {REFERENCE}'s")
    results = {}
    for name, by_shape in ratios.items():
        goal = GOALS[_kind(name)]
        results[name] = {"ratios": by_shape, "goal": goal}
        cells = [
            f"[red]{ratio:.2f}[/]" if ratio > goal else f"{ratio:.2f}"
            for ratio in by_shape.values()
        ]
        table.add_row(name, *cells, f"≤ {goal}")
    Console().print(table)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
