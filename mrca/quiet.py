"""Keeps TensorFlow's notices off the user's screen."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_start() -> Iterator[None]:
    """Around the first import of Keras: TensorFlow writes notices to stderr that no option stops.

    They are written by native code before its logging is set up, so the file descriptor itself is
    turned away. What its Python code warns of later, such as functions traced anew, is nothing that
    a user could put right, and is hidden for good. With MRCA_DEBUG set nothing is hidden.
    """
    if os.environ.get("MRCA_DEBUG"):
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
        if "tensorflow" in sys.modules:  # it looks for a GPU once, and complains if there is none
            sys.modules["tensorflow"].config.list_physical_devices()
            logging.getLogger("absl").setLevel(logging.ERROR)  # not before absl has made it
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
