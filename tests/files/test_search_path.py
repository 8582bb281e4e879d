from pathlib import Path

import pytest

from mrca.errors import MrcaError
from mrca.files import cache_folder, search_folders


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("MRCA_DATA_DIR", "MRCA_VECTORS_DIR", "MRCA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_explicit_folder_goes_before_environment_local_and_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("MRCA_DATA_DIR", str(tmp_path / "environment"))
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    assert search_folders("data", tmp_path / "explicit") == [
        tmp_path / "explicit",
        tmp_path / "environment",
        Path("data"),
        tmp_path / "cache" / "data",
    ]


def test_vectors_are_looked_for_in_two_local_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("MRCA_DATA_DIR", str(tmp_path / "not-for-vectors"))
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path))
    assert search_folders("vectors") == [
        Path("data/vectors"),
        Path("data"),
        tmp_path / "vectors",
    ]


def test_a_folder_named_twice_is_searched_once(monkeypatch):
    monkeypatch.setenv("MRCA_DATA_DIR", "data")
    assert search_folders("data", Path("data"))[:2] == [Path("data"), cache_folder("data")]


def test_cache_is_the_users_own_by_default():
    folder = cache_folder("vectors")
    assert folder.is_absolute()
    assert folder.name == "vectors"
    assert "mrca" in folder.parts


def test_a_user_without_a_home_is_told_the_variable_to_set(monkeypatch):
    def nowhere(*_):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_cache_path", nowhere)
    with pytest.raises(MrcaError, match="Set MRCA_CACHE_DIR to a folder"):
        cache_folder("vectors")
