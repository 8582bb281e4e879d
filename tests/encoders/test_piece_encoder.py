import subprocess
import sys

import pytest

from mrca.encoders import open_encoder
from mrca.errors import MrcaError


def test_the_module_brings_its_word_pieces(hub_module, vocabulary):
    encoder, word_pieces = open_encoder(f"hub:{hub_module}")
    assert encoder.trainable is False
    assert word_pieces.vocabulary == tuple(vocabulary)
    assert word_pieces.pieces("Ada") == (vocabulary.index("ada"),)


def test_given_word_pieces_go_before_its_own(hub_module, vocabulary, tmp_path):
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(vocabulary[:-2]))
    _, word_pieces = open_encoder(f"hub:{hub_module}", vocab_file=str(file), lower_case=False)
    assert len(word_pieces) == 62
    assert word_pieces.pieces("Ada") == (word_pieces.unk,)
    assert word_pieces.source == str(file)


def test_a_module_without_word_pieces_needs_some(bare_module, vocabulary, tmp_path):
    with pytest.raises(MrcaError, match=r"lower-cased text.*encoder\.casing=uncased"):
        open_encoder(f"hub:{bare_module}")
    with pytest.raises(MrcaError, match=r"no vocabulary.*encoder\.vocab_file"):
        open_encoder(f"hub:{bare_module}", lower_case=True)
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(vocabulary))
    assert open_encoder(f"hub:{bare_module}", vocab_file=str(file), lower_case=True)


def test_a_vocabulary_of_another_encoder_is_refused(hub_module, vocabulary, tmp_path):
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join([*vocabulary, "one more"]))
    with pytest.raises(MrcaError, match=r"vocab\.txt has 65 pieces.* knows 64 only"):
        open_encoder(f"hub:{hub_module}", vocab_file=str(file))
    with pytest.raises(MrcaError, match="No vocabulary at"):
        open_encoder(f"hub:{hub_module}", vocab_file="nowhere.txt")


@pytest.mark.parametrize(
    "name", ["bert", "", "hub:", "hub", "keras_hub", "kerashub:x", "/some/dir"]
)
def test_other_names_are_refused_with_the_forms(name):
    with pytest.raises(MrcaError, match=r"(?s)Unknown encoder.*hub:FOLDER.*keras_hub:PRESET"):
        open_encoder(name)


def test_importing_encoders_loads_neither_hub():
    code = "import mrca.encoders, sys; print({'tensorflow_hub', 'keras_hub'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"
