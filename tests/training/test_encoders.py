"""BERT encoders in place of word vectors, from training to prediction."""

import shutil

import keras
import numpy as np
import pytest

import mrca
from mrca import training
from mrca.config import load_recipe
from mrca.datasets import load_corpus
from mrca.encoders.hub_states import HubStates
from mrca.encoders.keras_hub_states import KerasHubStates
from mrca.layers import (
    AxialInteraction,
    Bilinear,
    GroupedBilinear,
    LocalizedContext,
    UNetInteraction,
)

FIRST = ("model.units=0", "model.pooling=first", "features.markers=true")
MODELS = {
    "windows under an LSTM": (),
    "entities, hidden": ("model.units=0", "model.pooling=entities", "model.hidden=6"),
    "first": FIRST,
}
FINE_TUNING = (
    *("training.optimizer=adamw", "training.schedule=linear", "training.warm_up=0.06"),
    *("training.clip_norm=1.0", "training.batch_size=4", "training.accumulate=3"),
)
SLOWER = {"windows": ("model.units=0",), "mean under an LSTM": ("model.pooling=mean",)}
CASES = [
    *(pytest.param(model, id=name) for name, model in MODELS.items()),
    *(pytest.param(model, id=name, marks=pytest.mark.slow) for name, model in SLOWER.items()),
]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """States that are kept only for the test."""
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "states"


@pytest.fixture
def config(tiny_config, hub_module, changed):
    settings = (f'encoder.name="hub:{hub_module}"', "features.max_length=32", "training.epochs=1")
    return changed(tiny_config, *settings)


@pytest.fixture
def pairs_config(tiny_pairs_config, changed):
    return changed(tiny_pairs_config, "features.max_length=32", "training.epochs=1")


@pytest.fixture(scope="module")
def documents(few_rows):
    return load_corpus("sample", few_rows).splits["test"]


@pytest.fixture
def train(few_rows, tmp_path):
    def run(config, name="run", **options):
        options.setdefault("splits", ())
        return training.train(config, tmp_path / name, data_dir=few_rows, **options)

    return run


def encoder_weights(run):
    return run.classifier.encoder.states.get_weights()


@pytest.mark.parametrize("model", CASES)
def test_a_frozen_encoder(model, config, train, changed, documents, outputs, hub_module):
    run = train(changed(config, *model))
    original = HubStates(hub_module).get_weights()
    for weight, before in zip(encoder_weights(run), original, strict=True):
        np.testing.assert_array_equal(weight, before)
    found = outputs(run, documents)
    assert found.shape == (len(documents), len(run.classifier.relations))
    # Rows alone, and with kept states, score as they do together.
    np.testing.assert_allclose(outputs(run, documents[3:4])[0], found[3], atol=1e-2)
    np.testing.assert_allclose(outputs(run, documents, keep=True), found, atol=1e-2)
    np.testing.assert_array_equal(outputs(mrca.load(run.folder), documents), found)
    assert not (run.folder / "encoder").exists()
    assert not (run.folder / "vectors").exists()
    assert "Encoder: hub:" in (run.folder / "card.md").read_text()


def test_a_start_from_a_frozen_encoders_run_keeps_the_size_of_its_marks(config, train, changed):
    run = train(config, "base")
    base = run.classifier.network
    # Of the training documents' states, which a loaded encoder has not seen.
    assert base.feature_value > 1
    started = train(changed(config, f'training.init_from="{run.folder}"')).classifier.network
    assert started.feature_value == base.feature_value
    assert started.get_layer("token_marks").get_config() == (
        base.get_layer("token_marks").get_config()
    )


@pytest.mark.parametrize(
    "model", [pytest.param((), marks=pytest.mark.slow, id="LSTM"), pytest.param(FIRST, id="first")]
)
def test_a_trained_encoder_moves_and_is_carried(
    model, config, train, changed, documents, outputs, tmp_path, hub_module
):
    run = train(changed(config, *model, "encoder.trainable=true", "training.epochs=2"))
    original = HubStates(hub_module).get_weights()
    moved = [
        float(np.abs(weight - before).max())
        for weight, before in zip(encoder_weights(run), original, strict=True)
    ]
    assert max(moved) > 1e-3
    found = outputs(run, documents)
    carried = shutil.copytree(run.folder, tmp_path / "elsewhere")
    shutil.rmtree(run.folder)
    np.testing.assert_allclose(outputs(mrca.load(carried), documents), found, atol=1e-6)


def test_an_encoder_may_have_a_rate_of_its_own(config, train, changed, hub_module):
    """Its embeddings' gradients are of some rows alone: accumulated and cut with the others."""
    settings = ("encoder.trainable=true", "training.encoder_learning_rate=1e-9", *FINE_TUNING)
    run = train(changed(config, *FIRST, *settings))
    pairs = zip(encoder_weights(run), HubStates(hub_module).get_weights(), strict=True)
    moved = [np.abs(now - was).max() for now, was in pairs if now.dtype == np.float32]
    assert 0 < max(moved) < 1e-6
    assert run.metrics["epochs"] == 1


@pytest.mark.slow
def test_a_killed_training_of_an_encoder_goes_on(
    config, train, changed, stopping, documents, outputs
):
    settings = ("encoder.trainable=true", "training.epochs=2", *FINE_TUNING)
    config = changed(config, *FIRST, *settings)
    whole = train(config, "whole")
    with pytest.raises(KeyboardInterrupt):
        train(config, reporter=stopping())
    run = train(config, resume=True)
    np.testing.assert_allclose(outputs(run, documents), outputs(whole, documents), atol=1e-6)


def test_states_are_computed_once(config, train, changed, monkeypatch, cache):
    config = changed(config, *FIRST)
    train(config, "one", splits=("valid", "test"))
    kept = sorted(path.name for path in cache.iterdir())
    assert len(kept) == 3  # training, validation, test
    monkeypatch.setattr("mrca.encoders.states.StateReader._compute", None)
    train(changed(config, "training.seed=5"), "two", splits=("valid", "test"))
    assert sorted(path.name for path in cache.iterdir()) == kept


def test_a_casing_that_the_encoder_was_not_trained_with_is_told(config, few_rows, changed, said):
    assert "encoder.casing" in said(changed(config, "encoder.casing=cased", *FIRST), few_rows)


def test_word_pieces_that_are_cut_are_counted(config, few_rows, changed, said):
    config = changed(config, *FIRST, "features.max_length=20")
    assert "Documents cut at 20 word pieces" in said(config, few_rows)


def test_a_second_stage_on_an_encoder(config, train, changed, documents, outputs):
    loss = "loss.name=categorical_crossentropy"
    first = train(changed(config, *MODELS["entities, hidden"], loss), "first")
    settings = (f'classifier.representation="{first.folder}"', "training.sampler=class_balanced")
    second = train(changed(first.config, *settings), "second")
    hidden = [run.classifier.network.get_layer("hidden").get_weights() for run in (first, second)]
    np.testing.assert_array_equal(hidden[0][0], hidden[1][0])
    found = outputs(mrca.load(second.folder), documents)
    np.testing.assert_array_equal(found, outputs(second, documents))


@pytest.mark.slow
def test_a_second_stage_on_a_trained_encoder_carries_it(config, train, changed, documents, outputs):
    first = train(changed(config, "encoder.trainable=true", *FIRST), "first")
    representation = f'classifier.representation="{first.folder}"'
    second = train(changed(first.config, representation), "second")
    found = outputs(second, documents)
    shutil.rmtree(first.folder)
    np.testing.assert_allclose(outputs(mrca.load(second.folder), documents), found, atol=1e-6)


@pytest.mark.parametrize("trainable", ["false", "true"])
def test_the_same_through_keras_hub(
    config, train, changed, documents, outputs, keras_hub_preset, trainable
):
    settings = (f'encoder.name="keras_hub:{keras_hub_preset}"', f"encoder.trainable={trainable}")
    run = train(changed(config, *settings, *FIRST))
    found = outputs(mrca.load(run.folder), documents)
    np.testing.assert_allclose(found, outputs(run, documents), atol=1e-6)


# === Pairs ===


def check_pairs(run, documents, outputs):
    """Loaded it scores the same, and a document alone as among others."""
    found = outputs(run, documents)
    candidates = run.classifier.candidates(documents)
    assert found.shape == (len(candidates), run.classifier.columns)
    # A state between two numbers of half precision is rounded to either.
    np.testing.assert_allclose(outputs(mrca.load(run.folder), documents), found, atol=1e-4)
    alone = np.concatenate([outputs(run, [document]) for document in documents[:3]])
    np.testing.assert_allclose(alone, found[: len(alone)], atol=1e-2)
    (prediction,) = run.predict(
        [{"text": "Ada met Bob in Ulm.", "entities": ["Ada", "Bob", "Ulm"]}], threshold=-1e9
    )
    assert len(prediction.facts) == 6 * len(run.classifier.relations)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(("model.units=0", "features.markers=true"), id="frozen"),
        pytest.param(
            ("model.units=0", "encoder.trainable=true"), id="trained", marks=pytest.mark.slow
        ),
    ],
)
def test_pairs_over_a_tf_hub_encoder(
    model, pairs_config, train, changed, hub_module, documents, outputs
):
    run = train(changed(pairs_config, f'encoder.name="hub:{hub_module}"', *model))
    check_pairs(run, documents, outputs)
    assert (run.folder / "encoder").exists() == ("encoder.trainable=true" in model)


@pytest.mark.parametrize("model", [(), ("encoder.trainable=true",)], ids=["frozen", "trained"])
def test_pairs_over_a_keras_hub_encoder(
    model, pairs_config, train, changed, keras_hub_preset, documents, outputs
):
    name = f'encoder.name="keras_hub:{keras_hub_preset}"'
    run = train(changed(pairs_config, name, "model.units=0", *model))
    check_pairs(run, documents, outputs)


# === The attention of a frozen encoder ===


def test_a_frozen_encoder_that_gives_attention_is_in_the_model(
    pairs_config, train, changed, keras_hub_preset, documents, outputs, stopping, cache, tmp_path
):
    name = f'encoder.name="keras_hub:{keras_hub_preset}"'
    settings = ("features.max_length=16", "model.units=0", "model.pair_context=localized")
    config = changed(pairs_config, name, *settings, "training.epochs=2")
    whole = train(config, "whole")
    check_pairs(whole, documents, outputs)
    # Nothing of it is kept: no states, no weights.
    assert not cache.exists()
    assert not (whole.folder / "encoder").exists()
    encoder = whole.classifier.encoder
    assert encoder.layer is not None
    assert not encoder.layer.trainable_weights
    with pytest.raises(KeyboardInterrupt):
        train(config, reporter=stopping())
    with np.load(tmp_path / "run.unfinished" / "state.npz") as state:
        saved = sum(state[key].size for key in state.files if key.isdigit())
    network = whole.classifier.network.count_params()
    assert saved < 5 * network + 100 < 5 * network + encoder.states.count_params()  # Adam has four
    run = train(config, resume=True)
    np.testing.assert_allclose(outputs(run, documents), outputs(whole, documents), atol=1e-6)
    original = KerasHubStates.from_preset(str(keras_hub_preset)).get_weights()
    for weight, before in zip(encoder_weights(run), original, strict=True):
        np.testing.assert_array_equal(weight, before)


def test_what_gives_no_attention_is_refused(pairs_config, train, changed):
    for name in ("hub:x", "word_vectors"):
        config = changed(pairs_config, f'encoder.name="{name}"', "model.pair_context=localized")
        with pytest.raises(mrca.MrcaError, match=r"which .* does not give\. Take a keras_hub:"):
            train(config)


# === Recipes for documents ===

SMALL = {"axial": {"layers": 1, "heads": 2}, "u_net": {"units": 4, "channels": 4}}


@pytest.fixture(scope="session")
def asterisks(vocabulary, tmp_path_factory):
    """The tiny encoder's word pieces with a `*` among them."""
    file = tmp_path_factory.mktemp("asterisks") / "vocab.txt"
    file.write_text("\n".join(["*" if piece == "[unused0]" else piece for piece in vocabulary]))
    return file


@pytest.mark.parametrize(
    ("recipe", "changes", "parts"),
    [
        ("atlop", {}, {"context": LocalizedContext, "scores": GroupedBilinear}),
        ("docunet", {}, {"interaction": UNetInteraction, "scores": GroupedBilinear}),
        ("kd-docre", {}, {"interaction": AxialInteraction, "scores": keras.layers.Dense}),
        pytest.param(
            "atlop",
            {"loss.name": "adaptive_hinge_balance", "classifier.name": "bilinear"},
            {"context": LocalizedContext, "scores": Bilinear},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["atlop", "docunet", "kd-docre", "hingeabl"],
)
def test_the_recipes_for_documents(
    recipe, changes, parts, train, documents, outputs, keras_hub_preset, asterisks
):
    config = load_recipe(recipe)
    config = config.changed(
        {
            "data.dataset": "sample",
            "encoder.name": f"keras_hub:{keras_hub_preset}",
            "encoder.vocab_file": str(asterisks),
            "features.max_length": 16,  # most sentences are longer: windows
            "model.hidden": 8,
            "model.interaction_options": SMALL.get(config.model.pair_interaction, {}),
            "training.epochs": 1,
            "training.learning_rate": 1e-2,
            **changes,
        }
    )
    run = train(config)
    some = documents[:4]
    np.testing.assert_allclose(outputs(mrca.load(run.folder), some), outputs(run, some), atol=1e-6)
    for name, kind in parts.items():
        assert type(run.classifier.network.get_layer(name)) is kind
    assert (run.folder / "encoder").exists()
