"""Links between servers that a test can cut, and replicas that a test plays itself."""

import socket
import threading

from support.resp import Connection, encode, info
from support.servers import Server
from support.wait import eventually


def hang_up(*socks: socket.socket) -> None:
    """Ends connections that may have ended already."""
    for sock in socks:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Writers:
    """Clients that write to a server until it refuses, or they are told to stop. ``answered`` holds what it said OK to."""

    def __init__(self, server: Server, count: int = 3):
        self.server = server
        self.answered: dict[str, int] = {}
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(number,)) for number in range(count)]
        for thread in self.threads:
            thread.start()
        eventually(lambda: len(self.answered) > 100, "they write")

    def _write(self, number: int) -> None:
        with self.server.connect() as session:
            turn = 0
            while not self.is_over.is_set():
                turn += 1
                key = f"w{number}:{turn % 50}"
                if session.call("SET", key, turn).value != b"OK":
                    return
                self.answered[key] = turn

    def stop(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def assert_kept(self, session: Connection) -> None:
        """Every write that was answered is there."""
        values = session.pipeline([("GET", key) for key in self.answered])
        assert {key: int(value.value) for key, value in zip(self.answered, values)} == self.answered


class Link:
    """A port that leads to another port, until the test cuts it."""

    def __init__(self, port: int):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.is_open = True
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                if not self.is_open:
                    near.close()
                    continue
                try:
                    far = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    near.close()
                    continue
                self.accepted += 1
                self.pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        hang_up(source, sink)

    def cut(self, stays: bool = False) -> None:
        """Ends every connection; with ``stays`` none is taken until :meth:`mend`."""
        with self.lock:
            self.is_open = not stays
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for sock in pair:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                sock.close()

    def mend(self) -> None:
        with self.lock:
            self.is_open = True

    def close(self) -> None:
        self.cut(stays=True)
        self.listener.close()


class Played:
    """A replica that the test plays, byte by byte."""

    def __init__(self, port: int, *capabilities: str, listening: int | None = None):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.settimeout(30)
        self.buffer = b""
        if listening is not None:
            self.command("REPLCONF", "listening-port", listening)
        for name in capabilities:
            self.command("REPLCONF", "capa", name)

    def send(self, *words: object) -> None:
        self.sock.sendall(encode(*words))

    def command(self, *words: object) -> str:
        self.send(*words)
        return self.line()

    def line(self) -> str:
        """The next line that is not empty."""
        while True:
            while b"\n" not in self.buffer:
                self._receive()
            line, self.buffer = self.buffer.split(b"\n", 1)
            if line.strip():
                return line.strip().decode()

    def _receive(self) -> None:
        data = self.sock.recv(1 << 16)
        if not data:
            raise ConnectionError(f"closed with {self.buffer!r} unread")
        self.buffer += data

    def exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self._receive()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self._receive()
        data, self.buffer = self.buffer.split(mark, 1)
        return data

    def psync(self, history: str = "?", offset: int = -1) -> list[str]:
        return self.command("PSYNC", history, offset).split(" ")

    def copy(self) -> bytes:
        """The RDB that follows, in either framing."""
        head = self.line()
        if head.startswith("$EOF:"):
            return self.until(head[5:].encode())
        return self.exactly(int(head[1:]))

    def acknowledge(self, offset: int) -> None:
        self.send("REPLCONF", "ACK", offset)

    def is_closed(self) -> bool:
        """True once the primary has closed the connection; what it still sends is dropped."""
        try:
            while self.sock.recv(1 << 20):
                pass
        except OSError:
            pass
        return True

    def close(self) -> None:
        self.sock.close()


def follow(replica: Server, port: int) -> None:
    """Makes a redis-server a replica of whoever listens on ``port``."""
    with replica.connect() as session:
        assert session.call("REPLICAOF", "127.0.0.1", port).value == b"OK"


def is_linked(session: Connection) -> bool:
    return info(session, "replication").get("master_link_status") == "up"


def settled(primary: Connection, replicas: int = 1) -> bool:
    """Whether so many replicas have acknowledged everything."""
    return primary.call("WAIT", replicas, 1000).value >= replicas


def stats(session: Connection) -> tuple[int, int, int]:
    """Full syncs, partial syncs, partial syncs refused."""
    fields = info(session, "stats")
    return tuple(int(fields[name]) for name in ("sync_full", "sync_partial_ok", "sync_partial_err"))


def digests_are_equal(a: Connection, b: Connection) -> bool:
    return a.call("DEBUG", "DIGEST").value == b.call("DEBUG", "DIGEST").value


def wait_linked(session: Connection) -> None:
    eventually(lambda: is_linked(session), "the replica is linked")


class Cutter(Link):
    """A link that ends each connection after so many bytes of what the primary sends, or stops moving them."""

    def __init__(self, port: int):
        self.budget: int | None = None
        self.is_stalled = threading.Event()
        self.carried = 0
        super().__init__(port)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            is_from_primary = source.getpeername()[1] == self.target
            left = self.budget if is_from_primary else None
            while data := source.recv(1 << 16):
                while self.is_stalled.is_set():
                    # Nothing is read, so what the other side sends piles up there.
                    if not self.is_open or source.fileno() < 0:
                        return
                    self.is_stalled_wait()
                if left is not None:
                    data, left = data[:left], left - len(data[:left])
                sink.sendall(data)
                self.carried += len(data) if is_from_primary else 0
                if left == 0:
                    break
        except (OSError, ValueError):
            pass
        hang_up(source, sink)

    def is_stalled_wait(self) -> None:
        threading.Event().wait(0.01)

    def stall(self, stalled: bool = True) -> None:
        """Moves nothing more in either direction, while every connection stays open."""
        if stalled:
            self.is_stalled.set()
        else:
            self.is_stalled.clear()
