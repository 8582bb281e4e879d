"""The client against a real gRPC server with TensorFlow Serving's own messages and service."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2, prediction_service_pb2_grpc

from mrca.errors import MrcaError
from mrca.serving.grpc_client import GrpcClient
from mrca.serving.model_url import ModelUrl
from mrca.text import Document
from mrca.text.inline_marks import marked_document

Answer = Callable[[Any, Any], Any]
ROWS = [marked_document(f"<s>Ada{i}</s> met <o>Böb😀</o>")[0] for i in range(1000)]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Serves a function of a `PredictRequest` and the call's context."""
    servers = []

    def start(answer: Answer) -> str:
        class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
            def Predict(self, request: Any, context: Any) -> Any:
                return answer(request, context)

        server = grpc.server(ThreadPoolExecutor(2))
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Servicer(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return f"127.0.0.1:{port}"

    yield start
    for server in servers:
        server.stop(None).wait()


def ask(
    address: str, rows: list[Document], version: int | None = None, **options: Any
) -> list[Any]:
    with GrpcClient(ModelUrl("grpc", address, "tiny", version), **options) as client:
        return list(client.answers(rows))


def response(**outputs: Any) -> Any:
    protos = {name: tf.make_tensor_proto(value) for name, value in outputs.items()}
    return predict_pb2.PredictResponse(outputs=protos)


def test_a_thousand_rows_of_a_saved_model_in_order(serve, exported):
    model = tf.saved_model.load(str(exported))
    asked = []

    def answer(request: Any, _: Any) -> Any:
        asked.append(request.model_spec)
        inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
        signature = model.signatures[request.model_spec.signature_name]
        outputs = signature(**{name: tf.constant(array) for name, array in inputs.items()})
        return response(**{name: tensor.numpy() for name, tensor in outputs.items()})

    address = serve(answer)
    answers = ask(address, ROWS, version=3, batch_size=300)
    assert len(asked) == 4
    assert all((spec.name, spec.version.value) == ("tiny", 3) for spec in asked)
    expected = model.signatures["tokens"](
        tokens=tf.constant([row.tokens for row in ROWS]),
        role=tf.constant([[1, 0, -1]] * len(ROWS)),
    )
    found = {name: expected[name].numpy() for name in ("relations", "relation_scores")}
    for got, names, scores in zip(answers, *found.values(), strict=True):
        held = [name.decode() for name in names if name]
        assert got.relations == tuple(zip(held, scores[: len(held)].tolist(), strict=True))
    assert any("größer als" in dict(each.relations) for each in answers)
    asked.clear()
    ask(address, ROWS[:1])
    assert not asked[0].HasField("version")


def aborting(code: grpc.StatusCode, details: str) -> Answer:
    return lambda _, context: context.abort(code, details)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (grpc.StatusCode.NOT_FOUND, r"it says \(gRPC status NOT_FOUND\)\. Correct the model's"),
        (grpc.StatusCode.INVALID_ARGUMENT, r"'tiny': it says \(gRPC status INVALID_ARGUMENT\)\.$"),
        (grpc.StatusCode.FAILED_PRECONDITION, r"it says \(gRPC status FAILED_PRECONDITION\)"),
        (grpc.StatusCode.UNAVAILABLE, r"No server answers at .* over gRPC, .* \(it says\)"),
    ],
)
def test_what_the_server_says_is_passed_on(serve, code, said):
    with pytest.raises(MrcaError, match=said):
        ask(serve(aborting(code, "it says")), ROWS[:1])


def test_other_models_and_damage(serve):
    with pytest.raises(MrcaError, match=r"no 'relations'.*'dense'"):
        ask(serve(lambda *_: response(dense=[[0.5]])), ROWS[:1])
    damaged = response(relations=[[b"\xff"]], relation_scores=[[1.0]], problem=[""])
    with pytest.raises(MrcaError, match="tensors that cannot be read"):
        ask(serve(lambda *_: damaged), ROWS[:1])


def test_too_late(serve):
    def answer(*_: Any) -> Any:
        time.sleep(0.5)
        return response()

    with pytest.raises(MrcaError, match=r"not answered within 0\.1 seconds"):
        ask(serve(answer), ROWS[:1], timeout=0.1)


def test_no_proxy_stands_before_this_machine(serve, monkeypatch):
    for name in ("grpc_proxy", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(MrcaError, match="NOT_FOUND"):
        ask(serve(aborting(grpc.StatusCode.NOT_FOUND, "it says")), ROWS[:1])


def test_nobody_listens():
    with pytest.raises(MrcaError, match=r"No server answers at 127\.0\.0\.1:9 "):
        ask("127.0.0.1:9", ROWS[:1])


def test_a_model_of_pairs_is_asked_with_mentions():
    """It refuses what a model of sentences takes, and says what it takes itself."""
    asked = []

    class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request: Any, context: Any) -> Any:
            asked.append(sorted(request.inputs))
            if "start" not in request.inputs:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "input size does not match")
            column = [[b"x"]] * tf.make_ndarray(request.inputs["start"]).shape[0]
            return response(
                relations=column,
                relation_scores=[[0.5]] * len(column),
                subject_ids=[[b"0"]] * len(column),
                object_ids=[[b"1"]] * len(column),
                problem=[b""] * len(column),
            )

        def GetModelMetadata(self, request: Any, context: Any) -> Any:
            signatures = get_model_metadata_pb2.SignatureDefMap()
            names = ("tokens", "start", "end", "role", "id", "type")
            for name in names:
                signatures.signature_def["tokens"].inputs[name].name = name
            answer = get_model_metadata_pb2.GetModelMetadataResponse()
            answer.metadata["signature_def"].Pack(signatures)
            return answer

    server = grpc.server(ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        answers = ask(f"127.0.0.1:{port}", ROWS[:3], batch_size=2)
    finally:
        server.stop(None).wait()
    assert [each.facts for each in answers] == [(("0", "x", "1", 0.5),)] * 3
    mentions = ["end", "id", "role", "start", "tokens", "type"]
    assert asked == [["role", "tokens"], mentions, mentions]
