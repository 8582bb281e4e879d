"""The same numbers from the same seed on a GPU too."""

from typing import Any

import keras
import numpy as np

from mrca.errors import MrcaError


def enable_determinism() -> None:
    """Ask the backend for deterministic kernels only.

    On a CPU a seed suffices. On a GPU this costs speed, and holds for the same machine and
    versions only.

    Raises:
        MrcaError: on JAX, which takes this from the environment before it starts.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True)
    else:
        raise MrcaError(
            f"training.deterministic cannot be switched on from within the {backend} backend. "
            "Set the environment variable XLA_FLAGS=--xla_gpu_deterministic_ops=true instead."
        )


def random_states() -> dict[str, np.ndarray]:
    """The states of the backend's own generators, beside those that a model's variables hold.

    Only PyTorch has any that training draws from: Keras's dropout does so there.
    """
    if keras.backend.backend() != "torch":
        return {}
    import torch

    states = {"cpu": torch.get_rng_state()}
    for device in range(torch.cuda.device_count()):
        states[f"cuda:{device}"] = torch.cuda.get_rng_state(device)
    return {name: state.numpy() for name, state in states.items()}


def restore_random_states(states: dict[str, Any]) -> None:
    """Put the backend's generators back to what `random_states` gave."""
    if keras.backend.backend() != "torch":
        return
    import torch

    for name, state in states.items():
        if name == "cpu":
            torch.set_rng_state(torch.from_numpy(state))
        else:
            torch.cuda.set_rng_state(torch.from_numpy(state), name)
