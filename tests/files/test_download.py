import hashlib
from pathlib import Path

import pytest

from mrca.errors import MrcaError
from mrca.files import RemoteFile, adopt, adopt_any, fetch, file_digest

CLOSED = "http://127.0.0.1:9/closed"  # nobody listens on the discard port


@pytest.fixture
def remote_at(server, content):
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"

    def make(*behaviours: str, size: int | None = None) -> RemoteFile:
        urls = tuple(b if b.startswith("http") else server.url(b) for b in behaviours)
        return RemoteFile("file.bin", urls, digest, size)

    return make


def test_a_good_server_gives_the_file_and_progress(remote_at, content, tmp_path):
    seen = []
    path = fetch(remote_at("good"), tmp_path / "new" / "folder", lambda *now: seen.append(now))
    assert path == tmp_path / "new" / "folder" / "file.bin"
    assert path.read_bytes() == content
    assert seen[-1] == (len(content), len(content))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]


def test_a_file_that_is_there_is_not_asked_for(remote_at, content, server, tmp_path):
    (tmp_path / "file.bin").write_bytes(content)
    assert fetch(remote_at("good"), tmp_path) == tmp_path / "file.bin"
    assert server.requests == []


def test_a_damaged_file_that_is_there_is_replaced(remote_at, content, tmp_path):
    (tmp_path / "file.bin").write_bytes(content[:-1])
    assert fetch(remote_at("good"), tmp_path).read_bytes() == content


@pytest.mark.parametrize("bad", ["corrupt", "page", "truncates", "404", "500"])
def test_the_next_mirror_is_tried(bad, remote_at, content, tmp_path):
    path = fetch(remote_at(bad, "good"), tmp_path)
    assert path.read_bytes() == content


def test_an_unreachable_mirror_is_passed_over(remote_at, content, tmp_path):
    assert fetch(remote_at(CLOSED, "good"), tmp_path).read_bytes() == content


def test_after_corruption_the_next_mirror_starts_from_zero(remote_at, server, tmp_path):
    fetch(remote_at("corrupt", "good"), tmp_path)
    assert server.requests == [("corrupt", None), ("good", None)]


@pytest.mark.parametrize("behaviour", ["drops", "drops-once"])
def test_a_dropped_connection_is_resumed(behaviour, remote_at, server, content, tmp_path):
    assert fetch(remote_at(behaviour), tmp_path).read_bytes() == content
    assert all(wanted for _, wanted in server.requests[1:])
    assert len(server.requests) > 1


def test_a_body_that_ends_early_without_a_length_is_noticed(remote_at, server, content, tmp_path):
    path = fetch(remote_at("no-length", size=len(content)), tmp_path)
    assert path.read_bytes() == content
    assert server.requests == [("no-length", None), ("no-length", "bytes=1000-")]


def test_a_later_call_resumes_what_an_earlier_one_left(remote_at, server, content, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(content[:5000])
    seen = []
    path = fetch(remote_at("good"), tmp_path, lambda *now: seen.append(now))
    assert path.read_bytes() == content
    assert server.requests == [("good", "bytes=5000-")]
    assert seen[0][0] > 5000
    assert seen[-1] == (len(content), len(content))


def test_a_server_that_ignores_range_starts_over(remote_at, content, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(b"?" * 5000)
    assert fetch(remote_at("ignores-range"), tmp_path).read_bytes() == content


def test_a_server_that_answers_another_range_is_not_trusted(remote_at, content, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(content[:5000])
    assert fetch(remote_at("other-range", "good"), tmp_path).read_bytes() == content


@pytest.mark.parametrize("length", [5000, 307_200, 400_000])
def test_a_wrong_leftover_costs_one_more_attempt_not_the_mirror(
    length, remote_at, content, tmp_path
):
    (tmp_path / "file.bin.part").write_bytes(b"?" * length)
    assert fetch(remote_at("good"), tmp_path).read_bytes() == content


def test_a_whole_leftover_is_used_without_bytes(remote_at, content, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(content)
    assert fetch(remote_at("good"), tmp_path).read_bytes() == content


def test_when_all_fail_each_is_listed_with_its_reason_and_what_to_do(remote_at, tmp_path):
    remote = remote_at(CLOSED, "404", "500", "truncates", "corrupt")
    with pytest.raises(MrcaError) as caught:
        fetch(remote, tmp_path, offline_hint="Bring file.bin and run: mrca data fetch x")
    message = str(caught.value)
    for url in remote.urls:
        assert url in message
    assert "HTTP 404" in message
    assert "HTTP 500" in message
    assert "wrong content" in message
    assert message.endswith("Bring file.bin and run: mrca data fetch x")
    assert list(tmp_path.iterdir()) == []


def test_what_a_truncating_mirror_gave_is_kept_for_the_next_call(remote_at, content, tmp_path):
    with pytest.raises(MrcaError):
        fetch(remote_at("truncates"), tmp_path)
    assert not (tmp_path / "file.bin").exists()
    kept = (tmp_path / "file.bin.part").read_bytes()
    assert kept
    assert content.startswith(kept)
    assert fetch(remote_at("good"), tmp_path).read_bytes() == content


def test_a_folder_that_cannot_be_written_is_an_error_of_ours(remote_at, tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(MrcaError, match="Cannot store"):
        fetch(remote_at("good"), tmp_path / "taken")


def test_a_file_that_the_user_brings_is_verified_and_copied(remote_at, content, tmp_path):
    source = tmp_path / "brought.dat"
    source.write_bytes(content)
    path = adopt(source, remote_at("404"), tmp_path / "store")
    assert path == tmp_path / "store" / "file.bin"
    assert path.read_bytes() == content
    assert source.exists()
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]


def test_a_wrong_file_that_the_user_brings_is_refused(remote_at, tmp_path):
    source = tmp_path / "brought.dat"
    source.write_bytes(b"something else")
    with pytest.raises(MrcaError, match=r"brought\.dat is not file\.bin"):
        adopt(source, remote_at("404"), tmp_path / "store")
    with pytest.raises(MrcaError, match="Cannot take"):
        adopt(tmp_path / "missing", remote_at("404"), tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_brought_file_is_recognised_by_its_content(content, tmp_path):
    wanted = []
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(name.encode())
        wanted.append(RemoteFile(f"{name}.bin", (), file_digest(tmp_path / name, "git-blob")))
    assert adopt_any(tmp_path / "two", wanted, tmp_path / "store").name == "two.bin"
    (tmp_path / "three").write_bytes(b"three")
    with pytest.raises(MrcaError, match=r"none of the expected files:\n  one\.bin"):
        adopt_any(tmp_path / "three", wanted, tmp_path / "store")
    with pytest.raises(MrcaError, match="Cannot read"):
        adopt_any(tmp_path / "four", wanted, tmp_path / "store")


def test_digests(tmp_path: Path):
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    # What `git hash-object` prints for this content.
    assert file_digest(path, "git-blob") == "git-blob:ce013625030ba8dba906f756967f9e9ca394464a"
    assert file_digest(path, "md5") == "md5:b1946ac92492d2347c6235b4d2611184"
    with pytest.raises(MrcaError, match="Unknown digest algorithm"):
        file_digest(path, "crc32")
