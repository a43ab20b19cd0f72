"""kevy: a Redis-compatible keyspace inside this process.

Embed it (``Runtime``, ``Session``), serve it (``Runtime(port=…)``), follow a primary (``Replica``), read a
copy of one (``Mirror``), or use the bare engine (``Keyspace``). ``kevy.aio`` is the asyncio twin.
"""

from ._errors import (
    AuthError,
    BusyError,
    ClosedError,
    CorruptError,
    ForkedError,
    InterruptedError,
    InvalidArgumentError,
    IoError,
    KevyError,
    OptionError,
    OutOfMemoryError,
    PanicError,
    ProtocolError,
    ReadOnlyError,
    ReplicaError,
    ServerError,
    TimeoutError,
    UnsupportedError,
    WatchError,
    WrongTypeError,
)
from ._frames import FrameKind
from ._kevy import Batch, Frame, Keyspace, Pipeline, Session, Subscription, __version__
from ._mirror import Mirror
from ._replica import Replica
from ._runtime import Runtime

__all__ = [
    "AuthError",
    "Batch",
    "BusyError",
    "ClosedError",
    "CorruptError",
    "ForkedError",
    "Frame",
    "FrameKind",
    "InterruptedError",
    "InvalidArgumentError",
    "IoError",
    "KevyError",
    "Keyspace",
    "Mirror",
    "OptionError",
    "OutOfMemoryError",
    "PanicError",
    "Pipeline",
    "ProtocolError",
    "ReadOnlyError",
    "Replica",
    "ReplicaError",
    "Runtime",
    "ServerError",
    "Session",
    "Subscription",
    "TimeoutError",
    "UnsupportedError",
    "WatchError",
    "WrongTypeError",
    "__version__",
]
