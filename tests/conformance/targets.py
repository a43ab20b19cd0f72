"""What is compared with the reference: each surface behind one small interface.

A target opens sessions; a session runs commands and returns replies. A target whose surface shows less than the wire does
(the Python package shows a simple string as bytes) says so in ``reduce``, which maps a reply of the reference to what this
surface can tell of it; its sessions return replies in the same form.
"""

from typing import Any, Iterable, Protocol

from support.resp import Connection, Reply
from support.servers import Server


class Session(Protocol):
    """One client of a target."""

    def call(self, *arguments: Any) -> Reply: ...

    def pipeline(self, commands: list) -> list[Reply]: ...

    def close(self) -> None: ...


class Target(Protocol):
    """One surface of kevy."""

    name: str
    #: Versions of RESP whose replies it can show.
    protocols: Iterable[int]
    #: Whether its sessions are connections: they can be closed, need a password, choose their protocol.
    has_connections: bool
    #: Where a replica can follow it.
    port: int

    def open(self, protocol: int) -> Session: ...

    def reduce(self, reply: Reply) -> Reply: ...

    def close(self) -> None: ...


class SocketTarget:
    """A server process, over TCP."""

    protocols = (2, 3)
    has_connections = True

    def __init__(self, server: Server):
        self.server = server
        self.name = server.name
        self.port = server.port

    def open(self, protocol: int) -> Connection:
        connection = self.server.connect()
        if protocol == 3:
            # A server that wants a password refuses, and the commands of the session then show it.
            connection.call("HELLO", "3")
        return connection

    def reduce(self, reply: Reply) -> Reply:
        return reply

    def close(self) -> None:
        self.server.close()


class InProcessSession:
    """A session of the Python package, its results put back into the form of replies."""

    def __init__(self, session: Any):
        self.session = session

    def call(self, *arguments: Any) -> Reply:
        import kevy

        try:
            return as_reply(self.session.execute(*arguments))
        except kevy.KevyError as error:
            return Reply("-", str(error).encode())

    def pipeline(self, commands: list) -> list[Reply]:
        return [self.call(*command) for command in commands]

    def close(self) -> None:
        self.session.close()


def as_reply(value: Any) -> Reply:
    """The reply that a value of the Python package stands for."""
    match value:
        case None:
            return Reply("_", None)
        case bool():
            return Reply("#", b"t" if value else b"f")
        case int():
            return Reply(":", value)
        case float():
            return Reply(",", repr(value).encode())
        case str():
            return Reply("$", value.encode())
        case bytes():
            return Reply("$", value)
        case dict():
            return Reply("%", tuple((as_reply(k), as_reply(v)) for k, v in value.items()))
        case set() | frozenset():
            return Reply("~", tuple(sorted(map(as_reply, value), key=repr)))
        case list() | tuple():
            return Reply("*", tuple(map(as_reply, value)))
        case Exception():
            return Reply("-", str(value).encode())
    raise TypeError(f"no reply is a {type(value).__name__}")


class InProcessTarget:
    """A runtime inside this process, through the Python package."""

    protocols = (3,)
    has_connections = False

    def __init__(self, shards: int):
        import kevy

        self.runtime = kevy.Runtime(shards=str(shards), port=0, enable_debug_command="yes")
        self.port = self.runtime.port
        self.name = f"in-process-{shards}"

    def open(self, protocol: int) -> InProcessSession:
        return InProcessSession(self.runtime.session())

    def reduce(self, reply: Reply) -> Reply:
        """What Python values keep of a RESP3 reply: simple and verbatim strings are bytes, doubles are numbers."""
        if reply.value is None:
            return Reply("_", None)
        match reply.kind:
            case "+":
                return Reply("$", reply.value)
            case "|":
                return self.reduce(reply.value[1])
            case "=":
                return Reply("$", reply.value[4:])
            case "(":
                return Reply(":", int(reply.value))
            case ",":
                return Reply(",", repr(float(reply.value)).encode())
            case "*" | ">":
                return Reply("*", tuple(map(self.reduce, reply.value)))
            case "~" if any(child.kind in "*~%>" for child in reply.value):
                # Collections cannot be members of a Python set, so such a set is a list.
                return Reply("*", tuple(map(self.reduce, reply.value)))
            case "~":
                return Reply("~", tuple(sorted(map(self.reduce, reply.value), key=repr)))
            case "%":
                # A dictionary holds a key that is there twice once.
                pairs = {self.reduce(key): self.reduce(value) for key, value in reply.value}
                return Reply("%", tuple(pairs.items()))
            case "-" | "!":
                return Reply("-", reply.value.decode(errors="replace").encode())
        return reply

    def close(self) -> None:
        self.runtime.close()


def in_process_is_built() -> bool:
    """True where the Python package can be imported."""
    try:
        import kevy  # noqa: F401
    except ImportError:
        return False
    return True
