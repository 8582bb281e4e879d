"""The server as its own process."""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from mrca.errors import MrcaError

# `mrca serve`, and at the end which models it has loaded.
START = """
import sys, typer
from mrca.cli.serve import serve
app = typer.Typer()
app.command()(serve)
try:
    app()
finally:
    models = ("mrca.encoders", "mrca.layers", "mrca.models", "mrca.training")
    print(sorted(sys.modules.keys() & set(models)), file=sys.stderr)
"""


class Server:
    """A running `mrca serve`."""

    def __init__(self, exported, *options):
        environment = {name: value for name, value in os.environ.items() if name != "MRCA_DEBUG"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, exported.parent, "--port", "0", *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stderr is not None
        self.said = self.process.stderr.readline() + self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said)
        assert found, self.said + self.process.stderr.read()
        self.url = found[0]

    def ask(self, client, texts):
        response = client.post(
            f"{self.url}/v1/models/tiny:predict", json={"instances": texts}, timeout=30
        )
        return response.status_code, response.json()

    def end(self, number):
        """Send a signal and give what it leaves: the exit code, standard output and error."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


@pytest.fixture
def start(exported):
    servers = []

    def started(*options):
        servers.append(Server(exported, *options))
        return servers[-1]

    yield started
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()


@pytest.mark.processes
def test_clients_at_once_and_a_stop_in_the_middle(start, model):
    server = start("--max-wait-ms", "100")  # so that some are waiting when it is to end
    assert "tiny/3 at http://127.0.0.1:" in server.said
    assert f"curl {server.url}/v1/models/tiny\n" in server.said
    answered, lost = [], []

    def one(number):
        with httpx.Client() as client:
            for turn in itertools.count():
                texts = [f"{number} {turn} {'x' * (turn % 7)}"] * (1 + turn % 3)
                asked = time.monotonic()
                try:
                    status, answer = server.ask(client, texts)
                except httpx.HTTPError:
                    lost.append(asked)
                    return
                answered.append((asked, time.monotonic(), texts, status, answer))

    with ThreadPoolExecutor(8) as clients:
        running = [clients.submit(one, number) for number in range(8)]
        while len(answered) < 50:
            time.sleep(0.01)
            assert not any(client.done() for client in running)
        stopped = time.monotonic()
        code, out, err = server.end(signal.SIGTERM)
    assert (code, out) == (0, "")
    assert "Traceback" not in err
    # The package's models are not needed for serving.
    assert err.splitlines()[-1] == "[]"

    assert min(lost) > stopped - 0.01
    assert any(asked < stopped < heard for asked, heard, *_ in answered)
    for *_, texts, status, answer in answered:
        assert status == 200
        alone = model.run("serving_default", {"text": np.array([t.encode() for t in texts])})
        scores = [prediction["scores"] for prediction in answer["predictions"]]
        np.testing.assert_array_equal(np.float32(scores), alone["scores"])


def test_a_port_that_is_taken(exported):
    from mrca.serving.serve import serve

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(MrcaError, match=rf"Port {port} of 127.0.0.1 is taken.*--port 0"):
            serve(exported, port=port, ready=print)


def test_a_port_is_taken_while_the_model_loads(exported, monkeypatch):
    from mrca.serving import serve as module

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

    def load(folder):
        with pytest.raises(MrcaError, match=rf"Port {port} of 127.0.0.1 is taken"):
            module.serve(exported, port=port, ready=print)
        raise MrcaError("loaded far enough")

    monkeypatch.setattr(module.ServedModel, "load", load)
    with pytest.raises(MrcaError, match="far enough"):
        module.serve(exported, port=port, ready=print)


def test_an_address_that_is_none(exported):
    from mrca.serving.serve import serve

    with (
        pytest.warns(UserWarning, match="may be reached from other machines"),
        pytest.raises(MrcaError, match=r"no address 'no such host'.*--host 127.0.0.1"),
    ):
        serve(exported, host="no such host", port=0, ready=print)
    with (
        pytest.warns(UserWarning, match="may be reached"),
        pytest.raises(MrcaError, match=r"Cannot listen on port 0 of 192.0.2.1"),
    ):
        serve(exported, host="192.0.2.1", port=0, ready=print)
