import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mrca.errors import MrcaError
from mrca.files import replace_folder, require_room, whole_file, whole_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_in_a_folder_that_is_made(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with whole_file(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert names(path.parent) == ["a.txt"]


def test_a_failure_keeps_the_old_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(MrcaError, match="broken"), whole_file(path) as temporary:
        temporary.write_text("half")
        raise MrcaError("broken")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_who_looks_into_folders_meanwhile_meets_none_that_goes(tmp_path):
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
        assert not any(path.is_dir() for path in tmp_path.iterdir())


def left_by(process, tmp_path, machine=None):
    """What a killed process of a machine left of the file `a.txt`."""
    left = tmp_path / f".a.txt.{machine or platform.node()}.{process}-x1y2.partial"
    left.mkdir()
    (left / "a.txt").write_text("half")
    return left


def ended_process():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_a_killed_process_left_goes(tmp_path):
    left_by(ended_process(), tmp_path)
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


def test_what_others_are_at_stays(tmp_path):
    ended = ended_process()
    (tmp_path / ".a.txt.partial").write_text("of no process")
    others = [
        left_by(os.getpid(), tmp_path),
        left_by(ended, tmp_path, "another-machine"),
        left_by("me", tmp_path),
        tmp_path / ".a.txt.partial",
    ]
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert all(each.exists() for each in others)


def test_no_link_that_lies_there_is_followed(tmp_path):
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "precious").write_text("mine")
    (folder / ".a.txt.partial").symlink_to(outside / "precious")
    left = f".a.txt.{platform.node()}.{ended_process()}-x1y2.partial"
    (folder / left).symlink_to(outside, target_is_directory=True)
    with whole_file(folder / "a.txt") as temporary:
        temporary.write_text("new")
    assert (outside / "precious").read_text() == "mine"
    assert (folder / "a.txt").read_text() == "new"


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "a.txt").symlink_to("precious")
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "a.txt").is_symlink()


def test_what_was_left_of_another_name_goes_too(tmp_path):
    left = tmp_path / f".[b]*.{platform.node()}.{ended_process()}-x1y2.partial"
    left.mkdir()
    mine = tmp_path / f".notes.{platform.node()}.txt"
    mine.write_text("of no process")
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert names(tmp_path) == sorted([mine.name, "a.txt"])


@pytest.fixture
def folders(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "content").write_text(name)
    return tmp_path / "new", tmp_path / "old"


def test_a_folder_takes_the_place_of_another(folders, tmp_path):
    replace_folder(*folders)
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old" / "content").read_text() == "new"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot exchange two names")
def test_the_name_is_a_folders_at_any_moment(folders, tmp_path, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(*folders)
    assert (tmp_path / "old" / "content").read_text() == "new"


def test_a_folder_may_take_a_free_place(folders, tmp_path):
    replace_folder(folders[0], tmp_path / "free")
    assert names(tmp_path) == ["free", "old"]


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(folders, tmp_path):
    shutil.rmtree(folders[0])
    with pytest.raises(OSError, match="new"):
        replace_folder(*folders)
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old" / "content").read_text() == "old"


def test_room_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 0, 2 * 10**6)
    )
    require_room(tmp_path, 2 * 10**6, "the vectors")
    with pytest.raises(MrcaError, match="for the vectors: 3 MB are needed, 2 MB are free"):
        require_room(tmp_path, 3 * 10**6, "the vectors")


def test_a_folder_appears_whole(tmp_path):
    with whole_folder(tmp_path / "new" / "kept", "the states") as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("1")
        assert not (tmp_path / "new" / "kept").exists()
    assert names(tmp_path / "new") == ["kept"]
    assert names(tmp_path / "new" / "kept") == ["a"]


def test_a_folder_that_was_not_written_whole_leaves_the_old_one(folders, tmp_path):
    new, old = folders
    with pytest.raises(MrcaError, match="broken"), whole_folder(old, "the states") as temporary:
        temporary.mkdir()
        raise MrcaError("broken")
    with (
        pytest.raises(MrcaError, match=r"Cannot save the states in .*old: No space left\. Free"),
        whole_folder(old, "the states"),
    ):
        raise OSError(28, "No space left")
    assert names(tmp_path) == ["new", "old"]
    assert (old / "content").read_text() == "old"
    with whole_folder(old, "the states") as temporary:
        shutil.copytree(new, temporary)
    assert (old / "content").read_text() == "new"
