import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.layers import interactions


@pytest.mark.parametrize(
    ("name", "options"),
    [("strongest", {}), ("axial", {"heads": 2, "layers": 1}), ("u_net", {"channels": 2})],
)
def test_every_interaction_keeps_the_pairs_and_says_how_wide_and_large_it_is(name, options):
    layer = interactions.get(name, **options)
    assert layer.name == "interaction"
    pairs = np.array([[0, 1], [1, 0], [2, 3]], "int32")
    rows = np.array([0, 0, 1, 1], "int32")
    row_entities = np.array([[0, 1, -1, -1], [2, 3, -1, -1]], "int32")
    found = layer(np.ones((3, 6), "float32"), pairs, rows, row_entities)
    assert found.shape == (3, layer.width(6))
    assert layer.count_params() == layer.num_weights(6)
    assert layer.reads_context == (name == "u_net")


def test_none_is_none():
    assert interactions.get("none") is None


def test_wrong_names_and_arguments():
    with pytest.raises(MrcaError, match=r"'unet'.*Did you mean 'u_net'"):
        interactions.get("unet")
    with pytest.raises(MrcaError, match=r"'axial' does not take these arguments: head\."):
        interactions.get("axial", head=3)
    with pytest.raises(MrcaError, match=r"'none' takes no arguments.*heads"):
        interactions.get("none", heads=3)
    for name, options, owner in (
        ("axial", {"layers": 0}, "AxialTransformer"),
        ("axial", {"layers": "two"}, "AxialTransformer"),
        ("axial", {"heads": 2.5}, "AxialTransformer"),
        ("u_net", {"units": 0}, "UNet"),
        ("u_net", {"channels": "x"}, "UNet"),
        ("u_net", {"input_channels": 0}, "UNetInteraction"),
    ):
        [(argument, value)] = options.items()
        said = rf"`{argument}` of {owner} must be an integer of at least 1\. Received: {value!r}"
        with pytest.raises(MrcaError, match=said):
            interactions.get(name, **options)
