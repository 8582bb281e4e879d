import pytest

from mrca.errors import MrcaError
from mrca.files import only_process

pytest.importorskip("fcntl", reason="locks are not kept on Windows")


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
