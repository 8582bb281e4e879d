"""What documents are read with: word vectors, or pretrained encoders."""

from pathlib import Path

from mrca.encoders.encoder import Encoder, Places
from mrca.encoders.piece_encoder import HubEncoder, KerasHubEncoder, PieceEncoder
from mrca.encoders.word_vectors import WordVectors
from mrca.errors import MrcaError, did_you_mean

ENCODERS: dict[str, type[Encoder]] = {
    "word_vectors": WordVectors,
    "hub": HubEncoder,
    "keras_hub": KerasHubEncoder,
}

_FORMS = (
    "word_vectors (the default)",
    "hub:FOLDER or hub:HANDLE for a TF Hub module, such as "
    "hub:https://tfhub.dev/tensorflow/bert_en_cased_L-12_H-768_A-12/4",
    "keras_hub:PRESET or keras_hub:FOLDER for a KerasHub preset, such as "
    "keras_hub:bert_base_en_uncased",
    "tfidf, with --classifier linear_svm",
)


def encoder_class(name: str) -> type[Encoder]:
    """The class of the encoder that `encoder.name` names.

    Raises:
        MrcaError: if the name has none of the forms.
    """
    kind, colon, place = name.partition(":")
    if kind not in ENCODERS or (kind == "word_vectors") != (not colon) or (colon and not place):
        forms = "\n".join(f"  {form}" for form in _FORMS)
        near = did_you_mean(kind, ENCODERS) or _with_kind(name)
        raise MrcaError(f"Unknown encoder {name!r}.{near} Expected one of these forms:\n{forms}")
    return ENCODERS[kind]


def _with_kind(name: str) -> str:
    """What a folder without a kind was meant as, as part of a message; nothing of other names."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return ""
    kind = "hub" if (folder / "saved_model.pb").is_file() else "keras_hub"
    return f" Did you mean {f'{kind}:{name}'!r}?"


__all__ = [
    "ENCODERS",
    "Encoder",
    "HubEncoder",
    "KerasHubEncoder",
    "PieceEncoder",
    "Places",
    "WordVectors",
    "encoder_class",
]
