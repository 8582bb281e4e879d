"""TensorFlow Serving's REST API as an application."""

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from mrca.serving.batcher import Batcher
from mrca.serving.guard import HEALTH, Guard
from mrca.serving.limits import Limits
from mrca.serving.metrics import Metrics
from mrca.serving.predict_json import parse_request, response_body
from mrca.serving.request_error import RequestError
from mrca.serving.served_model import ServedModel
from mrca.text import tokenise

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_NOBODY_LISTENS = 499
# Folders of packages with the files of the page, and of the library that draws its graph.
_PAGE: list[str | tuple[str, str]] = [("mrca.serving", "page"), ("mrca.graph", "cytoscape")]


def create_app(
    models: Iterable[ServedModel],
    limits: Limits | None = None,
    *,
    page: Mapping[str, Any] | None = None,
    only_loopback: bool = True,
    names: Collection[str] = (),
    token: str = "",
) -> FastAPI:
    """The application that answers for models.

    Under `/v1/models/<name>`, or `/v1/models/<name>/versions/<number>` for one version: `GET` of it
    gives its status, of `…/metadata` its signatures, and `POST` to `…:predict` its answers.
    `/healthz` says that the server is up, and `/metrics` what it has counted.

    Args:
        models: versions of one or more models. Without a number, the highest version answers.
        limits: by default those of `Limits`.
        page: what the page of `mrca demo` knows of its model (see `demo_page`), to show it at `/`;
            without, there is no page.
        only_loopback: whether to refuse requests that name another host than this machine; see
            `Guard`.
        names: other host names of this server; see `Guard`.
        token: what requests must bring; see `Guard`.
    """
    limits = limits or Limits()
    batchers = {model: Batcher(model, limits) for model in models}
    versions = _Versions(batchers)
    metrics = Metrics(batchers)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(batcher.serve()) for batcher in batchers.values()]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(lifespan=running, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, only_loopback=only_loopback, names=names, token=token)

    @app.exception_handler(RequestError)
    async def refused(_: Request, error: RequestError) -> Response:
        return _error(error.status, error.message)

    @app.exception_handler(HTTPException)
    async def not_found(_: Request, error: HTTPException) -> Response:
        return _error(error.status_code, str(error.detail))

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        return _error(500, f"{type(error).__name__}: {error}")

    @app.get("/v1/models/{name}")
    @app.get("/v1/models/{name}/versions/{version}")
    async def status(request: Request, name: str, version: str | None = None) -> Response:
        if ":" in f"{name}{version}":  # such as GET of …:predict
            return await malformed(request)
        return _json({"model_version_status": [_status(m) for m in versions.of(name, version)]})

    @app.get("/v1/models/{name}/metadata")
    @app.get("/v1/models/{name}/versions/{version}/metadata")
    async def metadata(name: str, version: str | None = None) -> Response:
        return _json(_metadata(versions.of(name, version)[0]))

    @app.post("/v1/models/{name}:predict")
    @app.post("/v1/models/{name}/versions/{version}:predict")
    async def predict(request: Request, name: str, version: str | None = None) -> Response:
        model = versions.of(name, version)[0]
        begun = time.perf_counter()
        status, rows = 500, 0
        try:
            async with asyncio.timeout(limits.timeout):
                asked = parse_request(await _body(request, limits.max_body), model.signatures)
                _check_size(asked.arrays, limits)
                outputs = await batchers[model].run(asked.signature, asked.arrays)
            answer = Response(response_body(outputs, asked.by_row), media_type="application/json")
            status, rows = answer.status_code, _rows(asked.arrays)
        except TimeoutError:
            status = 504
            raise RequestError(504, f"No answer within {limits.timeout:g} seconds.") from None
        except RequestError as error:
            status = error.status
            raise
        except ClientDisconnect:
            status = _NOBODY_LISTENS
            return Response(status_code=_NOBODY_LISTENS)
        finally:
            metrics.answered(name, status, time.perf_counter() - begun, rows)
        return answer

    @app.get(HEALTH)
    async def healthy() -> Response:
        return Response("ok\n", media_type="text/plain")

    @app.get("/metrics")
    async def counted() -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    @app.api_route("/v1/{path:path}", methods=_METHODS)
    async def malformed(request: Request) -> Response:
        return _error(400, f"Malformed request: {request.method} {request.url.path}")

    if page is not None:

        @app.get("/model.json")
        async def shown() -> Response:
            return _json(page)

        @app.post("/words")
        async def words(request: Request) -> Response:
            text = (await _body(request, limits.max_characters)).decode("utf-8", "replace")
            return _json([[word.start, word.end] for word in tokenise(text)])

        app.mount("/", StaticFiles(packages=_PAGE, html=True))
    return app


class _Versions:
    """Models by name and version."""

    def __init__(self, models: Iterable[ServedModel]) -> None:
        self._models = sorted(models, key=lambda model: -model.version)

    def of(self, name: str, version: str | None) -> list[ServedModel]:
        """Those that a path means, the newest first; 404 if there is none."""
        found = [
            model
            for model in self._models
            if model.name == name and version in (None, str(model.version))
        ]
        if not found:
            what = name if version is None else f"{name}, version {version}"
            raise RequestError(404, f"Servable not found for request: {what}")
        return found


async def _body(request: Request, most: int) -> bytes:
    """A request's body, unpacked if it is gzipped."""
    too_large = RequestError(413, f"The body is too large: this server takes {most} bytes.")
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise RequestError(415, f"Bodies are taken plain or gzipped, not as {encoding[:50]!r}.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise too_large
    if encoding == "identity":
        return bytes(body)
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise RequestError(400, f"The body is no gzip file: {error}.") from None
    if len(unpacked) > most:
        raise too_large
    if not unpacker.eof or unpacker.unused_data:
        raise RequestError(400, "The body is not one whole gzip file.")
    return unpacked


def _check_size(arrays: Mapping[str, np.ndarray], limits: Limits) -> None:
    rows = _rows(arrays)
    if rows > limits.max_rows:
        raise RequestError(400, f"{rows} rows are too many: this server takes {limits.max_rows}.")
    characters = sum(
        len(text) for array in arrays.values() if array.dtype == object for text in array.flat
    )
    if characters > limits.max_characters:
        raise RequestError(
            400,
            f"{characters} bytes of text are too many: this server takes {limits.max_characters} "
            "in a request. Send fewer rows at a time, or shorter ones.",
        )
    for name, array in arrays.items():
        if array.size > limits.max_cells:
            raise RequestError(
                400,
                f"{name}: {array.size} cells (rows times width) are too many: this server takes "
                f"{limits.max_cells}. Send fewer rows at a time, or shorter ones.",
            )


def _rows(arrays: Mapping[str, np.ndarray]) -> int:
    return max((len(array) for array in arrays.values() if array.ndim), default=1)


def _status(model: ServedModel) -> dict[str, Any]:
    return {
        "version": str(model.version),
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }


def _metadata(model: ServedModel) -> dict[str, Any]:
    return {
        "model_spec": {
            "name": model.name,
            "signature_name": "",
            "version": str(model.version),
        },
        "metadata": {"signature_def": {"signature_def": model.metadata}},
    }


def _error(status: int, message: str) -> Response:
    return _json({"error": message}, status)


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, indent=1), status, media_type="application/json")
