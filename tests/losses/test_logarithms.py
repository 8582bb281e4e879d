import numpy as np
import pytest
from keras import ops

from mrca.losses.logarithms import log_complement, log_sum_exp_beside


def test_log_complement_is_exact_from_tiny_to_certain_probabilities():
    log_p = np.float32([-80, -1, -0.1, -1e-6, -1e-30, 0])
    found = ops.convert_to_numpy(log_complement(ops.convert_to_tensor(log_p)))
    with np.errstate(divide="ignore"):
        expected = np.log(-np.expm1(log_p.astype(np.float64)))
    np.testing.assert_allclose(found[:-1], expected[:-1], rtol=1e-6, atol=1e-30)
    assert -100 < found[-1] < -80  # p = 1, of which the logarithm is -inf


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_log_complement_is_finite_in_every_precision(dtype):
    log_p = ops.convert_to_tensor([0.0, -1.0, -50.0], dtype=dtype)
    found = ops.convert_to_numpy(ops.cast(log_complement(log_p), "float32"))
    assert np.isfinite(found).all()
    assert found[0] < -5


def test_only_the_mask_and_what_is_beside_it_is_summed(values_and_gradients):
    logits = np.float32([[1e4, 1.0, 2.0, -1e4], [3.0, -np.inf, 3.0, 7e3], [1.0, 1.0, 1.0, 1.0]])
    mask = np.array([[False, True, True, True], [True, True, True, False], [False] * 4])
    beside = np.float32([[0.5], [9e3], [-7]])
    [sums], [gradient] = values_and_gradients(
        lambda tensor: [log_sum_exp_beside(beside, mask, tensor)], [logits]
    )
    expected = [[np.log(np.exp(1) + np.exp(2) + np.exp(0.5))], [9e3], [-7]]
    np.testing.assert_allclose(sums, expected, rtol=1e-6)
    assert not gradient[~mask].any()
    assert 0 < gradient[0].sum() < 1
    assert not gradient[1:].any()
