"""What a replica costs its primary: kevy and redis-server as primaries of the same redis-server.

Prints one JSON object. The primary runs on core 0; the replica, the load and this program on core 1.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

FULL_SYNC_KEYS = 1_000_000
WAITS = 500


class Client:
    """One connection; replies are simple or bulk strings and integers."""

    def __init__(self, port: int):
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")

    def call(self, *words: Any) -> bytes:
        parts = [str(word).encode() for word in words]
        self.sock.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))
        return self.reply()

    def reply(self) -> bytes:
        line = self.file.readline().rstrip()
        if line[:1] == b"$":
            return self.file.read(int(line[1:]) + 2)[:-2]
        return line[1:]

    def fields(self, section: str) -> dict[str, str]:
        lines = self.call("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


def start(core: int, program: str, *words: str) -> tuple[subprocess.Popen[bytes], Client, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder = tempfile.mkdtemp()
    process = subprocess.Popen(["taskset", "-c", str(core), program, "--port", str(port), *words], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while True:
        try:
            client = Client(port)
            client.call("PING")
            return process, client, port
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def until(condition: Any, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("it took too long")
        time.sleep(0.002)


def measure(program: str, words: tuple[str, ...], redis: str, load: str, keys: int, seconds: float) -> dict[str, float]:
    quiet = ("--save", "", "--appendonly", "no")
    primary, client, port = start(0, program, *words)
    replica, follower, _ = start(1, redis, *quiet)
    try:

        def write(preload: bool, length: float) -> dict[str, float]:
            command = ["taskset", "-c", "1", load, "--address", f"127.0.0.1:{port}", "--cell", "set", "--connections", "50",
                       "--pipeline", "16", "--keys", str(keys), "--value", "32", "--seconds", str(length), "--process",
                       str(primary.pid)]
            run = subprocess.run(command + (["--preload"] if preload else []), check=True, capture_output=True)
            result: dict[str, float] = json.loads(run.stdout)
            return result

        write(True, 0)
        alone = write(False, seconds)
        held = int(client.call("DBSIZE"))
        began = time.perf_counter()
        follower.call("REPLICAOF", "127.0.0.1", port)
        until(lambda: follower.fields("replication").get("master_link_status") == "up")
        synced = time.perf_counter() - began
        until(lambda: "state=online" in client.fields("replication").get("slave0", ""))
        waits = []
        for number in range(WAITS):
            began = time.perf_counter()
            client.call("SET", "waited", number)
            client.call("WAIT", 1, 5000)
            waits.append(time.perf_counter() - began)
        attached = write(False, seconds)
        until(lambda: int(client.call("WAIT", 1, 1000)) == 1)
        return {
            "full sync, seconds per million keys": synced * 1_000_000 / held,
            "SET P16 with a replica, share of that without": attached["per_second"] / alone["per_second"],
            "CPU that a replica adds to a SET, ns":
                attached["server_ns_per_operation"] - alone["server_ns_per_operation"],
            "SET and WAIT 1, median microseconds": statistics.median(waits) * 1e6,
        }
    finally:
        for process in (primary, replica):
            process.kill()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kevy", required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--load", required=True, type=Path, help="the generator of kevy-core/benches/load.rs")
    parser.add_argument("--keys", type=int, default=FULL_SYNC_KEYS)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    figures = {}
    programs = {
        "kevy": (options.kevy, ("--shards", "1", "--repl-backlog-size", "64mb")),
        "redis": (options.redis, ("--save", "", "--appendonly", "no", "--repl-backlog-size", "64mb",
                                  "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0")),
    }
    for name, (program, words) in programs.items():
        for title, value in measure(program, words, options.redis, str(options.load), options.keys, options.seconds).items():
            figures[f"{title}: {name}"] = value
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
