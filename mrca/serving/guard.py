"""What every request passes and every answer gets."""

import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

# The environment variable with what requests must bring, of a server and of its clients.
TOKEN = "MRCA_SERVE_TOKEN"
# Where a server says that it is up; whoever watches it has no token.
HEALTH = "/healthz"
# A page may load only what this server has, and be shown in no other page.
_HEADERS = {
    "cache-control": "no-cache",  # another model, or another version of the page, may be next here
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Guard:
    """ASGI middleware: headers that keep browsers careful, and who may ask.

    Refused, with 403, is what a web page elsewhere could make a visitor's browser ask: a request
    for a host name that is not this server's (a page's own name may lead here), and one that a page
    of another origin sends. With a token, every request that does not bring it is refused with 401,
    but one of `/healthz`.

    Args:
        app: the application behind it.
        only_loopback: whether to answer only for this machine's own names (`localhost`,
            `127.0.0.1`, `[::1]`). Else any address is answered for, since no page has its name,
            and the names that are given.
        names: host names that are answered for, too.
        token: what requests bring as `Authorization: Bearer TOKEN`; empty: nothing.
    """

    def __init__(
        self, app: Any, only_loopback: bool, names: Collection[str] = (), token: str = ""
    ) -> None:
        self.app = app
        self._only_loopback = only_loopback
        self._names = {name.lower() for name in names}
        self._token = token

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Pass a request on or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: _Message) -> None:
            if message["type"] == "http.response.start":
                guards = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *guards]
            await send(message)

        refused = self._refused(scope["path"], dict(scope["headers"]))
        if refused is None:
            await self.app(scope, receive, send_guarded)
            return
        status, error = refused
        headers = [(b"content-type", b"application/json")]
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        await send_guarded({"type": "http.response.start", "status": status, "headers": headers})
        body = json.dumps({"error": error}).encode()
        await send_guarded({"type": "http.response.body", "body": body})

    def _refused(self, path: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        """Why a request is not passed on, as a status and in words."""
        host = headers.get(b"host", b"").decode("latin-1")
        name = _without_port(host)
        if not (is_loopback(name) or name.lower() in self._names):
            if self._only_loopback:
                return 403, f"This server answers on this machine only, not as {host[:100]!r}."
            if not _is_address(name):
                return 403, (
                    f"This server does not answer as {host[:100]!r}: `mrca serve --allow-host "
                    "NAME` lets it."
                )
        origin = headers.get(b"origin")
        if origin is not None and urlsplit(origin.decode("latin-1")).netloc != host:
            return 403, "Pages of other servers may not ask this one."
        given = headers.get(b"authorization", b"")
        if (
            self._token
            and path != HEALTH
            and not hmac.compare_digest(given, f"Bearer {self._token}".encode())
        ):
            return 401, "This server asks for its token: Authorization: Bearer TOKEN."
        return None


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own, reached from nowhere else."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    if host.startswith("["):  # an IPv6 address
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
