"""The asyncio twin of ``kevy``.

Commands in-process never wait for I/O, so they run inside the call and the awaitable is ready at once. Those that wait
for others, such as ``blpop``, run on a session and a thread of their own while they are awaited; cancelling ends the
wait. A replica waits for its one descriptor in the event loop; there are no threads and no timers behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Literal, overload

from . import _kevy, _runtime
from ._errors import BusyError, ClosedError
from ._kevy import AsyncPipeline as Pipeline
from ._kevy import AsyncSession as Session
from ._subscription import AsyncSubscription as Subscription

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Pipeline", "Replica", "Runtime", "Session", "Subscription"]


class Runtime(_runtime.Runtime):
    """As ``kevy.Runtime``; its sessions' methods are awaited."""

    @overload  # type: ignore[override]
    def session(self, decode_responses: Literal[False] = False) -> Session[bytes]: ...
    @overload
    def session(self, decode_responses: Literal[True]) -> Session[str]: ...
    def session(self, decode_responses: bool = False) -> Session[bytes] | Session[str]:
        """Opens a session that runs commands inside its methods, with bytes or text coming back."""
        if decode_responses:
            return self.async_session(True)
        return self.async_session()

    async def aclose(self, timeout: float = 5.0) -> None:
        """Stops it without holding up the event loop."""
        await asyncio.to_thread(self.close, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Replica:
    """As ``kevy.Replica``: iterate it with ``async for``, by frame or by ``batches``."""

    def __init__(self, source: Any, cursor: bytes | None = None, **options: Any) -> None:
        self._native = _kevy.Replica(source, cursor, **options)
        self._waiting = False

    @property
    def cursor(self) -> bytes:
        """The position after the last frame: save it with what was applied."""
        return self._native.cursor

    @property
    def stats(self) -> dict[str, Any]:
        """Counters of the link."""
        return self._native.stats

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native.closed

    def ack(self, cursor: bytes | None = None) -> None:
        """Tells the primary that everything before ``cursor`` has been applied."""
        self._native.ack(cursor)

    def interrupt(self) -> None:
        """Ends the wait under way, or else the next one, with InterruptedError. Any thread may call it."""
        self._native.interrupt()

    def fileno(self) -> int:
        """The descriptor that is readable when there may be something to do."""
        return self._native.fileno()

    async def _readable(self, deadline: float | None) -> bool:
        """Waits for the descriptor. False where the time has passed."""
        loop = asyncio.get_running_loop()
        if self._waiting:
            raise BusyError("the replica is awaited by another task")
        ready: asyncio.Future[bool] = loop.create_future()

        def settle(outcome: bool) -> None:
            if not ready.done():
                ready.set_result(outcome)

        timer = None if deadline is None else loop.call_at(deadline, settle, False)
        loop.add_reader(self._native.fileno(), settle, True)
        self._waiting = True
        try:
            return await ready
        finally:
            self._waiting = False
            loop.remove_reader(self._native.fileno())
            if timer is not None:
                timer.cancel()

    async def next(self, timeout: float | None = None) -> _kevy.Frame | None:
        """The next frame, or None once ``timeout`` seconds have passed."""
        deadline = None if timeout is None else asyncio.get_running_loop().time() + timeout
        while (frame := self._native.next(0)) is None:
            if not await self._readable(deadline):
                return None
        return frame

    async def next_batch(self, max: int = 1024, timeout: float | None = None) -> _kevy.Batch | None:  # noqa: A002
        """Up to ``max`` frames, or None once ``timeout`` seconds have passed."""
        deadline = None if timeout is None else asyncio.get_running_loop().time() + timeout
        while (batch := self._native.next_batch(max, 0)) is None:
            if not await self._readable(deadline):
                return None
        return batch

    async def batches(self, max: int = 1024) -> AsyncIterator[_kevy.Batch]:  # noqa: A002
        """Batches of up to ``max`` frames, until the replica is closed."""
        while True:
            try:
                batch = await self.next_batch(max)
            except ClosedError:
                if self.closed:
                    return
                raise
            if batch is not None:
                yield batch

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _kevy.Frame:
        try:
            frame = await self.next()
        except ClosedError:
            if self.closed:
                raise StopAsyncIteration from None
            raise
        if frame is None:
            raise StopAsyncIteration
        return frame

    def close(self) -> None:
        """Ends the link. Safe to call again."""
        self._native.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
