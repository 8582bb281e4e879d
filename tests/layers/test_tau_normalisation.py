import json
from pathlib import Path

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.layers.tau_normalisation import tau_normalised

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "index.json").read_text("utf-8"))["tau_norm_code"]["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_equals_the_authors(case):
    with np.load(GOLDEN / "tau_norm_code.npz", allow_pickle=False) as file:
        rows, out = (file[f"{case['id']}_{name}"] for name in ("kernel_rows", "out"))
    # Theirs has a row for each relation, Keras a column.
    found = tau_normalised(rows.T, case["hparams"]["tau"])
    np.testing.assert_allclose(found.T, out, rtol=1e-12)


def test_a_column_of_zeros_stays_and_the_float_type_too():
    kernel = np.array([[3, 0, 1e-30], [4, 0, 0]], np.float32)
    for tau in (0, 0.5, 1, 2):
        found = tau_normalised(kernel, tau)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        assert (found[:, 1] == 0).all()
    np.testing.assert_array_equal(tau_normalised(kernel, 0), kernel)
    np.testing.assert_allclose(tau_normalised(kernel, 1), [[0.6, 0, 1], [0.8, 0, 0]], rtol=1e-6)
    assert kernel[0, 0] == 3  # what was given is not changed


def test_wrong_arguments_are_told():
    for tau in (-0.1, float("nan"), float("inf")):
        with pytest.raises(MrcaError, match="tau must be"):
            tau_normalised(np.ones((2, 2)), tau)
    with pytest.raises(MrcaError, match=r"\(features, columns\).*\(3,\)"):
        tau_normalised(np.ones(3), 1)
