"""The classifier as a Keras user knows it, on rows in memory."""

import json
import math
from collections import Counter

import keras
import numpy as np
import pytest
from keras import ops

import mrca
from mrca import losses
from mrca.config import RunConfig
from mrca.encoders.keras_hub_states import KerasHubStates
from mrca.encoders.windows import Windows
from mrca.models import Prediction, RelationClassifier
from mrca.models.rows import documents_of
from mrca.models.states_model import StatesModel
from mrca.text import Document

SETTINGS = {
    "data.dataset": "sample",
    "vectors.name": "sample",
    "features.max_length": 40,
    "model.units": 8,
    "model.hidden": 16,
    "training.batch_size": 8,
    "training.epochs": 2,
    "training.learning_rate": 2e-2,
}
TEXT = "<e>Latowan Bank</e> employs <e>Higosis Troveld</e> in <e>Glanford</e>."


def of_split(folder, split, count):
    lines = (folder / "sample" / f"{split}.jsonl").read_text("utf-8").splitlines()[:count]
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def train_rows(sample_slice):
    return of_split(sample_slice, "train", 60)


@pytest.fixture(scope="module")
def valid_rows(sample_slice, train_rows):
    """Those whose relations the training rows state."""
    known = {fact[1] for row in train_rows for fact in row["facts"]}
    rows = of_split(sample_slice, "valid", 40)
    return [row for row in rows if {fact[1] for fact in row["facts"]} <= known][:20]


# Text with marks says nothing of types, and the recipe reads them.
untyped = pytest.mark.filterwarnings("ignore:Entities of .* have no type")


def outputs(classifier, rows):
    documents = documents_of(rows)
    return classifier.raw_outputs(classifier.candidates(list(documents)))


class Counting(keras.callbacks.Callback):
    """A callback of a user's own."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(logs["learning_rate"])


@pytest.fixture(scope="module")
def fitted(train_rows, valid_rows):
    """A classifier of pairs that was compiled as its recipe says, its history and the callback."""
    classifier = RelationClassifier.from_recipe("pairs", train_rows, settings=SETTINGS)
    classifier.compile()
    counting = Counting()
    history = classifier.fit(
        train_rows, validation_data=valid_rows, callbacks=[counting], verbose=0
    )
    return classifier, history, counting


@pytest.fixture(scope="module")
def classifier(fitted):
    return fitted[0]


# === Making and fitting ===


def test_it_takes_what_its_rows_need_from_them(train_rows):
    classifier = RelationClassifier.from_recipe(
        "pairs", train_rows, settings=SETTINGS, vocabulary_of=["Zwickau <e>lies</e> there"]
    )
    stated = {fact[1] for row in train_rows for fact in row["facts"]}
    assert list(classifier.relations) == sorted(stated)
    assert set(classifier.encoder.types) == {
        entity["type"]
        for row in train_rows
        for entity in row["entities"]
        if isinstance(entity, dict) and "type" in entity
    }
    assert "zwickau" in classifier.encoder.words
    assert classifier.columns == len(stated) + 1  # adaptive thresholding has a threshold column
    documents = list(documents_of(train_rows))
    candidates = classifier.candidates(documents).labelled(classifier.relations)
    assert classifier.label_counts.num_samples == len(candidates)
    assert list(classifier.label_counts.counts) == candidates.labels.sum(axis=0).tolist()


def test_relations_may_be_given_in_an_order_of_ones_own(train_rows):
    names = sorted({fact[1] for row in train_rows for fact in row["facts"]}, reverse=True)
    classifier = RelationClassifier.from_recipe(
        "pairs", train_rows, settings=SETTINGS, relations=[*names, "unheard_of"]
    )
    assert list(classifier.relations) == [*names, "unheard_of"]
    with pytest.raises(mrca.MrcaError, match=names[0]):
        RelationClassifier.from_recipe("pairs", train_rows, settings=SETTINGS, relations=names[1:])


@pytest.mark.parametrize(
    ("recipe", "settings", "said"),
    [
        ("pairs", {"candidates.kind": "whole"}, "give both or neither"),
        ("pairs", {"training.sampler": "nope"}, "Unknown sampler 'nope'"),
        ("pairs", {"loss.name": "rc_dise"}, "Did you mean 'rc_dice'"),
        ("pairs", {"classifier.name": "linaer"}, "Did you mean 'linear'"),
        ("pairs", {"encoder.trainable": True}, "word vectors stay as they are"),
        ("pairs", {"encoder.name": "bert"}, "Unknown encoder 'bert'"),
        ("svm", {}, r"SVM on word frequencies.*mrca\.train"),
        ("pairs", {"training.init_from": "first"}, r"builds on the run first.*mrca\.train"),
    ],
)
def test_settings_that_make_no_network_are_refused(train_rows, recipe, settings, said):
    with pytest.raises(mrca.MrcaError, match=said):
        RelationClassifier.from_recipe(recipe, train_rows, settings=settings)


@pytest.mark.parametrize(
    ("recipe", "row", "said"),
    [
        (
            "pairs",
            {"text": "Ada met Bob.", "entities": ["Ada", "Bob"], "labels": ["met"]},
            r"1 of its 1 documents have labels without facts.*--recipe mrca",
        ),
        ("mrca", {"text": "Ada met Bob.", "labels": []}, 'Give rows with "facts" or "labels"'),
    ],
)
def test_rows_that_teach_nothing_are_refused(recipe, row, said):
    settings = {"vectors.name": "sample", "model.units": 8}
    with pytest.raises(mrca.MrcaError, match=said):
        RelationClassifier.from_recipe(recipe, [row], settings=settings, relations=["met"])


def test_a_seed_decides_its_first_weights(train_rows):
    first, same, other = (
        RelationClassifier.from_recipe(
            "pairs", train_rows[:20], settings={**SETTINGS, "training.seed": seed}
        ).network.get_weights()
        for seed in (3, 3, 4)
    )
    for one, two in zip(first, same, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(first, other, strict=True))


def test_history_is_keras_and_callbacks_see_what_it_logs(fitted):
    _, history, counting = fitted
    assert history.epoch == [0, 1]
    assert {"loss", "val_loss", "micro_f1", "val_micro_f1", "learning_rate"} <= set(history.history)
    assert counting.rates == pytest.approx(history.history["learning_rate"])
    assert history.history["loss"][1] < history.history["loss"][0]


def test_any_optimiser_loss_and_number_of_epochs(train_rows):
    classifier = RelationClassifier.from_recipe(
        "pairs", train_rows[:24], settings={**SETTINGS, "loss.name": "binary_crossentropy"}
    )
    classifier.compile(keras.optimizers.SGD(0.25), losses.Focal(gamma=1.0), metrics=[])
    assert classifier.decision.rule.get_config() == losses.Focal().decision_rule.get_config()
    history = classifier.fit(train_rows[:24], batch_size=24, epochs=3, verbose=0)
    assert history.epoch == [0, 1, 2]
    assert history.history["learning_rate"] == [0.25] * 3  # the recipe's does not replace it
    classifier.compile("adam", "binary_crossentropy")
    assert type(classifier.loss).__name__ == "BinaryCrossentropy"
    classifier.compile("adam", "focal")
    assert type(classifier.loss).__name__ == "Focal"


def test_a_recipes_schedule_of_steps_is_followed_in_every_fit(train_rows):
    schedule = {"training.schedule": "linear", "training.warm_up": 0.25, "training.accumulate": 2}
    classifier = RelationClassifier.from_recipe(
        "pairs", train_rows[:32], settings={**SETTINGS, **schedule}
    )
    classifier.compile()
    for epochs in (2, 4):  # of 4 batches, which make 2 steps: the rates after them
        history = classifier.fit(train_rows[:32], epochs=epochs, verbose=0)
        steps, warm = 2 * epochs, epochs // 2
        expected = [2e-2 * (steps - done) / (steps - warm) for done in range(2, steps + 1, 2)]
        assert history.history["learning_rate"] == pytest.approx(expected, rel=1e-5)


def test_a_callback_may_change_a_rate_that_does_not_fall_and_a_step_is_traced_once(
    train_rows, monkeypatch
):
    traces, step = [], RelationClassifier.train_step
    monkeypatch.setattr(
        RelationClassifier, "train_step", lambda *data: traces.append(1) or step(*data)
    )
    classifier = RelationClassifier.from_recipe(
        "pairs", train_rows[:8], settings={**SETTINGS, "training.learning_rate_decay": 0.0}
    )
    classifier.compile()
    halved = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = classifier.fit(train_rows[:8], epochs=2, callbacks=[halved], verbose=0)
    assert history.history["learning_rate"] == pytest.approx([1e-2, 5e-3])
    assert len(traces) == 1


@pytest.fixture
def crossentropy(train_rows):
    """A classifier by binary cross-entropy that is not trained."""
    return RelationClassifier.from_recipe(
        "pairs", train_rows[:24], settings={**SETTINGS, "loss.name": "binary_crossentropy"}
    )


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("rc_dice", {}),
        (losses.Focal(gamma=1.0), {"gamma": 1.0}),
        (
            losses.ClassBalancedFocal([1, 2, 3, 4, 5, 6], 99),
            {"class_counts": [1, 2, 3, 4, 5, 6], "num_samples": 99},
        ),
    ],
    ids=["name", "object", "counts"],
)
def test_the_loss_it_is_compiled_with_is_the_configurations(crossentropy, loss, options, tmp_path):
    crossentropy.compile(loss=loss)
    name = loss if isinstance(loss, str) else loss.name
    assert (crossentropy.config.loss.name, crossentropy.config.loss.options) == (name, options)
    assert crossentropy.decision.rule.get_config() == crossentropy.loss.decision_rule.get_config()
    crossentropy.save_to_preset(tmp_path / "mine")
    again = RelationClassifier.from_preset(tmp_path / "mine")
    again.compile()
    assert again.loss.get_config() == crossentropy.loss.get_config()
    assert again.decision.get_config() == crossentropy.decision.get_config()


def test_a_loss_of_ones_own_decides_until_the_configured_one_is_back(crossentropy):
    class Own(losses.CategoricalCrossentropy):
        """Not among the losses that a configuration can name."""

    before = crossentropy.config
    crossentropy.compile(loss=Own())
    assert isinstance(crossentropy.decision.rule, losses.LargestScore)
    crossentropy.compile()
    assert crossentropy.config == before
    assert crossentropy.decision.rule.get_config() == crossentropy.loss.decision_rule.get_config()


def test_compiled_anew_it_keeps_a_tuned_threshold(crossentropy):
    tuned = crossentropy.decision.rule.with_threshold(0.25)
    crossentropy.decision = crossentropy.decision.with_rule(tuned)
    crossentropy.compile()
    assert crossentropy.decision.rule == tuned


def test_a_loss_that_needs_other_columns_is_refused(classifier):
    with pytest.raises(mrca.MrcaError, match=r"'?focal'? needs .* output columns .*loss\.name"):
        classifier.compile(loss="focal")


def test_a_loss_that_learns_from_a_teacher_does_not_learn_from_rows(train_rows):
    student = RelationClassifier.from_recipe(
        "pairs", train_rows[:24], settings={**SETTINGS, "loss.name": "binary_crossentropy"}
    )
    student.compile(loss=losses.get("distillation_mse", student="binary_crossentropy"))
    with pytest.raises(mrca.MrcaError, match=r"learns from a teacher.*mrca\.train"):
        student.fit(train_rows[:24], verbose=0)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["Ada met Bob"], "Row 1 is a string, which says nothing of relations"),
        ([{"text": "Ada met Bob", "entities": ["Ada", "Bob"]}], "facts"),
        ([{"text": "Ada met Bob", "facts": [["Ada", "unheard_of", "Bob"]]}], "unheard_of"),
    ],
    ids=["text", "no facts", "relation"],
)
def test_rows_to_learn_from_state_relations_that_it_has(classifier, rows, said):
    with pytest.raises(mrca.MrcaError, match=said):
        classifier.fit(rows, verbose=0)
    with pytest.raises(mrca.MrcaError, match=said):
        classifier.evaluate(rows)


def test_evaluate_measures_the_decision(classifier, valid_rows):
    found = classifier.evaluate(valid_rows)
    assert set(found) >= {"loss", "micro_f1"}
    documents = list(documents_of(valid_rows))
    candidates = classifier.candidates(documents).labelled(classifier.relations)
    labels = classifier.decision.rule.labels(classifier.raw_outputs(candidates))
    hits = int((np.asarray(labels) & (candidates.labels.toarray() > 0)).sum())
    total = int(np.asarray(labels).sum() + candidates.labels.sum())
    assert found["micro_f1"] == pytest.approx(2 * hits / total if total else 0, abs=1e-6)


def test_what_keras_takes_is_left_to_keras(classifier, valid_rows):
    documents = list(documents_of(valid_rows))
    candidates = classifier.candidates(documents).labelled(classifier.relations)
    batches = classifier.measured_batches(candidates, candidates.labels)
    found = classifier.evaluate(batches.for_keras(), return_dict=True, verbose=0)
    expected = classifier.evaluate(valid_rows)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert classifier.predict(batches.for_keras(), verbose=0).shape == (
        len(candidates),
        classifier.columns,
    )


# === Predicting ===


@untyped
def test_a_row_of_text_is_answered_with_facts_and_their_offsets(classifier):
    row = {
        "text": "Ada Troveld of Huretel & Sons lives in Glanford.",
        "entities": ["Ada Troveld", "Huretel & Sons", "Glanford"],
    }
    prediction = classifier.predict(row, threshold=-1e9)
    assert isinstance(prediction, Prediction)
    facts = prediction.facts_to_dicts()
    assert len(facts) == 6 * len(classifier.relations)
    for fact in facts:
        for place in (fact["subject"], fact["object"]):
            assert row["text"][place["char_start"] : place["char_end"]] == place["text"]
            assert place["text"] in row["entities"]
    scores = [fact.score for fact in prediction.facts]
    assert scores == sorted(scores, reverse=True)


@untyped
def test_one_row_or_many_of_any_form_are_answered_alike(classifier):
    marked = TEXT.replace("<e>", "").replace("</e>", "")
    row = {"text": marked, "entities": ["Latowan Bank", "Higosis Troveld", "Glanford"]}
    (document,) = documents_of([row])
    assert isinstance(document, Document)
    expected = [fact[:4] for fact in classifier.predict(row, threshold=-1e9).facts]
    for form in (TEXT, document):
        found = [fact[:4] for fact in classifier.predict(form, threshold=-1e9).facts]
        assert [fact[:3] for fact in found] == [fact[:3] for fact in expected]
        np.testing.assert_allclose(
            [fact[3] for fact in found], [fact[3] for fact in expected], atol=1e-5
        )
    many = classifier.predict([TEXT, row, document], threshold=-1e9)
    assert [len(each.facts) for each in many] == [len(expected)] * 3
    assert classifier.predict([]) == []
    assert [each.document for each in classifier.predict_iter(iter([document]))] == [document]


def test_rows_and_batches_may_come_from_an_iterator(classifier, valid_rows):
    documents = list(documents_of(valid_rows[:3]))
    for rows in (iter(documents), (row for row in valid_rows[:3])):
        assert [each.document for each in classifier.predict(rows)] == documents
    assert classifier.predict(iter(())) == []
    candidates = classifier.candidates(documents).labelled(classifier.relations)
    batches = list(classifier.measured_batches(candidates, candidates.labels))
    found = classifier.predict((batch for batch in batches), steps=len(batches), verbose=0)
    assert found.shape == (len(candidates), classifier.columns)


def test_by_default_the_decision_rule_predicts(classifier, train_rows):
    rows = train_rows[:12]
    found = [
        {(fact.subject_entity, fact.relation, fact.object_entity) for fact in prediction.facts}
        for prediction in classifier.predict(rows)
    ]
    documents = list(documents_of(rows))
    candidates = classifier.candidates(documents)
    _, labels = classifier.scores_and_labels(candidates, classifier.raw_outputs(candidates))
    expected = [set() for _ in rows]
    for number, column in zip(*np.nonzero(labels), strict=True):
        row = candidates.rows[number]
        entities = documents[row].entities
        expected[row].add(
            (
                entities[candidates.subjects[number]],
                classifier.relations.names[column],
                entities[candidates.objects[number]],
            )
        )
    assert found == expected


@untyped
def test_a_threshold_and_the_best_few(classifier):
    everything = classifier.predict(TEXT, threshold=-1e9).facts
    best = classifier.predict(TEXT, threshold=-1e9, top=3).facts
    assert best == everything[:3]
    middle = everything[len(everything) // 2].score
    found = classifier.predict(TEXT, threshold=middle).facts
    assert {fact.score >= middle for fact in found} == {True}
    assert len(found) == sum(fact.score >= middle for fact in everything)


def test_a_model_of_whole_documents_answers_with_relations(tiny_run):
    prediction = tiny_run.classifier.predict(TEXT, threshold=-1e9, top=4)
    assert prediction.facts == ()
    assert len(prediction.relations) == 4


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("<e>Ada met Bob", "Row 1: "),
        ({"text": "Ada", "colour": 1}, "colour"),
        ({"text": "Ada", "tokens": ["Ada"]}, "tokens"),
        ({"txt": "Ada"}, "txt"),
        ({"entities": ["Ada"]}, "text"),
    ],
    ids=["mark", "field", "both", "misspelt", "no text"],
)
def test_a_malformed_row_is_named(classifier, row, said):
    for given in (row, [row], iter([row])):
        with pytest.raises(mrca.MrcaError, match=said):
            classifier.predict(given)


@untyped
def test_a_mention_that_is_not_there_is_warned_of(classifier):
    with pytest.warns(UserWarning, match="Bob"):
        classifier.predict({"text": "Ada met Cleo.", "entities": ["Ada", "Bob", "Cleo"]})


def test_rows_between_whose_entities_little_can_be_found_are_warned_of_once(tiny_pairs_run):
    classifier = tiny_pairs_run.classifier
    typeless = {"text": "Ada met Bob.", "entities": ["Ada", "Bob"]}
    with pytest.warns(UserWarning) as caught:
        found = classifier.predict([typeless, "No marks here.", "<e>Ada</e> sleeps."])
    (warning,) = caught
    assert warning.filename == __file__
    assert "Fewer than two entities are marked in 2 rows (numbers 2, 3)" in str(warning.message)
    assert "Entities of 1 row (number 1) have no type" in str(warning.message)
    assert found[1].facts == found[2].facts == ()
    with pytest.warns(UserWarning, match=r"Fewer than two entities are marked in 1 row \(number 1"):
        classifier.predict("No marks here.")
    typed = [{"text": name, "type": classifier.types[0]} for name in ("Ada", "Bob")]
    classifier.predict({**typeless, "entities": typed})  # or the warning would be an error


def test_of_whole_documents_one_marked_entity_is_enough(tiny_run):
    with pytest.warns(UserWarning, match=r"No entity is marked in 1 row \(number 2\)"):
        tiny_run.classifier.predict(["<e>Ada</e> sleeps.", "No marks here."])


LONG = f"{'They met, and then ' * 20}{TEXT}"


def test_a_document_that_is_cut_is_warned_of(tiny_run):
    with pytest.warns(UserWarning, match=r"Documents cut at 40 tokens: 1, and with them 3 ent"):
        tiny_run.classifier.predict(["<e>Ada</e> met <e>Bob</e>.", LONG])


@untyped
def test_of_pairs_nothing_is_cut(classifier):
    classifier.predict(LONG)  # or the warning would be an error
    (prediction,) = classifier.predict([LONG], threshold=-1e9)
    assert len({fact.subject for fact in prediction.facts}) == 3
    candidates = classifier.candidates([prediction.document])
    encoded = classifier.encoder.encode(candidates)
    assert encoded.lengths.tolist() == [len(prediction.document.tokens)]
    assert classifier.max_length is None


# === The encoder in the model ===


class ReadsAttention(keras.layers.Layer):
    """Weighs states with the attention of the first head, and shows its dtype."""

    def call(self, states, attention):
        assert keras.backend.standardize_dtype(attention.dtype) == "float32"
        return ops.matmul(attention[:, 0], ops.cast(states, "float32"))[:, 0]


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_a_network_that_reads_attention_is_given_it(vocabulary, precision):
    keras_hub = pytest.importorskip("keras_hub", reason="needs the extra mrca[keras-hub]")
    backbone = keras_hub.models.BertBackbone(
        len(vocabulary), 1, 2, 8, 16, max_sequence_length=12, dtype=precision
    )
    layer = Windows(KerasHubStates(backbone), 12, 6)
    inputs = {
        "states": keras.Input((None, 8), dtype="float32", name="states"),
        "attention": keras.Input((None, None, None), dtype="float32", name="attention"),
        "lengths": keras.Input((), dtype="int32", name="lengths"),
    }
    reads = ReadsAttention(dtype=keras.DTypePolicy(precision), autocast=False)
    network = keras.Model(inputs, reads(inputs["states"], inputs["attention"]))
    network.dtype_policy = keras.DTypePolicy(precision)
    given = {
        "pieces": np.arange(10, 50, dtype="int32").reshape(2, 20),
        "lengths": np.array([20, 7], "int32"),
    }
    found = StatesModel(network, layer).predict_on_batch(given)
    states, attention = layer(given["pieces"], given["lengths"], return_attention_scores=True)
    expected = ops.matmul(attention[:, 0], states)[:, 0]
    np.testing.assert_allclose(found, ops.convert_to_numpy(expected), atol=1e-2)


def test_only_allowed_types_are_predicted_whatever_the_threshold(train_rows):
    classifier = RelationClassifier.from_recipe(
        "pairs", train_rows[:30], settings={**SETTINGS, "decision.types": "seen"}
    )
    documents = list(documents_of(train_rows[:30]))
    seen = {
        (document.entities[fact.subject].type, fact.relation, document.entities[fact.object].type)
        for document in documents
        for fact in document.facts
    }
    assert classifier.decision.allowed == seen
    found = {
        (fact.subject_entity.type, fact.relation, fact.object_entity.type)
        for prediction in classifier.predict(train_rows[:30], threshold=-1e9)
        for fact in prediction.facts
    }
    assert found
    assert found <= seen


def test_at_most_so_many_relations_of_a_pair_are_predicted_whatever_the_threshold(
    train_rows, tmp_path
):
    classifier = RelationClassifier.from_recipe(
        "pairs", train_rows[:30], settings={**SETTINGS, "decision.top_k": 2}
    )
    classifier.compile()
    assert classifier.decision.rule.top_k == 2
    classifier.compile(loss="adaptive_focal")  # another loss comes with its own rule
    classifier.save_to_preset(tmp_path / "run")
    again = RelationClassifier.from_preset(tmp_path / "run")
    assert again.decision.rule.get_config() == {
        "rule": "threshold_column",
        "top_k": 2,
        "offset": None,
    }
    for prediction in again.predict(train_rows[:5], threshold=-1e9):
        pairs = Counter((fact.subject, fact.object) for fact in prediction.facts)
        assert set(pairs.values()) == {2}


# === Saving ===


@pytest.fixture(scope="module")
def preset(classifier, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "mine"
    classifier.save_to_preset(folder)
    return folder


def test_a_preset_predicts_the_same(classifier, preset, valid_rows):
    again = RelationClassifier.from_preset(preset)
    np.testing.assert_array_equal(outputs(again, valid_rows), outputs(classifier, valid_rows))
    ours, theirs = (each.predict(valid_rows) for each in (again, classifier))
    assert [each.facts for each in ours] == [each.facts for each in theirs]
    assert again.config == classifier.config
    assert again.relations == classifier.relations
    assert again.selection == classifier.selection
    assert again.encoder.types == classifier.encoder.types
    assert again.decision.get_config() == classifier.decision.get_config()
    assert mrca.load(preset).classifier.count_params() == again.count_params()


def test_a_preset_can_be_fitted_on(preset, train_rows):
    again = RelationClassifier.from_preset(preset)
    before = again.network.get_weights()
    again.compile()
    again.fit(train_rows[:16], epochs=1, verbose=0)
    assert any(
        (old != new).any() for old, new in zip(before, again.network.get_weights(), strict=True)
    )


def test_a_preset_is_replaced_whole_and_what_is_none_is_left(classifier, preset, tmp_path):
    names = sorted(path.name for path in preset.iterdir())
    classifier.save_to_preset(preset)
    assert sorted(path.name for path in preset.iterdir()) == names
    assert [path.name for path in preset.parent.iterdir()] == ["mine"]
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "text.txt").write_text("years of work")
    with pytest.raises(mrca.MrcaError, match="is not a whole run"):
        classifier.save_to_preset(tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["text.txt"]


def test_keras_own_saving_is_refused_with_the_way(classifier, tmp_path):
    with pytest.raises(mrca.MrcaError, match=r"save_to_preset\(FOLDER\)"):
        classifier.save(tmp_path / "model.keras")


def test_it_is_shown_in_one_line(classifier):
    assert repr(classifier) == (
        f"<RelationClassifier: {len(classifier.relations)} relations, pairs, word_vectors, "
        f"{classifier.count_params():,} weights>"
    )


def test_in_float32_it_is_the_same_classifier(classifier, valid_rows):
    other = classifier.in_float32()
    np.testing.assert_allclose(
        outputs(other, valid_rows), outputs(classifier, valid_rows), atol=1e-5
    )
    assert other.decision is classifier.decision


def test_a_documents_scores_do_not_depend_on_the_others(classifier, valid_rows):
    together = outputs(classifier, valid_rows)
    alone = np.concatenate([outputs(classifier, [row]) for row in valid_rows[:5]])
    np.testing.assert_allclose(alone, together[: len(alone)], atol=1e-5)


def test_a_threshold_that_is_no_number_is_refused(tiny_pairs_run):
    with pytest.raises(mrca.MrcaError, match="threshold is no number"):
        tiny_pairs_run.classifier.predict([{"text": "Ada", "entities": []}], threshold=math.nan)


@pytest.mark.parametrize(
    ("settings", "reads"),
    [
        ({}, True),
        ({"features.role": False}, False),
        ({"features.role": False, "features.types": True}, True),
        ({"features.role": False, "features.markers": True}, True),
    ],
)
def test_marks_make_a_difference_where_they_are_features(tiny_run, monkeypatch, settings, reads):
    monkeypatch.setattr(tiny_run.classifier, "config", RunConfig().changed(settings))
    assert tiny_run.classifier.reads_marks == reads
