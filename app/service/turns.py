"""One request's images at a time, in a thread: clicks on the pages keep a processor, and the event loop is free."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio
import anyio.to_thread

from app.service.refusals import BusyError, TooSlowError

MAX_PRESENT = 8
"""Requests that are read, wait or are worked on at one time: each may hold a body of the largest size."""
READ_SECONDS = 60.0
"""For the largest body through a slow line; whoever sends a byte a minute holds a place no longer than this."""
Result = TypeVar("Result")


class Turns:
    """A room with a few places and one counter."""

    def __init__(self, *, read_seconds: float = READ_SECONDS) -> None:
        self._counter = anyio.CapacityLimiter(1)
        self._read_seconds = read_seconds
        self._present = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the room, for the whole of a request.

        Raises:
            BusyError: There is none left.
        """
        if self._present >= MAX_PRESENT:
            raise BusyError("The server is busy with other requests; try again in a few seconds.")
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1

    async def read(self, reading: Awaitable[Result]) -> Result:
        """What a request brings.

        Raises:
            TooSlowError: It takes too long to come.
        """
        try:
            with anyio.fail_after(self._read_seconds):
                return await reading
        except TimeoutError as error:
            raise TooSlowError("The request took too long to arrive; send less at once.") from error

    async def take(self, work: Callable[[], Result]) -> Result:
        """The result of `work` in a thread, when it has had its turn at the counter."""
        return await anyio.to_thread.run_sync(work, limiter=self._counter)
