"""``kevy tail`` behind Debian's redis-server, over links that are cut at any byte."""

import json
import queue
import signal
import socket
import subprocess
import threading

import pytest

from support.resp import info
from support.servers import kevy_binary
from support.wait import eventually

from .links import hang_up
from .test_mirror import fill


class Tail:
    """A ``kevy tail --json`` and what it prints."""

    def __init__(self, url: str, *options: str):
        words = [kevy_binary(), "tail", url, "--json", "--reconnect-delay-max", "20", *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.lines: queue.Queue = queue.Queue()
        self.seen: list[dict] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def until(self, found) -> list[dict]:
        """Frames up to one for which ``found`` holds."""
        frames = []
        while True:
            frame = self.lines.get(timeout=30)
            assert frame is not None, f"ended after {frames[-3:]}"
            frames.append(frame)
            self.seen.append(frame)
            if found(frame):
                return frames

    def until_argv(self, *argv: str) -> list[dict]:
        return self.until(lambda frame: frame.get("argv") == list(argv))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


@pytest.fixture
def tail(closing):
    return lambda url, *options: closing(Tail(url, *options))


def kinds(frames: list[dict]) -> list[str]:
    return [frame["kind"] for frame in frames]


def test_a_snapshot_and_changes_of_redis_are_printed(redis, tail):
    server = redis(repl_diskless_sync_delay=0)
    primary = server.connect()
    primary.call("SET", "before", 1)
    follower = tail(f"redis://127.0.0.1:{server.port}")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert kinds(frames) == ["link", "snapshot-begin", "entry", "snapshot-end"]
    assert frames[2]["argv"] == ["SET", "before", "1"]
    primary.call("SELECT", 3)
    primary.call("MULTI")
    primary.call("INCR", "n")
    primary.call("DEL", "missing")
    primary.call("SET", "m", b"\xff")
    primary.call("EXEC")
    primary.call("PUBLISH", "__sentinel__:hello", "chatter")
    primary.call("SET", "last", 1)
    frames = follower.until_argv("SET", "last", "1")
    assert kinds(frames) == ["transaction-begin", "command", "command", "transaction-end", "command"]
    assert (frames[1]["db"], frames[1]["argv"]) == (3, ["INCR", "n"])
    assert frames[2]["argv_hex"][2] == "ff"


def test_a_cursor_outlives_the_follower_and_redis_own_restarts(redis, tail, tmp_path):
    server = redis(repl_diskless_sync_delay=0)
    primary = server.connect()
    url, cursor = f"redis://127.0.0.1:{server.port}", str(tmp_path / "cursor")
    first = tail(url, "--cursor", cursor)
    first.until(lambda frame: frame["kind"] == "snapshot-end")
    for n in range(2):
        # That the second one comes says that the cursor after the first is kept.
        primary.call("SET", "live", n)
        first.until_argv("SET", "live", str(n))
    first.close()
    primary.call("SET", "while-away", 1)
    frames = tail(url, "--cursor", cursor).until_argv("SET", "while-away", "1")
    assert "snapshot-begin" not in kinds(frames)
    assert info(primary, "stats")["sync_full"] == "1"
    server.kill()
    again = redis(port=server.port)
    again.connect().call("SET", "new", 1)
    frames = tail(url, "--cursor", cursor).until(lambda frame: frame["kind"] == "snapshot-end")
    assert "resync" in kinds(frames)


def test_a_database_and_prefixes_can_be_picked(redis, tail):
    server = redis(repl_diskless_sync_delay=0)
    primary = server.connect()
    primary.call("MSET", "user:1", 1, "order:1", 1)
    follower = tail(f"redis://127.0.0.1:{server.port}/0", "--prefix", "user:")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert [frame["argv"][1] for frame in frames if frame["kind"] == "entry"] == ["user:1"]
    primary.call("SELECT", 1)
    primary.call("SET", "user:2", 1)
    primary.call("SELECT", 0)
    primary.call("SET", "order:2", 1)
    primary.call("SET", "user:3", 1)
    assert len(follower.until_argv("SET", "user:3", "1")) == 1


def test_sentinels_are_asked_for_the_primary(redis, tail, closing):
    server = redis(repl_diskless_sync_delay=0)
    server.connect().call("SET", "k", "v")
    listener = closing(socket.create_server(("127.0.0.1", 0)))

    def answer() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.recv(1000)
            port = str(server.port)
            peer.sendall(f"*2\r\n$9\r\n127.0.0.1\r\n${len(port)}\r\n{port}\r\n".encode())

    threading.Thread(target=answer, daemon=True).start()
    own = listener.getsockname()[1]
    follower = tail(f"sentinel://127.0.0.1:1,127.0.0.1:{own}/main")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert [frame["argv"] for frame in frames if frame["kind"] == "entry"] == [["SET", "k", "v"]]


class Cutting:
    """A port that leads to a server, and ends each connection after more bytes of the server than the one before."""

    def __init__(self, port: int, sizes: list[int]):
        self.port_behind, self.sizes = port, iter(sizes)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self._serve(near, next(self.sizes, None))

    def _serve(self, near: socket.socket, size: int | None) -> None:
        far = socket.create_connection(("127.0.0.1", self.port_behind))

        def forward() -> None:
            try:
                while data := near.recv(1 << 16):
                    far.sendall(data)
            except OSError:
                pass

        def back() -> None:
            left = size
            try:
                while data := far.recv(1 << 16 if left is None else max(1, min(left, 1 << 16))):
                    near.sendall(data)
                    if left is not None:
                        left -= len(data)
                        if left <= 0:
                            self.cuts += 1
                            break
            except OSError:
                pass
            hang_up(near, far)

        for work in (forward, back):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        self.listener.close()


def test_a_link_cut_at_every_byte_loses_and_repeats_nothing(redis, tail, closing):
    server = redis(repl_diskless_sync_delay=0, repl_backlog_size="1mb")
    primary = server.connect()
    primary.call("SET", "before", 1)
    sizes = [*range(1, 400, 7)]
    proxy = closing(Cutting(server.port, sizes))
    follower = tail(f"redis://127.0.0.1:{proxy.port}", "--reconnect-delay-min", "1")
    eventually(lambda: proxy.cuts > 0 or follower.process.poll() is not None, "the first cut")
    total = 0
    while proxy.cuts < len(sizes):
        primary.call("INCR", "n")
        total += 1
        if total > 200_000:
            break
    primary.call("SET", "last", 1)
    follower.until_argv("SET", "last", "1")
    # Since the last snapshot every change came once: the counter goes up by as many as there were.
    begun = max(i for i, frame in enumerate(follower.seen) if frame["kind"] == "snapshot-begin")
    counter = 0
    for frame in follower.seen[begun:]:
        argv = frame.get("argv", [])
        if frame["kind"] == "entry" and argv[1] == "n":
            counter = int(argv[2])
        elif argv == ["INCR", "n"]:
            counter += 1
    assert counter == total


def test_every_type_arrives_as_entries(redis, kevy, tail):
    server = redis(repl_diskless_sync_delay=0)
    primary = server.connect()
    fill(primary)
    follower = tail(f"redis://127.0.0.1:{server.port}")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    copy = kevy(2).connect()
    db = 0
    for frame in frames:
        if frame["kind"] != "entry":
            continue
        if frame["db"] != db:
            db = frame["db"]
            copy.call("SELECT", db)
        if "argv" in frame:
            words = [word.encode() for word in frame["argv"]]
        else:
            words = [bytes.fromhex(word) for word in frame["argv_hex"]]
        reply = copy.call(*words)
        assert not reply.is_error, (words[:3], reply)
    assert copy.call("DEBUG", "DIGEST").value == primary.call("DEBUG", "DIGEST").value
