"""A RESP2/RESP3 client that shows replies as they were on the wire: their type byte and their exact bytes.

It decodes nothing that a comparison could need later: a double stays its text, and the two nulls of RESP2 stay
apart.
"""

import socket
from typing import Any, NamedTuple

READ_BYTES = 1 << 18
#: How long one reply may take. Generous, because the machine may be busy; nothing waits this long when all is well.
TIMEOUT_SECONDS = 30.0

AGGREGATES = b"*~>"
PAIRS = b"%|"
LINES = b"+-:,#(_"
BLOBS = b"$!="


class Reply(NamedTuple):
    """One reply. ``kind`` is its type byte as text.

    ``value`` is bytes for simple types, bulk and verbatim strings; an int for ``:``; a tuple of replies for arrays,
    sets and pushes; a tuple of pairs for maps; the pairs and the reply they describe for an attribute; None for the
    nulls of RESP2 (``$-1``, ``*-1``) and RESP3 (``_``).
    """

    kind: str
    value: Any

    @property
    def is_error(self) -> bool:
        return self.kind in "-!"

    @property
    def text(self) -> str:
        """The bytes of a simple or bulk reply as text; raises where there are none."""
        return self.value.decode("utf-8", "backslashreplace")

    def __repr__(self) -> str:
        if self.value is None:
            return f"{self.kind}null"
        if self.kind == "%":
            return "%{" + ", ".join(f"{k!r}: {v!r}" for k, v in self.value) + "}"
        if self.kind in "*~>":
            return self.kind + "[" + ", ".join(map(repr, self.value)) + "]"
        if isinstance(self.value, bytes):
            shown = repr(self.value if len(self.value) <= 200 else self.value[:200] + b"...")[1:]
            return f"{self.kind}{shown}"
        return f"{self.kind}{self.value}"


class ProtocolError(Exception):
    """The peer sent bytes that are not RESP."""


class Disconnected(Exception):
    """The peer closed the connection; ``rest`` is what it had sent of an unfinished reply."""

    def __init__(self, rest: bytes = b""):
        super().__init__(f"the connection was closed with {rest!r} unread" if rest else "the connection was closed")
        self.rest = rest


class Parser:
    """Replies from bytes that arrive in any pieces. Nothing is parsed twice, however large a reply is."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.at = 0
        #: Aggregates under way: type byte, number of items they need, items so far.
        self.open: list[tuple[str, int, list]] = []

    def feed(self, data: bytes) -> None:
        if self.at > READ_BYTES:
            del self.buffer[: self.at]
            self.at = 0
        self.buffer += data

    @property
    def rest(self) -> bytes:
        return bytes(self.buffer[self.at :])

    def next(self) -> Reply | None:
        """The next whole reply, None where more bytes are needed. Raises ProtocolError."""
        while (item := self._item()) is not None:
            while item is not None and self.open:
                kind, count, items = self.open[-1]
                items.append(item)
                item = None
                if len(items) == count:
                    self.open.pop()
                    item = _aggregate(kind, items)
            if item is not None:
                return item
        return None

    def _item(self) -> Reply | None:
        """A simple or bulk reply, or an aggregate without items; opens any other aggregate and goes on inside it."""
        while True:
            end = self.buffer.find(b"\r\n", self.at)
            if end < 0:
                return None
            kind, line = self.buffer[self.at], bytes(self.buffer[self.at + 1 : end])
            name = chr(kind)
            if kind in LINES:
                self.at = end + 2
                if name == ":":
                    return Reply(":", int(line))
                return Reply("_", None) if name == "_" else Reply(name, line)
            if kind not in BLOBS and kind not in AGGREGATES and kind not in PAIRS:
                raise ProtocolError(f"unknown type byte {name!r} before {line!r}")
            size = int(line)
            if kind in BLOBS and size >= 0:
                start, stop = end + 2, end + 2 + size
                if len(self.buffer) < stop + 2:
                    return None
                if self.buffer[stop : stop + 2] != b"\r\n":
                    raise ProtocolError(f"a blob of {size} bytes is not followed by CRLF")
                self.at = stop + 2
                return Reply(name, bytes(self.buffer[start:stop]))
            self.at = end + 2
            if size < 0:
                return Reply(name, None)
            count = size * 2 if kind in PAIRS else size
            # An attribute is read together with the reply it describes.
            count += name == "|"
            if count == 0:
                return _aggregate(name, [])
            self.open.append((name, count, []))


def _aggregate(kind: str, items: list) -> Reply:
    if kind == "|":
        described = items.pop()
        return Reply(kind, (tuple(zip(items[::2], items[1::2])), described))
    return Reply(kind, tuple(zip(items[::2], items[1::2])) if kind == "%" else tuple(items))


def as_bytes(argument: Any) -> bytes:
    return argument if isinstance(argument, bytes) else str(argument).encode()


def encode(*arguments: Any) -> bytes:
    """A request as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in map(as_bytes, arguments):
        parts.append(b"$%d\r\n%b\r\n" % (len(argument), argument))
    return b"".join(parts)


class Connection:
    """One connection to a server. Not for use by two threads at once."""

    def __init__(self, sock: socket.socket, protocol: int = 2, timeout: float = TIMEOUT_SECONDS):
        self.sock = sock
        self.sock.settimeout(timeout)
        if sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parser = Parser()
        if protocol == 3:
            hello = self.call("HELLO", "3")
            assert not hello.is_error, hello

    @classmethod
    def tcp(cls, port: int, protocol: int = 2, host: str = "127.0.0.1", **rest: Any) -> "Connection":
        return cls(socket.create_connection((host, port), timeout=TIMEOUT_SECONDS), protocol, **rest)

    @classmethod
    def unix(cls, path: str, protocol: int = 2) -> "Connection":
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path)
        return cls(sock, protocol)

    def send_raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send(self, *arguments: Any) -> None:
        self.sock.sendall(encode(*arguments))

    def read(self) -> Reply:
        """The next reply. Raises Disconnected at the end, TimeoutError where none comes."""
        while (reply := self.parser.next()) is None:
            chunk = self.sock.recv(READ_BYTES)
            if not chunk:
                raise Disconnected(self.parser.rest)
            self.parser.feed(chunk)
        return reply

    def call(self, *arguments: Any) -> Reply:
        self.send(*arguments)
        return self.read()

    def pipeline(self, commands: list) -> list[Reply]:
        """Sends all commands at once, then reads all replies."""
        self.send_raw(b"".join(encode(*command) for command in commands))
        return [self.read() for _ in commands]

    def at_end(self) -> bool:
        """True where the server has closed the connection and nothing is left to read; waits until it knows."""
        try:
            self.read()
        except (Disconnected, ConnectionError):
            return True
        return False

    def read_to_end(self) -> list[Reply]:
        """Every reply until the server closes the connection."""
        replies = []
        try:
            while True:
                replies.append(self.read())
        except (Disconnected, ConnectionError):
            return replies

    def finish_sending(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def info(session: Connection, section: str) -> dict[str, str]:
    """The fields of a section of INFO."""
    lines = session.call("INFO", section).text.splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
