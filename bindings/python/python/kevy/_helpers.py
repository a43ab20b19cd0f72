"""The methods of a session that are loops over others. The native classes call these by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from ._errors import WatchError


def scan_iter(session: Any, match: Any, count: Any, _type: Any) -> Iterator[Any]:
    """Every key, page by page."""
    cursor = None
    while cursor != 0:
        cursor, keys = session.scan(cursor or 0, match, count, _type)
        yield from keys


def hscan_iter(session: Any, name: Any, match: Any, count: Any, no_values: Any) -> Iterator[Any]:
    """Every field and value of a hash, page by page."""
    cursor = None
    while cursor != 0:
        cursor, fields = session.hscan(name, cursor or 0, match, count, no_values)
        yield from fields if no_values else fields.items()


def transaction(session: Any, func: Any, watches: Any, value_from_callable: bool) -> Any:
    """Runs what ``func`` queues, again and again until no watched key changed meanwhile."""
    with session.pipeline() as pipe:
        while True:
            try:
                if watches:
                    pipe.watch(*watches)
                value = func(pipe)
                replies = pipe.execute()
            except WatchError:
                continue
            return value if value_from_callable else replies


async def async_scan_iter(session: Any, match: Any, count: Any, _type: Any) -> AsyncIterator[Any]:
    """Every key, page by page."""
    cursor = None
    while cursor != 0:
        cursor, keys = await session.scan(cursor or 0, match, count, _type)
        for key in keys:
            yield key


async def async_hscan_iter(
    session: Any, name: Any, match: Any, count: Any, no_values: Any
) -> AsyncIterator[Any]:
    """Every field and value of a hash, page by page."""
    cursor = None
    while cursor != 0:
        cursor, fields = await session.hscan(name, cursor or 0, match, count, no_values)
        for field in fields if no_values else fields.items():
            yield field


async def async_transaction(session: Any, func: Any, watches: Any, value_from_callable: bool) -> Any:
    """As ``transaction``; ``func`` may be a coroutine function."""
    async with session.pipeline() as pipe:
        while True:
            try:
                if watches:
                    await pipe.watch(*watches)
                value = func(pipe)
                if hasattr(value, "__await__"):
                    value = await value
                replies = await pipe.execute()
            except WatchError:
                continue
            return value if value_from_callable else replies
