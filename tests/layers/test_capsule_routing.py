import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from mrca.errors import MrcaError
from mrca.layers import CapsuleRouting

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "index.json").read_text("utf-8"))["capsule_routing_code"]["cases"]


@pytest.mark.parametrize("iterations", [1, 2, 3])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_equals_the_authors_in_values_and_gradients(
    case, iterations, values_and_gradients, execution, float64
):
    with np.load(GOLDEN / "capsule_routing_code.npz", allow_pickle=False) as file:
        stored = {name: file[f"{case['id']}_{name}"] for name in case["arrays"]}
    sizes = case["hparams"]
    layer = CapsuleRouting(sizes["out_capsules"], sizes["out_dim"], iterations, dtype="float64")
    layer.build((None, sizes["in_capsules"], sizes["in_dim"]))
    layer.set_weights([stored["w"], stored["ln_gamma"], stored["ln_beta"]])

    def capsules_and_logits(inputs):
        routed = layer(inputs)
        weights, bias = (ops.convert_to_tensor(stored[name]) for name in ("fc_w", "fc_b"))
        return [routed, ops.sum(routed * weights, axis=-1) + bias]

    def weighted(inputs):
        return [capsules_and_logits(inputs)[1] * ops.convert_to_tensor(stored["cotangent"])]

    # On the other backends Keras's own operations go through float32.
    exact = keras.backend.backend() == "tensorflow"
    near = {"rtol": 1e-7, "atol": 1e-9} if exact else {"rtol": 1e-4, "atol": 1e-5}
    inputs = [stored["input"]]
    (routed, logits), _ = values_and_gradients(capsules_and_logits, inputs, execution)
    np.testing.assert_allclose(routed, stored[f"capsules_it{iterations}"], **near)
    np.testing.assert_allclose(logits, stored[f"logits_it{iterations}"], **near)
    _, [gradient] = values_and_gradients(weighted, inputs, execution)
    near["rtol"] *= 100 if exact else 1
    np.testing.assert_allclose(gradient, stored[f"grad_input_it{iterations}"], **near)


def test_agreement_moves_votes_to_the_capsule_that_they_fit():
    """Two inputs vote alike for output 0 and against each other for output 1."""
    kernel = np.zeros((2, 1, 2, 2), "float32")
    kernel[:, 0, 0] = [2, -2]
    kernel[0, 0, 1], kernel[1, 0, 1] = [1, -1], [-1, 1]
    inputs = np.ones((1, 2, 1), "float32")
    shares = []
    for iterations in (1, 3):
        layer = CapsuleRouting(2, 2, iterations)
        layer.normalise = None  # so that the routed votes themselves are seen
        layer.build((None, 2, 1))
        layer.kernel.assign(kernel)
        shares.append(ops.convert_to_numpy(layer(inputs))[0, 0, 0])
    assert shares[1] > shares[0] > 0


def test_capsules_of_one_number_are_not_normalised():
    layer = CapsuleRouting(3, 1)
    assert layer(np.ones((2, 4, 5), "float32")).shape == (2, 3, 1)
    assert len(layer.weights) == 1
    assert layer.compute_output_shape((None, 4, 5)) == (None, 3, 1)


def test_config_and_model_file(tmp_path):
    layer = CapsuleRouting(3, 4, iterations=3, scale=1.0)
    model = keras.Sequential([keras.Input((5, 2)), layer])
    model.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    assert back.layers[0].get_config() == layer.get_config()
    inputs = np.random.default_rng(0).normal(size=(2, 5, 2)).astype("float32")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(back(inputs)), ops.convert_to_numpy(model(inputs))
    )


@pytest.mark.parametrize("wrong", [{"capsules": 0}, {"dim": 1.5}, {"iterations": 0}])
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(MrcaError, match=next(iter(wrong))):
        CapsuleRouting(**{"capsules": 3, "dim": 4, **wrong})
