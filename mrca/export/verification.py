"""Whether an exported model gives what its run gives."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from mrca.errors import MrcaError
from mrca.export import check_saved_model
from mrca.export.exported_model import FEATURES, SERVING_DEFAULT, TOKENS, ExportedModel
from mrca.export.exported_parts import Parts
from mrca.export.probes import probes
from mrca.export.token_arrays import token_arrays
from mrca.losses import DecisionRule
from mrca.text.inline_marks import parse_marked

# Rows of the request for the network's own inputs, whose arrays are large as JSON.
_FEATURE_ROWS = 8


class Request(NamedTuple):
    """A call of a signature and what it gives, both by name."""

    signature: str
    inputs: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]


class Verified(NamedTuple):
    """What was found when a model was tried.

    Attributes:
        distance: the most that a score was off.
        memory: bytes that the process held because of the model, `None` if that is not known.
    """

    distance: float
    memory: int | None


def verification_requests(model: ExportedModel, parts: Parts) -> list[Request]:
    """Requests of every signature, with what the run gives for them."""
    texts, documents = probes(parts.words)
    reference = parts.reference()
    outputs = reference.raw_outputs(reference.candidates(documents))
    kept = np.flatnonzero(_steady(reference.decision.rule, outputs, parts.tolerance))
    texts = [texts[row] for row in kept]
    documents = [documents[row] for row in kept]
    expected = reference.scores_and_labels(reference.candidates(documents), outputs[kept])
    read = parts.reader(tf.constant(texts[:_FEATURE_ROWS], tf.string))
    inputs = [
        (SERVING_DEFAULT, {"text": np.array(texts, object)}),
        (TOKENS, token_arrays(documents)),
        (FEATURES, {name: read[name].numpy() for name in parts.network.inputs}),
    ]
    requests: list[Request] = []
    for name, arrays in inputs:
        specs = model.functions[name].structured_input_signature[1]
        tensors = {key: tf.constant(value, specs[key].dtype) for key, value in arrays.items()}
        found = {key: value.numpy() for key, value in model.functions[name](**tensors).items()}
        rows = len(found["scores"])
        found["scores"], found["labels"] = (each[:rows] for each in expected)
        if name == SERVING_DEFAULT:
            problems = [parse_marked(text).problem for text in texts]
            found["problem"] = np.array(problems, object)
        requests.append(Request(name, arrays, found))
    return requests


def _steady(rule: DecisionRule, outputs: np.ndarray, tolerance: float) -> np.ndarray:
    """Which rows' labels do not hang on the last digits of their outputs, bool `(rows,)`."""
    generator = np.random.default_rng(0)
    labels = ops.convert_to_numpy(rule.labels(outputs))
    steady = np.ones(len(outputs), bool)
    for _ in range(8):
        noise = generator.choice([-tolerance, tolerance], size=outputs.shape).astype(np.float32)
        moved = ops.convert_to_numpy(rule.labels(outputs + noise))
        steady &= (moved == labels).all(axis=1)
    return steady


def verify(
    folder: Path, temporary: Path, requests: Sequence[Request], tolerance: float
) -> Verified:
    """Try an exported model in a process that has TensorFlow but not this package.

    Args:
        folder: the SavedModel.
        temporary: a folder for what is passed on.
        requests: what is tried.
        tolerance: how far scores may be off.

    Raises:
        MrcaError: if it does not load there, or does not give what it should.
    """
    file = temporary / "requests.json"
    values = [request._asdict() for request in requests]
    file.write_text(json.dumps(values, default=_listed), "utf-8")
    process = subprocess.run(
        [sys.executable, "-P", check_saved_model.__file__, str(folder), str(file), str(tolerance)],
        # On the CPU, where whatever is exported has to run.
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        said = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        raise MrcaError(
            f"The exported model does not run in a process of its own: {said[-1][:500]}. Nothing "
            "was kept. Please report it, with the run's card.md."
        )
    report = json.loads(process.stdout.splitlines()[-1])
    if report["problems"]:
        raise MrcaError(
            "The exported model does not give what the run gives: "
            f"{'; '.join(report['problems'])}. Nothing was kept. Please report it, with the run's "
            "card.md."
        )
    return Verified(report["distance"], report["memory"])


def _listed(array: np.ndarray) -> Any:
    """For JSON; TensorFlow's strings are bytes."""
    if array.dtype == object:
        flat = [text.decode() if isinstance(text, bytes) else text for text in array.ravel()]
        array = np.array(flat, object).reshape(array.shape)
    return array.tolist()
