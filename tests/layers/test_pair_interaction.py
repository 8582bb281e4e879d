import keras
import numpy as np

from mrca.layers import PairInteraction

# Three entities of one document and two of another; the fifth has no pair.
PAIRS = np.array([[0, 1], [0, 2], [2, 1], [3, 0]], np.int32)
ROWS = np.zeros(5, np.int32)


def _features() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(4, 6)).astype("float32")


def _computed(layer: PairInteraction, features: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(features, pairs, ROWS))


def test_a_pair_sees_the_largest_of_those_that_share_its_subject_and_its_object() -> None:
    features, layer = _features(), PairInteraction()
    computed = _computed(layer, features, PAIRS)

    of_subject = np.stack([features[:2].max(axis=0)] * 2 + [features[2], features[3]])
    with_object_1 = features[[0, 2]].max(axis=0)
    of_object = np.stack([with_object_1, features[1], with_object_1, features[3]])
    kernel, bias = layer.get_weights()
    seen = np.concatenate([features, of_subject, of_object], axis=1)
    np.testing.assert_allclose(computed, features + np.tanh(seen @ kernel + bias), atol=1e-5)


def test_a_pair_without_rivals_sees_itself_alone() -> None:
    features, layer = _features(), PairInteraction()
    among = _computed(layer, features, PAIRS)
    alone = _computed(layer, features[3:], PAIRS[3:])
    np.testing.assert_allclose(among[3:], alone, atol=1e-6)


def test_its_gradients_are_finite_where_an_entity_has_no_pair(
    values_and_gradients, execution: str
) -> None:
    layer = PairInteraction()
    layer(_features(), PAIRS, ROWS)  # makes its weights
    _, (gradient,) = values_and_gradients(
        lambda features: [layer(features, PAIRS, ROWS)], [_features()], execution
    )
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).min() > 0


def test_its_weights_are_counted_without_making_them() -> None:
    layer = PairInteraction()
    layer(_features(), PAIRS, ROWS)
    assert layer.count_params() == PairInteraction.num_weights(6)


def test_it_is_saved_with_a_model(tmp_path) -> None:
    features = keras.Input((6,))
    pairs = keras.Input((2,), dtype="int32")
    rows = keras.Input((), dtype="int32")
    model = keras.Model([features, pairs, rows], PairInteraction()(features, pairs, rows))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    inputs = [keras.ops.convert_to_tensor(each) for each in (_features(), PAIRS, ROWS)]
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(again(inputs)), keras.ops.convert_to_numpy(model(inputs))
    )
