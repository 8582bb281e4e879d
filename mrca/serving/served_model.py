"""An exported model, ready to be asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from mrca.errors import MrcaError
from mrca.runs.layout import SAVED_MODEL
from mrca.serving.request_error import RequestError

# How TensorFlow says that the input is at fault.
_INPUT_ERRORS = (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError)


class TensorSpec(NamedTuple):
    """What an input or output is.

    Attributes:
        dtype: of its array; `object` for strings, as bytes.
        shape: its dimensions, `None` where any size goes; `None` if it may have any.
    """

    dtype: np.dtype
    shape: tuple[int | None, ...] | None

    @property
    def is_batched(self) -> bool:
        """Whether the first dimension is that of the rows."""
        return bool(self.shape) and self.shape is not None and self.shape[0] is None


class Signature(NamedTuple):
    """A function of a model, by its inputs' and outputs' names."""

    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]

    @property
    def is_batched(self) -> bool:
        """Whether rows of several requests can be put together and the answers taken apart."""
        specs = [*self.inputs.values(), *self.outputs.values()]
        return bool(self.inputs) and all(spec.is_batched for spec in specs)


class ServedModel:
    """A loaded SavedModel; made by `load`.

    Attributes:
        name: what it is asked for by.
        version: its number.
        signatures: what it can be asked.
        metadata: its signatures as TensorFlow Serving describes them, for JSON.
    """

    def __init__(self, folder: Path, name: str, version: int) -> None:
        self.name = name
        self.version = version
        definitions = _signature_definitions(folder)
        self.metadata = {
            key: MessageToDict(
                definition,
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
            for key, definition in definitions.items()
        }
        try:
            # Kept, since its functions do not keep their variables.
            self._loaded = tf.saved_model.load(str(folder), tags=["serve"])
        except (OSError, LookupError, RuntimeError, ValueError, tf.errors.OpError) as error:
            raise _damaged(folder, error) from error
        self._functions = dict(self._loaded.signatures)
        self.signatures = {key: _signature(definitions[key]) for key in self._functions}
        if not self.signatures:
            raise MrcaError(f"{folder} has no signatures to ask. Export it with `mrca export`.")

    @classmethod
    def load(cls, folder: Path) -> "ServedModel":
        """Load a version's folder, `<name>/<version>`.

        Raises:
            MrcaError: if it is damaged, or has no signature.
        """
        folder = folder.absolute()
        return cls(folder, folder.parent.name, int(folder.name))

    def run(self, signature: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A signature's outputs.

        May be called by several threads at once.

        Args:
            signature: one of `signatures`.
            arrays: its inputs, of the types and shapes that it gives.

        Raises:
            RequestError: if the model does not take these values (400), or fails (500).
        """
        inputs = self.signatures[signature].inputs
        try:
            tensors = {
                name: tf.constant(arrays[name], tf.as_dtype(spec.dtype))
                for name, spec in inputs.items()
            }
            outputs = self._functions[signature](**tensors)
            return {name: tensor.numpy() for name, tensor in outputs.items()}
        except tf.errors.OpError as error:
            status = 400 if isinstance(error, _INPUT_ERRORS) else 500
            raise RequestError(status, f"The model failed: {_reason(error)}") from error


def _reason(error: Any) -> str:
    """TensorFlow's message without what stands around it: where in the graph."""
    message = error.message.rpartition("<stack traces unavailable>")[2]
    return str(message.partition("[[")[0].strip())


def _signature_definitions(folder: Path) -> dict[str, SignatureDef]:
    saved = SavedModel()
    try:
        saved.ParseFromString((folder / SAVED_MODEL).read_bytes())
    except (OSError, DecodeError) as error:
        raise _damaged(folder, error) from error
    for graph in saved.meta_graphs:
        if "serve" in graph.meta_info_def.tags:
            return dict(graph.signature_def)
    raise MrcaError(f"{folder} has no graph to serve. Export it with `mrca export`.")


def _damaged(folder: Path, error: Exception) -> MrcaError:
    return MrcaError(
        f"Cannot load the exported model {folder}: {error}. It is damaged: delete it and export "
        "it anew with `mrca export`."
    )


def _signature(definition: SignatureDef) -> Signature:
    return Signature(_specs(definition.inputs), _specs(definition.outputs))


def _specs(tensors: Mapping[str, Any]) -> dict[str, TensorSpec]:
    specs = {}
    for name in sorted(tensors):
        shape = tf.TensorShape(tensors[name].tensor_shape)
        dtype = np.dtype(tf.as_dtype(tensors[name].dtype).as_numpy_dtype)
        specs[name] = TensorSpec(dtype, None if shape.rank is None else tuple(shape.as_list()))
    return specs
