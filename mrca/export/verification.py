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

from mrca.encoding import Batch
from mrca.errors import MrcaError
from mrca.export import check_saved_model
from mrca.export.exported_model import FEATURES, SERVING_DEFAULT, TOKENS, ExportedModel
from mrca.export.exported_pairs import ExportedPairs
from mrca.export.exported_parts import Parts
from mrca.export.probes import probes
from mrca.export.token_arrays import mention_arrays, token_arrays
from mrca.losses import DecisionRule
from mrca.models import RelationClassifier
from mrca.text import Document, Entity
from mrca.text.inline_marks import marked_document, parse_marked
from mrca.text.prediction import mention_text

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


def verification_requests(model: ExportedModel | ExportedPairs, parts: Parts) -> list[Request]:
    """Requests of every signature, with what the run gives for them."""
    texts, documents = probes(parts.words, types=parts.types)
    reference = parts.reference()
    candidates = reference.candidates(documents)
    outputs = reference.raw_outputs(candidates)
    steady = _steady(reference.decision.rule, outputs, parts.tolerance)
    unsteady = np.unique(candidates.rows[~steady])
    kept = np.setdiff1d(np.arange(len(texts)), unsteady)
    texts = [texts[row] for row in kept]
    documents = [documents[row] for row in kept]
    if parts.types is not None:
        return _requests_of_pairs(model, reference, texts, documents)
    expected = reference.scores_and_labels(reference.candidates(documents), outputs[kept])
    read = parts.reader(tf.constant(texts[:_FEATURE_ROWS], tf.string))
    inputs = [
        (SERVING_DEFAULT, {"text": np.array(texts, object)}),
        (TOKENS, token_arrays(documents)),
        (FEATURES, {name: read[name].numpy() for name in parts.network.inputs}),
    ]
    requests: list[Request] = []
    for name, arrays in inputs:
        found = _answered(model, name, arrays)
        rows = len(found["scores"])
        found["scores"], found["labels"] = (each[:rows] for each in expected)
        if name == SERVING_DEFAULT:
            problems = [parse_marked(text).problem for text in texts]
            found["problem"] = np.array(problems, object)
        requests.append(Request(name, arrays, found))
    return requests


def _requests_of_pairs(
    model: ExportedModel | ExportedPairs,
    reference: RelationClassifier,
    texts: list[str],
    documents: list[Document],
) -> list[Request]:
    """Requests of a run of entity pairs; see `verification_requests`."""
    predictions = list(reference.predict_iter(documents))
    requests = []
    for name, arrays in (
        (SERVING_DEFAULT, {"text": np.array(texts, object)}),
        (TOKENS, mention_arrays(documents)),
    ):
        found = _answered(model, name, arrays)
        for row, prediction in enumerate(predictions):
            if name == SERVING_DEFAULT and (problem := marked_document(texts[row])[1]):
                found["problem"][row] = problem
            facts = prediction.facts
            for key, values in (
                ("relations", [fact.relation for fact in facts]),
                ("relation_scores", [fact.score for fact in facts]),
                ("subjects", [_name(fact.subject_entity, name, documents[row]) for fact in facts]),
                ("objects", [_name(fact.object_entity, name, documents[row]) for fact in facts]),
            ):
                width = max(found[key].shape[1], len(values))
                more = width - found[key].shape[1]
                padding = 0.0 if key == "relation_scores" else ""
                found[key] = np.pad(found[key], ((0, 0), (0, more)), constant_values=padding)
                found[key][row] = [*values, *[padding] * (width - len(values))]
        requests.append(Request(name, arrays, found))
    inputs, expected = _features(reference, documents[:_FEATURE_ROWS])
    return [*requests, Request(FEATURES, inputs, expected)]


def _name(entity: Entity, signature: str, document: Document) -> str:
    """What an entity is called: as it stands in the text, or of words the words."""
    first = entity.mentions[0]
    return document.words(first) if signature == TOKENS else mention_text(document, first)


def _features(
    reference: RelationClassifier, documents: list[Document]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The network's own inputs for documents, as `features` takes them, and what it gives."""
    candidates = reference.candidates(documents)
    encoded = reference.encoder.encode(candidates)
    entities = encoded.entities
    assert entities is not None
    rows = np.arange(len(documents))
    read = encoded.batch(Batch(rows, int(encoded.lengths.max(initial=1))), "masked")
    inputs = {name: array for name, array in read.items() if array.shape[:1] == rows.shape}
    if "states" in inputs:
        inputs["vectors"] = inputs.pop("states")
    inputs.pop("row_entities")
    of_rows = np.split(read["entities"], entities.starts[1:-1])
    inputs["entities"] = _stacked(of_rows, -1)
    inputs["pairs"] = _stacked(np.split(entities.pairs, candidates.starts[1:-1]), -1)
    outputs = reference.raw_outputs(candidates)
    rule = reference.decision.rule
    scores, labels = reference.decision.scores(outputs), ops.convert_to_numpy(rule.labels(outputs))
    split = candidates.starts[1:-1]
    return inputs, {
        "scores": _stacked(np.split(scores, split), 0),
        "labels": _stacked(np.split(labels, split), False),
    }


def _stacked(parts: list[np.ndarray], padding: float) -> np.ndarray:
    """Arrays that differ in their first dimension as one."""
    shape = (len(parts), max(map(len, parts)), *parts[0].shape[1:])
    stacked = np.full(shape, padding, parts[0].dtype)
    for row, part in enumerate(parts):
        stacked[row, : len(part)] = part
    return stacked


def _answered(
    model: ExportedModel | ExportedPairs, name: str, arrays: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    specs = model.functions[name].structured_input_signature[1]
    tensors = {key: tf.constant(value, specs[key].dtype) for key, value in arrays.items()}
    return {key: value.numpy() for key, value in model.functions[name](**tensors).items()}


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
