"""`mrca client`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mrca.bulk.answers import ServedAnswers
from mrca.cli.options import LONGEST_WAIT, a_number
from mrca.cli.prediction_lines import AtError, OnError, RowsFile, write_predictions
from mrca.quiet import quiet_start

if TYPE_CHECKING:
    from mrca.serving.serving_client import ServingClient


def client(
    url: Annotated[
        str,
        typer.Argument(
            help="http://HOST:PORT/v1/models/NAME, or …/NAME/versions/N; "
            "for gRPC grpc://HOST:PORT/NAME, or …/NAME/N."
        ),
    ],
    file: RowsFile = "-",
    on_error: AtError = OnError.STOP,
    batch_size: Annotated[
        int, typer.Option(min=1, help="How many rows to send in one request.")
    ] = 32,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=LONGEST_WAIT,
            callback=a_number,
            help="Seconds to wait for the answer to a request.",
        ),
    ] = 60,
) -> None:
    """Ask a server, `mrca serve` or TensorFlow Serving, about rows: as `mrca predict` does.

    JSON Lines in, JSON Lines out, in the same order and the same form.
    """
    with _connected(url, batch_size, timeout) as served:
        write_predictions(file, on_error, ServedAnswers(served))


def _connected(url: str, batch_size: int, timeout: float) -> "ServingClient":
    from mrca.serving.model_url import parse_model_url

    parsed = parse_model_url(url)
    if parsed.scheme == "grpc":
        with quiet_start():
            from mrca.serving.grpc_client import GrpcClient
        return GrpcClient(parsed, batch_size=batch_size, timeout=timeout)
    from mrca.serving.rest_client import RestClient

    return RestClient(parsed, batch_size=batch_size, timeout=timeout)
