"""redis.asyncio over in-process socket pairs."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import redis.asyncio
import redis.asyncio.connection

from . import _kevy


class PairConnection(redis.asyncio.connection.AbstractConnection):
    """A connection whose other end is a session of a runtime in this process."""

    def __init__(self, *, runtime: _kevy.Runtime, **options: Any) -> None:
        self._runtime = runtime
        super().__init__(**options)

    def repr_pieces(self) -> list[tuple[str, Any]]:
        return [("runtime", self._runtime), ("db", self.db)]

    async def _connect(self) -> None:
        pair = socket.socket(fileno=self._runtime.connect_fd())
        pair.setblocking(False)
        self._reader, self._writer = await asyncio.open_connection(sock=pair)
        await self.on_connect()

    def _host_error(self) -> str:
        return repr(self._runtime)


def client(runtime: _kevy.Runtime, options: dict[str, Any]) -> redis.asyncio.Redis:
    """A client with a pool of its own, which closes with it."""
    pool = redis.asyncio.ConnectionPool(connection_class=PairConnection, runtime=runtime, **options)
    return redis.asyncio.Redis.from_pool(pool)
