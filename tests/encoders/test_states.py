import os

import numpy as np
import pytest

from mrca.encoders.hub_states import HubStates
from mrca.encoders.states import StateReader, stored_states
from mrca.encoding import EncodedDocuments, row_starts
from mrca.errors import MrcaError
from mrca.layers import STATE_POOLINGS, StatePooling


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path))
    return tmp_path / "states"


def fill(value):
    def compute(states):
        states[:] = value

    return compute


def fail(states):
    raise AssertionError("computed again")


def test_computed_once(cache):
    first = stored_states("one", (3, 2), fill(0.5))
    assert first.dtype == "float16"
    assert first.tolist() == [[0.5, 0.5]] * 3
    again = stored_states("one", (3, 2), fail)
    np.testing.assert_array_equal(again, first)
    assert isinstance(again, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again[0] = 1


def test_nothing_is_kept_of_what_failed(cache):
    def broken(states):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stored_states("one", (3, 2), broken)
    assert list(cache.iterdir()) == []
    assert stored_states("one", (3, 2), fill(1))[0, 0] == 1


def test_the_longest_unused_makes_room(cache, monkeypatch):
    monkeypatch.setenv("MRCA_STATES_GB", str(5000 / 1e9))
    for number, name in enumerate(("old", "older", "new")):
        stored_states(name, (1000, 1), fill(0))
        os.utime(cache / name / "states.npy", (1000 + number, 1000 + number))
        if name == "older":  # used again: now "old" is the one that was not used for longest
            os.utime(cache / "old" / "states.npy", (500, 500))
    assert sorted(path.name for path in cache.iterdir()) == ["new", "older"]


def test_more_than_the_limit_is_refused(cache, monkeypatch):
    monkeypatch.setenv("MRCA_STATES_GB", "0.001")
    with pytest.raises(MrcaError, match=r"take 2\.0 GB, more than the 0\.0 GB .*MRCA_STATES_GB"):
        stored_states("one", (10**6, 1000), fail)


@pytest.mark.parametrize("limit", ["many", "-1", "nan", "inf"])
def test_a_limit_that_is_none(cache, monkeypatch, limit):
    monkeypatch.setenv("MRCA_STATES_GB", limit)
    with pytest.raises(MrcaError, match="Expected a number of gigabytes"):
        stored_states("one", (1, 1), fail)


def test_damaged_states_are_computed_again(cache):
    stored_states("one", (300, 2), fill(1))
    path = cache / "one" / "states.npy"
    path.write_bytes(path.read_bytes()[:200])
    assert stored_states("one", (300, 2), fill(2))[0, 0] == 2
    path.unlink()
    assert stored_states("one", (300, 2), fill(3))[0, 0] == 3
    # States of another shape are not these.
    assert stored_states("one", (4, 2), fill(4)).shape == (4, 2)
    assert [path.name for path in cache.iterdir()] == ["one"]


# === Reading with an encoder ===

LENGTHS = [9, 3, 5, 9]


@pytest.fixture(scope="module")
def pieces():
    generator = np.random.default_rng(4)
    total = sum(LENGTHS)
    arrays = {
        "pieces": generator.integers(10, 60, total).astype("int32"),
        "role": generator.integers(-1, 2, total).astype("int8"),
        "case": generator.integers(-1, 2, total).astype("int8"),
    }
    return EncodedDocuments(arrays, row_starts(LENGTHS))


@pytest.fixture(scope="module")
def encoder(hub_module):
    return HubStates(hub_module)


def states_of(encoder, pieces, row):
    start, end = pieces.starts[row : row + 2]
    ids = pieces.arrays["pieces"][None, start:end]
    return np.asarray(encoder(ids, np.array([end - start], "int32")))[0]


def test_every_piece_has_its_state_in_half_precision(encoder, pieces, cache):
    read = StateReader(encoder).read(pieces)
    assert read.arrays["states"].dtype == "float16"
    assert read.arrays.keys() == {"states", "role", "case"}
    np.testing.assert_array_equal(read.starts, pieces.starts)
    for row in range(4):
        start, end = pieces.starts[row : row + 2]
        np.testing.assert_allclose(
            read.arrays["states"][start:end], states_of(encoder, pieces, row), atol=2e-3
        )
    assert not cache.exists()  # nothing was to be kept


@pytest.mark.parametrize("pooling", STATE_POOLINGS)
def test_where_they_are_only_pooled_the_pooled_vector_is_kept(encoder, pieces, pooling):
    reader = StateReader(encoder, pooling)
    read = reader.read(pieces)
    assert read.arrays["states"].shape == (4, reader.width)
    assert read.lengths.tolist() == [1] * 4
    for row in range(4):
        start, end = pieces.starts[row : row + 2]
        roles = pieces.arrays["role"][None, start:end]
        expected = StatePooling(pooling)(
            states_of(encoder, pieces, row)[None], roles, np.array([end - start], "int32")
        )
        np.testing.assert_allclose(read.arrays["states"][row], np.asarray(expected)[0], atol=2e-3)


def test_kept_states_are_read_again_and_told_apart(encoder, pieces, cache, monkeypatch):
    told = []
    reader = StateReader(encoder)
    reader.progress = lambda done, total: told.append((done, total))
    first = reader.read(pieces, keep=True).arrays["states"]
    assert told[-1] == (4, 4)
    assert len(list(cache.iterdir())) == 1
    other = EncodedDocuments(
        {**pieces.arrays, "pieces": pieces.arrays["pieces"][::-1].copy()}, pieces.starts
    )
    StateReader(encoder).read(other, keep=True)
    StateReader(encoder, "mean").read(pieces, keep=True)
    assert len(list(cache.iterdir())) == 3
    monkeypatch.setattr(StateReader, "_compute", None)
    np.testing.assert_array_equal(
        StateReader(encoder).read(pieces, keep=True).arrays["states"], first
    )
