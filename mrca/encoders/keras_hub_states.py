"""A BERT or RoBERTa encoder from KerasHub as a layer."""

import hashlib
import json
import textwrap
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import requests
from keras import ops

from mrca.encoding import BytePairs, Pieces
from mrca.errors import MrcaError
from mrca.files import whole_folder
from mrca.files.download import request_reason

_INPUTS = ("token_ids", "padding_mask", "segment_ids")
_STATES = "sequence_output"
_EXPECTED = (
    "Expected a preset's name, such as keras_hub:bert_base_en_uncased, or the folder of an "
    "encoder, in KerasHub's form (config.json, tokenizer.json, model.weights.h5, assets/) or "
    "Hugging Face's (config.json, model.safetensors, vocab.txt)."
)


@keras.saving.register_keras_serializable(package="mrca", name="KerasHubEncoder")
class KerasHubStates(keras.layers.Layer):
    """The states of a KerasHub encoder, on every backend; needs the extra `mrca[keras-hub]`.

    Frozen it always runs as at inference. Trainable its weights move, and dropout is on while
    training.

    Args:
        backbone: a `BertBackbone` or `RobertaBackbone` of `keras_hub.models`, or another with their
            inputs and outputs.
        trainable: whether training changes the encoder.
        freeze_embeddings: whether a trained one keeps what stands before its first transformer
            layer as it is: the embeddings of pieces, positions and segments, and their norm.
        gradient_checkpointing: whether training keeps what is between transformer layers alone and
            computes what is within them again for the gradient (Chen et al. 2016).
        vocabulary: the preset's pieces, in the order of their ids; `None` if it has none.
        lower_case: whether it was trained on lower-cased text; `None` if unknown.
        merges: of a vocabulary of byte pairs, which of them are joined.

    Call arguments:
        pieces: int32 `(batch, time)`, ids of word pieces.
        lengths: int32 `(batch,)`, pieces of each row; what follows is padding.
        return_attention_scores: whether to return the attention of the last layer too.

    Returns:
        float32 `(batch, time, dim)`; with attention a pair of these and of float32
        `(batch, heads, time, time)`, rows are queries, as it is before dropout. States of padding
        and attention from it mean nothing; attention to it is 0.

    Attributes:
        dim: length of a state.
        max_positions: the most pieces that a row may have, `None` if unknown.
        num_pieces: how many pieces it knows, `None` if unknown.
        gives_attention: whether its last transformer layer can be asked for it.
        vocabulary, lower_case, merges: as given.

    Raises:
        MrcaError: if the backbone's inputs or outputs are others; the message names them.
    """

    def __init__(
        self,
        backbone: keras.Model,
        trainable: bool = False,
        vocabulary: list[str] | None = None,
        lower_case: bool | None = None,
        merges: list[str] | None = None,
        freeze_embeddings: bool = False,
        gradient_checkpointing: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        inputs = _names(backbone.input)
        outputs = _names(backbone.output)
        transformer: list[Any] = getattr(backbone, "transformer_layers", [])
        states = backbone.output[_STATES] if _STATES in outputs else backbone.output
        last = transformer[-1] if transformer and transformer[-1].output is states else None
        # A decoder has layers of another kind, which see what is before a piece alone.
        is_encoder = isinstance(last, import_keras_hub().layers.TransformerEncoder)
        if not {*_INPUTS[:2]} <= {*inputs} <= {*_INPUTS} or not (_STATES in outputs or is_encoder):
            raise MrcaError(
                f"{type(backbone).__name__} is no BERT encoder. Expected the inputs "
                f"{', '.join(_INPUTS)} and an output {_STATES}, or those of RoBERTa; received "
                f"{', '.join(inputs)} -> {', '.join(outputs)}."
            )
        self.backbone = backbone
        self.vocabulary = vocabulary
        self.lower_case = lower_case
        self.merges = merges
        self._inputs = inputs
        self.dim = int(states.shape[-1])
        self.max_positions: int | None = getattr(backbone, "max_sequence_length", None)
        self.num_pieces: int | None = getattr(backbone, "vocabulary_size", None)
        # Not only the layer's: TensorFlow skips an assignment that changes nothing.
        self.trainable = backbone.trainable = trainable
        used = keras.Model(backbone.input, states).layers
        for layer in backbone.layers:
            if layer not in used:  # Keras warns about trainable weights that get no gradient
                layer.trainable = False
        self.freeze_embeddings = freeze_embeddings
        if freeze_embeddings:
            if not transformer:
                raise MrcaError(
                    f"{type(backbone).__name__} does not say where its embeddings end "
                    "(transformer_layers). Leave encoder.freeze_embeddings out."
                )
            for layer in _before(backbone, transformer[0]).layers:
                layer.trainable = False
        self.gives_attention = is_encoder
        self.gradient_checkpointing = gradient_checkpointing
        if gradient_checkpointing and not is_encoder:
            raise MrcaError(
                f"{type(backbone).__name__} does not say what its transformer layers are "
                "(transformer_layers). Leave encoder.gradient_checkpointing out."
            )
        if is_encoder:
            self._transformer = transformer
            self._embeddings = _before(backbone, transformer[0])
        self.built = True

    @classmethod
    def from_preset(
        cls, preset: str, trainable: bool = False, dtype: str | None = None, **kwargs: Any
    ) -> "KerasHubStates":
        """Open a preset.

        Args:
            preset: a preset's name, such as `bert_base_en`, its folder, or an address that
                KerasHub takes (`kaggle://…`, `hf://…`).
            trainable: whether training changes the encoder.
            dtype: the dtype policy that the backbone computes by; by default the preset's. States
                are float32 by any.
            **kwargs: for the layer.

        Raises:
            MrcaError: if KerasHub is not installed, or the preset is unknown or cannot be read.
        """
        keras_hub = import_keras_hub()
        place = Path(preset).expanduser()
        source = str(place) if place.is_dir() else preset
        if not place.is_dir() and place.name != preset and "://" not in preset:
            raise MrcaError(f"No KerasHub encoder at {preset}: no such folder. {_EXPECTED}")
        try:
            backbone = keras_hub.models.Backbone.from_preset(source, dtype=dtype)
        except Exception as error:  # whatever its many ways to download and to read raise
            raise MrcaError(
                f"KerasHub cannot open the preset {preset!r}: {_reason(error)}. {_EXPECTED} "
                "Without a connection: download these files on a machine that has one, from "
                "https://www.kaggle.com/models/keras/bert or https://huggingface.co, and give "
                "--encoder keras_hub:FOLDER."
            ) from error
        return cls(backbone, trainable, *_vocabulary(keras_hub, source), **kwargs)

    def with_dtype(self, dtype: str) -> "KerasHubStates":
        """A copy with the same weights whose backbone computes by another dtype policy."""
        config = {**self.backbone.get_config(), "dtype": dtype}
        backbone = type(self.backbone).from_config(config)
        backbone.set_weights(self.backbone.get_weights())
        return KerasHubStates(
            backbone,
            self.trainable,
            self.vocabulary,
            self.lower_case,
            self.merges,
            self.freeze_embeddings,
            self.gradient_checkpointing,
            name=self.name,
        )

    def call(
        self,
        pieces: Any,
        lengths: Any,
        training: bool | None = None,
        return_attention_scores: bool = False,
    ) -> Any:
        """See the class."""
        pieces = ops.cast(pieces, "int32")
        columns = ops.arange(ops.shape(pieces)[1], dtype="int32")
        mask = ops.cast(columns < ops.expand_dims(ops.cast(lengths, "int32"), 1), "int32")
        values = dict(zip(_INPUTS, (pieces, mask, ops.zeros_like(pieces)), strict=True))
        inputs = {name: values[name] for name in self._inputs}
        training = bool(training and self.trainable)
        checkpointing = training and self.gradient_checkpointing
        if not return_attention_scores and not checkpointing:
            outputs = self.backbone(inputs, training=training)
            states = outputs[_STATES] if isinstance(outputs, dict) else outputs
            return ops.cast(states, "float32")
        outputs = self._embeddings(inputs, training=training)
        for layer in self._transformer:
            options = {"padding_mask": mask, "training": training}
            if return_attention_scores and layer is self._transformer[-1]:
                options["return_attention_scores"] = True
            if checkpointing:
                outputs = _checkpointed(layer, outputs, **options)
            else:
                outputs = layer(outputs, **options)
        if not return_attention_scores:
            return ops.cast(outputs, "float32")
        return tuple(ops.cast(each, "float32") for each in outputs)

    def compute_output_shape(self, pieces_shape: Any, lengths_shape: Any = None) -> Any:
        """`(batch, time, dim)`."""
        return (*pieces_shape, self.dim)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the backbone's configuration and its weights when first asked for."""
        config = self.backbone.get_config()
        # Keras counts names up, and what is trained does not change the states.
        config = {key: value for key, value in config.items() if key not in ("name", "trainable")}
        state = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
        for weight in self.backbone.weights:
            state.update(ops.convert_to_numpy(weight).tobytes())
        return state.hexdigest()

    def save(self, folder: Path, pieces: Pieces) -> None:
        """Write the encoder, as it is now, as a preset that `from_preset` opens.

        Args:
            folder: where to; it is written atomically, and replaces what was there.
            pieces: become the preset's tokenizer.

        Raises:
            MrcaError: if it cannot be written.
        """
        keras_hub = import_keras_hub()
        with whole_folder(folder, "the encoder") as target:
            self.backbone.save_to_preset(str(target))
            if isinstance(pieces, BytePairs):
                ids = {piece: id for id, piece in enumerate(pieces.vocabulary)}
                tokenizer = keras_hub.models.RobertaTokenizer(ids, list(pieces.merges))
            else:
                tokenizer = keras_hub.models.BertTokenizer(
                    vocabulary=list(pieces.vocabulary), lowercase=pieces.lower_case
                )
            tokenizer.save_to_preset(str(target))

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "backbone": keras.saving.serialize_keras_object(self.backbone),
            "vocabulary": self.vocabulary,
            "lower_case": self.lower_case,
            "merges": self.merges,
            "freeze_embeddings": self.freeze_embeddings,
            "gradient_checkpointing": self.gradient_checkpointing,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "KerasHubStates":
        """The layer that `get_config` described, with fresh weights."""
        import_keras_hub()  # registers the backbone's class
        backbone = keras.saving.deserialize_keras_object(config["backbone"])
        return cls(**{**config, "backbone": backbone})


def import_keras_hub() -> Any:
    """The package `keras_hub`.

    Raises:
        MrcaError: if it is not installed, or does not fit the installed TensorFlow.
    """
    try:
        import keras_hub
    except Exception as error:  # tensorflow-text beside another TensorFlow: no ImportError
        raise MrcaError(
            f"A keras_hub: encoder needs KerasHub, which cannot be imported ({_reason(error)}). "
            "Type: pip install 'mrca[keras-hub]'"
        ) from error
    return keras_hub


def _before(backbone: keras.Model, layer: keras.layers.Layer) -> keras.Model:
    """What stands before a transformer layer: the backbone's inputs to that layer's states."""
    states, _ = layer.input  # and the padding mask
    return keras.Model(backbone.input, states)


def _checkpointed(layer: Any, states: Any, **options: Any) -> Any:
    """A transformer layer in training, whose insides are computed again for the gradient."""
    # Its dropout counts draws up, so that a second pass would draw others.
    seeds = layer.non_trainable_variables
    before = [ops.copy(ops.convert_to_tensor(seed)) for seed in seeds]

    def run(states: Any) -> Any:
        for seed, value in zip(seeds, before, strict=True):
            seed.assign(value)
        return layer(states, **options)

    outputs = keras.remat(run)(states)
    for seed, value in zip(seeds, before, strict=True):
        seed.assign(value + 1)
    return outputs


def _vocabulary(
    keras_hub: Any, preset: str
) -> tuple[list[str] | None, bool | None, list[str] | None]:
    """Vocabulary, casing and merges of a preset's tokenizer, as far as it has them."""
    try:
        tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(preset)
    except (FileNotFoundError, ValueError):
        return None, None, None
    if isinstance(tokenizer, keras_hub.tokenizers.WordPieceTokenizer):
        return list(tokenizer.get_vocabulary()), tokenizer.lowercase, None
    if isinstance(tokenizer, keras_hub.tokenizers.BytePairTokenizer):
        pieces = sorted(tokenizer.vocabulary, key=tokenizer.vocabulary.get)
        return pieces, False, list(tokenizer.merges)
    return None, None, None


def _names(structure: Any) -> list[str]:
    return list(structure) if isinstance(structure, dict) else [type(structure).__name__]


def _reason(error: Exception) -> str:
    """The first line of a message, without a last sentence that goes on in the next line."""
    if isinstance(error, requests.RequestException):
        return request_reason(error)
    line = next(iter(str(error).splitlines()), "")
    if line.endswith(":"):
        line = line.rpartition(". ")[0] or line
    return textwrap.shorten(line, 300, placeholder=" …").rstrip(".:") or type(error).__name__
