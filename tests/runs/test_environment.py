import json

import keras

import mrca
from mrca.datasets import load_corpus
from mrca.devices import gpus
from mrca.runs.environment import describe_environment


def test_versions_devices_and_what_went_in(sample_slice):
    corpus = load_corpus("sample", sample_slice)
    vectors = {"name": "glove", "fingerprint": "0" * 64}
    environment = describe_environment({"vectors": vectors}, 7, corpus)
    assert environment["mrca"] == mrca.__version__
    assert environment["backend"] == keras.backend.backend()
    assert environment["packages"]["keras"] == keras.__version__
    assert environment["seed"] == 7
    assert environment["devices"] == (gpus() or ["cpu"])
    assert environment["vectors"] == vectors
    assert environment["corpus"] == {
        "name": "sample",
        "fingerprint": corpus.fingerprint,
        "train_split": "train",
    }
    assert json.loads(json.dumps(environment)) == environment


def test_rows_in_memory_are_no_corpus(monkeypatch):
    monkeypatch.setattr("mrca.runs.environment._PACKAGES", ("keras", "no-such-package"))
    environment = describe_environment({}, 1)
    assert "corpus" not in environment
    assert environment["packages"] == {"keras": keras.__version__, "no-such-package": None}
