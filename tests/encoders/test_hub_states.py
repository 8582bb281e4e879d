import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from mrca.encoders.hub_states import HubStates
from mrca.encoding import WordPieces
from mrca.errors import MrcaError


def states(encoder, batch, **options):
    return ops.convert_to_numpy(encoder(batch["pieces"], batch["lengths"], **options))


def values(weights):
    return [np.array(ops.convert_to_numpy(weight)) for weight in weights]


def fit(model, batch):
    model.fit(batch, np.eye(4, 3), epochs=2, verbose=0)


def without_optimiser(model):
    return keras.Model(model.inputs, model.outputs)


def test_gives_a_state_for_each_piece(hub_module, batch):
    encoder = HubStates(hub_module)
    output = states(encoder, batch)
    assert (output.shape, output.dtype) == ((4, 9, 8), "float32")
    assert (encoder.dim, encoder.max_positions, encoder.num_pieces) == (8, 32, 64)
    assert encoder.lower_case is True
    assert len(encoder.vocabulary) == 64


def test_padding_does_not_change_the_states_of_real_pieces(hub_module, batch):
    encoder = HubStates(hub_module)
    whole = states(encoder, batch)
    short = {"pieces": batch["pieces"][1:3, :5], "lengths": batch["lengths"][1:3]}
    alone = states(encoder, short)
    np.testing.assert_allclose(alone[0], whole[1, :5], atol=1e-6)
    np.testing.assert_allclose(alone[1, :3], whole[2, :3], atol=1e-6)
    other = np.where(batch["pieces"] == 0, 7, batch["pieces"])
    changed = states(encoder, {**batch, "pieces": other})
    np.testing.assert_array_equal(changed[1, :5], whole[1, :5])


def test_frozen_it_neither_moves_nor_drops_out(hub_module, batch, classifier):
    encoder = HubStates(hub_module)
    model = classifier(encoder)
    assert encoder.trainable_weights == []
    assert len(model.trainable_weights) == 2  # the classifier's
    before, expected = values(encoder.weights), states(encoder, batch)
    np.testing.assert_array_equal(states(encoder, batch, training=True), expected)
    fit(model, batch)
    for old, new in zip(before, values(encoder.weights), strict=True):
        np.testing.assert_array_equal(old, new)


def test_trainable_its_weights_move_with_adam(hub_module, batch, classifier):
    encoder = HubStates(hub_module, trainable=True)
    model = classifier(encoder)
    before = {
        weight.path: value
        for weight, value in zip(encoder.weights, values(encoder.weights), strict=True)
    }
    fit(model, batch)
    moved = {w.path: (before[w.path] != w.numpy()).any() for w in encoder.trainable_weights}
    # The pooled output is not used.
    assert len(moved) > 20
    assert sum(not each for each in moved.values()) <= 2
    assert len(model.trainable_weights) == len(encoder.trainable_weights) + 2


def test_trainable_it_drops_out_while_training_only(hub_module, batch):
    encoder = HubStates(hub_module, trainable=True)
    expected = states(HubStates(hub_module), batch)
    np.testing.assert_array_equal(states(encoder, batch), expected)
    np.testing.assert_array_equal(states(encoder, batch, training=False), expected)
    dropped = states(encoder, batch, training=True)
    assert (dropped == 0).mean() > 0.1
    assert (dropped != states(encoder, batch, training=True)).any()


def test_can_be_frozen_and_freed_later(hub_module):
    encoder = HubStates(hub_module)
    encoder.trainable = True
    freed = len(encoder.trainable_weights)
    assert freed == len(HubStates(hub_module, trainable=True).trainable_weights) > 0
    encoder.trainable = False
    assert encoder.trainable_weights == []


@pytest.mark.parametrize("then", [True, False])
def test_weights_of_a_model_with_it_are_saved_and_loaded(
    hub_module, batch, classifier, tmp_path, then
):
    model = classifier(HubStates(hub_module, trainable=True))
    fit(model, batch)
    expected = model.predict(batch, verbose=0)
    without_optimiser(model).save_weights(tmp_path / "x.weights.h5")
    again = classifier(HubStates(hub_module, trainable=then))
    without_optimiser(again).load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_allclose(again.predict(batch, verbose=0), expected, atol=1e-6)


def test_a_tuned_encoder_is_saved_as_a_module(hub_module, batch, classifier, tmp_path):
    encoder = HubStates(hub_module, trainable=True)
    word_pieces = WordPieces(encoder.vocabulary, encoder.lower_case)
    fit(classifier(encoder), batch)
    expected = states(encoder, batch)
    encoder.save(tmp_path / "tuned", word_pieces)
    again = HubStates(tmp_path / "tuned", trainable=True)
    np.testing.assert_allclose(states(again, batch), expected, atol=1e-6)
    assert (states(HubStates(hub_module), batch) != expected).any()
    assert again.vocabulary == list(word_pieces.vocabulary)
    assert again.lower_case is True
    assert len(again.trainable_weights) == len(encoder.trainable_weights)
    fit(classifier(again), batch)  # it trains on
    assert [path.name for path in tmp_path.iterdir()] == ["tuned"]


def test_the_word_pieces_in_use_are_saved_with_it(bare_module, vocabulary, tmp_path):
    encoder = HubStates(bare_module)
    assert (encoder.vocabulary, encoder.lower_case) == (None, None)
    encoder.save(tmp_path / "saved", WordPieces(vocabulary, lower_case=False))
    encoder.save(tmp_path / "saved", WordPieces(vocabulary[:-1], lower_case=False))
    again = HubStates(tmp_path / "saved")
    assert again.vocabulary == vocabulary[:-1]
    assert again.lower_case is False


def test_where_it_cannot_be_saved(hub_module, vocabulary, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(MrcaError, match="Cannot save the encoder"):
        HubStates(hub_module).save(tmp_path / "file" / "saved", WordPieces(vocabulary, True))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_model_with_it_is_exported(hub_module, batch, classifier, tmp_path):
    import tensorflow as tf

    model = classifier(HubStates(hub_module, trainable=True))
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    output = exported.serve({name: tf.constant(array) for name, array in batch.items()})
    np.testing.assert_allclose(output, model.predict(batch, verbose=0), atol=1e-5)


def test_a_keras_file_does_not_run_it(hub_module, classifier, tmp_path):
    classifier(HubStates(hub_module)).save(tmp_path / "model.keras")
    with pytest.raises(Exception, match=r"HubStates\('FOLDER'\)"):
        keras.saving.load_model(tmp_path / "model.keras")


def test_the_fingerprint_is_that_of_the_files(hub_module, bare_module, tmp_path):
    copy = shutil.copytree(hub_module, tmp_path / "copy")
    fingerprint = HubStates(hub_module).fingerprint
    assert HubStates(copy).fingerprint == fingerprint
    assert HubStates(bare_module).fingerprint != fingerprint
    with (copy / "assets" / f"{hub_module.name}-vocab.txt").open("a") as file:
        file.write("new\n")
    assert HubStates(copy).fingerprint != fingerprint


def test_half_precision_elsewhere_leaves_its_states_alone(hub_module, batch):
    expected = states(HubStates(hub_module), batch)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        output = states(HubStates(hub_module), batch)
    finally:
        keras.config.set_dtype_policy("float32")
    assert output.dtype == "float32"
    np.testing.assert_array_equal(output, expected)


def test_other_backends_are_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(MrcaError, match=r"this is jax.*KERAS_BACKEND=tensorflow"):
        HubStates("anything")


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "no variables"])
def test_a_damaged_module_is_named(hub_module, tmp_path, damage):
    copy = shutil.copytree(hub_module, tmp_path / "copy")
    graph = copy / "saved_model.pb"
    if damage == "no variables":
        shutil.rmtree(copy / "variables")
    else:
        content = {"cut": graph.read_bytes()[:5000], "empty": b"", "text": b"<html>"}[damage]
        graph.write_bytes(content)
    with pytest.raises(MrcaError, match=r"copy"):
        HubStates(copy)


def save_function(folder: Path, function, spec, as_call: bool = True) -> Path:
    import tensorflow as tf

    module = tf.train.Checkpoint()
    traced = tf.function(function)
    traced.get_concrete_function(spec)
    if as_call:
        module.__call__ = traced
    else:
        module.run = traced
    tf.saved_model.save(module, str(folder))
    return folder


def test_a_module_with_other_inputs_or_outputs_is_refused_with_their_names(hub_module, tmp_path):
    import tensorflow as tf

    ids = tf.TensorSpec((None, None), tf.int32, name="ids")
    text = tf.TensorSpec((None,), tf.string, name="text")
    names = ("input_word_ids", "input_mask", "input_type_ids")
    bert = {name: tf.TensorSpec((None, None), tf.int32, name=name) for name in names}
    fixed = {name: tf.TensorSpec((None, 128), tf.int32, name=name) for name in names}
    cases = [
        (lambda x: {"embedding": x}, {"ids": ids}, True, "received:\n  ids -> embedding$"),
        (lambda x: x, text, True, "received:\n  TensorSpec -> TensorSpec$"),
        (lambda x: {"pooled": x["input_mask"]}, bert, True, "input_word_ids -> pooled$"),
        (lambda x: {"sequence_output": x["input_mask"]}, fixed, True, r"fixed shape \(128,\)"),
        (lambda x: x, ids, False, "it cannot be called"),
    ]
    for number, (function, spec, as_call, message) in enumerate(cases):
        folder = save_function(tmp_path / str(number), function, spec, as_call)
        with pytest.raises(MrcaError, match=message):
            HubStates(folder)
