"""`mrca client` prints what `mrca predict` prints, whatever lies between it and the model."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mrca.text import Document, Entity, Span


def answered(run, tokens: np.ndarray, role: np.ndarray) -> dict[str, np.ndarray]:
    """What the exported run would answer to its signature `tokens`, computed by the run itself."""
    documents = []
    for words, codes in zip(tokens.tolist(), role.tolist(), strict=True):
        length = words.index("") if "" in words else len(words)
        marked = [place for place in range(length) if codes[place]]
        documents.append(
            Document(
                tuple(words[:length]),
                tuple(Entity((Span(place, place + 1),)) for place in marked),
                subjects=tuple(n for n, place in enumerate(marked) if codes[place] in (1, 2)),
                objects=tuple(n for n, place in enumerate(marked) if codes[place] in (-1, 2)),
            )
        )
    found = [prediction.relations for prediction in run.predict_iter(documents)]
    shape = (len(found), max(map(len, found)))
    relations, scores = np.full(shape, "", object), np.zeros(shape, np.float32)
    for row, each in enumerate(found):
        for place, (name, score) in enumerate(each):
            relations[row, place], scores[row, place] = name, score
    problem = np.array(["too odd" if "odd" in d.tokens else "" for d in documents], object)
    return {"relations": relations, "relation_scores": scores, "problem": problem}


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON."""

    protocol_version = "HTTP/1.1"

    def _send(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Rest(Handler):
    run: Any
    sizes: list[int]

    def do_POST(self) -> None:
        inputs = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["inputs"]
        status, answer = 404, {"error": f"Servable not found for request: {self.path}"}
        if self.path == "/v1/models/tiny:predict":
            self.sizes.append(len(inputs["tokens"]))
            arrays = answered(self.run, np.array(inputs["tokens"]), np.array(inputs["role"]))
            status, answer = 200, {"outputs": {name: a.tolist() for name, a in arrays.items()}}
        self._send(status, answer)


@pytest.fixture
def rest(tiny_run) -> Iterator[tuple[str, list[int]]]:
    """A REST server's URL, and how many rows each request to it had."""
    sizes: list[int] = []
    handler = type("Handler", (Rest,), {"run": tiny_run, "sizes": sizes})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/models/tiny", sizes
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def rpc(tiny_run) -> Iterator[tuple[str, list[int]]]:
    """A gRPC server's URL, and how many rows each request to it had."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    sizes: list[int] = []

    class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request: Any, context: Any) -> Any:
            if request.model_spec.name != "tiny":
                context.abort(grpc.StatusCode.NOT_FOUND, "Servable not found for request")
            inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
            sizes.append(len(inputs["tokens"]))
            tokens = np.array([[t.decode() for t in row] for row in inputs["tokens"]], object)
            arrays = answered(tiny_run, tokens, inputs["role"])
            protos = {name: tf.make_tensor_proto(array) for name, array in arrays.items()}
            return predict_pb2.PredictResponse(outputs=protos)

    server = grpc.server(ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}/tiny", sizes
    server.stop(None).wait()


@pytest.fixture(params=["rest", "rpc"])
def served(request) -> tuple[str, list[int]]:
    return request.getfixturevalue(request.param)


@pytest.fixture
def lines(slice_rows) -> list[str]:
    return [json.dumps(row) for row in slice_rows[:12]]


def test_the_same_as_predict(mrca, tiny_run, served, lines, tmp_path):
    url, sizes = served
    odd = [
        '{"text": "a b", "id": "é"}',
        "not json",
        '{"tokens": ["St. Louis", "is", "in", "\U0001f600"], "subjects": [{"token_start": 0, '
        '"token_end": 1}], "objects": [{"token_start": 3, "token_end": 4}]}',
        '{"text": "Ada met Bob", "subjects": ["Cleo"]}',
        "",
    ]
    text = "\n".join([*lines, *odd, *lines[:5]])
    (tmp_path / "rows.jsonl").write_text(text, "utf-8")
    file = tmp_path / "rows.jsonl"
    options = ["--on-error", "skip"]
    expected = mrca("predict", tiny_run.folder, file, *options)
    done = mrca("client", url, file, *options, "--batch-size", 4)
    assert done == expected
    assert max(sizes) == 4
    assert len(done.out.splitlines()) == 21
    assert any(json.loads(line).get("relations") for line in done.out.splitlines())


def test_a_bad_line_stops_after_the_rows_before_it(mrca, tiny_run, rest, lines):
    text = "\n".join([*lines[:3], '{"text": 3}', *lines[3:]])
    done = mrca("client", rest[0], stdin=text)
    assert done == mrca("predict", tiny_run.folder, stdin=text)
    assert done.code == 1
    assert len(done.out.splitlines()) == 3


def test_a_thousand_rows_stream_in_order(mrca, rest):
    url, sizes = rest
    rows = [{"text": f"row {i} is here", "id": str(i)} for i in range(1000)]
    done = mrca("client", url, "-", stdin="\n".join(map(json.dumps, rows)))
    assert done.code == 0, done.err
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [(answer["line"], answer["id"]) for answer in answers] == [
        (i + 1, str(i)) for i in range(1000)
    ]
    assert sizes == [32] * 31 + [8]


def test_rows_that_came_before_a_failure_are_printed(mrca, rest, lines, monkeypatch):
    url, sizes = rest
    real = answered

    def second_fails(*arguments: Any) -> dict[str, np.ndarray]:
        answer = real(*arguments)
        return answer if len(sizes) == 1 else {}

    monkeypatch.setitem(globals(), "answered", second_fails)
    done = mrca("client", url, "--batch-size", 5, stdin="\n".join(lines))
    assert done.code == 1
    assert len(done.out.splitlines()) == 5
    assert "not as an exported run does" in done.err


def test_what_the_server_finds_wrong_with_a_row_is_noted(mrca, rest):
    odd = '{"text": "Ada is odd", "subjects": ["Ada"], "objects": ["odd"]}'
    done = mrca("client", rest[0], stdin="\n".join([odd, '{"text": "even"}', odd]))
    assert done.code == 0
    assert len(done.out.splitlines()) == 3
    assert done.err.count("too odd") == 2
    assert "Note: standard input, line 3: too odd." in done.err


def test_wrong_use(mrca, served, lines):
    url, sizes = served
    done = mrca("client", url.replace("tiny", "other"), stdin=lines[0])
    assert (done.code, done.out) == (1, "")
    assert "Servable not found" in done.err
    assert "Correct the model's name or version" in done.err
    done = mrca("client", "127.0.0.1:8501", stdin=lines[0])
    assert done.code == 1
    assert "expected http://HOST:PORT/v1/models/NAME" in done.err
    done = mrca("client", url, "nowhere.jsonl")
    assert done.code == 1
    assert "Cannot read nowhere.jsonl" in done.err
    assert mrca("client", url, "--batch-size", 0, stdin=lines[0]).code == 2
    assert not sizes
    port = url.split("/")[2]
    done = mrca("client", url.replace(port, "127.0.0.1:9"), stdin=lines[0])
    assert done.code == 1
    assert "No server answers at 127.0.0.1:9" in done.err


@pytest.mark.parametrize("data", [b"", b"\n\n"])
def test_nothing_gives_nothing(mrca, rest, data):
    assert mrca("client", rest[0], stdin=data)[:2] == (0, "")
    assert not rest[1]


@pytest.fixture(scope="module")
def really_served(exported_run: Path) -> Iterator[str]:
    """The URL of the exported run in the real server."""
    uvicorn = pytest.importorskip("uvicorn")
    from mrca.serving.rest_api import create_app
    from mrca.serving.served_model import ServedModel

    app = create_app([ServedModel.load(exported_run)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        name = exported_run.parent.name
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/models/{name}"
        server.should_exit = True
        thread.join()


def test_exported_and_served_it_prints_what_predict_prints(
    mrca, tiny_run, really_served, slice_rows
):
    rows = "\n".join(json.dumps(row) for row in slice_rows)
    expected = mrca("predict", tiny_run.folder, stdin=rows)
    done = mrca("client", really_served, stdin=rows)
    assert (done.code, expected.code) == (0, 0), done.err
    assert done.out == expected.out
    assert len(done.out.splitlines()) == len(slice_rows)


# === Runs of entity pairs ===


class Pairs(Handler):
    """Serves an exported model, and says what it takes, as TensorFlow Serving does."""

    model: Any

    def do_GET(self) -> None:
        self._send(200, {"metadata": {"signature_def": {"signature_def": self.model.metadata}}})

    def do_POST(self) -> None:
        from mrca.serving.predict_json import parse_request, response_body
        from mrca.serving.request_error import RequestError

        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            request = parse_request(body, self.model.signatures)
        except RequestError as error:
            self._send(error.status, {"error": error.message})
            return
        outputs = self.model.run(request.signature, request.arrays)
        self._send(200, json.loads(response_body(outputs, request.by_row)))


def test_facts_are_those_of_predict(mrca, tiny_pairs_run, exported_pairs_run, slice_rows, tmp_path):
    from mrca.serving.served_model import ServedModel

    handler = type("Handler", (Pairs,), {"model": ServedModel.load(exported_pairs_run)})
    rows = [{**row, "id": f"row {place}"} for place, row in enumerate(slice_rows)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"text": "No entity."}]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/v1/models/pairs"
        served = mrca("client", url, file, "--batch-size", 7)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    predicted = mrca("predict", tiny_pairs_run.folder, file)
    assert served.code == predicted.code == 0, served.err
    lines = [[json.loads(line) for line in each.out.splitlines()] for each in (served, predicted)]
    assert sum(len(line["facts"]) for line in lines[1]) > 5
    for ours, theirs in zip(*lines, strict=True):
        for facts in (ours["facts"], theirs["facts"]):
            for fact in facts:
                fact["score"] = pytest.approx(fact["score"], abs=2e-4)
        assert ours == theirs
    assert "fewer than two entities" in served.err
