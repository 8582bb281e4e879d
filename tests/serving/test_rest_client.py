"""The client against a real HTTP server in this process, with a SavedModel behind it."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.export.token_arrays import token_arrays
from mrca.serving.model_url import ModelUrl
from mrca.serving.rest_client import RestClient
from mrca.text import Document
from mrca.text.inline_marks import marked_document

Answer = Callable[[str, dict[str, Any]], tuple[int, Any]]
TEXTS = ["<s>Ada</s> met <o>Böb😀</o>", "Hi", "<s>a <o>b</o></s>", "word " * 199 + "<o>end</o>"]
ROWS = [marked_document(text)[0] for text in TEXTS]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Serves a function of path and body that gives a status and a JSON value or text."""
    servers = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                status, value = answer(self.path, json.loads(self.rfile.read(length)))
                body = (value if isinstance(value, str) else json.dumps(value)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        servers.append((server, thread))
        return f"127.0.0.1:{server.server_port}"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(address: str, rows: list[Document] = ROWS, **options: Any) -> list[Any]:
    with RestClient(ModelUrl("http", address, "tiny", 3), **options) as client:
        return list(client.answers(rows))


def test_answers_of_a_saved_model(serve, exported):
    import tensorflow as tf

    model = tf.saved_model.load(str(exported))
    asked = []

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        asked.append((path, body["signature_name"], len(body["inputs"]["tokens"])))
        inputs = body["inputs"]
        outputs = model.signatures["tokens"](
            tokens=tf.constant(inputs["tokens"]), role=tf.constant(inputs["role"], tf.int32)
        )
        values = {name: tensor.numpy() for name, tensor in outputs.items()}
        return 200, {
            "outputs": {
                name: (np.char.decode(v.astype(bytes)) if v.dtype == object else v).tolist()
                for name, v in values.items()
            }
        }

    address = serve(answer)
    answers = ask(address, batch_size=3)
    path = "/v1/models/tiny/versions/3:predict"
    assert asked == [(path, "tokens", 3), (path, "tokens", 1)]
    assert ask(address, []) == []
    for row, got in zip(ROWS, answers, strict=True):
        alone = {name: tf.constant(array) for name, array in token_arrays([row]).items()}
        expected = model.signatures["tokens"](**alone)
        names = [name.decode() for name in expected["relations"][0].numpy()]
        scores = expected["relation_scores"][0].numpy().tolist()
        assert got.relations == tuple(zip(names, scores, strict=True))
        assert got.problem == ""


def test_padding_keeps_to_few_widths(serve):
    widths = []

    def answer(_: str, body: dict[str, Any]) -> tuple[int, Any]:
        tokens, role = body["inputs"]["tokens"], body["inputs"]["role"]
        widths.append(len(tokens[0]))
        assert {len(row) for row in tokens + role} == {widths[-1]}
        assert all(t or not r for ts, rs in zip(tokens, role, strict=True)
                   for t, r in zip(ts, rs, strict=True))  # fmt: skip
        return 200, {
            "outputs": {
                "relations": [[]],
                "relation_scores": [[]],
                "problem": ["cut"],
            }
        }

    address = serve(answer)
    rows = [Document(("a",) * length) for length in (1, 128, 129, 1000)]
    assert [each.problem for each in ask(address, rows, batch_size=1)] == ["cut"] * 4
    assert widths == [128, 128, 256, 1024]


@pytest.mark.parametrize(
    ("status", "value", "said"),
    [
        (
            404,
            {"error": "Servable not found for request: Specific(tiny, 3)"},
            r"Servable not found .* \(HTTP status 404\)\. Correct the model's name or version",
        ),
        (400, {"error": "bad signature"}, r"'tiny', version 3: bad signature \(HTTP status 400\)"),
        (503, "<html>busy</html>", r"<html>busy</html> \(HTTP status 503\)"),
        (500, "", r"it does not say why \(HTTP status 500\)"),
        (200, "<html>welcome</html>", "received '<html>welcome"),
        (200, {"predictions": [1]}, r"not as an exported run does.*predictions"),
        (200, {"outputs": [[0.5]]}, "not as an exported run does"),
        (200, {"outputs": {"dense": [[0.5]]}}, "no 'relations'.*'dense'"),
    ],
)
def test_what_the_server_says_is_passed_on(serve, status, value, said):
    with pytest.raises(MrcaError, match=said):
        ask(serve(lambda *_: (status, value)))


def test_too_late(serve):
    def answer(*_: Any) -> tuple[int, Any]:
        time.sleep(0.5)
        return 200, {}

    with pytest.raises(MrcaError, match=r"not answered within 0\.1 seconds.*--timeout"):
        ask(serve(answer), timeout=0.1)


class Raw:
    """A server that answers any request with these bytes, one part after another."""

    def __init__(self, *parts: bytes, pause: float = 0) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.parts, self.pause = parts, pause
        self.thread = threading.Thread(target=self._answer)

    def __enter__(self) -> str:
        self.thread.start()
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.thread.join()
        self.listener.close()

    def _answer(self) -> None:
        connection, _ = self.listener.accept()
        with connection, suppress(OSError):
            received = b""
            while b"problem" not in received and not received.endswith(b"}"):
                received += connection.recv(65536)
            for part in self.parts:
                connection.sendall(part)
                time.sleep(self.pause)


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_drips_is_too_late_as_a_whole(start):
    with Raw(start, *[b" "] * 8, pause=0.1) as address:
        begun = time.monotonic()
        with pytest.raises(MrcaError, match=r"not answered within 0\.3 seconds"):
            ask(address, ROWS[:1], timeout=0.3)
        assert time.monotonic() - begun < 0.6


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", r"not sent its whole answer \("),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{", "its whole answer"),
        (b"", r"No server answers at .*\(Remote end closed connection without response\)"),
        (b"nonsense\r\n\r\n", r"No server answers at .*\(nonsense\)"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n",
            "points to 'http://elsewhere/', which is not followed",
        ),
    ],
)
def test_answers_that_are_none(answer, said):
    with Raw(answer) as address, pytest.raises(MrcaError, match=said) as refused:
        ask(address, ROWS[:1])
    assert "('" not in str(refused.value)


def test_an_answer_that_is_nested_very_deeply(serve):
    deep = "[" * 200_000 + "]" * 200_000
    with pytest.raises(MrcaError, match=r"received '\[\[\["):
        ask(serve(lambda *_: (200, deep)), ROWS[:1])
    with pytest.raises(MrcaError, match=r"not as an exported run does"):
        ask(serve(lambda *_: (200, f'{{"outputs": {{"relations": {deep[199_900:200_100]}}}}}')))


def test_no_proxy_stands_before_this_machine(serve, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(MrcaError, match="bad signature"):
        ask(serve(lambda *_: (400, {"error": "bad signature"})), ROWS[:1])
    with RestClient(ModelUrl("http", "models.example:8501", "tiny")) as client:
        assert client._session.trust_env


def test_nobody_listens(serve):
    with pytest.raises(
        MrcaError, match=r"No server answers at .*:9 over REST \(.*refused\)\. .*serve RUN"
    ):
        ask("127.0.0.1:9")
