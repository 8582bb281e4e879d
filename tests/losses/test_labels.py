"""What labels and counts every loss takes."""

import numpy as np
import pytest
import scipy.sparse

from mrca import losses
from mrca.errors import MrcaError

_COUNTED = {"class_counts": [5, 6, 7], "num_samples": 20}


def _loss(name, **options):
    return losses.get(name, **(_COUNTED if losses.needs_counts(name) else {}), **options)


def _case(loss, labels):
    columns = loss.columns(3)
    before = columns if isinstance(loss, losses.DistillationLoss) else 0
    return np.array([[0.3] * before + labels], np.float32), np.zeros((1, columns), np.float32)


@pytest.fixture(params=[name for name in losses.LOSSES if name != "adaptive_multi_threshold"])
def name(request):
    return request.param


@pytest.mark.parametrize("labels", [[1, 0, np.nan], [-1, 0, 1], [2, 0, 0], [0.9, 0.1, 0]])
def test_a_label_is_0_or_1(name, labels):
    loss = _loss(name)
    given, outputs = _case(loss, labels)
    for each in (given, given.tolist()):
        with pytest.raises(MrcaError, match=r"takes labels that are 0 or 1\. Received"):
            loss(each, outputs)


def test_sparse_labels_are_taken(name):
    loss = _loss(name)
    labels, outputs = _case(loss, [0, 1, 0])
    assert loss(scipy.sparse.csr_array(labels), outputs) == loss(labels, outputs)


def test_half_precision_is_taken(name):
    loss = _loss(name, dtype="float16")
    labels, outputs = _case(loss, [0, 1, 0])
    assert np.isfinite(float(loss(labels.astype(np.float16), outputs)))


def test_a_network_is_fitted_on_sparse_labels():
    import keras

    loss = losses.get("dice")
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    network.compile("adam", loss=loss)
    labels = scipy.sparse.csr_matrix(np.eye(3, dtype=np.float32))
    network.fit(np.ones((3, 4), np.float32), labels, verbose=0)


def test_more_rows_of_a_relation_than_there_are_rows_are_refused():
    with pytest.raises(MrcaError, match=r"of which there are 20 \(`num_samples`\). Received: 25"):
        losses.get("distribution_balanced", class_counts=[25, 5, 10], num_samples=20)


@pytest.mark.parametrize("name", ["categorical_crossentropy", "categorical_focal"])
def test_a_choice_of_one_relation_is_refused(name):
    with pytest.raises(MrcaError, match="there is one only"):
        losses.get(name)(np.ones((2, 1)), np.zeros((2, 1)))
