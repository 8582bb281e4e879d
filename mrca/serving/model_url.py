"""Where a served model is asked."""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from mrca.errors import MrcaError
from mrca.runs.layout import HIGHEST_VERSION
from mrca.serving.guard import is_loopback

_PATHS = {
    "http": re.compile(r"/v1/models/([^/:]+)(?:/versions/([0-9]+))?/?"),
    "https": re.compile(r"/v1/models/([^/:]+)(?:/versions/([0-9]+))?/?"),
    "grpc": re.compile(r"/([^/:]+)(?:/([0-9]+))?/?"),
}

# More than the highest version has; of very many Python makes no number.
_DIGITS = 30


class ModelUrl(NamedTuple):
    """A server and one of its models.

    Attributes:
        scheme: `http`, `https` or `grpc`.
        address: host and port, as `127.0.0.1:8501`.
        name: the model's.
        version: which one of it, or the server's choice, the newest.
    """

    scheme: str
    address: str
    name: str
    version: int | None = None

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, where no proxy is needed to reach it."""
        return is_loopback(urlsplit(f"//{self.address}").hostname or "")

    @property
    def path(self) -> str:
        """Where TensorFlow Serving's REST API has the model."""
        version = "" if self.version is None else f"/versions/{self.version}"
        return f"/v1/models/{quote(self.name, safe='')}{version}"


def parse_model_url(url: str) -> ModelUrl:
    """Read `http://host:8501/v1/models/NAME` or `grpc://host:8500/NAME`.

    A version is given as `/versions/N` behind the first and `/N` behind the second.

    Raises:
        MrcaError: if it is neither.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _unexpected(url, str(error)) from None
    if parts.scheme not in _PATHS:
        raise _unexpected(url, f"the scheme {parts.scheme!r}" if parts.scheme else "no scheme")
    if not parts.hostname:
        raise _unexpected(url, "no host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise _unexpected(url, "more than a host, a port and a path")
    if parts.scheme == "grpc" and port is None:
        raise _unexpected(url, "no port")
    match = _PATHS[parts.scheme].fullmatch(parts.path)
    if match is None:
        raise _unexpected(url, f"the path {parts.path!r}" if parts.path else "no path")
    name, digits = match.groups()
    version = None if digits is None else int(digits[:_DIGITS])
    if version is not None and not 1 <= version <= HIGHEST_VERSION:
        raise _unexpected(url, f"a version that is not from 1 to {HIGHEST_VERSION}")
    return ModelUrl(parts.scheme, parts.netloc, unquote(name), version)


def _unexpected(url: str, received: str) -> MrcaError:
    return MrcaError(
        f"Cannot ask {url!r}: expected http://HOST:PORT/v1/models/NAME (or …/NAME/versions/N) for "
        "REST, usually with port 8501, or grpc://HOST:PORT/NAME (or …/NAME/N) for gRPC, usually "
        f"with port 8500; received {received}."
    )
