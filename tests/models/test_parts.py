import json
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from mrca.config import RunConfig
from mrca.datasets import CandidateSelection, load_corpus
from mrca.errors import MrcaError
from mrca.losses import AdaptiveThresholding, decision_rule_from_config
from mrca.models import Decision, RelationClassifier
from mrca.models.parts import (
    Types,
    check_candidates,
    check_rules,
    entity_types,
    load_network,
    network_size,
    read_parts,
    read_types,
    training_candidates,
    write_described,
)
from mrca.runs import layout
from mrca.text import Document, Entity, Fact, RelationSet, Span


def document(*types, facts=()):
    entities = tuple(Entity((Span(i, i + 1),), kind) for i, kind in enumerate(types))
    row = Document(
        tuple("w" * len(types)), entities, facts=facts, labels=tuple(f[1] for f in facts)
    )
    return row.with_unknown_roles()


def test_types_are_those_of_the_documents_sorted_without_none():
    assert entity_types([document("PER", ""), document("LOC", "PER")]) == ("LOC", "PER")
    assert entity_types([]) == ()


def test_training_candidates_follow_the_configuration():
    rows = [document("PER", "LOC", facts=(Fact(0, "in", 1),)), document("PER", "PER", "LOC")]
    given = [Document(row.tokens, row.entities, row.facts, row.labels, (0,), (1,)) for row in rows]
    relations = RelationSet(["in"])

    def asked(*settings, documents=rows):
        config = RunConfig().changed(dict(settings))
        selection, candidates = training_candidates(config, documents, relations)
        assert selection.select(documents).counts.sum() <= len(candidates)
        return candidates.counts.tolist()

    pairs = ("candidates.kind", "pairs")
    assert asked() == [1, 1]
    assert asked(pairs) == [2, 6]
    assert asked(pairs, documents=given) == [1, 1]
    assert asked(pairs, ("data.roles", "unknown"), documents=given) == [2, 6]
    # Training relates a person to a place alone.
    assert asked(pairs, ("candidates.types", "seen")) == [1, 2]
    assert asked(pairs, ("candidates.max_distance", 1)) == [2, 6]


def test_what_describes_a_run_comes_back(tiny_pairs_run, tmp_path):
    classifier = tiny_pairs_run.classifier
    write_described(tmp_path, classifier)
    assert classifier.types
    assert read_types(tmp_path) == Types(classifier.types, classifier.selection.type_pairs)
    layout.write_json(tmp_path / layout.DECISION, classifier.decision.get_config())
    parts = read_parts(tmp_path, classifier.config)
    assert parts["relations"] == classifier.relations
    assert parts["label_counts"] == classifier.label_counts
    assert parts["selection"] == classifier.selection
    assert parts["decision"].get_config() == classifier.decision.get_config()


def test_a_run_without_types_has_no_file_of_them(tiny_run, tmp_path):
    write_described(tmp_path, tiny_run.classifier)
    assert not (tmp_path / layout.TYPES).exists()
    assert read_types(tmp_path) == Types()


@pytest.fixture
def copy(tiny_pairs_run, tmp_path):
    return shutil.copytree(tiny_pairs_run.folder, tmp_path / "copy")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (layout.TYPES, '{"features": 3}', "types.json does not hold what it should"),
        (layout.TYPES, '{"features": [], "pairs": [["PER"]]}', "types.json does not hold"),
        (layout.LABEL_COUNTS, '{"num_samples": 3, "counts": {}}', "label_counts.json does not"),
        (layout.DECISION, '{"rule": "fixed_threshold", "threshold": [0.1, 0.2]}', "2 thresholds"),
        (layout.DECISION, "{", "decision.json"),
        (layout.RELATIONS, '["only_one", "only_one"]', "only_one"),
    ],
)
def test_damaged_parts_are_named(copy, name, content, said):
    (copy / name).write_text(content)
    with pytest.raises(MrcaError, match=said):
        read_parts(copy, layout.read_config(copy))


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "fixed_threshold", "threshold": 0.5},
        {"rule": "largest_score"},
        {"rule": "zero_threshold"},
        {"rule": "segment_thresholds", "segments": [0, 1, *[1] * 40]},
    ],
    ids=lambda rule: rule["rule"],
)
@pytest.mark.parametrize("place", ["rule", "calibrated_rule"])
def test_another_losss_decision_is_refused(rule, place):
    own = AdaptiveThresholding().decision_rule
    foreign = decision_rule_from_config(rule)
    decision = Decision(**{"rule": own, place: foreign})
    with pytest.raises(MrcaError, match=rf"'{rule['rule']}' otherwise .* by 'threshold_column'"):
        check_rules(decision, own, Path("run"))


def test_a_chosen_threshold_and_limit_are_the_losss_own_decision():
    own = AdaptiveThresholding().decision_rule
    chosen = own.with_threshold([0.1, 0.2]).with_top_k(3)
    check_rules(Decision(chosen, calibrated_rule=own), own, Path("run"))


def test_a_run_with_another_losss_decision_is_not_opened(copy):
    (copy / layout.DECISION).write_text('{"rule": "fixed_threshold", "threshold": 0.5}')
    with pytest.raises(MrcaError, match="Bring back the file"):
        RelationClassifier.from_preset(copy)


def test_a_file_that_holds_no_network_is_named(copy, tmp_path):
    (copy / layout.NETWORK).write_bytes(b"not a model")
    with pytest.raises(MrcaError, match=r"Cannot read .*model\.keras"):
        load_network(copy)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save(copy / layout.NETWORK)
    with pytest.raises(MrcaError, match="holds a Sequential, not a RelationNetwork"):
        load_network(copy)


@pytest.mark.parametrize("fixture", ["tiny_run", "tiny_pairs_run"])
def test_a_size_is_that_of_what_is_trained(fixture, request, sample_slice):
    classifier = request.getfixturevalue(fixture).classifier
    found = network_size(classifier.config, classifier.encoder, classifier.columns)
    assert found == classifier.count_params()
    width = classifier.representation_width
    head = network_size(classifier.config, classifier.encoder, classifier.columns, width)
    assert head == classifier.network.classifier.count_params()


def test_label_counts_are_those_of_the_candidates(tiny_pairs_run, sample_slice):
    classifier = tiny_pairs_run.classifier
    documents = load_corpus("sample", sample_slice).splits["train"]
    candidates = classifier.candidates(documents).labelled(classifier.relations)
    saved = json.loads((tiny_pairs_run.folder / layout.LABEL_COUNTS).read_text())
    assert saved["num_samples"] == len(candidates)
    assert list(saved["counts"].values()) == candidates.labels.sum(axis=0).tolist()


def test_pairs_without_a_relation():
    relations, entities = RelationSet(["met"]), (Entity((Span(0, 1),)), Entity((Span(2, 3),)))
    alone = Document(("Ada", "met", "Bob"), entities, (), ("met",), (0, 1), (0, 1))
    itself = replace(alone, facts=(Fact(0, "met", 0),))

    def candidates(kind, *documents):
        return CandidateSelection(kind).select(documents).labelled(relations)

    check_candidates(candidates("whole", alone), "training")
    check_candidates(candidates("pairs", alone, replace(alone, facts=(Fact(0, "met", 1),))), "it")
    with pytest.raises(
        MrcaError, match=r"in training .*1 of its 2 doc.*1 facts are of other.*--recipe mrca"
    ):
        check_candidates(candidates("pairs", alone, itself), "training")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('entity_pooling = "mean_max"', 'entity_pooling = "mean"'),
        ('pair_context = "attention"', 'pair_context = "mean_max"'),
    ],
)
def test_a_network_of_other_layers_than_the_configuration_is_refused(
    tiny_pairs_run, tmp_path, was, now
):
    folder = shutil.copytree(tiny_pairs_run.folder, tmp_path / "run")
    config = (folder / layout.CONFIG).read_text()
    assert was in config
    (folder / layout.CONFIG).write_text(config.replace(was, now))
    with pytest.raises(MrcaError, match=rf"does not fit config\.toml.*{now.split()[0]}"):
        RelationClassifier.from_preset(folder)
