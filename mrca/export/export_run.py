"""A run to a SavedModel that takes plain text."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from mrca.datasets import Corpus
from mrca.errors import MrcaError
from mrca.export import exported_files
from mrca.export.card import write_card
from mrca.export.checks import check_exportable
from mrca.export.effect import Effect, measure_effect
from mrca.export.exported_model import SERVING_DEFAULT, TOKENS
from mrca.export.exported_parts import Parts, exported_model, exported_parts, is_exact
from mrca.export.graph_scores import steepness
from mrca.export.probes import SAMPLE, SAMPLE_PAIRS, probes
from mrca.export.token_arrays import mention_arrays, token_arrays
from mrca.export.verification import verification_requests, verify
from mrca.export.versions import free_version
from mrca.export.warm_up import WarmUpRequest, write_warm_up
from mrca.files import temporary_folder
from mrca.models import RelationClassifier
from mrca.runs import layout
from mrca.runs.shared import origin
from mrca.training import Run

_EXPORT = "export"  # its temporary folder is named after it
# A server that batches refuses requests with more rows than it puts together.
_WARM_UP_ROWS = 32


class Exported(NamedTuple):
    """What `export_run` has made.

    Attributes:
        folder: of the version.
        reads: what it knows, in words.
        distance: the most that a score was off from the run's, computed in float32, in what was
            tried; `None` where fewer words or rounded vectors change them.
        disk: bytes.
        memory: bytes that a process with TensorFlow holds because of it; `None` if not known.
        effect: of leaving words out or rounding their vectors, if that was measured.
    """

    folder: Path
    reads: str
    distance: float | None
    disk: int
    memory: int | None
    effect: Effect | None


def export_run(
    run: Run,
    output: Path | str | None = None,
    version: int | None = None,
    *,
    vocabulary: str | None = None,
    half: bool = False,
    corpus: Corpus | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Exported:
    """Write a run as `<run folder>/<version>/`, a SavedModel, tried and whole.

    It is built beside its place, then loaded by another process that has TensorFlow but not this
    package and compared there with the run; then it is renamed. Until then nothing is at its place,
    and when anything fails nothing is left.

    Args:
        run: of a network; TensorFlow must be Keras's backend.
        output: another folder of models, for `<output>/<run's name>/<version>/`.
        version: its number; by default one more than the highest that is there.
        vocabulary: of a run of word vectors: `"full"` (default), the words of all the vectors it
            was trained with; `"run"`, those of its corpus; `"top:N"`, these and the first `N` of
            those. Other words are spelled out from their characters.
        half: whether word vectors are kept in half precision; they are half as large then.
        corpus: to measure on what fewer words or half precision cost, on its test split.
        say: is told what is done.

    Raises:
        MrcaError: if the run cannot be exported so, the version is there already, there is no room,
            or what was written does not give what the run gives.
    """
    check_exportable(run.folder, run.config)
    classifier = run.classifier
    assert isinstance(classifier, RelationClassifier)
    if keras.backend.backend() != "tensorflow":
        raise MrcaError(
            "Export needs Keras's TensorFlow backend, whose graphs are what is written. Received: "
            f"KERAS_BACKEND={keras.backend.backend()}. Unset it; a run of any backend can be "
            "exported."
        )
    if output is None and origin(run.folder) is not None:
        output = "saved_models"  # a fetched run stays as it is
    model_folder = run.folder if output is None else Path(output) / run.name
    version = free_version(model_folder, version)
    place = model_folder / str(version)
    made = [folder for folder in (model_folder, model_folder.parent) if not folder.exists()]
    try:
        with temporary_folder(model_folder / _EXPORT) as temporary:
            say(f"building {place}")
            built = temporary / str(version)
            parts = exported_parts(classifier, vocabulary, half, temporary)
            model = exported_model(classifier, parts)
            # Nobody differentiates an exported model.
            options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
            tf.saved_model.save(model, str(built), model.functions, options)
            requests = verification_requests(model, parts)
            _write_extras(built, run, classifier, parts)
            say("trying it in a process of its own")
            tolerance = parts.tolerance * steepness(classifier.decision)
            verified = verify(built, temporary, requests, tolerance)
            effect = None
            if corpus is not None and not is_exact(vocabulary, half):
                say(f"measuring it on {corpus.name}")
                measured = temporary / "measured"
                measured.mkdir()
                effect = measure_effect(classifier, vocabulary, half, corpus, measured)
            free_version(model_folder, version)  # another process may have been faster
            built.rename(place)
    except (OSError, tf.errors.OpError) as error:
        reason = error.message if isinstance(error, tf.errors.OpError) else error.strerror
        raise MrcaError(f"Cannot write {place}: {reason or error}.") from error
    finally:
        for folder in made:
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()
    disk = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    distance = verified.distance if is_exact(vocabulary, half) else None
    return Exported(place, parts.reads, distance, disk, verified.memory, effect)


def _write_extras(folder: Path, run: Run, classifier: RelationClassifier, parts: Parts) -> None:
    layout.write_json(folder / exported_files.RELATIONS, list(classifier.relations))
    layout.write_json(folder / exported_files.DECISION, classifier.decision.get_config())
    pairs = parts.types is not None
    sample = SAMPLE_PAIRS if pairs else SAMPLE
    layout.write_json(folder / exported_files.SAMPLE_REQUEST, {"instances": [sample]})
    description = {
        "run": run.name,
        "fingerprint": layout.fingerprint_of_run(run.folder),
        "reads": parts.reads,
        "candidates": run.config.candidates.kind,
        "types": list(classifier.types),
        "tensorflow": tf.__version__,
    }
    layout.write_json(folder / exported_files.DESCRIPTION, description)
    card = write_card(run, folder.name, parts.reads, parts.network.inputs)
    layout.write_text(folder / exported_files.CARD, card)
    write_warm_up(folder / exported_files.WARM_UP, run.name, _warm_up(parts))


def _warm_up(parts: Parts) -> list[WarmUpRequest]:
    """One row and many, by text and by tokens."""
    texts, documents = probes(parts.words, _WARM_UP_ROWS, types=parts.types)
    arrays = token_arrays if parts.types is None else mention_arrays
    requests = []
    for count in (1, _WARM_UP_ROWS):
        text = np.array(texts[-count:], object)
        requests.append(WarmUpRequest(SERVING_DEFAULT, {"text": text}))
        requests.append(WarmUpRequest(TOKENS, arrays(documents[-count:])))
    return requests
