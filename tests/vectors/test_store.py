import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.errors import MrcaError
from mrca.vectors import VectorStore

WORDS = ["zebra", "apple", "Ω", "apples", "a", "été"]


@pytest.fixture
def store(tmp_path):
    matrix = np.arange(12, dtype=np.float64).reshape(6, 2) / 4
    return VectorStore.write(tmp_path / "stores" / "store", WORDS, matrix, "tiny", duplicates=3)


def test_words_are_found_in_row_order(store):
    assert list(store.words()) == WORDS
    assert [store.row(word) for word in WORDS] == list(range(6))
    assert store.rows(["été", "b", "zebra", ""]).tolist() == [5, -1, 0, -1]
    assert "apple" in store
    assert "appl" not in store
    assert "Apple" not in store
    assert 3 not in store
    np.testing.assert_array_equal(store.vectors[store.row("apples")], [1.5, 1.75])


def test_take_copies_rows_in_the_order_asked_for(store):
    taken = store.take(np.array([5, 0, 5]))
    np.testing.assert_array_equal(taken, store.vectors[[5, 0, 5]])
    assert taken.flags.writeable
    assert store.take(np.array([], dtype=np.int64)).shape == (0, 2)
    shutil.rmtree(store.folder)
    with pytest.raises(MrcaError, match="Cannot read"):
        store.take(np.array([0]))


def test_facts(store):
    assert (len(store), store.dim, store.name, store.duplicates) == (6, 2, "tiny", 3)
    assert store.max_entry == 2.75
    assert store.feature_value == 3.0
    assert store.fingerprint.startswith("sha256:")
    assert "tiny" in repr(store)


def test_even_a_small_store_is_a_read_only_memory_map(store):
    again = VectorStore.open(store.folder)
    assert isinstance(again.vectors, np.memmap)
    assert again.vectors.mode == "r"
    assert not again.vectors.flags.writeable
    assert again.vectors.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        again.vectors[0, 0] = 1


def test_no_pickle_in_the_folder(store):
    for name in ("vectors.npy", "offsets.npy", "order.npy"):
        np.load(store.folder / name, allow_pickle=False)
    assert (store.folder / "words.txt").read_text("utf-8").splitlines() == WORDS


def test_fingerprint_depends_on_words_and_values(tmp_path):
    def fingerprint(folder, words, values):
        return VectorStore.write(tmp_path / folder, words, values, "x").fingerprint

    first = fingerprint("1", ["a", "b"], [[1], [2]])
    assert fingerprint("2", ["a", "b"], [[1], [2]]) == first
    assert fingerprint("3", ["a", "c"], [[1], [2]]) != first
    assert fingerprint("4", ["a", "b"], [[1], [3]]) != first


def test_lone_surrogates_are_unknown_words_not_errors(store):
    assert store.row("\ud800") is None
    assert "\udfff" not in store


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\n", codec="utf-8"), min_size=1),
        min_size=1,
        max_size=30,
        unique=True,
    ),
    st.lists(st.text(), max_size=10),
)
@settings(max_examples=40, deadline=None)
def test_look_up_agrees_with_a_dictionary(tmp_path_factory, words, others):
    folder = tmp_path_factory.mktemp("stores") / "store"
    store = VectorStore.write(folder, words, np.ones((len(words), 1)), "x")
    index = {word: row for row, word in enumerate(words)}
    for word in [*words, *others]:
        assert store.row(word) == index.get(word)


@pytest.mark.parametrize(
    ("words", "matrix", "message"),
    [
        ([], np.zeros((0, 2)), "at least one word"),
        (["a", "b"], np.zeros((1, 2)), r"shape \(2, dim\)"),
        (["a"], np.zeros((1, 0)), "shape"),
        (["a"], np.zeros(3), "shape"),
        (["a", "b"], [[1.0], [1.0, 2.0]], "not one of numbers"),
        (["a"], [["x"]], "not one of numbers"),
        (["a", "b"], [[1.0], [float("nan")]], "Row 1"),
        (["a", "b"], [[1.0], [float("-inf")]], "Row 1"),
        (["a"], [[1e300]], "Row 0"),
        (["a", "b", "a"], np.zeros((3, 1)), "word 0 and word 2"),
        (["a", ""], np.zeros((2, 1)), "Word 1"),
        (["a\nb"], np.zeros((1, 1)), "line break"),
        (["\ud800"], np.zeros((1, 1)), "not valid Unicode"),
    ],
)
def test_write_refuses(tmp_path, words, matrix, message):
    with pytest.raises(MrcaError, match=message):
        VectorStore.write(tmp_path / "stores" / "store", words, matrix, "x")
    assert not (tmp_path / "stores").exists()


def test_write_replaces_only_when_told(store):
    with pytest.raises(MrcaError, match="overwrite"):
        VectorStore.write(store.folder, ["new"], [[1.0]], "x")
    assert len(VectorStore.open(store.folder)) == 6
    VectorStore.write(store.folder, ["new"], [[1.0]], "x", overwrite=True)
    assert list(VectorStore.open(store.folder).words()) == ["new"]
    assert [path.name for path in store.folder.parent.iterdir()] == ["store"]


def test_write_never_replaces_another_folder(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(MrcaError, match="not a vector store"):
        VectorStore.write(tmp_path / "mine", ["a"], [[1.0]], "x", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_write_asks_for_room_first(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 5, 5))
    with pytest.raises(MrcaError, match="Not enough room"):
        VectorStore.write(tmp_path / "stores" / "store", ["a"], [[1.0]], "x")
    assert list((tmp_path / "stores").iterdir()) == []


def test_write_leaves_nothing_behind_when_it_fails(store, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(MrcaError, match="No space left"):
        VectorStore.write(store.folder, ["a"], [[1.0]], "x", overwrite=True)
    assert [path.name for path in store.folder.parent.iterdir()] == ["store"]
    assert len(VectorStore.open(store.folder)) == 6


def test_open_says_when_there_is_no_store(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(MrcaError, match="not a vector store"):
            VectorStore.open(folder)


@pytest.mark.parametrize("name", ["vectors.npy", "words.txt", "offsets.npy", "order.npy"])
@pytest.mark.parametrize("damage", ["short", "long", "empty", "missing", "noise"])
def test_open_finds_damaged_files(store, name, damage):
    path = store.folder / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        damaged = {
            "short": content[:-3],
            "long": content + b"xyz",
            "empty": b"",
            "noise": b"\x80\x04noise",
        }[damage]
        path.write_bytes(damaged)
    if damage == "long" and name.endswith(".npy"):
        VectorStore.open(store.folder)  # bytes after an array are not read
        return
    with pytest.raises(MrcaError, match=r"damaged|not a vector store"):
        VectorStore.open(store.folder)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 5}, {"rows": 0}, {"rows": "6"}, {"rows": True}, {"dim": 3}, {"dim": None},
        {"format": "other"}, {"format_version": 2}, {"max_entry": "big"}, {"name": 4},
        {"max_entry": float("nan")}, {"max_entry": 10**400}, {"duplicates": -1},
    ],
)  # fmt: skip
def test_open_checks_the_metadata(store, change):
    path = store.folder / "meta.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(MrcaError, match="damaged"):
        VectorStore.open(store.folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"rows": 1' + b"0" * 9])
def test_open_survives_any_metadata(store, content):
    (store.folder / "meta.json").write_bytes(content)
    with pytest.raises(MrcaError, match="damaged"):
        VectorStore.open(store.folder)


def test_open_refuses_an_order_out_of_range(store):
    np.save(store.folder / "order.npy", np.array([0, 1, 2, 3, 4, 9], dtype=np.int32))
    with pytest.raises(MrcaError, match=r"order\.npy"):
        VectorStore.open(store.folder)


@pytest.mark.parametrize("header", [b"{'descr': \xb0(((\n", b"{'shape': \\\xeb(3"])
def test_an_array_whose_header_is_damaged_is_named(store, header):
    path = store.folder / "offsets.npy"
    content = path.read_bytes()
    path.write_bytes(content[:10] + header + content)
    with pytest.raises(MrcaError, match="is damaged"):
        VectorStore.open(store.folder)
