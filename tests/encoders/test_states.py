import numpy as np
import pytest

from mrca.encoders.hub_states import HubStates
from mrca.encoders.states import StateReader
from mrca.encoding import EncodedDocuments, row_starts
from mrca.layers import STATE_POOLINGS, StatePooling


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path))
    return tmp_path / "states"


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
