import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn

from mrca.serving import Limits
from mrca.serving.connections import bound_connections

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def check_answered(client):
    received = b""
    while not received.endswith(b"4\r\nfine\r\n0\r\n\r\n"):
        received += client.recv(1000)


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


@pytest.fixture
def connect():
    """`connect(limits)` serves, and gives a function that connects."""

    @contextmanager
    def serving(limits):
        config = uvicorn.Config(app, lifespan="off", ws="none", log_level="error")
        bound_connections(config, limits)
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            while not server.started:
                time.sleep(0.01)
            yield lambda: socket.create_connection(listener.getsockname(), timeout=5)
            server.should_exit = True
            thread.join()

    return serving


def test_headers_that_do_not_come_end_the_connection(connect):
    with (
        connect(Limits(timeout=0.3)) as connected,
        connected() as silent,
        connected() as slow,
        connected() as served,
    ):
        begun = time.monotonic()
        served.sendall(REQUEST)
        check_answered(served)
        slow.sendall(REQUEST[:20])
        served.sendall(REQUEST[:20])
        assert silent.recv(1000) == slow.recv(1000) == served.recv(1000) == b""
        assert 0.2 < time.monotonic() - begun < 2


def test_who_is_connected_may_wait_between_requests(connect):
    with connect(Limits(timeout=0.2)) as connected, connected() as client:
        for _ in range(2):
            client.sendall(REQUEST[:20])
            client.sendall(REQUEST[20:])
            check_answered(client)
            time.sleep(0.4)
        client.sendall(REQUEST)
        check_answered(client)


def test_too_many_are_told_so_and_the_others_go_on(connect):
    with (
        connect(Limits(max_connections=2)) as connected,
        connected() as first,
        connected() as second,
    ):
        first.sendall(REQUEST)
        check_answered(first)
        with connected() as third:
            answer = third.recv(1000)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert "too many clients" in json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
            assert third.recv(1000) == b""
        second.sendall(REQUEST)
        check_answered(second)
