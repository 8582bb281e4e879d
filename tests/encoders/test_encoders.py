"""Encoders by name, and what opening them loads."""

import subprocess
import sys

import pytest

from mrca.encoders import HubEncoder, KerasHubEncoder, WordVectors, encoder_class
from mrca.errors import MrcaError


def test_a_name_names_the_class():
    assert encoder_class("word_vectors") is WordVectors
    assert encoder_class("hub:some/folder") is HubEncoder
    assert encoder_class("keras_hub:bert_tiny_en_uncased") is KerasHubEncoder
    assert encoder_class("hub:https://tfhub.dev/google/bert/1") is HubEncoder


@pytest.mark.parametrize(
    "name",
    ["bert", "", "hub:", "hub", "keras_hub", "kerashub:x", "/some/dir", "word_vectors:x"],
)
def test_other_names_are_refused_with_the_forms(name):
    with pytest.raises(MrcaError, match=r"(?s)Unknown encoder.*hub:FOLDER.*keras_hub:PRESET"):
        encoder_class(name)


def test_a_folder_without_its_kind_is_recognised(tmp_path):
    with pytest.raises(MrcaError, match=f"Did you mean 'keras_hub:{tmp_path}'"):
        encoder_class(str(tmp_path))
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(MrcaError, match=f"Did you mean 'hub:{tmp_path}'"):
        encoder_class(str(tmp_path))


@pytest.mark.processes
def test_importing_encoders_loads_neither_hub():
    code = "import mrca.encoders, sys; print({'tensorflow_hub', 'keras_hub'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"
