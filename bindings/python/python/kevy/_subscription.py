"""Subscriptions of ``kevy.aio``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ._errors import BusyError, InterruptedError, TimeoutError

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._kevy import Subscription
    from ._types import Encodable, Message


class AsyncSubscription:
    """Messages of the channels and patterns that it is subscribed to: iterate it with ``async for``."""

    def __init__(self, native: Subscription) -> None:
        self._native = native

    async def _take(self) -> Message | None:
        """The next message that is at hand."""
        while True:
            try:
                return self._native.get_message()
            except BusyError:
                # A wait that was cancelled is about to end.
                await asyncio.sleep(0.001)

    async def _next(self) -> Message | None:
        """The next message; None once closed."""
        while not self._native.closed:
            if (message := await self._take()) is not None:
                return message
            try:
                await self._native.waiting()
            except InterruptedError:
                continue
        self._native.close()
        return None

    async def get_message(self, timeout: float | None = 0.0) -> Message | None:
        """The next message; None where none comes within ``timeout`` seconds, which is for ever where it is None."""
        if timeout == 0:
            return await self._take()
        try:
            return await asyncio.wait_for(self._next(), timeout)
        except (TimeoutError, asyncio.TimeoutError):
            return None

    async def subscribe(self, *channels: Encodable) -> None:
        """Subscribes to further channels. No other task may be waiting for a message."""
        self._native.subscribe(*channels)

    async def psubscribe(self, *patterns: Encodable) -> None:
        """Subscribes to further patterns. No other task may be waiting for a message."""
        self._native.psubscribe(*patterns)

    async def ssubscribe(self, *channels: Encodable) -> None:
        """Subscribes to further shard channels. No other task may be waiting for a message."""
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
        message = await self._next()
        if message is None:
            raise StopAsyncIteration
        return message

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.close()
