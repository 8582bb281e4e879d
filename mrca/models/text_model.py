"""What takes examples and gives each a score for each output column."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.config import RunConfig
from mrca.errors import MrcaError
from mrca.features import EncodedExamples, Padding, plan_batches
from mrca.models.mrca import MRCA
from mrca.text import Example

NETWORK = "model.keras"
_BATCH_SIZE = 32


class TextModel(ABC):
    """A trained or trainable model of examples, with all that it needs to read them."""

    @property
    @abstractmethod
    def columns(self) -> int:
        """How many outputs a row has."""

    @abstractmethod
    def outputs(self, examples: Sequence[Example], *, keep: bool = False) -> np.ndarray:
        """Raw outputs, float32 `(rows, columns)`, in the order of the examples.

        Args:
            examples: any rows.
            keep: whether these rows will be asked about again, so that what a frozen encoder makes
                of them may be kept on disk.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write into a run folder what training has made."""


class NeuralModel(TextModel):
    """A Keras network and what turns examples into its inputs.

    Attributes:
        network: pooled and classified states; see `MRCA`.
        trained: what is fitted: the network, or an encoder and the network together.
        padding, max_length: how batches of the encoded examples are padded.
    """

    def __init__(self, network: MRCA, config: RunConfig) -> None:
        self.network = network
        self.config = config
        self.trained: keras.Model = network
        self.padding: Padding = config.features.padding
        self.max_length: int = config.features.max_length

    @property
    def columns(self) -> int:
        """How many outputs a row has."""
        return self.network.columns

    @abstractmethod
    def encode(self, examples: Sequence[Example], *, keep: bool = False) -> EncodedExamples:
        """Examples as inputs of `trained`."""

    @abstractmethod
    def with_network(self, network: MRCA) -> "NeuralModel":
        """The same readers and encoder before another network."""

    @abstractmethod
    def in_float32(self) -> "NeuralModel":
        """A copy with the same weights that computes in float32, whatever it was trained in."""

    def report_progress(self, progress: Callable[[int, int], None]) -> None:
        """Call `progress` with rows so far and in all while an encoder computes for long."""

    @property
    def frozen_variables(self) -> list[Any]:
        """Variables that training never changes and that are kept elsewhere."""
        return []

    def outputs(self, examples: Sequence[Example], *, keep: bool = False) -> np.ndarray:
        """Raw outputs; see `TextModel`."""
        return self._run(self.trained, self.columns, examples, keep)

    def representations(
        self, examples: Sequence[Example], out: np.ndarray | None = None
    ) -> np.ndarray:
        """What the classifier sees of each example, float32 `(rows, features)`.

        Args:
            examples: any rows.
            out: an array of that shape to fill and return.
        """
        width = self.representation_width
        return self._run(self._representation, width, examples, keep=True, out=out)

    @property
    def representation_width(self) -> int:
        """How many numbers the classifier sees of each example."""
        return int(self._representation.output.shape[-1])

    @cached_property
    def _representation(self) -> keras.Model:
        return self.whole(self.network.representation)

    def whole(self, network: keras.Model) -> keras.Model:
        """A part of the network with what is trained before it: from encoded examples on."""
        return network

    def save(self, folder: Path) -> None:
        """Write the network."""
        self.network.save(folder / NETWORK)

    def fits(self, examples: Sequence[Example]) -> bool:
        """Whether so many examples can be encoded at once."""
        return True

    def _run(
        self,
        model: keras.Model,
        width: int,
        examples: Sequence[Example],
        keep: bool,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        outputs = np.zeros((len(examples), width), dtype=np.float32) if out is None else out
        if not examples:
            return outputs
        if not self.fits(examples):
            half = len(examples) // 2
            for rows in (slice(half), slice(half, None)):
                self._run(model, width, examples[rows], keep, outputs[rows])
            return outputs
        encoded = self.encode(examples, keep=keep)
        for batch in plan_batches(
            encoded.lengths, _BATCH_SIZE, padding=self.padding, max_length=self.max_length
        ):
            inputs = encoded.batch(batch, self.padding)
            outputs[batch.rows] = ops.convert_to_numpy(model.predict_on_batch(inputs))
        return outputs


def load_network(folder: Path) -> MRCA:
    """The network of a run folder.

    Raises:
        MrcaError: if it cannot be read.
    """
    try:
        network = keras.saving.load_model(folder / NETWORK, compile=False)
    except Exception as error:  # Keras and what it reads with raise whatever they meet
        raise MrcaError(
            f"Cannot read {folder / NETWORK}: {error}. The run is damaged: train it again."
        ) from error
    if not isinstance(network, MRCA):
        raise MrcaError(
            f"{folder / NETWORK} holds a {type(network).__name__}, not an MRCA. The run is "
            "damaged: train it again."
        )
    return network
