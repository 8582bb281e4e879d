"""A served model over REST."""

import json
import os
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from threading import Thread
from typing import Any

import numpy as np
import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError

from mrca.errors import MrcaError
from mrca.serving.client_errors import (
    cut_short,
    nobody_answers,
    not_an_export,
    refused,
    sent_elsewhere,
    too_late,
)
from mrca.serving.guard import TOKEN
from mrca.serving.model_url import ModelUrl
from mrca.serving.serving_client import ServingClient

# Characters of a foreign answer that a message shows.
_LONGEST = 200


class RestClient(ServingClient):
    """Asks over TensorFlow Serving's REST API; see `ServingClient`."""

    def __init__(self, url: ModelUrl, *, batch_size: int = 32, timeout: float = 60) -> None:
        super().__init__(url, batch_size=batch_size, timeout=timeout)
        self._session = requests.Session()
        # What the environment says of proxies and passwords is for servers elsewhere.
        self._session.trust_env = not url.is_local
        if token := os.environ.get(TOKEN):
            self._session.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Close the connections that are kept open between requests."""
        self._session.close()

    def _inputs(self) -> Collection[str]:
        value = _json(self._answer("GET", "/metadata"))
        for key in ("metadata", "signature_def", "signature_def", "tokens", "inputs"):
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else ()

    def _predict(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
        columns = {name: array.tolist() for name, array in inputs.items()}
        body = json.dumps({"signature_name": "tokens", "inputs": columns})
        response = self._answer("POST", ":predict", body)
        if 300 <= response.status_code < 400:
            raise sent_elsewhere(self.url, response.headers.get("Location", "nowhere"))
        answer = _json(response)
        shown = response.content[: 4 * _LONGEST].decode("utf-8", "replace")[:_LONGEST]
        if not response.ok:
            said = answer.get("error") if isinstance(answer, dict) else None
            raise refused(
                self.url,
                f"HTTP status {response.status_code}",
                str(said or shown),
                not_found=response.status_code == 404,
            )
        outputs = answer.get("outputs") if isinstance(answer, dict) else None
        if not isinstance(outputs, dict):
            raise not_an_export(repr(shown))
        return outputs

    def _answer(self, method: str, place: str, body: str | None = None) -> requests.Response:
        """The whole answer to a request, or that it is not there in time."""
        answer: Future[requests.Response] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._asked(method, place, body))
            except BaseException as error:
                answer.set_exception(error)

        # A time-out of the sockets begins anew with every byte; this thread may be left behind.
        Thread(target=ask, daemon=True).start()
        try:
            return answer.result(self.timeout)
        except (TimeoutError, requests.Timeout):
            raise too_late(self.url, self.timeout) from None
        except requests.ConnectionError as error:
            raise nobody_answers(self.url, _reason(error)) from None
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise cut_short(self.url, _reason(error)) from None
        except requests.RequestException as error:
            raise MrcaError(f"Cannot ask {self.url.address}: {_reason(error)}.") from None

    def _asked(self, method: str, place: str, body: str | None) -> requests.Response:
        return self._session.request(
            method,
            f"{self.url.scheme}://{self.url.address}{self.url.path}{place}",
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=self.timeout,
            allow_redirects=False,
        )


def _json(response: requests.Response) -> Any:
    """The value of an answer; `None` if it is none."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _reason(error: Any) -> str:
    """What the innermost of an error's errors says: requests and urllib3 wrap those of sockets."""
    inner = getattr(error, "reason", None)
    wrapped = [each for each in (*error.args, inner) if isinstance(each, Exception)]
    if wrapped:
        return _reason(wrapped[-1])
    said = str(error).strip().rpartition(": ")[2]  # without urllib3's object that it says it of
    return getattr(error, "strerror", None) or said or type(error).__name__
