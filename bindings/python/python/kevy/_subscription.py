"""Subscriptions of ``kevy.aio``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ._errors import BusyError

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._kevy import Subscription
    from ._types import Encodable, Message


class AsyncSubscription:
    """Messages of the channels and patterns that it is subscribed to: iterate it with ``async for``."""

    def __init__(self, native: Subscription) -> None:
        self._native = native
        #: What the task that waits for a message waits for.
        self._ready: asyncio.Future[bool] | None = None

    def _settle(self, outcome: bool) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(outcome)

    async def _readable(self, deadline: float | None) -> bool:
        """Waits until there may be a message. False where the time has passed."""
        loop = asyncio.get_running_loop()
        if self._ready is not None:
            raise BusyError("another task waits for a message")
        descriptor = self._native.fileno()
        ready: asyncio.Future[bool] = loop.create_future()
        self._ready = ready
        timer = None if deadline is None else loop.call_at(deadline, self._settle, False)
        loop.add_reader(descriptor, self._settle, True)
        try:
            return await ready
        finally:
            self._ready = None
            loop.remove_reader(descriptor)
            if timer is not None:
                timer.cancel()

    async def _next(self, deadline: float | None) -> Message | None:
        """The next message; None once closed, or when the time has passed."""
        while not self._native.closed:
            if (message := self._native.get_message()) is not None:
                return message
            if not await self._readable(deadline):
                return None
        return None

    async def get_message(self, timeout: float | None = 0.0) -> Message | None:
        """The next message; None where none comes within ``timeout`` seconds, which is for ever where it is None."""
        if timeout == 0:
            return self._native.get_message()
        return await self._next(None if timeout is None else asyncio.get_running_loop().time() + timeout)

    async def subscribe(self, *channels: Encodable) -> None:
        """Subscribes to further channels."""
        self._native.subscribe(*channels)

    async def psubscribe(self, *patterns: Encodable) -> None:
        """Subscribes to further patterns."""
        self._native.psubscribe(*patterns)

    async def ssubscribe(self, *channels: Encodable) -> None:
        """Subscribes to further shard channels."""
        self._native.ssubscribe(*channels)

    async def unsubscribe(self, *channels: Encodable) -> None:
        """Ends subscriptions to channels, all of them where none is named."""
        self._native.unsubscribe(*channels)

    async def punsubscribe(self, *patterns: Encodable) -> None:
        """Ends subscriptions to patterns, all of them where none is named."""
        self._native.punsubscribe(*patterns)

    async def sunsubscribe(self, *channels: Encodable) -> None:
        """Ends subscriptions to shard channels, all of them where none is named."""
        self._native.sunsubscribe(*channels)

    def close(self) -> None:
        """Ends it, and the wait of another task. Safe to call again."""
        self._native.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native.closed

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        message = await self._next(None)
        if message is None:
            raise StopAsyncIteration
        return message

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.close()
