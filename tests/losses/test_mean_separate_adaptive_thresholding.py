import keras
import numpy as np
import pytest

from mrca.losses import MeanSeparateAdaptiveThresholding

GENERATOR = np.random.default_rng(21)


def batch(relations):
    labels = (GENERATOR.random((6, relations)) < 0.3).astype("float32")
    labels[0], labels[1] = 0, 1
    return labels, GENERATOR.normal(0, 2, (6, relations + 1)).astype("float32")


def oracle(labels, logits, relations):
    distance = logits[:, 1:].astype("float64") - logits[:, :1]
    cells = np.log1p(np.exp(-np.where(labels == 1, distance, -distance)))
    positives = labels.sum(axis=1)
    lift, sink = ((mask * cells).sum(axis=1) for mask in (labels, 1 - labels))
    return lift / np.maximum(positives, 1) + sink / np.maximum(relations - positives, 1)


@pytest.mark.parametrize("num_relations", [None, 96])
@pytest.mark.parametrize("relations", [5, 96])
def test_each_side_has_its_mean(relations, num_relations):
    """The authors' code divides negatives as if there were always 96 relations."""
    labels, logits = batch(relations)
    loss = MeanSeparateAdaptiveThresholding(num_relations, reduction=None)
    rows = keras.ops.convert_to_numpy(loss(labels, logits))
    np.testing.assert_allclose(rows, oracle(labels, logits, num_relations or relations), rtol=2e-5)


def test_more_negatives_like_those_there_are_change_nothing():
    loss = MeanSeparateAdaptiveThresholding()
    few, many = (
        float(loss([[1] + [0] * negatives], [[0.0, -1.0] + [0.5] * negatives]))
        for negatives in (1, 50)
    )
    assert few == pytest.approx(many, rel=1e-5)


def test_an_empty_side_counts_0(values_and_gradients):
    loss = MeanSeparateAdaptiveThresholding()
    for label in (0, 1):
        labels = np.full((1, 3), label, "float32")
        [value], [gradient] = values_and_gradients(
            lambda z, labels=labels: [loss(labels, z)], [np.zeros((1, 4), "float32")]
        )
        assert value == pytest.approx(np.log(2), rel=1e-5)
        np.testing.assert_allclose(gradient[0, 1:], (0.5 - label) / 3, rtol=1e-5)


def test_fewer_relations_than_positives_do_not_divide_by_0():
    loss = MeanSeparateAdaptiveThresholding(num_relations=1)
    assert float(loss([[1, 1, 0]], [[0.0] * 4])) == pytest.approx(2 * np.log(2), rel=1e-5)
