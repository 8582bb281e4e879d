import numpy as np
from keras import ops

from mrca.losses.logarithms import log_complement, masked_log_sum_exp


def test_log_complement_is_exact_from_tiny_to_certain_probabilities():
    log_p = np.float32([-80, -1, -0.1, -1e-6, -1e-30, 0])
    found = ops.convert_to_numpy(log_complement(ops.convert_to_tensor(log_p)))
    with np.errstate(divide="ignore"):
        expected = np.log(-np.expm1(log_p.astype(np.float64)))
    np.testing.assert_allclose(found[:-1], expected[:-1], rtol=1e-6, atol=1e-30)
    assert np.isfinite(found[-1])  # p = 1, of which the logarithm is -inf
    assert found[-1] < -80


def test_only_the_mask_is_summed_and_nothing_overflows(values_and_gradients):
    logits = np.float32([[1e4, 1.0, 2.0, -1e4], [3.0, -np.inf, 3.0, 7e3]])
    mask = np.array([[False, True, True, True], [True, True, True, False]])
    expected = [[np.log(np.exp(1) + np.exp(2))], [3 + np.log(2)]]
    [sums], [gradient] = values_and_gradients(
        lambda tensor: [masked_log_sum_exp(mask, tensor)], [logits]
    )
    np.testing.assert_allclose(sums, expected, rtol=1e-6)
    np.testing.assert_allclose(gradient.sum(axis=1), [1, 1], rtol=1e-6)
    assert not gradient[~mask].any()
