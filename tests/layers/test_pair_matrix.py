import numpy as np
from keras import ops

from mrca.layers.pair_matrix import PairMatrix

ENTITY_ROWS = np.array([0, 0, 0, 1, 1], "int32")
ROW_ENTITIES = np.array([[0, 1, 2, -1], [3, 4, -1, -1]], "int32")
PAIRS = np.array([[0, 2], [4, 3], [1, 0]], "int32")
VALUES = np.arange(6, dtype="float32").reshape(3, 2) + 1


def spread(pairs, values):
    places = PairMatrix(pairs, ENTITY_ROWS, ROW_ENTITIES)
    matrix, asked = places.of(ops.convert_to_tensor(values))
    back = ops.convert_to_numpy(places.at(matrix))
    return ops.convert_to_numpy(matrix), ops.convert_to_numpy(asked), back


def test_a_pair_stands_in_the_row_of_its_subject_and_the_column_of_its_object():
    matrix, asked, back = spread(PAIRS, VALUES)
    expected = np.zeros((2, 4, 4, 2), "float32")
    expected[0, 0, 2], expected[1, 1, 0], expected[0, 1, 0] = VALUES
    np.testing.assert_array_equal(matrix, expected)
    np.testing.assert_array_equal(asked, expected.any(axis=-1))
    np.testing.assert_array_equal(back, VALUES)


def test_a_pair_that_is_in_a_batch_twice_counts_once():
    """Batches of two samplers repeat pairs."""
    twice = [0, 1, 0, 2, 0]
    matrix, _, back = spread(PAIRS[twice], VALUES[twice])
    np.testing.assert_allclose(matrix, spread(PAIRS, VALUES)[0], rtol=1e-6)
    np.testing.assert_allclose(back, VALUES[twice], rtol=1e-6)


def test_no_pairs():
    matrix, asked, back = spread(PAIRS[:0], VALUES[:0])
    assert not matrix.any()
    assert not asked.any()
    assert back.shape == (0, 2)
