"""HTTP connections: not any number of them, and none held for ever by who says nothing."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from mrca.serving.limits import Limits

_ERROR = b'{"error": "The server is busy: too many clients are connected. Try later."}'
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_ERROR), _ERROR)
)


def careful_protocol(limits: Limits) -> type[H11Protocol]:
    """Uvicorn's own protocol, with a time for headers to come and a limit for connections.

    Uvicorn itself waits for the rest of a request's headers without end; and where too many are
    connected it refuses everybody's requests, not only those of who came last.

    Args:
        limits: `timeout` and `max_connections`.
    """

    class CarefulProtocol(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()
            if len(self.connections) > limits.max_connections:
                transport.write(_TOO_MANY)
                transport.close()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._unwatch()
            super().connection_lost(exc)

        def _watch(self) -> None:
            """Begin to count when a request's headers are awaited, and stop when they are here."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._unwatch()
            elif self._late is None:
                self._late = self.loop.call_later(limits.timeout, self.transport.close)

        def _unwatch(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return CarefulProtocol
