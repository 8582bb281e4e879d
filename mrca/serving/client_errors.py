"""What can go wrong between a client and a server, in words for the client's user."""

from mrca.errors import MrcaError
from mrca.serving.model_url import ModelUrl


class RefusedError(MrcaError):
    """A server's own error in place of an answer."""


def nobody_answers(url: ModelUrl, reason: str) -> MrcaError:
    """No connection, or one that broke."""
    over = "gRPC, which `mrca serve` does not know" if url.scheme == "grpc" else "REST"
    return MrcaError(
        f"No server answers at {url.address} over {over} ({reason}). Start one with `mrca serve "
        "RUN` (REST) or `MODEL=RUN docker compose up` (REST and gRPC), or correct the URL."
    )


def too_late(url: ModelUrl, timeout: float) -> MrcaError:
    """A connection, but no answer in time."""
    return MrcaError(
        f"The server at {url.address} has not answered within {timeout:g} seconds. Give it more "
        "with --timeout, or ask for less at a time with --batch-size."
    )


def cut_short(url: ModelUrl, reason: str) -> MrcaError:
    """An answer that ends before it is whole."""
    return MrcaError(
        f"The server at {url.address} has not sent its whole answer ({reason}). See what it says "
        "where it runs, and ask again."
    )


def sent_elsewhere(url: ModelUrl, place: str) -> MrcaError:
    """An answer that names another address."""
    return MrcaError(
        f"The server at {url.address} does not answer itself, but points to {place!r}, which is "
        "not followed. Give the URL of the server that has the model."
    )


def refused(url: ModelUrl, status: str, said: str, *, not_found: bool) -> RefusedError:
    """An answer that is an error of the server's own.

    Args:
        url: what was asked.
        status: its code.
        said: its message.
        not_found: whether it says that there is no such model or version.
    """
    version = "" if url.version is None else f", version {url.version}"
    newest = "; without a version the newest one answers" if url.version is not None else ""
    advice = f" Correct the model's name or version in the URL{newest}." if not_found else ""
    return RefusedError(
        f"The server at {url.address} refuses to answer for the model {url.name!r}{version}: "
        f"{said.strip() or 'it does not say why'} ({status}).{advice}"
    )


def not_an_export(received: str) -> MrcaError:
    """An answer that no exported run gives."""
    return MrcaError(
        "The server answers, but not as an exported run does: expected relations, their "
        f"scores and problem for every row, received {received}. Is it a model of `mrca export`?"
    )
