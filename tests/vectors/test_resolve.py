import dataclasses
import gzip
import hashlib
import os
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import mrca.vectors
from mrca.errors import MrcaError
from mrca.files import RemoteFile, cache_folder
from mrca.vectors import (
    KNOWN_VECTORS,
    VectorStore,
    fetch_vectors,
    find_vectors,
    resolve_vectors,
    word_vectors,
)
from mrca.vectors.registry import default_name
from mrca.vectors.resolve import stored_names

TEXT = "a " + " ".join(["0.5"] * 300) + "\nb " + " ".join(["1.5"] * 300) + "\n"
GLOVE = "glove-wiki-gigaword-300"
REAL_VECTORS = os.environ.get("MRCA_VECTORS_DIR")  # the fixture hides it from the tests


def test_a_path_to_a_store(tmp_path):
    VectorStore.write(tmp_path / "store", ["a"], [[1.0]], "mine")
    assert resolve_vectors(str(tmp_path / "store")).name == "mine"


def test_a_file_is_imported_into_the_cache_once(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(TEXT)
    first = resolve_vectors(str(file))
    assert first.folder.is_relative_to(cache_folder("vectors"))
    assert first.name == "mine"
    made = first.folder.stat().st_mtime_ns
    assert resolve_vectors(str(file)).folder.stat().st_mtime_ns == made
    file.write_text(TEXT.replace("1.5", "2.5"))  # of the same size
    assert resolve_vectors(str(file)).max_entry == 2.5


def test_a_read_only_folder_is_enough(tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "minilm-static.300d.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    folder.chmod(0o555)
    try:
        assert resolve_vectors("minilm-static", folder).name == "minilm-static"
        assert [path.name for path in folder.iterdir()] == ["minilm-static.300d.txt.gz"]
    finally:
        folder.chmod(0o755)


def test_folders_are_searched_in_order(tmp_path, monkeypatch):
    folders = [tmp_path / name for name in ("explicit", "environment")]
    folders += [Path("data/vectors").absolute(), cache_folder("vectors")]
    monkeypatch.setenv("MRCA_VECTORS_DIR", str(folders[1]))
    for folder in reversed(folders):
        VectorStore.write(folder / "mine", ["a"], [[1.0]], str(folder))
        assert resolve_vectors("mine", folders[0]).name == str(folder)
    assert stored_names(folders[0]) == ["mine"]


@pytest.mark.parametrize("name", ["my.txt", "my.300d.txt.gz", "my.gz", "my.bin"])
def test_a_name_finds_files_by_their_endings(tmp_path, name):
    content = TEXT.encode()
    if name == "my.bin":
        content = b"1 2\na " + np.array([0.1, 1.5], "<f4").tobytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    (tmp_path / "my.notes").write_text("not vectors")
    store = resolve_vectors("my", tmp_path)
    assert (store.name, store.max_entry) == ("my", 1.5)


def test_a_store_is_preferred_to_a_file(tmp_path):
    (tmp_path / "my.txt").write_text(TEXT)
    VectorStore.write(tmp_path / "my", ["a"], [[9.0]], "store")
    assert resolve_vectors("my", tmp_path).name == "store"


def test_several_files_are_not_guessed_between(tmp_path):
    (tmp_path / "my.50d.txt").write_text(TEXT)
    (tmp_path / "my.100d.txt").write_text(TEXT)
    with pytest.raises(MrcaError, match=r"my\.100d\.txt, my\.50d\.txt"):
        resolve_vectors("my", tmp_path)


def test_known_vectors_go_by_their_published_names(tmp_path):
    (tmp_path / "glove.6B.300d.txt").write_text(TEXT)
    assert find_vectors(GLOVE, tmp_path) == tmp_path / "glove.6B.300d.txt"
    assert resolve_vectors(GLOVE, tmp_path).name == GLOVE


def test_a_known_name_must_have_its_dimension(tmp_path):
    (tmp_path / "minilm-static.300d.txt.gz").write_bytes(gzip.compress(b"a 1 2\n"))
    with pytest.raises(MrcaError, match="expected vectors of dimension 300, received 2"):
        resolve_vectors("minilm-static", tmp_path)
    VectorStore.write(tmp_path / GLOVE, ["a"], [[1.0, 2.0]], GLOVE)
    with pytest.raises(MrcaError, match="expected vectors of dimension 300, received 2") as raised:
        resolve_vectors(GLOVE, tmp_path)
    assert str(tmp_path / GLOVE) in str(raised.value)
    assert f"mrca vectors fetch {GLOVE} --from-file" in str(raised.value)
    assert "--vectors NAME_OR_PATH: `mrca vectors list`" in str(raised.value)
    VectorStore.write(cache_folder("vectors") / GLOVE, ["a"], [[1.0, 2.0]], GLOVE)
    with pytest.raises(MrcaError, match="received 2"):
        resolve_vectors(GLOVE)


def test_a_misspelt_name_is_met_with_the_nearest(tmp_path):
    with pytest.raises(MrcaError, match="Did you mean 'minilm-static'"):
        resolve_vectors("minilm-statik")
    with pytest.raises(MrcaError, match="Did you mean 'minilm-static'"):
        fetch_vectors("minilm-statik")


def test_what_to_bring_when_nothing_is_found():
    with pytest.raises(MrcaError, match=rf"mrca vectors fetch {GLOVE} --from-file") as raised:
        resolve_vectors(GLOVE, download=False)
    assert "glove.6B.zip" in str(raised.value)
    assert "For a first try: --vectors sample" in str(raised.value)
    assert str(cache_folder("vectors")) in str(raised.value)
    with pytest.raises(MrcaError, match=r"minilm-static\.300d\.txt\.gz"):
        resolve_vectors("minilm-static")
    with pytest.raises(MrcaError, match="import FILE --name mine"):
        resolve_vectors("mine")


@pytest.mark.parametrize("path", ["missing/vectors", "vectors.txt", "", ".", "..", "/"])
def test_paths_that_are_not_there(path):
    with pytest.raises(MrcaError, match=r"No vectors at"):
        resolve_vectors(path)


def test_default_names():
    assert default_name("glove.6B.zip") == GLOVE
    assert default_name("minilm-static.300d.txt.gz") == "minilm-static"
    assert default_name("own.200d.txt") == "own.200d"
    assert default_name(".txt") == ".txt"


def zip_of_glove(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("glove.6B.50d.txt", "a 1\n")
        archive.writestr("glove.6B.300d.txt", TEXT)


def test_fetch_from_a_file_that_was_brought(tmp_path):
    zip_of_glove(tmp_path / "glove.6B.zip")
    (tmp_path / "brought.txt").write_text(TEXT)
    for file in ("glove.6B.zip", "brought.txt"):
        store = fetch_vectors(GLOVE, tmp_path / file)
        assert (store.name, store.dim, store.max_entry) == (GLOVE, 300, 1.5)
    assert resolve_vectors(GLOVE, download=False).folder == store.folder


def test_fetch_refuses_another_file(tmp_path):
    (tmp_path / "other.txt").write_text("a 1 2\n")
    (tmp_path / f"{GLOVE}.gz").write_bytes(gzip.compress(TEXT.encode()))
    with pytest.raises(MrcaError, match="expected vectors of dimension 300, received 2"):
        fetch_vectors(GLOVE, tmp_path / "other.txt")
    with pytest.raises(MrcaError, match="394,362,229 bytes"):
        fetch_vectors(GLOVE, tmp_path / f"{GLOVE}.gz")
    with pytest.raises(MrcaError, match="Cannot read"):
        fetch_vectors(GLOVE, tmp_path / "missing" / f"{GLOVE}.gz")
    with pytest.raises(MrcaError, match="Unknown vectors 'glove'"):
        fetch_vectors("glove")
    assert not cache_folder("vectors").exists()


@pytest.fixture
def server(monkeypatch):
    """Serves a small file in the place of the published one; `/bad` serves something else."""
    content = gzip.compress(b"2 300\n" + TEXT.encode(), mtime=0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = content if self.path == "/good" else b"<html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{running.server_address[1]}"

        def publish(*paths):
            remote = RemoteFile(
                f"{GLOVE}.gz",
                tuple(address + path for path in paths),
                "md5:" + hashlib.md5(content).hexdigest(),
                len(content),
            )
            known = dataclasses.replace(KNOWN_VECTORS[GLOVE], remote=remote)
            monkeypatch.setitem(KNOWN_VECTORS, GLOVE, known)

        yield publish
        running.shutdown()
        thread.join()


def test_known_vectors_are_downloaded_once(server):
    server("/bad", "/good")
    stages = []
    store = resolve_vectors(GLOVE, progress=lambda stage, done, total: stages.append(stage))
    assert (store.name, len(store)) == (GLOVE, 2)
    assert "downloading" in stages
    assert [path.name for path in cache_folder("vectors").iterdir()] == [GLOVE]
    server("/bad")
    assert resolve_vectors(GLOVE).folder == store.folder


def test_a_failed_download_says_what_to_bring(server):
    server("/bad")
    with pytest.raises(MrcaError, match=rf"mrca vectors fetch {GLOVE} --from-file"):
        fetch_vectors(GLOVE)
    assert find_vectors(GLOVE) is None


def test_the_genuine_subset_of_glove():
    folder = REAL_VECTORS
    if not folder:
        pytest.skip("MRCA_VECTORS_DIR is not set")
    store = resolve_vectors(str(Path(folder) / "glove.6B.300d.subset-5171.txt.gz"))
    assert (len(store), store.dim, store.duplicates) == (5171, 300, 0)
    assert store.feature_value == np.ceil(store.vectors.max())
    assert isinstance(store.vectors, np.memmap)
    with gzip.open(Path(folder) / "glove.6B.300d.subset-5171.txt.gz", "rt", encoding="utf-8") as f:
        lines = [line.split(" ") for line in f]
    matrix, known = word_vectors(store, [line[0] for line in lines])
    assert known.all()
    np.testing.assert_allclose(matrix, [[float(x) for x in line[1:]] for line in lines], rtol=1e-6)


# === Vectors that come with the package ===


def test_packaged_vectors_are_there_without_a_download_or_a_search(tmp_path, monkeypatch):
    monkeypatch.setenv("MRCA_VECTORS_DIR", str(tmp_path / "vectors"))
    VectorStore.write(tmp_path / "vectors" / "sample", ["a"], [[1.0]], "sample")
    packaged = [known for known in KNOWN_VECTORS.values() if known.packaged]
    assert [known.name for known in packaged] == ["sample"]
    for known in packaged:
        store = resolve_vectors(known.name, download=False)
        assert store.folder == Path(mrca.vectors.__file__).parent / known.name
        assert store.dim == known.dim
        assert fetch_vectors(known.name).fingerprint == store.fingerprint
