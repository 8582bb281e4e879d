"""Rows of concurrent requests, run together."""

import asyncio
import math
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from mrca.serving.limits import Limits
from mrca.serving.request_error import RequestError
from mrca.serving.served_model import ServedModel, TensorSpec
from mrca.serving.width_class import width_class

Arrays = Mapping[str, np.ndarray]


@dataclass(eq=False)
class _Waiting:
    """A request that is not run yet.

    Attributes:
        signature, arrays: what is asked.
        kind: requests of one kind can be put together.
        rows: how many it has.
        most: how many rows requests of this kind may have together.
        since: when it came, on the event loop's clock.
        answer: gets the outputs, or why there are none.
    """

    signature: str
    arrays: Arrays
    kind: Any
    rows: int
    most: int
    since: float
    answer: asyncio.Future


class Batcher:
    """Runs a model for many clients, with the rows of waiting requests put together.

    Requests for one signature become one batch. Where the second dimension of an input varies,
    those of one `width_class` do, and it is padded at its end to the longest in the batch, with
    `""`, 0 or false, unlike TensorFlow Serving's `pad_variable_length_inputs`, which pads with the
    first word. The model runs in a thread, one batch after another; a batch that fails is run again
    request by request, so that only those fail that must.

    Args:
        model: what is run.
        limits: `max_batch`, `max_cells`, `max_wait` and `max_queue`.
    """

    def __init__(self, model: ServedModel, limits: Limits) -> None:
        self._model = model
        self._limits = limits
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="model")

    @property
    def waiting(self) -> int:
        """Rows that wait to be run; a request without rows counts as one."""
        return sum(max(each.rows, 1) for each in self._queue)

    async def run(self, signature: str, arrays: Arrays) -> Arrays:
        """A signature's outputs, in the rows' order.

        Outputs whose second dimension varies may be padded for the sake of other requests' rows.

        Raises:
            RequestError: if too much is waiting (503), or the model fails (400, 500).
        """
        waiting = self.waiting
        rows = self._rows(signature, arrays)
        if self._queue and waiting + max(rows, 1) > self._limits.max_queue:
            raise RequestError(503, f"The server is busy: {waiting} rows are waiting. Try later.")
        loop = asyncio.get_running_loop()
        kind, most = self._kind(signature, arrays)
        request = _Waiting(signature, arrays, kind, rows, most, loop.time(), loop.create_future())
        self._queue.append(request)
        self._arrived.set()
        try:
            outputs: Arrays = await request.answer
        except asyncio.CancelledError:
            with suppress(ValueError):  # it is being run
                self._queue.remove(request)
            raise
        return outputs

    async def serve(self) -> None:
        """Answer requests until cancelled."""
        try:
            while True:
                while not self._queue:
                    await self._arrival()
                first = self._queue[0]
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(first.since + self._limits.max_wait):
                        while sum(each.rows for each in self._like(first)) < first.most:
                            await self._arrival()
                await self._answer(self._take())
        finally:
            self._worker.shutdown()

    async def _arrival(self) -> None:
        self._arrived.clear()
        await self._arrived.wait()

    def _rows(self, signature: str, arrays: Arrays) -> int:
        if not self._model.signatures[signature].is_batched:
            return 1
        return len(next(iter(arrays.values())))

    def _kind(self, signature: str, arrays: Arrays) -> tuple[Any, int]:
        """What requests must share to be put together, and how many rows they may have then."""
        specs = self._model.signatures[signature].inputs
        padded = {
            arrays[name].shape[1]
            for name, spec in specs.items()
            if spec.shape is not None and len(spec.shape) > 1 and spec.shape[1] is None
        }
        # Inputs of different lengths may be an error, which padding would hide.
        if not self._model.signatures[signature].is_batched or len(padded) > 1:
            return object(), 1
        rows = tuple(_padded_row(arrays[name].shape[1:], spec) for name, spec in specs.items())
        cells = max(map(math.prod, rows))
        return (signature, rows), min(
            self._limits.max_batch, self._limits.max_cells // (cells or 1)
        )

    def _like(self, first: _Waiting) -> list[_Waiting]:
        return [each for each in self._queue if each.kind == first.kind]

    def _take(self) -> list[_Waiting]:
        """The next batch, out of the queue."""
        if not self._queue:  # who waited has gone
            return []
        batch = [self._queue[0]]
        rows = batch[0].rows
        for each in self._like(batch[0])[1:]:
            rows += each.rows
            if rows > batch[0].most:
                break
            batch.append(each)
        taken = set(batch)
        self._queue = deque(each for each in self._queue if each not in taken)
        return batch

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        batch = [each for each in batch if not each.answer.done()]
        if not batch:
            return
        loop = asyncio.get_running_loop()
        try:
            outputs = await loop.run_in_executor(self._worker, self._run, batch)
        except Exception as error:
            if len(batch) == 1:
                if not batch[0].answer.done():
                    batch[0].answer.set_exception(error)
                return
            for each in batch:
                await self._answer([each])
            return
        for each, own in zip(batch, outputs, strict=True):
            if not each.answer.done():
                each.answer.set_result(own)

    def _run(self, batch: Sequence[_Waiting]) -> list[Arrays]:
        """Each request's outputs."""
        first = batch[0]
        if len(batch) == 1:
            return [self._model.run(first.signature, first.arrays)]
        merged = {name: _stacked([each.arrays[name] for each in batch]) for name in first.arrays}
        outputs = self._model.run(first.signature, merged)
        borders = np.cumsum([0, *(each.rows for each in batch)])
        for name, array in outputs.items():
            if len(array) != borders[-1]:
                raise RequestError(500, f"{name} has {len(array)} rows for {borders[-1]}.")
        return [
            {name: array[borders[i] : borders[i + 1]] for name, array in outputs.items()}
            for i in range(len(batch))
        ]


def _padded_row(shape: tuple[int, ...], spec: TensorSpec) -> tuple[int, ...]:
    """The shape of an input's rows, when they are padded as much as they may come to be."""
    if shape and spec.shape is not None and spec.shape[1] is None:
        return width_class(shape[0]), *shape[1:]
    return shape


def _stacked(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of several arrays, padded in the second dimension."""
    if arrays[0].ndim < 2:
        return np.concatenate(arrays)
    longest = max(array.shape[1] for array in arrays)
    shape = (sum(map(len, arrays)), longest, *arrays[0].shape[2:])
    padding = b"" if arrays[0].dtype.kind == "O" else 0
    stacked = np.full(shape, padding, arrays[0].dtype)
    start = 0
    for array in arrays:
        stacked[start : start + len(array), : array.shape[1]] = array
        start += len(array)
    return stacked
