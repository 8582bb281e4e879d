import math

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import arguments


class Owner:
    """Stands for a loss in messages."""


def test_numbers_become_plain_floats():
    for given in (2, 2.0, np.float32(2), np.int64(2)):
        value = arguments.number(Owner(), "gamma", given)
        assert type(value) is float
        assert value == 2


@pytest.mark.parametrize("bad", [None, True, "2", [2], math.nan, math.inf, -math.inf, 2j])
def test_what_is_no_finite_number_is_named(bad):
    with pytest.raises(MrcaError, match=r"`gamma` of Owner must be a finite number.*Received"):
        arguments.number(Owner(), "gamma", bad)


def test_bounds_are_open_or_closed_as_they_say():
    assert arguments.number(Owner(), "x", 0, at_least=0, at_most=1) == 0
    assert arguments.number(Owner(), "x", 1, at_least=0, at_most=1) == 1
    for value in (0, 1):
        with pytest.raises(MrcaError, match="above 0 and below 1"):
            arguments.number(Owner(), "x", value, above=0, below=1)
    for value in (-1e-9, 1 + 1e-9):
        with pytest.raises(MrcaError, match="at least 0 and at most 1"):
            arguments.number(Owner(), "x", value, at_least=0, at_most=1)


def test_integers():
    assert arguments.positive_integer(Owner(), "top_k", 1) == 1
    for bad in (0, -4, 1.5, 2.0, True, "4", None):
        with pytest.raises(MrcaError, match="`top_k` of Owner must be an integer of at least 1"):
            arguments.positive_integer(Owner(), "top_k", bad)
    assert arguments.even_integer(Owner(), "exponent", 4.0) == 4
    for bad in (0, -2, 3, 2.5, True, "2", math.nan, math.inf, None):
        with pytest.raises(MrcaError, match="`exponent` of Owner must be an even integer"):
            arguments.even_integer(Owner(), "exponent", bad)


def test_choices_are_told_apart_by_type():
    assert arguments.choice(Owner(), "threshold", 0, (0, "column0")) == 0
    assert arguments.choice(Owner(), "norm", None, (None, "by_batch")) is None
    for bad in (False, 0.0, "0", None, "column1"):
        with pytest.raises(MrcaError, match="`threshold` of Owner must be 0 or 'column0'"):
            arguments.choice(Owner(), "threshold", bad, (0, "column0"))


def test_one_and_zero_are_not_booleans():
    assert arguments.boolean(Owner(), "squared", True) is True
    for bad in (0, 1, "true", None):
        with pytest.raises(MrcaError, match="`squared` of Owner must be True or False"):
            arguments.boolean(Owner(), "squared", bad)


@pytest.mark.parametrize("given", [[1, 2.5], (1, 2.5), np.array([1, 2.5]), np.float32([1, 2.5])])
def test_lists_of_numbers_become_plain_lists(given):
    values = arguments.numbers(Owner(), "alpha", given)
    assert values == [1.0, 2.5]
    assert all(type(value) is float for value in values)


def test_the_place_in_a_list_is_named():
    with pytest.raises(MrcaError, match=r"`alpha\[1\]` of Owner.*at least 0.*Received: -1"):
        arguments.numbers(Owner(), "alpha", [1, -1, 2], at_least=0)
    for bad in ([], (), "12", 12, None, {1: 2}, np.array(3.0)):
        with pytest.raises(MrcaError, match="`alpha` of Owner must be a list of numbers"):
            arguments.numbers(Owner(), "alpha", bad)
