import keras
import numpy as np
import pytest

from mrca.losses import AdaptiveThresholding

GENERATOR = np.random.default_rng(17)
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LABELS[0], LABELS[1] = 0, 1
LOGITS = GENERATOR.normal(0, 2, (6, 6)).astype("float32")


def rows(labels=LABELS, logits=LOGITS):
    return keras.ops.convert_to_numpy(AdaptiveThresholding(reduction=None)(labels, logits))


def log_sum(values):
    return np.log(np.exp(values.astype("float64")).sum())


def test_is_the_formula_of_its_docstring():
    for label, logit, row in zip(LABELS, LOGITS, rows(), strict=True):
        threshold, relations = logit[:1], logit[1:]
        positives, negatives = relations[label == 1], relations[label == 0]
        lift = sum(log_sum(np.append(positives, threshold)) - each for each in positives)
        sink = log_sum(np.append(negatives, threshold)) - threshold[0]
        assert row == pytest.approx(lift + sink, rel=1e-5)


def test_the_threshold_column_of_labels_does_not_matter():
    for value in (0, 1):
        wide = np.pad(LABELS, ((0, 0), (1, 0)), constant_values=value)
        np.testing.assert_array_equal(rows(wide), rows())


def test_only_distances_from_the_threshold_count():
    np.testing.assert_allclose(rows(logits=LOGITS + 7), rows(), rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_positives_compete(count, values_and_gradients):
    """One whose share of P and TH is above 1 / k is pushed down, and only that."""
    labels = np.float32([[1] * count + [0] * (4 - count)])
    logits = np.float32([[0.5, 3.0, -1.0, 0.2, 0.0]])
    _, [gradient] = values_and_gradients(lambda z: [AdaptiveThresholding()(labels, z)], [logits])
    kept = np.exp(logits[0, : count + 1])
    share = (kept / kept.sum())[1:]
    np.testing.assert_allclose(gradient[0, 1 : count + 1], count * share - 1, rtol=1e-4)
    assert (gradient[0, 1] > 0) == (count > 1)


def test_an_empty_side_moves_nothing(values_and_gradients):
    none, every = np.zeros((1, 3), "float32"), np.ones((1, 3), "float32")
    logits = np.float32([[0, -50, -50, -50]]), np.float32([[-50, 0, 0, 0]])
    [without, full], [left, right] = values_and_gradients(
        lambda a, b: [AdaptiveThresholding()(none, a), AdaptiveThresholding()(every, b)], logits
    )
    assert without == pytest.approx(0, abs=1e-6)  # all far below the threshold
    np.testing.assert_allclose(left, 0, atol=1e-6)
    assert full == pytest.approx(3 * np.log(3), rel=1e-5)  # three positives that compete
    np.testing.assert_allclose(right, 0, atol=1e-6)
