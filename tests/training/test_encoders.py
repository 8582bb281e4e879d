"""BERT encoders in place of word vectors, from training to prediction."""

import shutil

import numpy as np
import pytest
from mrca.encoders.hub_encoder import HubEncoder
from mrca.training.source import PieceSource

import mrca
from mrca import training
from mrca.config import with_overrides
from mrca.datasets import load_corpus

MODELS = {
    "windows under an LSTM": [],
    "windows": ["model.units=0"],
    "first": ["model.units=0", "model.pooling=first", "features.markers=true"],
    "entities, hidden": ["model.units=0", "model.pooling=entities", "model.hidden=6"],
    "mean under an LSTM": ["model.pooling=mean"],
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """States that are kept only for the test."""
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "states"


@pytest.fixture
def config(tiny_config, hub_module):
    settings = [f'encoder.name="hub:{hub_module}"', "features.max_length=32", "training.epochs=1"]
    return with_overrides(tiny_config, settings)


@pytest.fixture
def examples(sample_slice):
    return load_corpus("sample", sample_slice).splits["test"]


def encoder_weights(run):
    return run.model.encoder.get_weights()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_a_frozen_encoder(model, config, sample_slice, examples, tmp_path, hub_module):
    run = training.train(with_overrides(config, model), tmp_path / "run", data_dir=sample_slice)
    for weight, original in zip(
        encoder_weights(run), HubEncoder(hub_module).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weight, original)
    outputs = run.outputs(examples)
    assert outputs.shape == (len(examples), len(run.relations))
    # Rows alone, and with kept states, score as they do together.
    np.testing.assert_allclose(run.outputs(examples[3:4])[0], outputs[3], atol=1e-2)
    np.testing.assert_allclose(run.outputs(examples, keep=True), outputs, atol=1e-2)
    again = mrca.load(run.folder)
    np.testing.assert_allclose(again.outputs(examples), outputs, atol=1e-5)
    assert not (run.folder / "encoder").exists()
    assert not (run.folder / "vectors").exists()
    assert "Encoder: hub:" in (run.folder / "card.md").read_text()


@pytest.mark.parametrize("model", [MODELS["windows under an LSTM"], MODELS["first"]], ids=str)
def test_a_trained_encoder_moves_and_is_carried(
    model, config, sample_slice, examples, tmp_path, hub_module
):
    settings = [*model, "encoder.trainable=true", "training.epochs=2"]
    run = training.train(with_overrides(config, settings), tmp_path / "run", data_dir=sample_slice)
    moved = [
        float(np.abs(weight - original).max())
        for weight, original in zip(
            encoder_weights(run), HubEncoder(hub_module).get_weights(), strict=True
        )
    ]
    assert max(moved) > 1e-3
    outputs = run.outputs(examples)
    carried = shutil.copytree(run.folder, tmp_path / "elsewhere")
    shutil.rmtree(run.folder)
    np.testing.assert_allclose(mrca.load(carried).outputs(examples), outputs, atol=1e-5)


def test_a_killed_training_of_an_encoder_goes_on(config, sample_slice, tmp_path, examples):
    class Stop(training.SilentReporter):
        def epoch_ends(self, row, best):
            if row["epoch"] == 1:
                raise KeyboardInterrupt

    config = with_overrides(config, ["encoder.trainable=true", "training.epochs=2"])
    whole = training.train(config, tmp_path / "whole", data_dir=sample_slice)
    with pytest.raises(KeyboardInterrupt):
        training.train(config, tmp_path / "run", data_dir=sample_slice, reporter=Stop())
    run = training.train(config, tmp_path / "run", data_dir=sample_slice, resume=True)
    np.testing.assert_allclose(run.outputs(examples), whole.outputs(examples), atol=1e-6)


def test_states_are_computed_once(config, sample_slice, tmp_path, monkeypatch, cache):
    config = with_overrides(config, MODELS["first"])
    training.train(config, tmp_path / "one", data_dir=sample_slice)
    kept = sorted(path.name for path in cache.iterdir())
    assert len(kept) == 3  # training, validation, test
    monkeypatch.setattr("mrca.encoders.state_reader.StateReader._compute", None)
    again = with_overrides(config, ["training.seed=5"])
    training.train(again, tmp_path / "two", data_dir=sample_slice)
    assert sorted(path.name for path in cache.iterdir()) == kept


def test_an_encoder_that_is_another_by_now(config, sample_slice, tmp_path, hub_module):
    moved = shutil.copytree(hub_module, tmp_path / "module")
    config = with_overrides(config, [f'encoder.name="hub:{moved}"', *MODELS["first"]])
    run = training.train(config, tmp_path / "run", data_dir=sample_slice)
    (moved / "note.txt").write_text("another")
    with pytest.raises(mrca.MrcaError, match=r"not the one that the run .* was trained with"):
        mrca.load(run.folder)
    shutil.rmtree(moved)
    with pytest.raises(mrca.MrcaError, match=r"(?s)The run .*No TF Hub module.*--encoder hub:"):
        mrca.load(run.folder)


def test_an_encoder_that_has_moved(config, sample_slice, examples, tmp_path, hub_module):
    place = shutil.copytree(hub_module, tmp_path / "module")
    config = with_overrides(config, [f'encoder.name="hub:{place}"', *MODELS["first"]])
    run = training.train(config, tmp_path / "run", data_dir=sample_slice)
    place.rename(tmp_path / "elsewhere")
    again = mrca.load(run.folder, encoder=f"hub:{tmp_path / 'elsewhere'}")
    np.testing.assert_allclose(again.outputs(examples), run.outputs(examples), atol=1e-5)
    (tmp_path / "elsewhere" / "note.txt").write_text("another")
    with pytest.raises(mrca.MrcaError, match=r"elsewhere' is not the one that the run"):
        mrca.load(run.folder, encoder=f"hub:{tmp_path / 'elsewhere'}")


def test_only_a_run_on_a_frozen_encoder_takes_another_place(
    tiny_run, config, sample_slice, tmp_path, hub_module
):
    with pytest.raises(mrca.MrcaError, match=r"word_vectors, not .* Leave --encoder out"):
        mrca.load(tiny_run.folder, encoder=f"hub:{hub_module}")
    trained = with_overrides(config, ["encoder.trainable=true", *MODELS["first"]])
    run = training.train(trained, tmp_path / "run", data_dir=sample_slice)
    with pytest.raises(mrca.MrcaError, match="which it carries"):
        mrca.load(run.folder, encoder=f"hub:{hub_module}")


def test_a_casing_that_the_encoder_was_not_trained_with_is_said(
    config, sample_slice, tmp_path, module_writer, tiny_bert
):
    class Listener(training.SilentReporter):
        def __init__(self):
            self.messages = []

        def message(self, text):
            self.messages.append(text)

    cased = module_writer(tiny_bert(), tmp_path / "cased", lower_case=False)
    for name, casing, said in (
        (config.encoder.name, "cased", "trained on lower-cased text"),
        (f"hub:{cased}", "uncased", "trained on text with its capitals"),
        (config.encoder.name, "uncased", ""),
    ):
        settings = [f'encoder.name="{name}"', f"encoder.casing={casing}", *MODELS["first"]]
        listener = Listener()
        source = PieceSource(with_overrides(config, settings), load_corpus("sample", sample_slice))
        assert said in source.note if said else not source.note
    training.train(
        with_overrides(config, ["encoder.casing=cased", *MODELS["first"]]),
        tmp_path / "run",
        data_dir=sample_slice,
        reporter=listener,
    )
    assert any("encoder.casing" in message for message in listener.messages)


def test_word_pieces_are_carried(config, sample_slice, examples, tmp_path, vocabulary, hub_module):
    given = tmp_path / "given.txt"
    given.write_text("".join(f"{piece}\n" for piece in vocabulary))
    settings = [f'encoder.vocab_file="{given}"', *MODELS["first"]]
    run = training.train(with_overrides(config, settings), tmp_path / "run", data_dir=sample_slice)
    outputs = run.outputs(examples)
    given.unlink()
    np.testing.assert_allclose(mrca.load(run.folder).outputs(examples), outputs, atol=1e-5)
    kept = run.folder / "vocab.txt"
    lines = kept.read_text().splitlines()
    kept.write_text("".join(f"{piece}\n" for piece in [*lines[:-2], lines[-1], lines[-2]]))
    with pytest.raises(mrca.MrcaError, match="not the one that the run"):
        mrca.load(run.folder)


def test_rows_longer_or_shorter_than_the_encoder_reads(config, sample_slice, tmp_path):
    for length, reason in ((33, "reads 32 word pieces at most"), (2, "expected at least 3")):
        wrong = with_overrides(config, [f"features.max_length={length}"])
        with pytest.raises(mrca.MrcaError, match=reason):
            training.train(wrong, tmp_path / "run", data_dir=sample_slice)
    assert not any(tmp_path.glob("run*"))


def test_what_is_cut_is_counted_in_pieces(config, sample_slice):
    corpus = load_corpus("sample", sample_slice)
    short = with_overrides(config, ["features.max_length=20", "features.markers=true"])
    source = PieceSource(short, corpus)
    assert source.unit == "word pieces"
    whole = with_overrides(short, ["features.max_length=32"])
    cut = source.cut_rows(corpus)
    assert 0 < PieceSource(whole, corpus).cut_rows(corpus) < cut <= 200


def test_a_second_stage_on_an_encoder(config, sample_slice, tmp_path, examples):
    first = training.train(
        with_overrides(config, [*MODELS["entities, hidden"], "loss.name=categorical_crossentropy"]),
        tmp_path / "first",
        data_dir=sample_slice,
    )
    settings = [f'classifier.representation="{first.folder}"', "training.sampler=class_balanced"]
    second = training.train(
        with_overrides(first.config, settings), tmp_path / "second", data_dir=sample_slice
    )
    np.testing.assert_array_equal(
        second.model.network.get_layer("hidden").get_weights()[0],
        first.model.network.get_layer("hidden").get_weights()[0],
    )
    outputs = mrca.load(second.folder).outputs(examples)
    np.testing.assert_allclose(outputs, second.outputs(examples), atol=1e-5)


def test_a_second_stage_on_a_trained_encoder_carries_it(config, sample_slice, tmp_path, examples):
    settings = ["encoder.trainable=true", *MODELS["first"]]
    first = training.train(
        with_overrides(config, settings), tmp_path / "first", data_dir=sample_slice
    )
    second = training.train(
        with_overrides(first.config, [f'classifier.representation="{first.folder}"']),
        tmp_path / "second",
        data_dir=sample_slice,
    )
    outputs = second.outputs(examples)
    shutil.rmtree(first.folder)
    np.testing.assert_allclose(mrca.load(second.folder).outputs(examples), outputs, atol=1e-5)


def test_the_same_through_keras_hub(tiny_config, tiny_bert, vocabulary, sample_slice, tmp_path):
    keras_hub = pytest.importorskip("keras_hub")
    backbone = keras_hub.models.BertBackbone(len(vocabulary), 1, 2, 8, 16, max_sequence_length=32)
    preset = tmp_path / "preset"
    backbone.save_to_preset(str(preset))
    vocab_file = tmp_path / "vocab.txt"
    vocab_file.write_text("".join(f"{piece}\n" for piece in vocabulary))
    for trainable in ("false", "true"):
        config = with_overrides(
            tiny_config,
            [
                f'encoder.name="keras_hub:{preset}"',
                f'encoder.vocab_file="{vocab_file}"',
                f"encoder.trainable={trainable}",
                "encoder.casing=uncased",
                "features.max_length=32",
                "training.epochs=1",
                *MODELS["first"],
            ],
        )
        run = training.train(config, tmp_path / trainable, data_dir=sample_slice)
        examples = load_corpus("sample", sample_slice).splits["test"]
        outputs = mrca.load(run.folder).outputs(examples)
        np.testing.assert_allclose(outputs, run.outputs(examples), atol=1e-5)
