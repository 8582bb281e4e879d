"""Warm-up requests, read as TensorFlow Serving reads them and replayed as it replays them."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from mrca.errors import MrcaError
from mrca.export.exported_files import WARM_UP
from mrca.export.warm_up import WarmUpRequest, write_warm_up

REQUESTS = [
    WarmUpRequest("serving_default", {"text": np.array(["<s>Ada</s> met Böb", ""], object)}),
    WarmUpRequest(
        "tokens",
        {
            "tokens": np.array([["Ada", "met", "Böb"], ["Hi", "", ""]], object),
            "role": np.array([[1, 0, -1], [0, 0, 0]], np.int32),
        },
    ),
    WarmUpRequest(
        "features",
        {"vectors": np.ones((1, 2, 3), np.float32), "lengths": np.array([2], np.int32)},
    ),
]


def test_a_server_reads_them(tmp_path):
    path = tmp_path / WARM_UP
    write_warm_up(path, "webnlg", REQUESTS)
    assert path == tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    assert len(records) == len(REQUESTS)
    for record, (signature, inputs) in zip(records, REQUESTS, strict=True):
        log = prediction_log_pb2.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "webnlg"
        assert request.model_spec.signature_name == signature
        assert set(request.inputs) == set(inputs)
        for name, array in inputs.items():
            sent = tf.make_ndarray(request.inputs[name])
            expected = np.char.encode(array.astype(str)) if array.dtype == object else array
            np.testing.assert_array_equal(sent, expected)
            assert tf.as_dtype(request.inputs[name].dtype) == tf.as_dtype(array.dtype)


class Tiny(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def text(self, text):
        return {"scores": tf.cast(tf.strings.length(text), tf.float32)[:, None]}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None), tf.string, name="tokens"),
            tf.TensorSpec((None, None), tf.int32, name="role"),
        ]
    )
    def tokens(self, tokens, role):
        words = tf.where(tokens == "", 0, 1)
        return {"scores": tf.cast(tf.reduce_sum(words + 10 * role, 1), tf.float32)[:, None]}


def test_they_are_replayed_against_a_saved_model(read_warm_up, tmp_path):
    tiny = Tiny()
    folder = tmp_path / "tiny" / "1"
    signatures = {"serving_default": tiny.text, "tokens": tiny.tokens}
    tf.saved_model.save(tiny, str(folder), signatures=signatures)
    write_warm_up(folder / WARM_UP, "tiny", REQUESTS[:2])
    loaded = tf.saved_model.load(str(folder))
    replayed = [
        loaded.signatures[signature](
            **{name: tf.constant(array) for name, array in inputs.items()}
        )["scores"].numpy()
        for signature, inputs in read_warm_up(folder / WARM_UP)
    ]
    np.testing.assert_array_equal(replayed[0], [[len("<s>Ada</s> met Böb".encode())], [0]])
    np.testing.assert_array_equal(replayed[1], [[3], [1]])


def test_as_many_as_a_server_takes(read_warm_up, tmp_path):
    path = tmp_path / "file"
    write_warm_up(path, "a", REQUESTS[:1] * 1000)
    assert len(read_warm_up(path)) == 1000
    for wrong in (REQUESTS[:1] * 1001, []):
        other = tmp_path / "other"
        with pytest.raises(MrcaError, match=f"{len(wrong)} warm-up requests"):
            write_warm_up(other, "a", wrong)
        assert not other.exists()
