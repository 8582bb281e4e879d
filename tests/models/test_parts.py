import math

import pytest
from mrca.models.network_size import network_weights

from mrca.config import load_preset, with_overrides
from mrca.models import MRCA


@pytest.mark.parametrize("head", ["linear", "attentive_relation_routing", "bilateral_branch"])
@pytest.mark.parametrize(
    "model",
    [
        {"units": 3},
        {"units": 0},
        {"units": 3, "pooling": "entities"},
        {"units": 0, "pooling": "first", "hidden": 7},
    ],
)
def test_as_large_as_the_network_that_is_made(head, model):
    settings = [f"model.{name}={value}" for name, value in model.items()]
    config = with_overrides(
        load_preset("webnlg"),
        [*settings, "features.max_length=9", "model.strides=2", f"classifier.name={head}"],
    )
    network = MRCA(12, 5, 1.0, 4, max_length=9, strides=2, head=head, **model)
    own = [*network.trainable_variables, *network.classifier.non_trainable_variables]
    weights = sum(math.prod(variable.shape) for variable in own)
    assert network_weights(config, 5 + 2, 4) == weights
