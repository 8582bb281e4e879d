import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.experiments.search.setting_axis import SettingAxis, short_names

RISING = ["0.0005", "0.001", "0.002", "0.005"]


@pytest.mark.parametrize(
    ("values", "scale", "texts"),
    [
        ([500, 100, None, 500, 200], None, ["100", "200", "500"]),
        ([True, False], None, ["true", "false"]),
        (["focal", "dice"], None, ["focal", "dice"]),
        ([0.0, 1e-30, 1e-3], None, ["0", "1e-30", "0.001"]),
        (
            [1.2345678e-4, 1.2345e-3, 9.87654e-3],
            "log",
            ["0.0002", "0.0005", "0.001", "0.002", "0.005"],
        ),
        ([0.0123456, 0.4567, 0.876543], "linear", ["0.2", "0.4", "0.6", "0.8"]),
        ([0.123456, 0.876543], "linear", ["0.2", "0.4", "0.6", "0.8"]),
        ([7], None, ["7"]),
        ([0.123456], None, ["0.1235"]),
        ([None], None, []),
        ([0, "column0"], None, ["0", "column0"]),
    ],
)
def test_values_have_the_axis_that_suits_them(values, scale, texts):
    axis = SettingAxis(values, log=scale == "log")
    places = [place for place, _ in axis.ticks]
    distances = {round(after - before, 6) for before, after in itertools.pairwise(places)}
    assert scale == "log" or len(distances) <= 1
    assert [text for _, text in axis.ticks] == texts


def test_numbers_keep_their_order_and_words_stand_above_them():
    axis = SettingAxis([0.312345, 0.712345, "column0", 0, 0.5, 0.6])
    places = axis.places([0, 0.312345, 0.712345, "column0"])
    assert list(places) == sorted(places)
    assert places[0] == 0.0
    assert places[2] < places[3] == 1
    assert math.isnan(axis.places([None])[0])


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(max_size=3),
)


@settings(max_examples=50)
@given(st.lists(st.none() | SCALARS, min_size=1, max_size=20))
def test_every_value_has_a_place_on_its_axis(values):
    axis = SettingAxis(values)
    for value, place in zip(values, axis.places(values), strict=True):
        assert (value is None and math.isnan(place)) or -1e-9 <= place <= 1 + 1e-9
    assert all(-1e-9 <= place <= 1 + 1e-9 for place, _ in axis.ticks)


def test_names_are_as_short_as_they_can_be():
    fields = ["model.hidden", "model.units", "classifier.options.units", "classifier.name"]
    assert short_names(fields) == {
        "model.hidden": "hidden",
        "model.units": "model.units",
        "classifier.options.units": "options.units",
        "classifier.name": "classifier",
    }
