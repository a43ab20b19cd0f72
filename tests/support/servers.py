"""Servers that tests start: Debian's redis-server, the reference, and kevy."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from .resp import Connection
from .wait import eventually

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 20


@cache
def kevy_binary() -> str:
    """The server under test: ``$KEVY_SERVER``, or what cargo builds from this tree."""
    if given := os.environ.get("KEVY_SERVER"):
        return given
    build = subprocess.run(
        ["cargo", "build", "--quiet", "--bin", "kevy", "--message-format=json"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    messages = (json.loads(line) for line in build.stdout.splitlines())
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "kevy")


@cache
def redis_binary() -> str:
    found = shutil.which("redis-server")
    assert found, "redis-server is not installed: the reference to compare with"
    return found


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    """A running server process. Options are those of redis.conf, with ``_`` for ``-``."""

    def __init__(self, name: str, process: subprocess.Popen, port: int, directory: Path):
        self.name = name
        self.process = process
        self.port = port
        self.directory = directory

    def connect(self, protocol: int = 2, **rest: Any) -> Connection:
        return Connection.tcp(self.port, protocol, **rest)

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_running(self) -> bool:
        return self.process.poll() is None

    def resident_bytes(self) -> int:
        """Memory that the process has in use, as the kernel counts it."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Waits for the process to end and returns its exit code."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.wait()

    def kill(self) -> None:
        """SIGKILL: the process gets no chance to do anything."""
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def output(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def close(self) -> None:
        if self.is_running():
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _options(options: dict) -> list[str]:
    words = []
    for name, value in options.items():
        words.append("--" + name.replace("_", "-"))
        # redis-server takes several words of one option as several arguments.
        words.extend(str(value).split(" ") if value != "" else [""])
    return words


def _spawn(words: list[str], directory: Path) -> subprocess.Popen:
    with open(directory / "log", "wb") as log:
        return subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=directory)


def start_redis(**options: Any) -> Server:
    """A redis-server that keeps nothing on disk."""
    for _ in range(5):
        directory = Path(tempfile.mkdtemp(prefix="redis-"))
        port = options.get("port") or free_port()
        defaults = {"port": port, "save": "", "appendonly": "no", "enable_debug_command": "yes", "dir": directory}
        process = _spawn([redis_binary(), *_options(defaults | options)], directory)
        server = Server("redis", process, port, directory)
        eventually(lambda: not server.is_running() or "Ready to accept" in server.output(), "redis-server starts")
        if server.is_running():
            return server
        output = server.output()
        server.close()
        assert "Address already in use" in output, output
    raise AssertionError("no free port for redis-server")


def start_kevy(*arguments: str, shards: int = 1, under: tuple[str, ...] = (), **options: Any) -> Server:
    """A kevy server on a port of the system's choice, which keeps nothing on disk unless ``dir`` is given.

    ``under`` is a program that runs it, with its arguments.
    """
    directory = Path(tempfile.mkdtemp(prefix="kevy-"))
    defaults = {"port": 0, "shards": shards, "enable_debug_command": "yes"}
    process = _spawn([*under, kevy_binary(), *arguments, *_options(defaults | options)], directory)
    server = Server(f"kevy-{shards}", process, 0, directory)
    try:
        eventually(lambda: not server.is_running() or "ready" in server.output(), "kevy starts")
        assert server.is_running(), server.output()
    except BaseException:
        server.close()
        raise
    if named := re.search(r"ready.* port (\d+)", server.output()):
        server.port = int(named[1])
    return server
