"""HTTP connections: not any number of them, and none held for ever by who says nothing."""

import asyncio
from typing import Any

import uvicorn

from mrca.serving.limits import Limits

_ERROR = b'{"error": "The server is busy: too many clients are connected. Try later."}'
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_ERROR), _ERROR)
)
_Open = dict[tuple[str, int], "_Connection"]


def bound_connections(config: uvicorn.Config, limits: Limits) -> None:
    """Give the headers of requests a time to come, and connections a limit.

    Uvicorn itself waits for the rest of a request's headers without end; and where too many are
    connected it refuses everybody's requests, not only those of who came last.

    Args:
        config: of the server; is loaded. What it makes of a connection is called through
            `asyncio.Protocol`, and the application as ASGI has it.
        limits: `timeout` and `max_connections`.
    """
    config.load()
    protocol, app = config.http_protocol_class, config.loaded_app
    connections: _Open = {}

    class Bounded(_Connection):
        def __init__(self, **options: Any) -> None:
            super().__init__(protocol(**options), connections, limits)

    async def told(scope: Any, receive: Any, send: Any) -> None:
        connection = connections.get(scope.get("client"))
        if connection is None:  # the application's own start and end
            await app(scope, receive, send)
            return
        connection.begin()
        try:
            await app(scope, receive, send)
        finally:
            connection.end()

    config.http_protocol_class, config.loaded_app = Bounded, told


class _Connection(asyncio.Protocol):
    """A connection that is closed if a request's headers do not come in time.

    Args:
        server: what speaks HTTP on it.
        connections: the open ones by their client's address.
        limits: see `bound_connections`.
    """

    def __init__(self, server: asyncio.Protocol, connections: _Open, limits: Limits) -> None:
        self._server = server
        self._open = connections
        self._limits = limits
        self._answering = 0
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._address = tuple(transport.get_extra_info("peername")[:2])
        if len(self._open) >= self._limits.max_connections:
            transport.set_protocol(asyncio.Protocol())
            transport.write(_TOO_MANY)
            transport.close()
            return
        self._open[self._address] = self
        self._server.connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._watch()
        self._server.data_received(data)

    def eof_received(self) -> bool | None:
        return self._server.eof_received()

    def pause_writing(self) -> None:
        self._server.pause_writing()

    def resume_writing(self) -> None:
        self._server.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        del self._open[self._address]
        self._server.connection_lost(exc)

    def begin(self) -> None:
        """The headers are here, and the request is being answered."""
        self._answering += 1
        self._unwatch()

    def end(self) -> None:
        """It is answered: a client may wait before its next request."""
        self._answering -= 1

    def _watch(self) -> None:
        if not self._answering and self._late is None:
            loop = asyncio.get_running_loop()
            self._late = loop.call_later(self._limits.timeout, self._transport.close)

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
