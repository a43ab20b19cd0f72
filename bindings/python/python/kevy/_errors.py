"""What can go wrong: one class for each kind of failure of the engine."""

from __future__ import annotations

import builtins


class KevyError(Exception):
    """Any failure of kevy.

    ``retriable``: the same call may succeed later. ``fatal``: the object cannot be used again.
    """

    retriable: bool = False
    fatal: bool = False


class InvalidArgumentError(KevyError, ValueError):
    """An argument is outside what the function takes."""


class OptionError(KevyError, ValueError):
    """An option's name or value is not known."""


class BusyError(KevyError):
    """An object for one thread at a time is in use by another thread."""

    retriable = True


class ClosedError(KevyError):
    """The runtime, session or replica was closed."""

    fatal = True


class ForkedError(KevyError):
    """The object was made before a fork and is used in the child."""

    fatal = True


class InterruptedError(KevyError, builtins.InterruptedError):  # noqa: A001
    """``interrupt`` ended a wait."""

    retriable = True


class PanicError(KevyError):
    """The engine failed inside; its runtime cannot be used again."""

    fatal = True


class IoError(KevyError, OSError):
    """The operating system reported a failure."""

    retriable = True


class ProtocolError(KevyError):
    """The peer sent bytes that are not the protocol."""


class UnsupportedError(KevyError, NotImplementedError):
    """The peer or this build does not do what was asked."""


class TimeoutError(KevyError, builtins.TimeoutError):  # noqa: A001
    """A time limit passed."""

    retriable = True


class CorruptError(KevyError):
    """Stored or received bytes are damaged."""


class ReplicaError(KevyError):
    """The peer refused to serve a replica."""


class ServerError(KevyError):
    """A command was answered with an error reply."""

    @property
    def code(self) -> str:
        """The first word of the reply, such as ERR or WRONGTYPE."""
        return str(self).partition(" ")[0]


class WrongTypeError(ServerError):
    """The key holds another type."""


class ReadOnlyError(ServerError):
    """Writes are refused here."""


class OutOfMemoryError(ServerError):
    """Memory could not be had, or ``maxmemory`` forbids it."""

    retriable = True


class AuthError(ServerError):
    """The credentials or the permission were refused."""


class WatchError(KevyError):
    """A watched key changed, so the transaction did not run."""

    retriable = True


#: The class of each kind, by the kind's name in the engine.
CLASSES: dict[str, type[KevyError]] = {
    "INVALID_ARGUMENT": InvalidArgumentError,
    "INVALID_OPTION": OptionError,
    "BUSY": BusyError,
    "CLOSED": ClosedError,
    "FORKED": ForkedError,
    "INTERRUPTED": InterruptedError,
    "PANIC": PanicError,
    "IO": IoError,
    "PROTOCOL": ProtocolError,
    "AUTH": AuthError,
    "OUT_OF_MEMORY": OutOfMemoryError,
    "UNSUPPORTED": UnsupportedError,
    "TIMEOUT": TimeoutError,
    "CORRUPT": CorruptError,
    "WRONG_TYPE": WrongTypeError,
    "READ_ONLY": ReadOnlyError,
    "REPLICA": ReplicaError,
    "SERVER": ServerError,
}
