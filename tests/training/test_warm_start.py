"""Training that starts from the weights of another run."""

import json
import shutil

import numpy as np
import pytest

import mrca
from mrca import training
from mrca.datasets import Corpus, LabelCounts, LabelledCandidates, load_corpus
from mrca.models import RelationClassifier, RelationNetwork
from mrca.models.classifier import configured_loss
from mrca.training import warm_start
from mrca.training.run import base_classifier

NEW = {
    "text": "Zorgo Blim praises Latowan Bank.",
    "entities": ["Zorgo Blim", "Latowan Bank"],
    "facts": [["Zorgo Blim", "praises", "Latowan Bank"]],
}


@pytest.fixture(scope="module")
def other_data(few_rows, tmp_path_factory):
    """The few rows with a relation more, at another place, and one fewer."""
    data = tmp_path_factory.mktemp("other")
    folder = shutil.copytree(few_rows / "sample", data / "mine")
    names = json.loads((folder / "relations.json").read_text())
    stated = {}
    for split in ("train", "valid", "test"):
        path = folder / f"{split}.jsonl"
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for row in rows:
            row["facts"] = [fact for fact in row["facts"] if fact[1] != names[0]]
        stated[split] = [*rows, NEW]
        path.write_text("".join(json.dumps(row) + "\n" for row in stated[split]), "utf-8")
    relations = ["praises", *reversed(names[1:])]
    (folder / "relations.json").write_text(json.dumps(relations))
    return folder


@pytest.fixture(scope="module")
def other_corpus(other_data) -> Corpus:
    return load_corpus(str(other_data))


@pytest.fixture(scope="module")
def config(tiny_pairs_run, other_data, changed):
    return changed(
        tiny_pairs_run.config,
        f'data.dataset="{other_data}"',
        f'training.init_from="{tiny_pairs_run.folder}"',
        "training.epochs=1",
    )


@pytest.fixture(scope="module")
def carried(config, tiny_pairs_run, other_corpus):
    """A new classifier with the base's weights, before any training; and a fresh one."""
    base = base_classifier(config, tiny_pairs_run)
    encoder = warm_start.encoder_for(base, other_corpus)
    documents = other_corpus.splits["train"]

    def new(layers: RelationNetwork | None = None) -> RelationClassifier:
        selection = base.selection
        train = selection.select(documents)
        labelled = train.labelled(other_corpus.relations)
        assert isinstance(labelled, LabelledCandidates)
        relations = other_corpus.relations
        loss = configured_loss(config, LabelCounts.of(labelled))
        return RelationClassifier.new(config, labelled, relations, selection, encoder, loss, layers)

    first, fresh = new(base.network), new()
    said = warm_start.carry_columns(base, first)
    assert said == f"11 relations kept; new: praises; dropped: {base.relations.names[0]}."
    return base, first, fresh


def columns(classifier):
    """Bias and kernel of each output by its relation; the threshold column under ''."""
    kernel, bias = classifier.network.classifier.get_weights()
    names = ["", *classifier.relations]
    assert kernel.shape[1] == len(names)
    return {name: np.append(kernel[:, column], bias[column]) for column, name in enumerate(names)}


def test_kept_relations_keep_their_columns_bit_for_bit_and_new_ones_are_fresh(carried):
    base, classifier, fresh = carried
    before, after, start = columns(base), columns(classifier), columns(fresh)
    assert set(after) - set(before) == {"praises"}
    for name, column in after.items():
        expected = start[name] if name == "praises" else before[name]
        np.testing.assert_array_equal(column, expected)


def test_every_other_layer_is_the_bases(carried):
    base, classifier, _ = carried
    for layer in classifier.network.layers:
        if layer is not classifier.network.classifier:
            theirs = base.network.get_layer(layer.name).get_weights()
            for one, other in zip(layer.get_weights(), theirs, strict=True):
                np.testing.assert_array_equal(one, other)


def test_it_scores_what_the_base_knows_as_the_base_does(carried, other_corpus):
    base, classifier, _ = carried
    documents = other_corpus.splits["test"]
    first, second = (each.raw_outputs(each.candidates(documents)) for each in (base, classifier))
    for name in set(base.relations) & set(classifier.relations):
        np.testing.assert_allclose(
            second[:, 1 + classifier.relations.index(name)],
            first[:, 1 + base.relations.index(name)],
            atol=1e-6,
        )
    np.testing.assert_allclose(second[:, 0], first[:, 0], atol=1e-6)


def test_words_that_are_new_are_carried_with_the_bases(carried):
    base, classifier, _ = carried
    assert "zorgo" in classifier.encoder.words
    assert "zorgo" not in base.encoder.words
    assert set(base.encoder.words) <= set(classifier.encoder.words)
    assert classifier.encoder.types == base.encoder.types


@pytest.mark.parametrize("head", ["attentive_relation_routing", "bilateral_branch"])
def test_another_classifier_starts_anew_on_the_layers_of_the_base(
    head, carried, config, other_corpus, changed
):
    base, _, _ = carried
    other = changed(config, f"classifier.name={head}")
    documents = other_corpus.splits["train"]
    candidates = base.candidates(documents).labelled(other_corpus.relations)

    def new(layers=None):
        encoder, selection = base.encoder, base.selection
        relations = other_corpus.relations
        loss = configured_loss(other, LabelCounts.of(candidates))
        return RelationClassifier.new(
            other, candidates, relations, selection, encoder, loss, layers
        )

    classifier, fresh = new(base.network), new()
    said = warm_start.carry_columns(base, classifier)
    assert "the outputs of all relations start anew" in said
    for one, two in zip(
        classifier.network.classifier.get_weights(),
        fresh.network.classifier.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
    ours, theirs = (each.network.get_layer("bilstm").get_weights() for each in (classifier, base))
    np.testing.assert_array_equal(ours[0], theirs[0])


@pytest.mark.parametrize("freeze", [False, True])
def test_from_training_to_prediction(config, tiny_pairs_run, changed, outputs, tmp_path, freeze):
    settings = [f"training.freeze={'true' if freeze else 'false'}"]
    run = training.train(changed(config, *settings), tmp_path / "run")
    base, classifier = tiny_pairs_run.classifier, run.classifier
    moved = {
        layer.name
        for layer in classifier.network.layers
        for one, other in zip(
            layer.get_weights(), base.network.get_layer(layer.name).get_weights(), strict=True
        )
        if one.shape != other.shape or (one != other).any()
    }
    learning = {layer.name for layer in classifier.network.layers if layer.weights}
    assert moved == ({"scores"} if freeze else learning)
    if not freeze:  # one epoch is a few small steps away, not a new start
        distance = np.abs(
            base.network.get_layer("bilstm").get_weights()[0]
            - classifier.network.get_layer("bilstm").get_weights()[0]
        )
        assert distance.max() < 0.5
    again = mrca.load(run.folder)
    documents = load_corpus(config.data.dataset).splits["test"]
    np.testing.assert_array_equal(outputs(again, documents), outputs(run, documents))
    environment = json.loads((run.folder / "environment.json").read_text())
    assert environment["init_from"]["name"] == str(tiny_pairs_run.folder)


def test_a_base_that_was_trained_again_is_noticed(
    config, tiny_pairs_run, changed, at_start, tmp_path
):
    base = shutil.copytree(tiny_pairs_run.folder, tmp_path / "base")
    config = changed(config, f'training.init_from="{base}"')
    with pytest.raises(KeyboardInterrupt):
        training.train(config, tmp_path / "run", reporter=at_start)
    network = mrca.load(base).classifier.network
    network.set_weights([weight + 1 for weight in network.get_weights()])
    network.save(base / "model.keras")
    with pytest.raises(mrca.MrcaError, match=r"The init_from .* has changed"):
        training.train(config, tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("model.units=9", r"model\.units is 8 and is here 9"),
        ("features.types=false", r"features\.types is True and is here False"),
        ("candidates.max_distance=3", r"candidates\.max_distance is 0 and is here 3"),
    ],
)
def test_layers_of_another_shape_are_refused_in_words(
    config, tiny_pairs_run, changed, setting, said
):
    with pytest.raises(mrca.MrcaError, match=rf"The layers of .*{said}"):
        base_classifier(changed(config, setting), tiny_pairs_run)


def test_what_may_differ_from_the_base(config, tiny_pairs_run, changed):
    for setting in ("loss.name=focal", "training.batch_size=3", "decision.types=seen"):
        found = base_classifier(changed(config, setting), tiny_pairs_run)
        assert found is tiny_pairs_run.classifier
