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
    with pytest.raises(MrcaError, match="at least 1 layer"):
        interactions.get("axial", layers=0)
    with pytest.raises(MrcaError, match=r"'axial' does not take these arguments.*two"):
        interactions.get("axial", layers="two")
