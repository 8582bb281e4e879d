"""What asks a served model about rows."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import TracebackType
from typing import Any, Self

import numpy as np

from mrca.serving.model_url import ModelUrl
from mrca.serving.padded_tokens import padded_tokens
from mrca.serving.served_answer import ServedAnswer, served_answers
from mrca.text import Document


class ServingClient(ABC):
    """Asks an exported model that TensorFlow Serving, or `mrca serve`, has loaded.

    Args:
        url: server and model.
        batch_size: how many rows a request has at most.
        timeout: seconds to wait for the answer to one request.
    """

    def __init__(self, url: ModelUrl, *, batch_size: int = 32, timeout: float = 60) -> None:
        self.url = url
        self.batch_size = batch_size
        self.timeout = timeout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def answers(self, documents: Iterable[Document]) -> Iterator[ServedAnswer]:
        """What the model says of one row after another, in their order, holding a batch of them.

        Raises:
            MrcaError: if nobody answers, the server refuses, or it answers something else than an
                exported run does.
        """
        iterator = iter(documents)
        while batch := list(islice(iterator, self.batch_size)):
            yield from served_answers(self._predict(padded_tokens(batch)), len(batch))

    @abstractmethod
    def close(self) -> None:
        """Give the connection back."""

    @abstractmethod
    def _predict(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
        """The outputs of the `tokens` signature by name, strings as `str`."""
