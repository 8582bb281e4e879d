import hashlib
import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mrca.encoders.hub_handle import resolve_hub_handle
from mrca.errors import MrcaError


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name.rstrip("/"))
            if name.endswith("/"):
                info.type = tarfile.DIRTYPE
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


MODULE = archive(
    {
        "saved_model.pb": bytes(range(256)),
        "variables/": b"",
        "variables/variables.index": b"index",
    }
)
ANSWERS = {
    "/bert/1": MODULE,
    "/cut/1": MODULE[: len(MODULE) // 2],
    "/page/1": b"<html>Please log in</html>",
    "/other/1": archive({"weights": b"1"}),
    "/escapes/1": archive({"saved_model.pb": b"graph", "../../../evil": b"x"}),
}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.server.asked.append(self.path)
        if path not in ANSWERS or query != "tf-hub-format=compressed":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWERS[path])))
        self.end_headers()
        self.wfile.write(ANSWERS[path])


@pytest.fixture
def server(monkeypatch, tmp_path):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_handle_is_downloaded_once(server, tmp_path):
    folder = resolve_hub_handle(f"{server.url}/bert/1")
    assert files(folder) == ["saved_model.pb", "variables/variables.index"]
    assert resolve_hub_handle(f"{server.url}/bert/1") == folder
    assert server.asked == ["/bert/1?tf-hub-format=compressed"]
    assert folder.parent == tmp_path / "cache"


def test_what_tensorflow_hub_has_downloaded_is_found(monkeypatch, tmp_path):
    handle = "https://tfhub.dev/nobody/bert/1"
    folder = tmp_path / hashlib.sha1(handle.encode()).hexdigest()
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"graph")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    assert resolve_hub_handle(handle) == folder


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/missing/1", "404"),
        ("/page/1", "valid module"),
        ("/cut/1", "valid module|end-of-stream"),
        ("/escapes/1", "[Rr]elative path|escape|outside"),
    ],
)
def test_what_is_no_module_leaves_no_module_behind(server, tmp_path, path, message):
    with pytest.raises(MrcaError, match=f"TF Hub cannot bring .*({message})"):
        resolve_hub_handle(server.url + path)
    assert not any(name.endswith(".pb") for name in files(tmp_path))
    assert "evil" not in {path.name for path in tmp_path.parent.rglob("*")}


def test_an_archive_of_something_else_says_what_it_holds(server):
    with pytest.raises(MrcaError, match="found weights"):
        resolve_hub_handle(f"{server.url}/other/1")


def test_without_a_connection_it_says_what_to_bring(server):
    url = server.url
    server.server_close()
    with pytest.raises(MrcaError, match=r"Connection re.*open .*/bert/1.*--encoder hub:FOLDER"):
        resolve_hub_handle(f"{url}/bert/1")


def test_a_cache_that_cannot_be_written_is_named(server, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(MrcaError, match=r"/file.*TFHUB_CACHE_DIR"):
        resolve_hub_handle(f"{server.url}/bert/1")


def test_folders(tmp_path):
    with pytest.raises(MrcaError, match=r"holds no TF Hub module: .* found nothing"):
        resolve_hub_handle(str(tmp_path))
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    assert resolve_hub_handle(str(tmp_path)) == tmp_path
    with pytest.raises(MrcaError, match=r"No TF Hub module at .*nowhere.*tfhub\.dev"):
        resolve_hub_handle(str(tmp_path / "nowhere"))
