"""From what the user says after `--encoder` to an encoder and its word pieces."""

from pathlib import Path

from mrca.encoders.hub_encoder import HubEncoder
from mrca.encoders.hub_handle import resolve_hub_handle
from mrca.encoders.keras_hub_encoder import KerasHubEncoder
from mrca.errors import MrcaError
from mrca.features.word_pieces import WordPieces, read_vocabulary

_FORMS = (
    "hub:FOLDER or hub:HANDLE for a TF Hub module, such as "
    "hub:https://tfhub.dev/tensorflow/bert_en_cased_L-12_H-768_A-12/4",
    "keras_hub:PRESET or keras_hub:FOLDER for a KerasHub preset, such as "
    "keras_hub:bert_base_en_uncased",
)


def open_encoder(
    name: str,
    trainable: bool = False,
    vocab_file: str = "",
    lower_case: bool | None = None,
    dtype: str | None = None,
) -> tuple[HubEncoder | KerasHubEncoder, WordPieces]:
    """Open a pretrained encoder.

    Args:
        name: `hub:` and a folder or handle, or `keras_hub:` and a preset's name or folder.
        trainable: whether training changes the encoder.
        vocab_file: a `vocab.txt` to use in place of the encoder's own.
        lower_case: whether to lower-case words, in place of what the encoder says.
        dtype: the dtype policy that a KerasHub encoder computes by, in place of its own. One from
            TF Hub is a program that computes as it was written.

    Returns:
        The encoder, a layer that is called with `pieces` and `lengths`; and what splits words into
        those pieces.

    Raises:
        MrcaError: if the name has neither form, the encoder cannot be opened, or its vocabulary or
            its case is unknown and not given, or does not fit.
    """
    kind, _, place = name.partition(":")
    if kind not in ("hub", "keras_hub") or not place:
        forms = "\n".join(f"  {form}" for form in _FORMS)
        raise MrcaError(f"Unknown encoder {name!r}. Expected one of these forms:\n{forms}")
    encoder: HubEncoder | KerasHubEncoder
    if kind == "hub":
        encoder = HubEncoder(resolve_hub_handle(place), trainable, name="encoder")
    else:
        encoder = KerasHubEncoder.from_preset(place, trainable, dtype, name="encoder")
    if lower_case is None:
        lower_case = encoder.lower_case
    if lower_case is None:
        raise MrcaError(
            f"The encoder {name} does not say whether it was trained on lower-cased text. "
            "Set encoder.casing=uncased or encoder.casing=cased."
        )
    vocabulary = (
        read_vocabulary(Path(vocab_file).expanduser()) if vocab_file else encoder.vocabulary
    )
    if vocabulary is None:
        raise MrcaError(
            f"The encoder {name} brings no vocabulary of word pieces. Set encoder.vocab_file to "
            "the vocab.txt that it was trained with."
        )
    word_pieces = WordPieces(vocabulary, lower_case, vocab_file or f"the vocabulary of {name}")
    if encoder.num_pieces is not None and len(word_pieces) > encoder.num_pieces:
        raise MrcaError(
            f"{word_pieces.source} has {len(word_pieces):,} pieces, but the encoder {name} knows "
            f"{encoder.num_pieces:,} only. Expected the vocabulary that it was trained with."
        )
    return encoder, word_pieces
