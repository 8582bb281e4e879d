"""The same numbers from the same seed on a GPU too."""

import keras

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
