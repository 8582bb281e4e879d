"""How much a server takes on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What keeps one client from taking all of a server.

    Attributes:
        max_body: bytes of a request's body; a larger one is answered with 413.
        max_rows: rows of a request; one with more is answered with 400.
        max_characters: bytes of all texts of a request; one with more is answered with 400, before
            any work. What a text costs grows with it, and all wait while it is read.
        max_cells: cells of one input, rows times width (times numbers of a word); a request with
            more is answered with 400, and requests with more together are not put together.
        max_batch: rows that are put together from several requests. A request with more runs alone.
        max_wait: seconds that the first row of a batch waits for others.
        max_queue: rows that wait to be run; a request that finds as many is answered with 503.
        max_connections: clients that are connected; one more is answered with 503.
        timeout: seconds from the end of a request's headers to its answer, else 504; the headers
            have as long to come, else the connection is closed.
    """

    max_body: int = 4_000_000
    max_rows: int = 1024
    max_characters: int = 500_000
    max_cells: int = 1024 * 1024
    max_batch: int = 128
    max_wait: float = 0.002
    max_queue: int = 4096
    max_connections: int = 256
    timeout: float = 60.0
