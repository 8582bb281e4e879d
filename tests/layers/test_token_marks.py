import json

import keras
import numpy as np
from keras import ops

from mrca.layers import TokenFeatures

WORDS = np.array([[1, 3, 0]], "int32")
CASE = np.array([[1, -1, 0]], "int8")
ROLE = np.array([[-1, 1, 0]], "int8")
VECTORS = np.array([[1, 2], [3, 4], [5, 6]], "float32")


def make_layer(**options):
    layer = TokenFeatures(num_words=6, dim=2, feature_value=3.0, **options)
    layer.build((None, None))
    return layer


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def test_vectors_then_case_then_role():
    layer = make_layer()
    layer.assign_vectors(VECTORS)
    features = numbers(layer(WORDS, CASE, ROLE))
    assert features.tolist() == [[[1, 2, 3, -3], [5, 6, -3, 3], [0, 0, 0, 0]]]
    assert features.dtype == "float32"
    assert layer.compute_output_shape((None, None)) == (None, None, 4)


def test_assigning_spare_rows_leaves_the_others():
    layer = make_layer()
    layer.assign_vectors(VECTORS)
    layer.assign_vectors(np.array([[7, 8]], "float32"), first_row=4)
    table = numbers(layer.table)
    assert table.tolist() == [[0, 0], [1, 2], [3, 4], [5, 6], [7, 8], [0, 0]]


def test_the_table_is_frozen_and_saved():
    layer = make_layer()
    assert layer.trainable_variables == []
    assert [weight.name for weight in layer.weights] == ["table"]


def test_half_precision():
    layer = make_layer(dtype="mixed_float16")
    layer.assign_vectors(VECTORS)
    features = layer(WORDS, CASE, ROLE)
    assert keras.backend.standardize_dtype(features.dtype) == "float16"
    assert numbers(features)[0, 0].tolist() == [1, 2, 3, -3]


def test_config_is_json_and_comes_back():
    layer = TokenFeatures(6, 2, 3.0, name="words")
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.get_config() == layer.get_config()
    assert (back.num_words, back.dim, back.feature_value) == (6, 2, 3.0)
