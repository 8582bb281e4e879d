import os

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.files import kept_array


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path))
    return tmp_path / "states"


def kept(key, shape, compute, dtype="float16"):
    return kept_array(key, shape, compute, dtype, what="the encoder's states")


def fill(value):
    def compute(states):
        states[:] = value

    return compute


def fail(states):
    raise AssertionError("computed again")


def test_computed_once(cache):
    first = kept("one", (3, 2), fill(0.5))
    assert first.dtype == "float16"
    assert first.tolist() == [[0.5, 0.5]] * 3
    again = kept("one", (3, 2), fail)
    np.testing.assert_array_equal(again, first)
    assert isinstance(again, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again[0] = 1


def test_nothing_is_kept_of_what_failed(cache):
    def broken(states):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept("one", (3, 2), broken)
    assert list(cache.iterdir()) == []
    assert kept("one", (3, 2), fill(1))[0, 0] == 1


def test_the_longest_unused_makes_room(cache, monkeypatch):
    monkeypatch.setenv("MRCA_STATES_GB", str(5000 / 1e9))
    for number, name in enumerate(("old", "older", "new")):
        kept(name, (1000, 1), fill(0))
        os.utime(cache / name / "states.npy", (1000 + number, 1000 + number))
        if name == "older":  # used again: now "old" is the one that was not used for longest
            os.utime(cache / "old" / "states.npy", (500, 500))
    assert sorted(path.name for path in cache.iterdir()) == ["new", "older"]


def test_more_than_the_limit_is_refused(cache, monkeypatch):
    monkeypatch.setenv("MRCA_STATES_GB", "0.001")
    with pytest.raises(MrcaError, match=r"take 2\.0 GB, more than the 0\.0 GB .*MRCA_STATES_GB"):
        kept("one", (10**6, 1000), fail)


@pytest.mark.parametrize("limit", ["many", "-1", "nan", "inf"])
def test_a_limit_that_is_none(cache, monkeypatch, limit):
    monkeypatch.setenv("MRCA_STATES_GB", limit)
    with pytest.raises(MrcaError, match="Expected a number of gigabytes"):
        kept("one", (1, 1), fail)


def test_damaged_states_are_computed_again(cache):
    kept("one", (300, 2), fill(1))
    path = cache / "one" / "states.npy"
    path.write_bytes(path.read_bytes()[:200])
    assert kept("one", (300, 2), fill(2))[0, 0] == 2
    path.unlink()
    assert kept("one", (300, 2), fill(3))[0, 0] == 3
    # States of another shape are not these.
    assert kept("one", (4, 2), fill(4)).shape == (4, 2)
    assert [path.name for path in cache.iterdir()] == ["one"]
