"""The methods of a session that are loops over others. The native classes call these by name."""

from __future__ import annotations

import asyncio
import contextlib
import threading
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


def sscan_iter(session: Any, name: Any, match: Any, count: Any) -> Iterator[Any]:
    """Every member of a set, page by page."""
    cursor = None
    while cursor != 0:
        cursor, members = session.sscan(name, cursor or 0, match, count)
        yield from members


def zscan_iter(session: Any, name: Any, match: Any, count: Any, score_cast_func: Any) -> Iterator[Any]:
    """Every member and score of a sorted set, page by page."""
    cursor = None
    while cursor != 0:
        cursor, members = session.zscan(name, cursor or 0, match, count, score_cast_func)
        yield from members


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


async def async_sscan_iter(session: Any, name: Any, match: Any, count: Any) -> AsyncIterator[Any]:
    """Every member of a set, page by page."""
    cursor = None
    while cursor != 0:
        cursor, members = await session.sscan(name, cursor or 0, match, count)
        for member in members:
            yield member


async def async_zscan_iter(
    session: Any, name: Any, match: Any, count: Any, score_cast_func: Any
) -> AsyncIterator[Any]:
    """Every member and score of a sorted set, page by page."""
    cursor = None
    while cursor != 0:
        cursor, members = await session.zscan(name, cursor or 0, match, count, score_cast_func)
        for member in members:
            yield member


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


async def wait(job: Any) -> Any:
    """The outcome of a job that may wait long, which runs on a thread of its own. Cancelling ends the job."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(value)
        else:
            outcome.set_exception(error)

    def work() -> None:
        value, failure = None, None
        try:
            value = job.run()
        except BaseException as error:  # noqa: BLE001
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=work, name="kevy-wait", daemon=True).start()
    try:
        return await outcome
    except asyncio.CancelledError:
        job.interrupt()
        raise


async def settled(outcome: Any) -> Any:
    """An outcome that is there already."""
    return await outcome


def with_text_keys(value: Any) -> Any:
    """A dict whose keys are text where they were bytes."""
    return {name.decode() if isinstance(name, bytes) else name: part for name, part in value.items()}
