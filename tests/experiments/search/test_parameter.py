import keras_tuner
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_tuner.engine.hyperparameters import HyperParameter
from pydantic import ValidationError

from mrca.experiments.search.parameter import Parameter

SHARES = st.floats(0, 1)


def value_at(parameter, share):
    """What `declare` gives when KerasTuner chooses the value at a share of the range."""
    hp = keras_tuner.HyperParameters()
    parameter.declare(hp, "x")
    [found] = hp.space
    assert isinstance(found, HyperParameter)
    hp.values["x"] = found.prob_to_value(share)
    return parameter.declare(hp, "x")


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({"min": 100, "max": 300, "step": 100}, [100, 200, 300]),
        ({"min": 0.1, "max": 0.5, "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5]),
        ({"min": 16, "max": 128, "step": 2, "log": True}, [16, 32, 64, 128]),
        ({"min": 1e-4, "max": 1e-2, "step": 10, "log": True}, [1e-4, 1e-3, 1e-2]),
        ({"min": 0, "max": 1, "step": 0.5}, [0, 0.5, 1.0]),
        ({"choices": [0, "column0", True, 1, 1.0]}, [0, "column0", True, 1, 1.0]),
        ({"choices": ["only"]}, ["only"]),
    ],
)
def test_every_value_of_a_step_or_choice_can_be_drawn_exactly(given, values):
    parameter = Parameter(field="a.b", **given)
    found = [value_at(parameter, (place + 0.5) / len(values)) for place in range(len(values))]
    assert found == values
    assert [type(each) for each in found] == [type(each) for each in parameter.values]


@given(SHARES)
def test_a_range_is_never_left(share):
    for given_ in (
        {"min": 1, "max": 5},
        {"min": 1, "max": 5, "log": True},
        {"min": 0.1234567, "max": 0.7654321},
        {"min": 1e-7, "max": 1.0, "log": True},
    ):
        parameter = Parameter(field="a.b", **given_)
        value = value_at(parameter, share)
        assert parameter.min <= value <= parameter.max
        assert type(value) is type(parameter.min)


def test_whole_numbers_reach_both_ends_and_floats_are_short():
    assert {value_at(Parameter(field="a.b", min=1, max=3), share) for share in (0, 0.5, 1)} == {
        1,
        2,
        3,
    }
    assert value_at(Parameter(field="a.b", min=0.0, max=1.0), 1 / 3) == 0.333333


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "choices = "),
        ({"min": 1}, "both min and max"),
        ({"min": 2, "max": 1}, "min to be at most max"),
        ({"min": 0, "max": 1, "log": True}, "above 0"),
        ({"min": 1, "max": 10, "step": 4}, "do not lead to max 10; .* such as 9"),
        ({"min": 1.0, "max": 2.0, "step": 0.3}, "such as 1.9"),
        ({"min": 1, "max": 10, "step": 0}, "more than 0"),
        ({"min": 1, "max": 8, "step": 1, "log": True}, "more than 1"),
        ({"min": 1, "max": 10, "step": 2, "log": True}, "powers of 2 .* such as 8"),
        ({"min": 0.0, "max": 1.0, "step": 1e-300}, "at most 1000 steps"),
        ({"min": 1e-308, "max": 1e308, "step": 1.01, "log": True}, "at most 1000 steps"),
        ({"choices": []}, "1 to 1000 choices"),
        ({"choices": ["a", "a"]}, "'a' twice"),
        ({"choices": [1], "min": 1}, "not both"),
        ({"min": True, "max": 3}, "min"),
        ({"min": float("inf"), "max": 3.0}, "min"),
        ({"choices": [float("nan")]}, "choices"),
        ({"choices": [1], "when": {"a.a": []}}, "at least one value"),
        ({"choices": [1], "when": {"a.a": [1], "a.c": [2]}}, "one searched field"),
    ],
)
def test_what_is_no_parameter_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        Parameter(field="a.b", **given)
