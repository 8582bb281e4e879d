"""A BERT encoder from TF Hub as a Keras 3 layer."""

import hashlib
import inspect
import tempfile
import textwrap
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

from mrca.encoding.word_pieces import WordPieces, read_vocabulary
from mrca.errors import MrcaError
from mrca.files import file_digest, whole_folder

_INPUTS = ("input_word_ids", "input_mask", "input_type_ids")
_STATES = "sequence_output"


@keras.saving.register_keras_serializable(package="mrca", name="HubEncoder")
class HubStates(keras.layers.Layer):
    """The states of a TF Hub BERT: any TF2 SavedModel with the inputs and outputs of these.

        module({input_word_ids, input_mask, input_type_ids}, training) -> {sequence_output, …}

    Frozen it always runs as at inference. Trainable its weights move, and dropout is on while
    training. `hub.KerasLayer` is a layer of Keras 2 and does not go into a model of Keras 3.

    Opening a module runs the TensorFlow graph that is in it: open only those you trust. A model
    that holds one is therefore not read from a `.keras` file: build it anew and load its weights.

    Args:
        folder: the module's folder.
        trainable: whether training changes the encoder.

    Call arguments:
        pieces: int32 `(batch, time)`, ids of word pieces.
        lengths: int32 `(batch,)`, pieces of each row; what follows is padding.

    Returns:
        float32 `(batch, time, dim)`. States of padding mean nothing.

    Attributes:
        dim: length of a state.
        max_positions: the most pieces that a row may have, `None` if unknown.
        num_pieces: how many pieces it knows, `None` if unknown.
        vocabulary: the module's own word pieces, in the order of their ids; `None` without.
        lower_case: whether it was trained on lower-cased text; `None` if it does not say.
        gives_attention: no; a module has no such output.
        merges: none; its vocabulary is one of word pieces.

    Raises:
        MrcaError: on another backend than TensorFlow, if the module cannot be read, or if its
            inputs or outputs are others; the message names those it has.
    """

    gives_attention = False
    merges = None

    def __init__(self, folder: str | Path, trainable: bool = False, **kwargs: Any) -> None:
        if keras.backend.backend() != "tensorflow":
            raise MrcaError(
                f"A TF Hub encoder needs the TensorFlow backend; this is {keras.backend.backend()}."
                " Set KERAS_BACKEND=tensorflow, or take a keras_hub: encoder."
            )
        # The module computes in float32, whatever the policy.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.folder = str(folder)
        self._module = module = _load(Path(folder))
        self.dim = _checked_dim(module, self.folder)
        self._takes_training = "training" in inspect.signature(module.__call__).parameters
        variables = _variables(module)
        trained = {id(variable) for variable in _trainable_variables(module)}
        for variable in variables:
            self._track_variable(
                keras.Variable(
                    variable,
                    trainable=id(variable) in trained,
                    dtype=variable.dtype.name,
                    # An optimiser makes names from these, in which `:` and `/` are not allowed.
                    name=variable.name.split(":")[0].replace("/", "_"),
                )
            )
        # Only now, so that Keras keeps which weights are trainable ones, and the order of all.
        self.trainable = trainable
        self.max_positions = _rows(variables, ("position_embedding",))
        self.num_pieces = _rows(variables, ("word_embeddings", "token_embedding"))
        vocab_file = getattr(module, "vocab_file", None)
        self.vocabulary = read_vocabulary(_asset_path(vocab_file)) if vocab_file else None
        lower_case = getattr(module, "do_lower_case", None)
        self.lower_case = None if lower_case is None else bool(lower_case.numpy())
        self.built = True

    def call(self, pieces: Any, lengths: Any, training: bool | None = None) -> Any:
        """See the class."""
        import tensorflow as tf

        pieces = tf.cast(pieces, tf.int32)
        mask = tf.sequence_mask(lengths, tf.shape(pieces)[1], tf.int32)
        inputs = dict(zip(_INPUTS, (pieces, mask, tf.zeros_like(pieces)), strict=True))
        options = {"training": bool(training and self.trainable)} if self._takes_training else {}
        return tf.cast(self._module(inputs, **options)[_STATES], tf.float32)

    def compute_output_shape(self, pieces_shape: Any, lengths_shape: Any = None) -> Any:
        """`(batch, time, dim)`."""
        return (*pieces_shape, self.dim)

    @cached_property
    def fingerprint(self) -> str:
        """See `module_fingerprint`; of the module as it was opened."""
        return module_fingerprint(Path(self.folder))

    def save(self, folder: Path, word_pieces: WordPieces) -> None:
        """Write the encoder, as it is now, as a module that `HubStates` opens.

        Args:
            folder: where to; it is written atomically, and replaces what was there.
            word_pieces: become the module's `vocab_file` and `do_lower_case`.

        Raises:
            MrcaError: if it cannot be written.
        """
        import tensorflow as tf

        module, opened = tf.train.Checkpoint(), self._module
        module.__call__ = opened.__call__
        module.variables = _variables(opened)
        module.trainable_variables = _trainable_variables(opened)
        module.do_lower_case = tf.Variable(word_pieces.lower_case, trainable=False, dtype=tf.bool)
        with (
            tempfile.TemporaryDirectory() as temporary,
            whole_folder(folder, "the encoder") as target,
        ):
            vocab_file = Path(temporary, "vocab.txt")
            word_pieces.save(vocab_file)
            module.vocab_file = tf.saved_model.Asset(str(vocab_file))
            tf.saved_model.save(module, str(target))

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "folder": self.folder}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "HubStates":
        """Refuses, see the class."""
        raise MrcaError(
            f"The TF Hub module {config.get('folder')} holds a program, which is not run because a "
            "model's file says so. Build the model with HubStates('FOLDER') of "
            "mrca.encoders.hub_states and load its weights."
        )


def module_fingerprint(folder: Path) -> str:
    """SHA-256 over the names and contents of a module's files, which is not opened.

    Args:
        folder: the module's.
    """
    state = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        state.update(f"{path.relative_to(folder).as_posix()} ".encode())
        state.update(f"{file_digest(path, 'sha256')}\n".encode())
    return state.hexdigest()


def _load(folder: Path) -> Any:
    import tensorflow as tf

    try:
        module = tf.saved_model.load(str(folder))
    except (OSError, ValueError, RuntimeError, TypeError, KeyError, tf.errors.OpError) as error:
        raise MrcaError(
            f"Cannot open the TF Hub module {folder}: "
            f"{textwrap.shorten(str(error).splitlines()[0], 300, placeholder=' …')}. "
            "Expected a TF2 SavedModel: saved_model.pb and variables/. Download it again."
        ) from error
    if not callable(module) or not hasattr(module.__call__, "concrete_functions"):
        raise MrcaError(
            f"{folder} is a SavedModel but no TF2 module: it cannot be called. {_expected()}, "
            f"received the signatures {', '.join(sorted(module.signatures)) or '(none)'}. "
            "Modules of TF1 do not work: take the TF2 version."
        )
    return module


def _checked_dim(module: Any, folder: str) -> int:
    """Length of a state, of a module that has the inputs and outputs of a BERT encoder."""
    received = []
    for function in module.__call__.concrete_functions:
        arguments, _ = function.structured_input_signature
        inputs = arguments[0] if arguments else None
        outputs = function.structured_outputs
        if isinstance(inputs, dict) and set(inputs) == set(_INPUTS):
            lengths = {tuple(spec.shape)[1:] for spec in inputs.values()}
            if lengths != {(None,)}:
                raise MrcaError(
                    f"The TF Hub module {folder} takes rows of the fixed shape {lengths.pop()} "
                    "only. Expected a module that takes rows of any length."
                )
            if isinstance(outputs, dict) and _STATES in outputs:
                dim: int = outputs[_STATES].shape[-1]
                return dim
        received.append(f"  {_names(inputs)} -> {_names(outputs)}")
    listing = "\n".join(dict.fromkeys(received)) or "  (nothing)"
    raise MrcaError(
        f"The TF Hub module {folder} is no BERT encoder. {_expected()}, received:\n{listing}"
    )


def _expected() -> str:
    return f"Expected a module with the inputs {', '.join(_INPUTS)} and an output {_STATES}"


def _names(structure: Any) -> str:
    if isinstance(structure, dict):
        return ", ".join(sorted(structure))
    return type(structure).__name__


def _variables(module: Any) -> list[Any]:
    """All variables, in an order that outlasts saving and loading."""
    if hasattr(module, "variables"):
        return list(module.variables)
    functions = module.__call__.concrete_functions
    return list({id(v): v for function in functions for v in function.variables}.values())


def _trainable_variables(module: Any) -> list[Any]:
    if hasattr(module, "trainable_variables"):
        return list(module.trainable_variables)
    return [variable for variable in _variables(module) if variable.trainable]


def _rows(variables: list[Any], parts: tuple[str, ...]) -> int | None:
    """Rows of the one matrix whose name has one of `parts` in it, `None` if it is not one."""
    matrices = [v for v in variables if len(v.shape) == 2 and any(p in v.name for p in parts)]
    return int(matrices[0].shape[0]) if len(matrices) == 1 else None


def _asset_path(vocab_file: Any) -> Path:
    return Path(vocab_file.asset_path.numpy().decode())
