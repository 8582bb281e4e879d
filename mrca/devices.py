"""What computes: the processor, or which GPU; whether one goes unused; how much memory it has."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

# What a container of Linux may take, in either version of its control groups.
_LIMITS = tuple(
    Path("/sys/fs/cgroup", name) for name in ("memory.max", "memory/memory.limit_in_bytes")
)
_DRIVER = Path("/proc/driver/nvidia/gpus")  # a folder for each GPU, where Linux has the driver

# What a backend is called, and what it needs where it cannot use a GPU.
_UNUSED = {
    "tensorflow": (
        "TensorFlow",
        "`pip install 'mrca[gpu]'` brings the CUDA libraries that it looks for on Linux; with "
        "MRCA_DEBUG=1 it says which are missing",
    ),
    "jax": ("JAX", "`pip install 'jax[cuda12]'` brings its CUDA build"),
    "torch": (
        "PyTorch",
        "https://pytorch.org/get-started/locally says how to install its CUDA build",
    ),
}


def gpus() -> list[str]:
    """The names of the GPUs that Keras's backend can use, that which it computes on first.

    Empty where it computes on the processor.
    """
    import keras

    return _LISTS[keras.backend.backend()]()


def training_device() -> str:
    """A sentence that says what a training runs on, and what to do for an unused GPU."""
    import keras

    if usable := gpus():
        return f"Trains on GPU {usable[0]} (1 of {len(usable)})."
    unused = _gpus_of_driver()
    if not unused:
        return "Trains on the CPU."
    name, remedy = _UNUSED[keras.backend.backend()]
    return (
        f"Trains on the CPU: there is a GPU, {unused[0]}, but {name} cannot use it. {remedy}. "
        "What else it may be: docs/training.md, On a GPU."
    )


def memory() -> int | None:
    """Bytes that the machine has, or its container may take; `None` where nobody says."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return None
    for limit in _LIMITS:
        with suppress(OSError, ValueError):  # there is none, or it is "max"
            found = min(found, int(limit.read_text("ascii")))
    return found


def visible_gpus() -> list[str]:
    """The GPUs that there are for this process, as CUDA_VISIBLE_DEVICES names them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [each.strip() for each in chosen.split(",") if each.strip() not in ("", "-1")]
    return _nvidia_smi("index")


def _gpus_of_driver() -> list[str]:
    """The names of the GPUs that NVIDIA's driver has, unless they are hidden from this process."""
    if "CUDA_VISIBLE_DEVICES" in os.environ and not visible_gpus():
        return []
    return _nvidia_smi("name") or [
        line.partition(":")[2].strip()
        for information in sorted(_DRIVER.glob("*/information"))
        for line in information.read_text("utf-8").splitlines()
        if line.startswith("Model:")
    ]


def _nvidia_smi(field: str) -> list[str]:
    """A field of each GPU as NVIDIA's own program tells it; nothing where there is none."""
    try:
        listed = subprocess.run(
            ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in listed.stdout.splitlines() if line.strip()]


def _of_tensorflow() -> list[str]:
    import tensorflow as tf

    found = tf.config.get_visible_devices("GPU")
    details = map(tf.config.experimental.get_device_details, found)
    return [each.get("device_name", "of unknown name") for each in details]


def _of_jax() -> list[str]:
    import jax

    return [device.device_kind for device in jax.devices() if device.platform == "gpu"]


def _of_torch() -> list[str]:
    import keras
    import torch

    # Keras looks for CUDA, Apple's Metal and more, or takes KERAS_TORCH_DEVICE.
    used = keras.ops.zeros(()).device
    if used.type != "cuda":
        return [] if used.type == "cpu" else [used.type]
    numbers = sorted(range(torch.cuda.device_count()), key=lambda number: number != used.index)
    return [torch.cuda.get_device_name(number) for number in numbers]


_LISTS = {"tensorflow": _of_tensorflow, "jax": _of_jax, "torch": _of_torch}
