import numpy as np
from keras import ops

from mrca.layers.attentive_relation_routing import AttentiveRelationRouting


def test_its_weights_are_counted_before_they_are_made():
    for relation_dim in (1, 4):
        layer = AttentiveRelationRouting(7, capsules=3, capsule_dim=2, relation_dim=relation_dim)
        layer.build((None, 10))
        assert layer.num_weights(10) == layer.count_params()


def test_all_relations_share_the_last_weights():
    layer = AttentiveRelationRouting(5, capsules=3, capsule_dim=2, relation_dim=4, iterations=1)
    inputs = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")
    before = ops.convert_to_numpy(layer(inputs))
    # The same votes for every relation give every relation the same score.
    kernel = ops.convert_to_numpy(layer.routing.kernel)
    layer.routing.kernel.assign(np.repeat(kernel[:, :, :1], 5, axis=2))
    after = ops.convert_to_numpy(layer(inputs))
    assert np.ptp(before, axis=1).min() > 1e-3
    np.testing.assert_allclose(after, np.repeat(after[:, :1], 5, axis=1), rtol=1e-5)
