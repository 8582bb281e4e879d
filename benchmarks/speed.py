"""Recipes `mrca` and `pairs` over the design of MRCA's public code, and `BiLSTM` over Keras's LSTM.

    TF_NUM_INTRAOP_THREADS=1 taskset -c 1 python benchmarks/speed.py

The public design is built here of Keras's own layers: every row padded to 100 tokens without a
mask, a bidirectional LSTM 2 x 500, average pooling, one dense layer, Keras's Adam. All take the
same rows of WebNLG in turn in each round; rates are the medians over rounds. Seconds are the
processor's, of all threads, since other programs on a machine make a clock's seconds longer; on one
thread they are those that pass where nothing else runs. Needs the corpus (`mrca data fetch webnlg`)
and word vectors (`--vectors`).
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

GOALS = {"training": 5.0, "prediction": 8.0}
LENGTH = 100  # what the public code pads to


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors", default="minilm-static")
    parser.add_argument("--rows", type=int, default=320, help="rows a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()

    corpus = load_corpus("webnlg")
    rng = np.random.default_rng(0)
    train, test = (
        [corpus.splits[name][i] for i in rng.permutation(len(corpus.splits[name]))[: options.rows]]
        for name in ("train", "test")
    )
    jobs = {
        recipe: _of_recipe(recipe, options.vectors, corpus.relations, train, test)
        for recipe in ("webnlg", "pairs")
    }
    jobs["public"] = _of_public(options.vectors, corpus.relations, train, test)
    layers = _of_layers()
    seconds = {"models": _timed(jobs, options.rounds), "layers": _timed(layers, 4 * options.rounds)}
    _report(seconds, {"training": len(train), "prediction": len(test)}, options.output)


def _timed(jobs, rounds):  # type: ignore[no-untyped-def]
    """Seconds of each job of each model in each round but the first, which compiles."""
    seconds = {model: {name: [] for name in of_model} for model, of_model in jobs.items()}
    for round_ in range(rounds + 1):
        for name in next(iter(jobs.values())):
            for model, of_model in jobs.items():
                start = time.process_time()
                of_model[name]()
                if round_:
                    seconds[model][name].append(time.process_time() - start)
    return seconds


def _classifier(recipe, vectors, relations, train, test, **settings):  # type: ignore[no-untyped-def]
    return mrca.RelationClassifier.from_recipe(
        recipe,
        train,
        settings={"vectors.name": vectors, **settings},
        relations=relations,
        vocabulary_of=test,
    )


def _of_recipe(recipe, vectors, relations, train, test):  # type: ignore[no-untyped-def]
    classifier = _classifier(recipe, vectors, relations, train, test)
    classifier.compile()
    asked = classifier.candidates(test)
    return {
        "training": lambda: classifier.fit(train, epochs=1, verbose=0),
        "prediction": lambda: classifier.raw_outputs(asked),
    }


def _of_public(vectors, relations, train, test):  # type: ignore[no-untyped-def]
    """The public design, on batches that are made as ours are."""
    import keras

    from mrca.encoding import EpochBatches

    ours = _classifier("webnlg", vectors, relations, train, test)
    states = keras.Input((LENGTH, ours.encoder.dim), name="states")
    case = keras.Input((LENGTH,), name="case")
    role = keras.Input((LENGTH,), name="role")
    marks = [keras.layers.Reshape((LENGTH, 1))(each) for each in (case, role)]
    read = keras.layers.Bidirectional(keras.layers.LSTM(500, return_sequences=True))(
        keras.layers.Concatenate()([states, *marks])
    )
    pooled = keras.layers.AveragePooling1D(80, 2, padding="same")(read)
    features = keras.layers.Dropout(0.15)(keras.layers.Flatten()(pooled))
    outputs = keras.layers.Dense(ours.columns)(features)
    model = keras.Model({"states": states, "case": case, "role": role}, outputs)
    loss, metrics = mrca.losses.get("rc_dice"), [mrca.metrics.MicroF1(ours.decision.rule)]
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=metrics, jit_compile=False)

    def batches(rows):  # type: ignore[no-untyped-def]
        candidates = ours.candidates(rows).labelled(relations)
        of_keras = EpochBatches(
            ours.encoder.encode(candidates),
            candidates.labels,
            32,
            padding="fixed",
            max_length=LENGTH,
            seed=1,
        ).for_keras()
        return of_keras.map(
            lambda x, y: ({name: x[name] for name in ("states", "case", "role")}, y)
        )

    def predict():  # type: ignore[no-untyped-def]
        for inputs, _ in batches(test):
            model.predict_on_batch(inputs)

    return {"training": lambda: model.fit(batches(train), verbose=0), "prediction": predict}


def _of_layers():  # type: ignore[no-untyped-def]
    """Each layer on 32 rows of 24 tokens of 302 numbers."""
    import keras
    import tensorflow as tf

    from mrca.layers import BiLSTM

    values = tf.constant(np.random.default_rng(0).normal(size=(32, 24, 302)).astype("float32"))
    lengths = tf.fill((32,), 24)
    ours = BiLSTM(500)
    theirs = keras.layers.Bidirectional(keras.layers.LSTM(500, return_sequences=True))

    def jobs(call, layer):  # type: ignore[no-untyped-def]
        call()

        @tf.function(autograph=False)
        def gradients():  # type: ignore[no-untyped-def]
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(call() ** 2)
            return tape.gradient(loss, [each.value for each in layer.trainable_variables])

        return {"training": gradients, "prediction": tf.function(call, autograph=False)}

    return {
        "BiLSTM": jobs(lambda: ours(values, lengths), ours),
        "LSTM": jobs(lambda: theirs(values), theirs),
    }


def _report(seconds, rows, output):  # type: ignore[no-untyped-def]
    medians = {
        kind: {
            model: {name: statistics.median(values) for name, values in of_model.items()}
            for model, of_model in of_kind.items()
        }
        for kind, of_kind in seconds.items()
    }
    models, layers, console = medians["models"], medians["layers"], Console()
    table = Table(
        "",
        "mrca /s",
        "pairs /s",
        "public /s",
        "mrca over public",
        "goal",
        "pairs over public",
        title="WebNLG sentences a second",
    )
    results = {}
    for name, goal in GOALS.items():
        rates = {model: rows[name] / of_model[name] for model, of_model in models.items()}
        ratio, of_pairs = (rates[each] / rates["public"] for each in ("webnlg", "pairs"))
        results[name] = {**rates, "ratio": ratio, "pairs_ratio": of_pairs, "goal": goal}
        shown = [f"{rates[each]:.0f}" for each in ("webnlg", "pairs", "public")]
        table.add_row(name, *shown, f"{ratio:.1f}", f"≥ {goal:.0f}", f"{of_pairs:.1f}")
    console.print(table)
    table = Table("", "BiLSTM ms", "Keras's LSTM ms", "ratio", title="Layers, 32 rows of 24 tokens")
    for name in GOALS:
        ours, theirs = (1e3 * layers[each][name] for each in ("BiLSTM", "LSTM"))
        results[f"layer, {name}"] = {"ours": ours, "theirs": theirs, "ratio": theirs / ours}
        table.add_row(name, f"{ours:.0f}", f"{theirs:.0f}", f"{theirs / ours:.2f}")
    console.print(table)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps({"seconds": seconds, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
