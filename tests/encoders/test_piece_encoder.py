"""BERT encoders as a run has them: opened, read with, saved and loaded."""

import shutil

import keras
import numpy as np
import pytest

from mrca.config import RunConfig
from mrca.datasets import CandidateSelection
from mrca.encoders import HubEncoder, KerasHubEncoder, Places, encoder_class
from mrca.encoders.hub_states import HubStates
from mrca.encoders.keras_hub_states import KerasHubStates
from mrca.encoding import Batch, BytePairs
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Span

ROWS = [
    Document(
        ("Ada", "met", "bob", "at", "ab"),
        (Entity((Span(0, 1),), "PER"), Entity((Span(2, 3), Span(4, 5)), "PER")),
        subjects=(0,),
        objects=(1,),
    ),
    Document(("cab",)),
]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """States that are kept only for the test."""
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "states"


@pytest.fixture
def configure(hub_module):
    def make(**settings):
        named = {key.replace("__", "."): value for key, value in settings.items()}
        start = {"encoder.name": f"hub:{hub_module}", "features.max_length": 16}
        return RunConfig().changed({**start, **named})

    return make


def opened(config, types=()):
    return encoder_class(config.encoder.name).open(config, ROWS, types)


@pytest.fixture(scope="module")
def frozen(hub_module):
    """A module as most tests have it; opening one takes a second."""
    start = {"encoder.name": f"hub:{hub_module}", "features.max_length": 16}
    return opened(RunConfig().changed(start))


def batch_of(encoder, documents=ROWS, kind="whole"):
    candidates = CandidateSelection(kind).select(documents)
    encoded = encoder.encode(candidates)
    rows = np.arange(len(documents))
    return encoded.batch(Batch(rows, int(encoded.lengths.max())), "masked")


# === Opening ===


def test_the_module_brings_its_word_pieces(frozen, vocabulary):
    encoder = frozen
    assert isinstance(encoder, HubEncoder)
    assert encoder.layer is None  # frozen: no part of the model
    assert encoder.word_pieces.vocabulary == tuple(vocabulary)
    assert encoder.word_pieces.pieces("Ada") == (vocabulary.index("ada"),)
    assert (encoder.unit, encoder.dim) == ("word pieces", 8)


def test_given_word_pieces_go_before_its_own(configure, vocabulary, tmp_path):
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(vocabulary[:-2]))
    encoder = opened(configure(encoder__vocab_file=str(file), encoder__casing="cased"))
    assert len(encoder.word_pieces) == 62
    assert encoder.word_pieces.pieces("Ada") == (encoder.word_pieces.unk,)
    assert encoder.word_pieces.source == str(file)


def test_a_module_without_word_pieces_needs_some(configure, bare_module, vocabulary, tmp_path):
    name = f"hub:{bare_module}"
    with pytest.raises(MrcaError, match=r"lower-cased text.*encoder\.casing=uncased"):
        opened(configure(encoder__name=name))
    with pytest.raises(MrcaError, match=r"no vocabulary.*encoder\.vocab_file"):
        opened(configure(encoder__name=name, encoder__casing="uncased"))
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(vocabulary))
    settings = {"encoder__casing": "uncased", "encoder__vocab_file": str(file)}
    encoder = opened(configure(encoder__name=name, **settings))
    assert encoder.word_pieces.vocabulary == tuple(vocabulary)


def test_a_vocabulary_of_another_encoder_is_refused(configure, vocabulary, tmp_path):
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join([*vocabulary, "one more"]))
    with pytest.raises(MrcaError, match=r"vocab\.txt has 65 pieces.* knows 64 only"):
        opened(configure(encoder__vocab_file=str(file)))
    with pytest.raises(MrcaError, match="No vocabulary at"):
        opened(configure(encoder__vocab_file="nowhere.txt"))


@pytest.mark.parametrize(
    ("length", "reason"), [(33, "reads 32 word pieces at most"), (2, "expected at least 3")]
)
def test_rows_longer_or_shorter_than_it_reads(configure, length, reason):
    with pytest.raises(MrcaError, match=reason):
        opened(configure(features__max_length=length))


def test_markers_need_pieces_of_their_own(configure, bare_module, vocabulary, tmp_path):
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(piece for piece in vocabulary if "unused" not in piece))
    config = configure(encoder__vocab_file=str(file), features__markers=True)
    with pytest.raises(MrcaError, match="Entity markers need four unused pieces"):
        opened(config)


def test_a_casing_that_it_was_not_trained_with_is_said(
    configure, frozen, module_writer, tiny_bert, tmp_path
):
    cased = module_writer(tiny_bert(), tmp_path / "cased", lower_case=False)
    assert "trained on lower-cased text" in opened(configure(encoder__casing="cased")).note
    other = configure(encoder__name=f"hub:{cased}", encoder__casing="uncased")
    assert "trained on text with its capitals" in opened(other).note
    assert opened(configure(encoder__casing="uncased")).note == ""
    assert frozen.note == ""


# === Reading ===


def test_a_frozen_one_gives_states_with_their_marks(configure):
    encoder = opened(configure(features__types=True), ("PER",))
    inputs = batch_of(encoder)
    assert inputs.keys() == {"states", "case", "role", "types", "lengths"}
    assert inputs["states"].shape[2] == 8
    # [CLS] ada met b ##o ##b a ##t a ##b [SEP]
    assert inputs["lengths"].tolist() == [11, 5]
    assert inputs["role"][0, :11].tolist() == [0, 1, 0, -1, -1, -1, 0, 0, -1, -1, 0]
    assert inputs["types"][0, :11].tolist() == [0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0]
    assert encoder.feature_value() >= 1
    assert encoder.pooling is None


def test_a_trained_one_gives_pieces_and_a_layer(configure, frozen):
    encoder = opened(configure(encoder__trainable=True))
    inputs = batch_of(encoder)
    assert inputs.keys() == {"pieces", "case", "role", "lengths"}
    states = np.asarray(encoder.layer(inputs["pieces"], inputs["lengths"]))
    expected = batch_of(frozen)["states"]
    for row, length in enumerate(inputs["lengths"]):
        np.testing.assert_allclose(expected[row, :length], states[row, :length], atol=2e-3)


def test_where_a_pooling_is_all_that_follows_it_is_done_beforehand(configure):
    config = configure(model__units=0, model__pooling="entities")
    encoder = opened(config)
    assert (encoder.pooling, encoder.dim) == ("entities", 24)
    assert batch_of(encoder)["states"].shape == (2, 1, 24)
    for settings in (
        {"model__units": 3, "model__pooling": "entities"},
        {"model__units": 0, "model__pooling": "windows"},
        {"model__units": 0, "model__pooling": "entities", "encoder__trainable": True},
    ):
        assert opened(configure(**settings)).pooling is None


def test_entities_stand_where_the_pieces_of_their_mentions_do(configure, frozen):
    for encoder in (frozen, opened(configure(encoder__trainable=True))):
        candidates = CandidateSelection("pairs").select(ROWS)
        encoded = encoder.encode(candidates)
        rows = encoder._rows(ROWS)
        inputs = encoded.batch(Batch(np.array([0]), 16), "masked")
        for number, entity in enumerate(ROWS[0].entities):
            places = sorted(p for span in entity.mentions for p in rows.places(0, span))
            found = inputs["entities"][number]
            assert found[found >= 0].tolist() == places
        assert inputs["pairs"].tolist() == [[0, 1]]


def test_it_reads_every_word_as_it_is(frozen):
    assert frozen.with_words_of([Document(("unheard",))]) is frozen


def test_what_is_cut_is_counted_in_pieces(configure, frozen):
    encoder = opened(configure(features__max_length=5))
    assert encoder.documents_cut(ROWS) == 1
    assert encoder.words_read(ROWS) == [3, 1]
    assert encoder.cut(ROWS) == "Documents cut at 5 word pieces: 1 (features.max_length)."
    assert frozen.cut(ROWS) == ""


def test_states_are_computed_once_where_they_are_to_be_kept(configure, frozen, cache, monkeypatch):
    candidates = CandidateSelection("whole").select(ROWS)
    first = frozen.encode(candidates, keep=True).arrays["states"]
    assert len(list(cache.iterdir())) == 1
    monkeypatch.setattr("mrca.encoders.states.StateReader._compute", None)
    again = opened(configure()).encode(candidates, keep=True).arrays["states"]
    np.testing.assert_array_equal(again, first)


# === Pairs: nothing is cut ===

LONG = Document(
    (*"abcdefghijklmnop", "ada", "met", "bob"),
    (Entity((Span(0, 1), Span(15, 16))), Entity((Span(18, 19),))),
    subjects=(0,),
    objects=(1,),
)


@pytest.fixture
def pairs(keras_hub_preset):
    """A function that makes the configuration of a small window over a tiny KerasHub BERT."""

    def make(**settings):
        named = {key.replace("__", "."): value for key, value in settings.items()}
        start = {
            "encoder.name": f"keras_hub:{keras_hub_preset}",
            "candidates.kind": "pairs",
            "model.pooling": "pairs",
            "features.max_length": 10,
        }
        return RunConfig().changed({**start, **named})

    return make


@pytest.mark.parametrize("trainable", [False, True])
def test_of_pairs_long_documents_are_read_in_windows(pairs, trainable):
    encoder = opened(pairs(encoder__trainable=trainable))
    rows = [LONG, *ROWS]
    assert encoder.words_read(rows) == [19, 5, 1]
    assert encoder.cut(rows) == ""
    assert encoder.longest is None
    inputs = batch_of(encoder, rows, "pairs")
    assert inputs["lengths"].tolist() == [23, 11, 5]
    # [CLS] a … p ada met b ##o ##b [SEP]
    assert inputs["entities"][:2].tolist() == [[1, 16, -1, -1, -1], [19, 20, 21, -1, -1]]
    found = inputs.get("states")
    if trainable:
        states = encoder.layer(inputs["pieces"], inputs["lengths"])
        found = keras.ops.convert_to_numpy(states)
    assert np.abs(found[0, :23]).sum(-1).min() > 0
    # What fits into a window is read as if there were none.
    whole = opened(pairs(encoder__trainable=trainable, features__max_length=32))
    expected = batch_of(whole, rows, "pairs").get("states")
    if trainable:
        states = whole.states(inputs["pieces"], inputs["lengths"])
        expected = keras.ops.convert_to_numpy(states)
    np.testing.assert_allclose(found[2, :5], expected[2, :5], atol=2e-3)
    assert np.abs(found[0, :23] - expected[0, :23]).max() > 0.01


def test_states_in_windows_are_kept_apart_from_others(pairs, cache):
    candidates = CandidateSelection("pairs").select([LONG])
    for stride in (0, 3, 5):  # 0 is half of the window
        opened(pairs(features__stride=stride)).encode(candidates, keep=True)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"features.stride": 9}, "would leave word pieces out"),
        ({"features.stride": 3, "candidates.kind": "whole"}, "whole documents are cut"),
        ({"features.marker_style": "asterisks"}, "Set features.markers=true"),
        (
            {
                "features.markers": True,
                "features.marker_style": "asterisks",
                "candidates.kind": "whole",
            },
            "candidates.kind=pairs asks about",
        ),
        ({"features.marker_style": "typed"}, "Set features.markers=true"),
        ({"encoder.freeze_embeddings": True}, "frozen as a whole"),
        ({"encoder.gradient_checkpointing": True}, "saves memory in training"),
    ],
)
def test_what_windows_and_markers_cannot_do(pairs, settings, said):
    assert not list(KerasHubEncoder.problems(pairs()))
    (problem,) = KerasHubEncoder.problems(pairs().changed(settings))
    assert said in problem


def test_of_a_module_embeddings_cannot_be_told_apart():
    config = RunConfig().changed(
        {"encoder.name": "hub:x", "encoder.trainable": True, "encoder.freeze_embeddings": True}
    )
    (problem,) = HubEncoder.problems(config)
    assert "a program that does not say" in problem


def test_with_asterisks_a_mention_is_the_one_before_it(pairs, vocabulary, tmp_path):
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(["*" if piece == "[MASK]" else piece for piece in vocabulary]))
    marked = {"features__markers": True, "features__marker_style": "asterisks"}
    encoder = opened(pairs(encoder__vocab_file=str(file), encoder__trainable=True, **marked))
    inputs = batch_of(encoder, ROWS[:1], "pairs")
    # [CLS] * ada * met * b ##o ##b * a ##t * a ##b * [SEP]
    stars = np.flatnonzero(inputs["pieces"][0] == vocabulary.index("[MASK]"))
    assert stars.tolist() == [1, 3, 5, 9, 12, 15]
    assert inputs["entities"].tolist() == [[1, -1], [5, 12]]
    with pytest.raises(MrcaError, match=r"the piece `\*` around mentions"):
        opened(pairs(**marked))


# === In a run folder ===


def load(folder, saved, **places):
    environment = saved.describe()["encoder"]
    return type(saved).load(folder, saved.config, saved.types, Places(environment, **places))


def test_of_a_frozen_one_the_word_pieces_are_carried(configure, vocabulary, tmp_path):
    given = tmp_path / "given.txt"
    given.write_text("".join(f"{piece}\n" for piece in vocabulary))
    encoder = opened(configure(encoder__vocab_file=str(given)))
    (tmp_path / "run").mkdir()
    encoder.save(tmp_path / "run")
    given.unlink()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["vocab.txt"]
    again = load(tmp_path / "run", encoder)
    np.testing.assert_array_equal(batch_of(again)["states"], batch_of(encoder)["states"])
    assert again.fingerprint == encoder.fingerprint
    kept = tmp_path / "run" / "vocab.txt"
    lines = kept.read_text().splitlines()
    kept.write_text("".join(f"{piece}\n" for piece in [*lines[:-2], lines[-1], lines[-2]]))
    with pytest.raises(MrcaError, match="not the one that the run"):
        load(tmp_path / "run", encoder)


def test_one_that_has_moved_is_found_where_it_is_said_to_be(configure, hub_module, tmp_path):
    place = shutil.copytree(hub_module, tmp_path / "module")
    encoder = opened(configure(encoder__name=f"hub:{place}"))
    (tmp_path / "run").mkdir()
    encoder.save(tmp_path / "run")
    encoder.describe()  # as a training does before it begins
    place.rename(tmp_path / "elsewhere")
    with pytest.raises(MrcaError, match=r"(?s)The run .*No TF Hub module.*--encoder hub:"):
        load(tmp_path / "run", encoder)
    moved = f"hub:{tmp_path / 'elsewhere'}"
    again = load(tmp_path / "run", encoder, encoder=moved)
    np.testing.assert_array_equal(batch_of(again)["states"], batch_of(encoder)["states"])
    (tmp_path / "elsewhere" / "note.txt").write_text("another")
    with pytest.raises(MrcaError, match=r"elsewhere' is not the one that the run"):
        load(tmp_path / "run", encoder, encoder=moved)
    with pytest.raises(MrcaError, match="Leave --vectors out"):
        load(tmp_path / "run", encoder, vectors="glove-wiki-gigaword-300")


def test_a_module_that_is_another_one_is_not_opened(configure, hub_module, tmp_path):
    place = shutil.copytree(hub_module, tmp_path / "module")
    encoder = opened(configure(encoder__name=f"hub:{place}"))
    (tmp_path / "run").mkdir()
    encoder.save(tmp_path / "run")
    encoder.describe()
    (place / "saved_model.pb").write_bytes(b"what TensorFlow would fail on")
    with pytest.raises(MrcaError, match="is not the one that the run"):
        load(tmp_path / "run", encoder)


@pytest.mark.parametrize("trainable", [False, True])
def test_a_module_of_somebody_elses_run_is_not_opened_unasked(
    configure, hub_module, tmp_path, trainable
):
    encoder = opened(configure(encoder__trainable=trainable))
    (tmp_path / "run").mkdir()
    encoder.save(tmp_path / "run")
    carried = "which it carries" if trainable else f"which it names '{hub_module}'"
    with pytest.raises(MrcaError, match=f"{carried}: a program.*--trust.*trust=True"):
        load(tmp_path / "run", encoder, trusted=False)
    load(tmp_path / "run", encoder, trusted=True)
    if not trainable:  # one's own
        load(tmp_path / "run", encoder, trusted=False, encoder=f"hub:{hub_module}")


def test_a_frozen_one_that_the_run_carries_is_taken(configure, hub_module, tmp_path):
    place = shutil.copytree(hub_module, tmp_path / "module")
    encoder = opened(configure(encoder__name=f"hub:{place}"))
    (tmp_path / "run").mkdir()
    encoder.save(tmp_path / "run")
    encoder.describe()
    place.rename(tmp_path / "run" / "encoder")
    again = load(tmp_path / "run", encoder)
    np.testing.assert_array_equal(batch_of(again)["states"], batch_of(encoder)["states"])
    with pytest.raises(MrcaError, match="which it carries"):
        load(tmp_path / "run", encoder, trusted=False)


def test_a_trained_one_is_carried_as_it_has_become(configure, hub_module, tmp_path):
    encoder = opened(configure(encoder__trainable=True))
    weight = encoder.layer.trainable_weights[0]
    weight.assign(weight + 0.5)
    (tmp_path / "run").mkdir()
    encoder.save(tmp_path / "run")
    again = load(tmp_path / "run", encoder)
    for one, other in zip(again.layer.get_weights(), encoder.layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.abs(HubStates(hub_module).get_weights()[0] - again.layer.get_weights()[0]).max() > 0.4
    with pytest.raises(MrcaError, match="which it carries"):
        load(tmp_path / "run", encoder, encoder=f"hub:{hub_module}")


# === What it cannot do ===


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        (HubEncoder, {"features.padding": "fixed"}, "read as words"),
        (KerasHubEncoder, {"features.padding": "fixed"}, "read as words"),
        (HubEncoder, {"model.precision": "mixed_float16"}, "does not reach a trained TF Hub"),
    ],
)
def test_what_a_trained_one_cannot_do(kind, settings, said):
    config = RunConfig().changed({"encoder.name": f"{kind.kind}:x", **settings})
    assert not list(kind.problems(config))  # frozen it can
    (problem,) = kind.problems(config.changed({"encoder.trainable": True}))
    assert said in problem


def test_a_trained_one_of_keras_hub_has_any_precision():
    config = RunConfig().changed(
        {
            "encoder.name": "keras_hub:x",
            "encoder.trainable": True,
            "model.precision": "mixed_float16",
        }
    )
    assert not list(KerasHubEncoder.problems(config))


# === KerasHub ===


def test_the_same_through_keras_hub(configure, keras_hub_preset, tmp_path):
    name = f"keras_hub:{keras_hub_preset}"
    frozen = opened(configure(encoder__name=name))
    assert isinstance(frozen, KerasHubEncoder)
    trained = opened(configure(encoder__name=name, encoder__trainable=True))
    inputs = batch_of(trained)
    states = keras.ops.convert_to_numpy(trained.layer(inputs["pieces"], inputs["lengths"]))
    for row, length in enumerate(inputs["lengths"]):
        np.testing.assert_allclose(
            batch_of(frozen)["states"][row, :length], states[row, :length], atol=2e-3
        )
    for encoder in (frozen, trained):
        folder = tmp_path / str(encoder.config.encoder.trainable)
        folder.mkdir()
        encoder.save(folder)
        again = load(folder, encoder)
        expected, found = batch_of(encoder), batch_of(again)
        for key, array in expected.items():
            np.testing.assert_array_equal(found[key], array)
    assert frozen.in_float32() is frozen


def test_a_trained_one_computes_in_the_precision_of_the_model(configure, keras_hub_preset):
    config = configure(
        encoder__name=f"keras_hub:{keras_hub_preset}",
        encoder__trainable=True,
        model__precision="mixed_float16",
    )
    encoder = opened(config)
    assert encoder.layer.backbone.dtype_policy.name == "mixed_float16"
    assert encoder.in_float32().layer.backbone.dtype_policy.name == "float32"
    frozen = opened(config.changed({"encoder.trainable": False}))
    assert frozen.states.backbone.dtype_policy.name == "float32"


@pytest.fixture(scope="module")
def roberta_preset(tmp_path_factory):
    """The folder of a tiny random RoBERTa with its byte pairs."""
    keras_hub = pytest.importorskip("keras_hub", reason="needs the extra mrca[keras-hub]")
    letters = "abcdefghijklmnopqrstuvwxyz*"
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "Ġ", *letters, "Ġ*", "Ġa", "da"]
    pieces = BytePairs(vocabulary, ["Ġ *", "Ġ a", "d a"])
    backbone = keras_hub.models.RobertaBackbone(
        len(vocabulary), 1, 2, 8, 16, max_sequence_length=16
    )
    folder = tmp_path_factory.mktemp("keras_hub") / "tiny-roberta"
    KerasHubStates(backbone).save(folder, pieces)
    return folder


@pytest.mark.parametrize("trainable", [False, True])
def test_roberta_reads_byte_pairs_and_comes_back(pairs, roberta_preset, tmp_path, trainable):
    encoder = opened(
        pairs(
            encoder__name=f"keras_hub:{roberta_preset}",
            encoder__trainable=trainable,
            encoder__freeze_embeddings=trainable,
            features__markers=True,
            features__marker_style="asterisks",
        )
    )
    # <s> Ġ* Ġ A→<unk> da Ġ* Ġ m e t Ġ* Ġ b o b Ġ* Ġa t Ġ* Ġa b Ġ* </s>
    inputs = batch_of(encoder, ROWS[:1], "pairs")
    assert inputs["lengths"].tolist() == [23]
    assert inputs["entities"].tolist() == [[1, -1], [10, 18]]
    assert encoder.note == ""
    (tmp_path / "run").mkdir()
    encoder.save(tmp_path / "run")
    assert not (tmp_path / "run" / "vocab.txt").exists()
    again = load(tmp_path / "run", encoder)
    for name, array in batch_of(again, ROWS[:1], "pairs").items():
        np.testing.assert_array_equal(array, inputs[name])
    if trainable:
        weights = zip(again.layer.get_weights(), encoder.layer.get_weights(), strict=True)
        for one, other in weights:
            np.testing.assert_array_equal(one, other)
    with pytest.raises(MrcaError, match=r"byte pairs, which it brings itself"):
        opened(encoder.config.changed({"encoder.vocab_file": "vocab.txt"}))
    with pytest.raises(MrcaError, match=r"keeps none free.*marker_style=asterisks"):
        opened(encoder.config.changed({"features.marker_style": "roles"}))
