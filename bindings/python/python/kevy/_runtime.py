"""``Runtime``: one running keyspace, and the clients of other libraries over it."""

from __future__ import annotations

import atexit
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from . import _kevy, _log

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis
    from typing_extensions import Self

_running: weakref.WeakSet[Runtime] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Stops core threads before the interpreter goes; whoever forgot `close` is told by `__del__`."""
    for runtime in list(_running):
        if runtime._is_leaked():
            _kevy.Runtime.close(runtime, 1.0)
    _log.stop()


class Runtime(_kevy.Runtime):
    """One running keyspace: shards, core threads and, where asked for, listeners.

    Keyword arguments are the options of redis.conf with ``_`` for ``-``: ``Runtime(port=0, maxmemory="1gb",
    shards=2)``. No port is opened unless ``port`` or ``unixsocket`` is given; 0 lets the system choose one.
    ``on_load(bytes_read, bytes_total)`` is called while the runtime reads what its directory keeps: first with nothing
    read, last with everything, from one thread at a time; not at all where there is nothing. It must not use kevy.
    Any thread may use it. Use it as a context manager, or call ``close``.
    """

    def __new__(cls, *, on_load: Callable[[int, int], object] | None = None, **options: Any) -> Self:
        # Before the engine starts, so that what it says of its start is not lost.
        _log.start()
        return super().__new__(cls, on_load=on_load, **options)

    def __init__(self, *, on_load: Callable[[int, int], object] | None = None, **options: Any) -> None:
        _running.add(self)

    def redis(self, **options: Any) -> Redis:
        """A redis-py client whose connections are in-process socket pairs: no port is needed.

        ``options`` are those of ``redis.Redis`` that do not say where the server is.
        """
        from ._redis import client

        return client(self, options)

    def aioredis(self, **options: Any) -> AsyncRedis:
        """As ``redis``, for ``redis.asyncio``."""
        from ._aioredis import client

        return client(self, options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._is_leaked():
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
            _kevy.Runtime.close(self)
