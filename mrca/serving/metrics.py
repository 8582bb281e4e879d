"""What a server counts, in the form that Prometheus reads."""

from collections.abc import Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from mrca.serving.batcher import Batcher
from mrca.serving.served_model import ServedModel

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Requests for answers, by model: how many, how they ended, how long they took, what waits.

    Args:
        batchers: what runs each version of a model.
    """

    def __init__(self, batchers: Mapping[ServedModel, Batcher]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "mrca_requests",
            "Requests for answers, by the status that they were answered with.",
            ["model", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "mrca_request_seconds",
            "From a request's headers to its answer.",
            ["model"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._rows = Counter("mrca_rows", "Rows answered.", ["model"], registry=self._registry)
        queue = Gauge(
            "mrca_waiting_rows",
            "Rows that wait to be run.",
            ["model", "version"],
            registry=self._registry,
        )
        for model, batcher in batchers.items():
            waiting = queue.labels(model.name, str(model.version))
            waiting.set_function(partial(getattr, batcher, "waiting"))

    def answered(self, model: str, status: int, seconds: float, rows: int = 0) -> None:
        """Count a request that was answered, or refused."""
        self._requests.labels(model, str(status)).inc()
        self._seconds.labels(model).observe(seconds)
        self._rows.labels(model).inc(rows)

    def text(self) -> bytes:
        """Everything in Prometheus' text form."""
        return generate_latest(self._registry)
