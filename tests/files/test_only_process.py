import subprocess
import sys

import pytest

from mrca.errors import MrcaError
from mrca.files import only_process

fcntl = pytest.importorskip("fcntl", reason="locks are not kept on Windows")


def test_one_at_a_time(tmp_path):
    lock = tmp_path / ".lock"
    other = only_process(lock, "busy")
    with only_process(lock, "busy"), pytest.raises(MrcaError, match="busy"), other:
        pass
    with only_process(lock, "busy"):
        pass


def test_no_file_is_changed_that_a_link_leads_to(tmp_path):
    other = tmp_path / "other"
    other.write_text("precious")
    (tmp_path / ".lock").symlink_to(other)
    with pytest.raises(OSError), only_process(tmp_path / ".lock", "busy"):
        pass
    assert other.read_text() == "precious"


def test_the_file_goes_and_its_folder_stays(tmp_path):
    with only_process(tmp_path / "new" / ".lock", "busy"):
        assert (tmp_path / "new" / ".lock").exists()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_file_that_was_given_up_meanwhile_is_no_lock(tmp_path, monkeypatch):
    lock = tmp_path / ".lock"
    real = fcntl.flock

    def slow(opened, how):
        lock.unlink()  # by the process that had it, between opening and locking
        real(opened, how)

    monkeypatch.setattr(fcntl, "flock", slow)
    with pytest.raises(MrcaError, match="busy"), only_process(lock, "busy"):
        pass


def test_what_a_killed_process_had_is_free(tmp_path):
    lock = tmp_path / ".lock"
    code = (
        "import os, sys; from pathlib import Path; from mrca.files import only_process\n"
        "with only_process(Path(sys.argv[1]), 'busy'): os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(lock)], check=False)
    assert killed.returncode == -9 and lock.exists()
    with only_process(lock, "busy"):
        pass
