import json

import numpy as np
import pytest

from mrca.datasets import CandidateSelection
from mrca.errors import MrcaError
from mrca.evaluation import Isotonic, Temperature
from mrca.losses import AdaptiveThresholding, FixedThreshold
from mrca.models import Decision
from mrca.models.decision import typed_facts
from mrca.text import Document, Entity, Fact, RelationSet, Span

RELATIONS = RelationSet(["born_in", "employs"])
ALLOWED = frozenset({("PER", "born_in", "LOC"), ("ORG", "employs", "PER")})
DOCUMENT = Document(
    ("Ada", "Rome", "Acme", "it"),
    tuple(Entity((Span(i, i + 1),), kind) for i, kind in enumerate(("PER", "LOC", "ORG", ""))),
    facts=(Fact(0, "born_in", 1), Fact(2, "employs", 0), Fact(2, "employs", 3)),
).with_unknown_roles()


@pytest.fixture(scope="module")
def pairs():
    return CandidateSelection("pairs").select([DOCUMENT])


def allowed_of(candidates, cells):
    return {
        (int(subject), int(object_)): [
            name for name, cell in zip(RELATIONS, row, strict=True) if cell
        ]
        for subject, object_, row in zip(
            candidates.subjects, candidates.objects, cells, strict=True
        )
    }


def test_only_facts_between_types_that_are_allowed_are_predicted(pairs):
    decision = Decision(FixedThreshold(0.5), ALLOWED)
    outputs = np.ones((len(pairs), 2), np.float32)
    found = allowed_of(pairs, decision.labels(outputs, pairs, RELATIONS))
    assert found[0, 1] == ["born_in"]
    assert found[2, 0] == ["employs"]
    assert found[1, 0] == found[0, 2] == []
    # An entity without a type is never refused.
    assert found[3, 1] == found[2, 3] == ["born_in", "employs"]
    assert not decision.labels(-outputs, pairs, RELATIONS).any()


def test_scores_are_those_of_the_rule_whatever_is_allowed(pairs):
    outputs = np.random.default_rng(0).normal(size=(len(pairs), 2)).astype("float32")
    rule = FixedThreshold(0.5, "sigmoid")
    scores = Decision(rule, ALLOWED).scores(outputs)
    np.testing.assert_allclose(scores, 1 / (1 + np.exp(-outputs)), rtol=1e-5)


def test_without_types_to_allow_and_for_whole_documents_everything_is_allowed(pairs):
    assert Decision(FixedThreshold(0.5)).allows(pairs, RELATIONS).all()
    whole = CandidateSelection("whole").select([DOCUMENT])
    assert Decision(FixedThreshold(0.5), frozenset()).allows(whole, RELATIONS).all()
    nothing = Decision(FixedThreshold(0.5), frozenset()).allows(pairs, RELATIONS)
    typed = [
        not {subject, object_} & {3}
        for subject, object_ in zip(pairs.subjects.tolist(), pairs.objects.tolist(), strict=True)
    ]
    assert nothing.all(axis=1).tolist() == [not each for each in typed]


def test_a_calibration_makes_the_scores_and_leaves_the_labels(pairs):
    outputs = np.random.default_rng(0).normal(size=(len(pairs), 2)).astype("float32")
    plain = Decision(FixedThreshold(0.3))
    calibrated = plain.with_calibration(Temperature(2.0))
    expected = 1 / (1 + np.exp(-(outputs - 0.3) / 2.0))
    np.testing.assert_allclose(calibrated.scores(outputs), expected, rtol=1e-5)
    np.testing.assert_array_equal(
        calibrated.labels(outputs, pairs, RELATIONS), plain.labels(outputs, pairs, RELATIONS)
    )
    assert calibrated.with_calibration(None) == plain


@pytest.mark.parametrize("threshold", [0.7, [0.2, 0.7]])
def test_a_threshold_that_is_chosen_later_moves_no_probability(pairs, threshold):
    outputs = np.random.default_rng(0).normal(size=(len(pairs), 2)).astype("float32")
    calibrated = Decision(FixedThreshold(0.5), calibration=Temperature(2.0))
    tuned = calibrated.with_rule(FixedThreshold(0.3)).with_rule(FixedThreshold(threshold))
    np.testing.assert_array_equal(tuned.scores(outputs), calibrated.scores(outputs))
    np.testing.assert_array_equal(
        tuned.labels(outputs, pairs, RELATIONS), outputs >= np.float32(threshold)
    )
    # A calibration that is fitted now is one of the margins of the rule as it is now.
    again = tuned.with_calibration(Temperature(2.0))
    expected = Decision(tuned.rule, calibration=Temperature(2.0))
    np.testing.assert_array_equal(again.scores(outputs), expected.scores(outputs))


def test_another_rule_keeps_the_rest():
    decision = Decision(FixedThreshold(0.5), ALLOWED, Temperature(2.0))
    moved = decision.with_rule(FixedThreshold(0.9))
    assert moved.rule.threshold == 0.9
    assert (moved.allowed, moved.calibration) == (decision.allowed, decision.calibration)


@pytest.mark.parametrize(
    "decision",
    [
        Decision(FixedThreshold([0.2, 0.7], "sigmoid")),
        Decision(AdaptiveThresholding().decision_rule, ALLOWED),
        Decision(FixedThreshold(0.5), frozenset(), Temperature(1.5)),
        Decision(FixedThreshold(0.5), None, Temperature(1.5)).with_rule(FixedThreshold(0.9)),
        Decision(
            FixedThreshold(0.5),
            calibration=Isotonic([([-1, 1], [0.2, 0.6]), None], shared=([0], [0.1])),
        ),
    ],
    ids=["rule", "allowed", "temperature", "tuned later", "isotonic"],
)
def test_config_is_json_and_comes_back(decision):
    config = json.loads(json.dumps(decision.get_config()))
    back = Decision.from_config(config)
    assert back.get_config() == config
    assert back.allowed == decision.allowed
    columns = 2 + isinstance(decision.rule, type(AdaptiveThresholding().decision_rule))
    outputs = np.random.default_rng(0).normal(size=(4, columns)).astype("float32")
    np.testing.assert_array_equal(back.scores(outputs), decision.scores(outputs))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "rule"),
        ([1], "rule"),
        ({"rule": "no_such"}, "no_such"),
        ({"rule": "fixed_threshold", "colour": 1}, "colour"),
        ({"rule": "fixed_threshold", "allowed": "PER"}, r'"allowed" should be a list of \[subject'),
        ({"rule": "fixed_threshold", "allowed": [["PER", "born_in"]]}, '"allowed" should be'),
        ({"rule": "fixed_threshold", "allowed": [["PER", "born_in", 1]]}, '"allowed" should be'),
        ({"rule": "fixed_threshold", "calibration": {"calibration": "no_such"}}, "alibration"),
        (
            {"rule": "fixed_threshold", "calibration": {"calibration": "temperature", "value": -1}},
            "-1",
        ),
        ({"rule": "fixed_threshold", "calibration": 3}, "alibration"),
    ],
    ids=str,
)
def test_what_is_no_decision_is_refused(config, said):
    with pytest.raises(MrcaError, match=said):
        Decision.from_config(config)


def test_the_types_between_which_facts_stand():
    assert typed_facts([DOCUMENT]) == ALLOWED  # one fact's object has no type
    assert typed_facts([]) == frozenset()


def test_what_is_eligible_is_allowed_and_among_the_best(pairs):
    decision = Decision(FixedThreshold(0.5, top_k=1), ALLOWED)
    outputs = np.tile(np.float32([[0.9, 0.8]]), (len(pairs), 1))
    found = allowed_of(pairs, decision.eligible(outputs, pairs, RELATIONS))
    assert found[0, 1] == found[3, 1] == ["born_in"]
    assert found[2, 0] == []
    assert allowed_of(pairs, decision.labels(outputs, pairs, RELATIONS)) == found


def test_a_large_matrix_is_decided_in_blocks_of_rows_to_the_same(monkeypatch):
    outputs = np.random.default_rng(0).normal(size=(7, 2)).astype("float32")
    candidates = CandidateSelection("whole").select([DOCUMENT] * 7)
    calibrated = Decision(FixedThreshold(0.5, "sigmoid"), calibration=Temperature(2.0))

    def made():
        return [
            part
            for decision in (calibrated, calibrated.with_calibration(None))
            for part in (
                decision.scores(outputs),
                decision.labels(outputs, candidates, RELATIONS),
                decision.eligible(outputs, candidates, RELATIONS),
            )
        ]

    expected = made()
    monkeypatch.setattr("mrca.evaluation.row_blocks._CELLS", 5)
    for found, same in zip(made(), expected, strict=True):
        np.testing.assert_allclose(found, same, rtol=1e-6)
        assert found.dtype == same.dtype
