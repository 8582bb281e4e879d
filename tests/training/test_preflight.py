import math

import pytest

from mrca.config import load_preset, with_overrides
from mrca.models import MRCA
from mrca.training.preflight import bytes_needed


@pytest.mark.parametrize("head", ["linear", "attentive_relation_routing"])
def test_the_room_asked_for_holds_the_states_and_the_model(head):
    config = with_overrides(
        load_preset("webnlg"),
        ["model.units=3", "features.max_length=9", "model.strides=2", f"classifier.name={head}"],
    )
    model = MRCA(12, 5, 1.0, 4, units=3, max_length=9, strides=2, head=head)
    weights = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    # Twice the state (weights and two moments), twice the best weights, the model, two tables.
    assert bytes_needed(config, 12, 5, 4) == 4 * ((2 * 3 + 2 + 1) * weights + 2 * 12 * 5)
