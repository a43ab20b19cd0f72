"""redis-py over in-process socket pairs."""

from __future__ import annotations

import socket
from typing import Any

import redis
import redis.connection

from . import _kevy


class PairConnection(redis.connection.AbstractConnection):
    """A connection whose other end is a session of a runtime in this process."""

    def __init__(self, runtime: _kevy.Runtime, **options: Any) -> None:
        super().__init__(**options)
        self._runtime = runtime

    def repr_pieces(self) -> list[tuple[str, Any]]:
        return [("runtime", self._runtime), ("db", self.db)]

    def _connect(self) -> socket.socket:
        pair = socket.socket(fileno=self._runtime.connect_fd())
        pair.settimeout(self.socket_timeout)
        return pair

    def _host_error(self) -> str:
        return repr(self._runtime)


def client(runtime: _kevy.Runtime, options: dict[str, Any]) -> redis.Redis:
    """A client with a pool of its own, which closes with it."""
    pool = redis.ConnectionPool(connection_class=PairConnection, runtime=runtime, **options)
    return redis.Redis.from_pool(pool)
