import os

import keras
import pytest

from mrca.devices import gpus, training_device, visible_gpus

BACKEND = keras.backend.backend()


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """`machine(names)`: NVIDIA's program lists these GPUs; `None`, that it fails."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("mrca.devices._DRIVER", tmp_path / "no-driver")

    def make(names):
        lines = "; ".join(f"echo '{name}'" for name in names or [])
        numbers = "; ".join(f"echo {number}" for number in range(len(names or [])))
        program = tmp_path / "nvidia-smi"
        program.write_text(
            f"#!/bin/sh\ncase $1 in *name) {lines or ':'};; *) {numbers or ':'};; esac\n"
            f"exit {9 if names is None else 0}\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return make


@pytest.fixture
def usable(monkeypatch):
    """`usable(names)`: the backend can use these GPUs."""

    def make(names):
        monkeypatch.setattr("mrca.devices._LISTS", {BACKEND: lambda: list(names)})

    return make


def test_a_machine_without_a_gpu(machine, usable):
    usable([])
    for names in ([], None):
        machine(names)
        assert training_device() == "Trains on the CPU."


def test_a_gpu_that_is_used(usable):
    usable(["NVIDIA H200"])
    assert training_device() == "Trains on GPU NVIDIA H200 (1 of 1)."
    usable(["NVIDIA A10", "NVIDIA T4"])
    assert training_device() == "Trains on GPU NVIDIA A10 (1 of 2)."


@pytest.mark.parametrize(
    ("backend", "remedy"),
    [
        ("tensorflow", "TensorFlow cannot use it. `pip install 'mrca[gpu]'` brings"),
        ("jax", "JAX cannot use it. `pip install 'jax[cuda12]'` brings"),
        ("torch", "PyTorch cannot use it. https://pytorch.org/get-started/locally says"),
    ],
)
def test_a_gpu_that_cannot_be_used_comes_with_what_to_do(machine, monkeypatch, backend, remedy):
    machine(["NVIDIA H200", "NVIDIA H200"])
    monkeypatch.setattr("keras.backend.backend", lambda: backend)
    monkeypatch.setattr("mrca.devices._LISTS", {backend: list})
    said = training_device()
    assert said.startswith(f"Trains on the CPU: there is a GPU, NVIDIA H200, but {remedy}")
    assert said.endswith("docs/training.md, On a GPU.")


def test_the_driver_tells_where_its_program_is_not(machine, usable, monkeypatch, tmp_path):
    usable([])
    machine(None)
    folder = tmp_path / "driver" / "0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text("Model: \t\t NVIDIA L4\nIRQ:   \t\t 35\n")
    monkeypatch.setattr("mrca.devices._DRIVER", folder.parent)
    assert "there is a GPU, NVIDIA L4, but" in training_device()


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_gpu_that_the_user_hides_is_no_matter(machine, usable, monkeypatch, hidden):
    usable([])
    machine(["NVIDIA H200"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert training_device() == "Trains on the CPU."


def test_visible_gpus_are_those_that_the_environment_leaves(machine, monkeypatch):
    for value, expected in (("0,3", ["0", "3"]), ("", []), ("-1", [])):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
        assert visible_gpus() == expected
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    machine(["NVIDIA H200", "NVIDIA H200"])
    assert visible_gpus() == ["0", "1"]
    monkeypatch.setenv("PATH", "")
    assert visible_gpus() == []


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's names")
def test_names_that_tensorflow_gives(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["first", "second"])
    details = {"first": {"device_name": "NVIDIA H200"}, "second": {}}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details.get)
    assert gpus() == ["NVIDIA H200", "of unknown name"]


@pytest.mark.gpu
def test_a_gpu_has_a_name():
    assert all(gpus()), gpus()
    assert gpus()[0] in training_device()
