"""Start a server, and end it well."""

import errno
import math
import signal
import socket
import warnings
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import uvicorn

from mrca.errors import MrcaError
from mrca.serving.connections import bound_connections
from mrca.serving.guard import TOKEN, is_loopback
from mrca.serving.limits import Limits
from mrca.serving.rest_api import create_app
from mrca.serving.served_model import ServedModel

# A client that keeps a connection for its next request should rarely find it closed.
_KEEP_ALIVE = 75
# Connections that the system holds until they are taken.
_BACKLOG = 2048


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8501,
    limits: Limits | None = None,
    page: Mapping[str, Any] | None = None,
    names: Collection[str] = (),
    token: str = "",
    ready: Callable[[str], None],
) -> None:
    """Serve an exported model until SIGINT or SIGTERM; what was asked before is still answered.

    Args:
        folder: a version's folder; see `find_exported`. Its parent's name is the model's.
        host: the address to listen on. Beyond this machine it warns: whoever reaches it may ask.
        port: 0 takes a free one.
        limits: by default those of `Limits`.
        page: what the page of `mrca demo` knows of its model, to show it; see `demo_page`.
        names: host names that it is asked by, beside its addresses and this machine's own name.
        token: what every request must bring; see `Guard`. Empty: nothing.
        ready: called with the server's address, such as `"http://127.0.0.1:8501"`, once it listens.

    Raises:
        MrcaError: if the model is damaged, or the port taken.
    """
    limits = limits or Limits()
    only_loopback = is_loopback(host)
    if not (only_loopback or token):
        warnings.warn(
            f"{host} may be reached from other machines, and the server asks nobody for a "
            f"password. Set {TOKEN}, or leave --host out to answer on this machine only.",
            stacklevel=2,
        )
    with _bound(host, port) as listener:
        app = create_app(
            [ServedModel.load(folder)],
            limits,
            page=page,
            only_loopback=only_loopback,
            names=names if only_loopback else {*names, host, socket.gethostname()},
            token=token,
        )
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=math.ceil(limits.timeout) + 1,
        )
        bound_connections(config, limits)
        address = f"[{host}]" if ":" in host else host
        url = f"http://{address}:{listener.getsockname()[1]}"
        _run(_Server(config, lambda: ready(url)), listener)


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    def stop(*_: Any) -> None:
        server.should_exit = True

    # Uvicorn stops at these, and raises them again for the handlers before its own; with Python's
    # own handlers the process would not end with exit code 0.
    kept = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens at the address, taken before the model is loaded."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise MrcaError(
            f"There is no address {host!r} to listen on ({error}). Give this machine's, such as "
            "--host 127.0.0.1."
        ) from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        # Else another server could still take the port while this one loads its model.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise MrcaError(
                f"Port {port} of {host} is taken. Stop what listens there, or choose another with "
                "--port; --port 0 takes a free one."
            ) from None
        raise MrcaError(
            f"Cannot listen on port {port} of {host}: {error.strerror}. Choose others with --host "
            "and --port."
        ) from None
    return listener
