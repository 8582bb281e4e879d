import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.isotonic import IsotonicRegression

from mrca.errors import MrcaError
from mrca.evaluation.calibration import (
    CALIBRATIONS,
    Isotonic,
    Temperature,
    calibration_from_config,
    expected_calibration_error,
    reliability,
)


def sigmoid(margins):
    return 1 / (1 + np.exp(-np.asarray(margins, float)))


def simulated(rows=4000, relations=5, seed=0):
    """Margins whose sigmoid is the probability with which their labels were drawn."""
    generator = np.random.default_rng(seed)
    margins = generator.normal(-2, 2, (rows, relations))
    return generator.random(margins.shape) < sigmoid(margins), margins


LABELS, MARGINS = simulated()


# --- how far scores are from shares


def test_the_bins_are_those_of_the_formula():
    generator = np.random.default_rng(1)
    scores = generator.random(103)
    labels = generator.random(103) < 0.3
    found = reliability(labels, scores, bins=10)
    parts = np.array_split(np.argsort(scores), 10)
    assert sorted(found.counts) == sorted(map(len, parts))  # equally many, but for one
    # the same cells, cut where the bins of the code are
    parts = np.split(np.argsort(scores), np.cumsum(found.counts)[:-1])
    np.testing.assert_allclose(found.scores, [scores[part].mean() for part in parts])
    np.testing.assert_allclose(found.positives, [labels[part].mean() for part in parts])
    gaps = [len(part) * abs(scores[part].mean() - labels[part].mean()) for part in parts]
    assert expected_calibration_error(labels, scores, 10) == pytest.approx(sum(gaps) / 103)


def test_perfect_probabilities_have_a_small_error_and_overconfident_ones_a_large():
    perfect = expected_calibration_error(LABELS, sigmoid(MARGINS))
    overconfident = expected_calibration_error(LABELS, sigmoid(4 * MARGINS))
    assert perfect < 0.01
    assert overconfident > 0.06


cells = st.integers(1, 40).flatmap(
    lambda number: st.tuples(
        hnp.arrays(bool, number),
        hnp.arrays(np.float32, number, elements=st.sampled_from([0, 0.125, 0.25, 0.5, 1])),
    )
)


@given(cells, st.integers(1, 20), st.randoms(use_true_random=False))
def test_the_order_of_cells_with_equal_scores_says_nothing(pair, bins, random):
    labels, scores = pair
    found = reliability(labels, scores, bins)
    assert 1 <= len(found.counts) <= bins
    assert found.counts.sum() == found.histogram.sum() == len(labels)
    assert (np.diff(found.scores) > 0).all()
    assert 0 <= found.error <= 1
    order = list(range(len(labels)))
    random.shuffle(order)
    again = reliability(labels[order], scores[order], bins)
    assert again.to_dict() == found.to_dict()


def test_a_share_that_equals_the_score_of_many_equal_cells_is_no_error():
    labels = np.repeat([1, 0], [30, 70])
    assert expected_calibration_error(labels, np.full(100, 0.3)) == pytest.approx(0)


def test_cells_of_any_shape_and_those_that_were_chosen():
    scores = sigmoid(MARGINS)
    flat = reliability(LABELS.ravel(), scores.ravel())
    assert reliability(LABELS, scores).to_dict() == flat.to_dict()
    stacked = reliability(LABELS.reshape(2, -1, 5), scores.reshape(2, -1, 5))
    assert stacked.to_dict() == flat.to_dict()
    chosen = scores > 0.5
    some = reliability(LABELS[chosen], scores[chosen])
    assert some.counts.sum() == chosen.sum()
    assert some.scores[0] > 0.5
    assert some.histogram[:10].sum() == 0
    assert json.loads(json.dumps(some.to_dict()))["error"] == some.error


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([], [], "at least one cell"),
        ([1, 0], [0.5], "one shape"),
        ([1, 0], [0.5, 1.2], r"from 0 to 1. Received some from 0.5 to 1.2"),
        ([1, 0], [-3.0, 0.2], "probabilities"),
        ([1, 0], [0.5, float("nan")], "finite"),
        ([0.3, 0.6], [0.5, 0.5], "labels as bool"),
    ],
)
def test_what_has_no_reliability_is_refused(labels, scores, message):
    for function in (reliability, expected_calibration_error):
        with pytest.raises(MrcaError, match=message):
            function(labels, scores)


def test_no_bins_are_refused():
    with pytest.raises(MrcaError, match="at least one bin"):
        reliability([1], [0.5], bins=0)


# --- temperature


@pytest.mark.parametrize("scale", [0.05, 0.5, 1, 3, 40])
def test_a_temperature_takes_back_what_margins_were_multiplied_by(scale):
    labels, margins = simulated(seed=3)
    once = Temperature.fit(labels, margins).value
    assert once == pytest.approx(1, abs=0.06)
    assert Temperature.fit(labels, margins * scale).value == pytest.approx(once * scale, rel=1e-5)


def test_no_other_temperature_has_a_lower_log_loss():
    labels, margins = simulated(rows=200, seed=4)
    margins += 1.5

    def loss(temperature):
        return np.logaddexp(0, np.where(labels, -margins, margins) / temperature).mean()

    best = Temperature.fit(labels, margins).value
    assert all(loss(best) <= loss(best * factor) for factor in (0.5, 0.9, 0.999, 1.001, 1.1, 2))


def test_a_temperature_stays_within_bounds():
    apart = Temperature.fit([[1, 0]], [[2.0, -1.0]])
    assert apart.value == 0.001
    assert apart([[2.0, -1.0]]).tolist() == [[1, 0]]
    assert Temperature.fit([[1, 0]], [[-2.0, 1.0]]).value == 1000
    assert Temperature.fit([[1, 0]], [[0.0, 0.0]]).value == 1000


def test_a_temperature_keeps_the_ranking_and_the_decision_far_out_too():
    margins = np.array([[-200.0, -80.0, -1e-3, 0.0, 2.0, 8.0]])
    found = Temperature(2)(margins)
    assert found.dtype == np.float32
    assert (np.diff(found[0]) > 0).all()
    assert found[0, 3] == 0.5
    assert Temperature(1e-3)([[-1e30, 1e30]]).tolist() == [[0, 1]]


# --- isotonic regression


def test_relations_with_enough_positives_have_a_curve_of_their_own():
    labels, margins = simulated(rows=600, relations=3, seed=5)
    labels[:, 2] = False
    labels[:9, 2] = True
    calibration = Isotonic.fit(labels, margins)
    assert [each is None for each in calibration.points] == [False, False, True]
    found = calibration(margins)
    assert found.dtype == np.float32
    for column in (0, 1):
        model = IsotonicRegression().fit(margins[:, column], labels[:, column].astype(float))
        np.testing.assert_allclose(
            found[:, column], model.predict(margins[:, column]), rtol=1e-6, atol=1e-7
        )
    pooled = IsotonicRegression().fit(margins.ravel(), labels.ravel().astype(float))
    np.testing.assert_allclose(found[:, 2], pooled.predict(margins[:, 2]), rtol=1e-6, atol=1e-7)
    assert Isotonic.fit(labels, margins, min_positives=9).points[2] is not None


some_margins = st.floats(-50, 50, width=32)


@given(
    st.tuples(st.integers(1, 25), st.integers(1, 3)).flatmap(
        lambda shape: st.tuples(
            hnp.arrays(bool, shape), hnp.arrays(np.float32, shape, elements=some_margins)
        )
    ),
    st.lists(some_margins, min_size=2, max_size=30),
    st.integers(0, 4),
)
def test_a_higher_margin_never_has_a_lower_probability(pair, others, min_positives):
    labels, margins = pair
    assume(labels.any())
    calibration = Isotonic.fit(labels, margins, min_positives)
    ranked = np.sort(np.concatenate([others, margins.ravel()]))
    found = calibration(np.repeat(ranked[:, None], labels.shape[1], axis=1))
    assert (np.diff(found, axis=0) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= 1
    again = calibration_from_config(json.loads(json.dumps(calibration.get_config())))
    np.testing.assert_array_equal(again(margins), calibration(margins))
    # on what it was fitted on, it says as many positives as there are
    if all(each is not None for each in calibration.points):
        np.testing.assert_allclose(
            calibration(margins).sum(axis=0), labels.sum(axis=0), rtol=1e-5, atol=1e-5
        )


def test_margins_of_other_relations_are_refused():
    calibration = Isotonic([None, None], ([0.0], [0.5]))
    with pytest.raises(MrcaError, match=r"fitted on 2 relations.*\(4, 3\)"):
        calibration(np.zeros((4, 3)))


# --- both


@pytest.mark.parametrize("kind", CALIBRATIONS.values(), ids=list(CALIBRATIONS))
def test_calibration_helps_on_other_rows_and_lives_in_json(kind):
    labels, margins = simulated(seed=6)
    calibration = kind.fit(labels, 3 * margins)
    before = expected_calibration_error(LABELS, sigmoid(3 * MARGINS))
    after = calibration(3 * MARGINS)
    assert before > 0.05
    assert expected_calibration_error(LABELS, after) < before / 4
    again = calibration_from_config(json.loads(json.dumps(calibration.get_config())))
    assert type(again) is kind
    np.testing.assert_array_equal(again(3 * MARGINS), after)


@pytest.mark.parametrize("kind", CALIBRATIONS.values(), ids=list(CALIBRATIONS))
def test_what_cannot_be_fitted_or_calibrated_is_refused(kind):
    with pytest.raises(MrcaError, match="no positive label"):
        kind.fit([[0, 0]], [[0.1, 0.2]])
    with pytest.raises(MrcaError, match="Labels and margins must have one shape"):
        kind.fit([[1, 0]], [[0.1, 0.2, 0.3]])
    for broken in (np.nan, np.inf):
        with pytest.raises(MrcaError, match=r"Margins must be finite.*row 0, relation column 1"):
            kind.fit([[1, 0]], [[0.1, broken]])
        with pytest.raises(MrcaError, match="Margins must be finite"):
            kind.fit([[1, 0]], [[0.1, -0.2]])([[0.0, broken]])
    with pytest.raises(MrcaError, match=r"\(rows, relations\). Received shape \(2,\)"):
        kind.fit([[1, 0]], [[0.1, -0.2]])([0.0, 1.0])


CURVE = [[0.0, 1.0], [0.1, 0.2]]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "Unknown calibration None"),
        ({}, "Unknown calibration None"),
        ({"calibration": "beta"}, r"Unknown calibration 'beta'.*\['isotonic', 'temperature'\]"),
        ({"calibration": ["temperature"]}, "Unknown calibration"),
        ({"calibration": "temperature"}, "does not take"),
        ({"calibration": "temperature", "value": 1.0, "bias": 2.0}, "does not take"),
        *(
            ({"calibration": "temperature", "value": value}, "finite number above 0")
            for value in (0, -1.0, float("nan"), float("inf"), "1", None, True, [1.0])
        ),
        ({"calibration": "isotonic", "points": [CURVE]}, "does not take"),
        *(
            ({"calibration": "isotonic", "points": points, "shared": CURVE}, "`points` of")
            for points in ([], None, "ab", {"0": CURVE})
        ),
        *(
            (
                {"calibration": "isotonic", "points": [None, curve], "shared": CURVE},
                r"`points\[1\]` of Isotonic",
            )
            for curve in (
                [],
                [[], []],
                5,
                "12",
                [[0.0, 1.0]],
                [[0.0, 1.0], [0.1]],
                [[0.0, 0.0], [0.1, 0.2]],
                [[1.0, 0.0], [0.1, 0.2]],
                [[0.0, 1.0], [0.2, 0.1]],
                [[0.0, 1.0], [0.2, 1.1]],
                [[0.0, 1.0], [-0.2, 1.0]],
                [[0.0, 1.0], [0.2, float("nan")]],
                [[0.0], [float("nan")]],
                [[float("nan")], [0.5]],
                [[0.0, float("inf")], [0.2, 0.3]],
                [["a"], [0.5]],
                [[[0.0]], [[0.5]]],
            )
        ),
        ({"calibration": "isotonic", "points": [None], "shared": None}, "`shared` of Isotonic"),
    ],
)
def test_a_file_that_holds_no_calibration_is_refused(config, message):
    with pytest.raises(MrcaError, match=message):
        calibration_from_config(config)
