"""What asks a served model about rows."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self

import numpy as np

from mrca.serving.client_errors import RefusedError
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

    Attributes:
        pairs: whether the model is asked about entity pairs, as far as is known.
    """

    pairs = False

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
            outputs = self._outputs(batch)
            yield from served_answers(outputs, len(batch), pairs=self.pairs)

    def _outputs(self, batch: Sequence[Document]) -> Mapping[str, Any]:
        try:
            return self._predict(padded_tokens(batch, pairs=self.pairs))
        except RefusedError:
            # A model takes the one form of request or the other.
            if self.pairs or "start" not in self._inputs():
                raise
        self.pairs = True
        return self._predict(padded_tokens(batch, pairs=True))

    @abstractmethod
    def close(self) -> None:
        """Give the connection back."""

    @abstractmethod
    def _inputs(self) -> Collection[str]:
        """What the `tokens` signature takes; nothing if the server does not say."""

    @abstractmethod
    def _predict(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
        """The outputs of the `tokens` signature by name, strings as `str`."""
