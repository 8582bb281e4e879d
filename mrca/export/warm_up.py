"""Requests that TensorFlow Serving answers to itself before it takes any from outside."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from mrca.errors import MrcaError
from mrca.export.packed_tensors import pack_tensors
from mrca.export.serving_messages import ModelSpec, PredictionLog, PredictLog, PredictRequest

# With more a server does not load the model.
MAX_REQUESTS = 1000


class WarmUpRequest(NamedTuple):
    """What a signature is called with.

    Attributes:
        signature: its name.
        inputs: its inputs by name.
    """

    signature: str
    inputs: dict[str, np.ndarray]


def write_warm_up(path: Path, name: str, requests: Sequence[WarmUpRequest]) -> None:
    """Write warm-up requests as TensorFlow Serving reads them, a TFRecord of `PredictionLog`.

    Args:
        path: the file, `WARM_UP` in the folder of the model's version; folders are made.
        name: the model's.
        requests: 1 to 1000, in the order in which they are to be answered.

    Raises:
        MrcaError: if there are too many or none.
    """
    if not 1 <= len(requests) <= MAX_REQUESTS:
        raise MrcaError(
            f"{len(requests)} warm-up requests: TensorFlow Serving takes 1 to {MAX_REQUESTS}. "
            "Give a few typical ones."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            request = PredictRequest(
                model_spec=ModelSpec(name=name, signature_name=signature),
                inputs=pack_tensors(inputs),
            )
            log = PredictionLog(predict_log=PredictLog(request=request))
            writer.write(log.SerializeToString())
