"""`docker-compose.yml`, as far as it can be tried without a container engine."""

import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.wrappers_pb2 import DESCRIPTOR as WRAPPERS
from tensorflow_serving.config import model_server_config_pb2

FILE = Path(__file__).parents[2] / "docker-compose.yml"

# tensorflow_serving/servables/tensorflow/session_bundle_config.proto, message BatchingParameters:
# its fields are these, wrapped or plain. The Python package does not have it.
BATCHING_PARAMETERS = {
    "max_batch_size": ".google.protobuf.Int64Value",
    "batch_timeout_micros": ".google.protobuf.Int64Value",
    "max_enqueued_batches": ".google.protobuf.Int64Value",
    "num_batch_threads": ".google.protobuf.Int64Value",
    "thread_pool_name": ".google.protobuf.StringValue",
    "allowed_batch_sizes": FieldDescriptorProto.TYPE_INT64,
    "pad_variable_length_inputs": FieldDescriptorProto.TYPE_BOOL,
    "enable_large_batch_splitting": ".google.protobuf.BoolValue",
    "max_execution_batch_size": ".google.protobuf.Int64Value",
}


def interpolated(value: Any, variables: dict[str, str]) -> Any:
    """The value as Compose reads it: `${NAME:-default}`, and `$$` for `$`."""
    if isinstance(value, dict):
        return {key: interpolated(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each, variables) for each in value]
    if not isinstance(value, str):
        return value

    def replaced(match: re.Match[str]) -> str:
        if match["name"] is None:
            assert match[0] == "$$", f"a lone $ in {value!r}"
            return "$"
        return variables.get(match["name"]) or match["default"]

    return re.sub(r"\$\$|\$\{(?P<name>\w+):-(?P<default>[^}]*)\}|\$", replaced, value)


def compose(**variables: str) -> dict[str, Any]:
    return interpolated(yaml.safe_load(FILE.read_text("utf-8")), variables)


def contents(config: dict[str, Any]) -> dict[str, str]:
    """The files of the service, by the path at which it has them."""
    return {
        each["target"]: config["configs"][each["source"]]["content"]
        for each in config["services"]["serving"]["configs"]
    }


def option(config: dict[str, Any], name: str) -> str:
    (value,) = (
        argument.partition("=")[2]
        for argument in config["services"]["serving"]["command"]
        if argument.partition("=")[0] == f"--{name}"
    )
    return value


@pytest.mark.parametrize(
    ("variables", "name"),
    [({}, "sample"), ({"MODEL": "webnlg"}, "webnlg"), ({"MODEL": ""}, "sample")],
)
def test_the_model_config_serves_the_chosen_run(variables, name):
    config = compose(**variables)
    text = contents(config)[option(config, "model_config_file")]
    parsed = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    (model,) = parsed.model_config_list.config
    assert (model.name, model.base_path) == (name, f"/models/{name}")
    assert model.model_platform == "tensorflow"
    assert model.model_version_policy.latest.num_versions == 1


def test_the_batching_file_has_the_servers_fields():
    file = FileDescriptorProto(
        name="batching.proto", package="test", syntax="proto3", dependency=[WRAPPERS.name]
    )
    message = file.message_type.add(name="BatchingParameters")
    for number, (name, kind) in enumerate(BATCHING_PARAMETERS.items(), 1):
        repeated = name == "allowed_batch_sizes"
        field = message.field.add(name=name, number=number, label=3 if repeated else 1)
        if isinstance(kind, str):
            field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, kind
        else:
            field.type = kind
    pool = DescriptorPool()
    pool.AddSerializedFile(WRAPPERS.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    parameters = GetMessageClass(pool.FindMessageTypeByName("test.BatchingParameters"))()

    config = compose()
    assert option(config, "enable_batching") == "true"
    text_format.Parse(contents(config)[option(config, "batching_parameters_file")], parameters)
    assert parameters.max_batch_size.value >= 32  # what `mrca client` sends at once
    assert parameters.num_batch_threads.value >= 1
    assert parameters.max_enqueued_batches.value >= 1
    assert 0 < parameters.batch_timeout_micros.value < 100_000
    # Both would make wrong answers of right requests.
    assert not parameters.pad_variable_length_inputs
    assert parameters.HasField("enable_large_batch_splitting")
    assert not parameters.enable_large_batch_splitting.value


def test_only_this_machine_reaches_it_and_it_changes_nothing():
    config = compose()
    service = config["services"]["serving"]
    published = {}
    for port in service["ports"]:
        host, outside, inside = port.rsplit(":", 2)
        assert host == "127.0.0.1"
        published[inside] = outside
    assert published == {"8500": "8500", "8501": "8501"}
    assert option(config, "port") == "8500"
    assert option(config, "rest_api_port") == "8501"
    (volume,) = service["volumes"]
    assert volume["read_only"] is True
    assert (volume["source"], volume["target"]) == ("./saved_models", "/models")
    assert "privileged" not in service


def test_the_image_can_be_chosen():
    assert compose()["services"]["serving"]["image"] == "tensorflow/serving:latest"
    other = compose(TF_SERVING_VERSION="2.20.0")
    assert other["services"]["serving"]["image"] == "tensorflow/serving:2.20.0"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash, as the image has")
@pytest.mark.processes
@pytest.mark.parametrize(("state", "healthy"), [("AVAILABLE", True), ("LOADING", False)])
def test_the_health_check_asks_for_the_model(state, healthy):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"model_version_status": [{"state": "%s"}]}' % state.encode())

        def log_message(self, *_: object) -> None:
            pass

    command = compose(MODEL="webnlg")["services"]["serving"]["healthcheck"]["test"]
    assert command[0] == "CMD"
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        port = str(server.server_port)
        command = [part.replace("/8501", f"/{port}") for part in command[1:]]
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        done = subprocess.run(command, timeout=10, check=False, capture_output=True)
        thread.join()
    assert asked == ["/v1/models/webnlg"]
    assert (done.returncode == 0) == healthy, done.stderr
    stopped = subprocess.run(command, timeout=10, check=False, capture_output=True)
    assert stopped.returncode != 0
