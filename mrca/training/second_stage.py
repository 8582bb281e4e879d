"""A new classifier on the frozen layers of a run."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from keras import ops

from mrca.config import ClassifierConfig, RunConfig
from mrca.datasets import Corpus
from mrca.evaluation.tau_search import TauSearch, search_tau
from mrca.features import EncodedExamples
from mrca.models import MRCA, NeuralModel
from mrca.text import Example
from mrca.training.fit import Fit
from mrca.training.run import TAU_NORMALISED


def first_stage_config(config: RunConfig, preset: RunConfig) -> RunConfig:
    """How the layers of a second stage are trained first.

    As the second stage, but with the loss, sampler and classifier of the preset. A classifier that
    is only rescaled in the second stage has its own loss and sampler in the first.

    Args:
        config: of the second stage.
        preset: what its settings started from.
    """
    if config.classifier.name == TAU_NORMALISED:
        return config.model_copy(update={"classifier": ClassifierConfig()})
    classifier = preset.classifier.model_copy(update={"representation": ""})
    training = config.training.model_copy(update={"sampler": preset.training.sampler})
    return config.model_copy(
        update={"loss": preset.loss, "classifier": classifier, "training": training}
    )


def second_stage_config(config: RunConfig) -> RunConfig:
    """A second stage as it is trained: one that only rescales leaves the sampler to the first."""
    if config.classifier.name != TAU_NORMALISED:
        return config
    training = config.training.model_copy(update={"sampler": "instance_balanced"})
    return config.model_copy(update={"training": training})


def classifier_fit(base: NeuralModel, config: RunConfig, columns: int, folder: Path) -> Fit:
    """What a second stage fits: a new classifier alone, on what the layers before it compute.

    These are computed once for each row, as at prediction (without dropout), and kept in a file
    that goes with the process.

    Args:
        base: the model whose layers are frozen.
        config: of the second stage; its `classifier` and `model.dropout` count.
        columns: outputs of the new classifier.
        folder: where that file lies.
    """
    width = base.representation_width
    network = MRCA(
        num_words=0,
        dim=width,
        feature_value=1.0,
        columns=columns,
        units=0,
        dropout=config.model.dropout,
        head=config.classifier.name,
        head_options=config.classifier.options,
        pooling="first",
        dtype=config.training.precision,
    )

    def encode(examples: Sequence[Example]) -> EncodedExamples:
        """One vector of each row, as a row of one state."""
        rows = len(examples)
        marks = {name: np.zeros(rows, np.int8) for name in ("case", "role")}
        with tempfile.TemporaryFile(dir=folder) as file:  # mapped until the array is gone
            states = np.memmap(file, np.float32, "w+", shape=(rows, width))
        base.representations(examples, states)
        return EncodedExamples({"states": states, **marks}, np.arange(rows + 1))

    return Fit(network, network.classifier, encode, "masked", 1)


def normalise(base: NeuralModel, corpus: Corpus) -> tuple[NeuralModel, TauSearch]:
    """The base with its linear classifier tau-normalised, tau chosen on the validation split."""
    rows = corpus.splits["valid"]
    kernel = ops.convert_to_numpy(base.network.classifier.kernel)
    labels = corpus.relations.multi_hot([row.labels for row in rows])
    found = search_tau(base.representations(rows), kernel, labels)
    network = base.network.with_head(base.columns, "linear", {})
    network.classifier.set_weights([found.kernel, np.zeros(base.columns, np.float32)])
    return base.with_network(network), found
