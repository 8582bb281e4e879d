"""How a chief and its workers find each other, and know of each other that they live."""

import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import grpc

from mrca.errors import MrcaError

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}
_METHOD = "/mrca.Search/Beat"
_SERVICE, _NAME = _METHOD.strip("/").split("/")
_LEAVE = b"leave"
# Seconds between two beats, and until an answer is given up.
_INTERVAL, _TIMEOUT = 1.0, 30.0
# So many beats without an answer, and the chief is gone.
_FAILURES = 3
# Exit code of a worker whose chief is gone.
CHIEF_GONE = 3


class Address(NamedTuple):
    """A host and a port.

    Attributes:
        host: a name or an address; an IPv6 one in brackets.
        port: 0 for any that is free.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `"HOST:PORT"`.

        Raises:
            MrcaError: if it is none.

        Example:
            >>> Address.parse("10.0.0.5:8476")
            Address(host='10.0.0.5', port=8476)
        """
        host, _, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not host or (":" in host and not bracketed) or not port.isdecimal():
            raise MrcaError(f"{text!r} is no address. Expected HOST:PORT, such as 10.0.0.5:8476.")
        if int(port) > 65535:
            raise MrcaError(f"The port of {text!r} is too large. Expected at most 65535.")
        return cls(host, int(port))

    @property
    def reached_from_here(self) -> "Address":
        """The address for processes of the same machine."""
        return self._replace(host=_EVERYWHERE.get(self.host, self.host))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Heartbeats:
    """The chief's side: when each worker was heard last.

    Args:
        is_over: asked at each beat whether the worker is to leave at its next epoch's end.
    """

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._heard: dict[str, float] = {}
        self._is_over = is_over

    def add_to(self, server: grpc.Server) -> None:
        """Answer beats there."""
        answer = grpc.unary_unary_rpc_method_handler(self._beat)
        handler = grpc.method_handlers_generic_handler(_SERVICE, {_NAME: answer})
        server.add_generic_rpc_handlers((handler,))

    def silent(self, seconds: float) -> list[str]:
        """The workers that have not been heard for so long; they are forgotten."""
        since = time.monotonic() - seconds
        names = [name for name, heard in list(self._heard.items()) if heard < since]
        for name in names:
            self.forget(name)
        return names

    def forget(self, name: str) -> None:
        """A worker has ended."""
        self._heard.pop(name, None)

    @property
    def names(self) -> list[str]:
        """The workers that have been heard."""
        return list(self._heard)

    def _beat(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self._heard[request.decode()] = time.monotonic()
        return _LEAVE if self._is_over() else b""


def beat(address: str, name: str, leave: threading.Event) -> None:
    """The worker's side, in a thread of its own: ends the process when the chief is gone.

    Args:
        address: of the chief, `"host:port"`.
        name: the worker's.
        leave: set when the worker is to leave.
    """
    threading.Thread(target=_beat, args=(address, name, leave), daemon=True).start()


def _beat(address: str, name: str, leave: threading.Event) -> None:
    failures = 0
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(_METHOD)
        while failures < _FAILURES:
            try:
                if call(name.encode(), timeout=_TIMEOUT) == _LEAVE:
                    leave.set()
                failures = 0
            except grpc.RpcError:
                failures += 1
            time.sleep(_INTERVAL)
    print("The chief is gone.", flush=True)
    os._exit(CHIEF_GONE)  # from a thread, and in the middle of an epoch: all files are whole
