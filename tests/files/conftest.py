"""A local HTTP server that behaves as badly as asked."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CONTENT = bytes(range(256)) * 1200  # 307,200 bytes


class _Handler(BaseHTTPRequestHandler):
    server: "BadServer"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        behaviour = self.path.strip("/").split("/")[0]
        wanted = self.headers.get("Range")
        self.server.requests.append((behaviour, wanted))
        if behaviour.isdecimal():
            self.send_error(int(behaviour))
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        content = CONTENT
        if behaviour == "corrupt":
            content = b"x" * len(CONTENT)
        if behaviour == "page":
            content = b"<html>Please log in</html>"
        if behaviour == "ignores-range":
            start = 0
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        partial = start > 0 or (wanted is not None and behaviour != "ignores-range")
        body = content[start:]
        self.send_response(206 if partial else 200)
        if partial:
            answered = start + 7 if behaviour == "other-range" else start
            self.send_header("Content-Range", f"bytes {answered}-{len(content) - 1}/{len(content)}")
        if behaviour != "no-length":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if behaviour in ("drops", "drops-once", "truncates"):
            first = self.server.count(behaviour) == 1
            if behaviour == "drops":
                body = body[:100_000]
            elif behaviour == "truncates" or first:
                body = body[: len(body) // 2 if start == 0 else 0]
        if behaviour == "no-length" and self.server.count(behaviour) == 1:
            body = body[:1000]
        self.wfile.write(body)
        self.close_connection = True


class BadServer(ThreadingHTTPServer):
    """`url(behaviour)` names the file as served by a server that behaves in this way."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, str | None]] = []

    def url(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{behaviour}/file.bin"

    def count(self, behaviour: str) -> int:
        return sum(asked == behaviour for asked, _ in self.requests)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with BadServer() as bad:
        thread = threading.Thread(target=bad.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield bad
        bad.shutdown()
        thread.join()


@pytest.fixture
def content() -> bytes:
    return CONTENT
