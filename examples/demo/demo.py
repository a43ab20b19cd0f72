"""The whole of kevy in one run: embed a keyspace, load it with a real client, and follow it from C, Python and Node.

    python examples/demo/demo.py --c PROGRAM --node NODE [--seconds 6]

This process embeds a runtime with two shards and a TCP port that the system chooses. redis-py loads the machine's own
package database into it over an in-process socket pair, while three programs attach as replicas over TCP. Each keeps
every frame with its cursor in a journal, is killed once in the middle, and goes on from its journal. In the end the
digests of the primary and of the three copies, rebuilt from frames alone, must agree.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kevy

HERE = Path(__file__).resolve().parent
APT_LISTS = Path("/var/lib/apt/lists")
DPKG_STATUS = Path("/var/lib/dpkg/status")
KILL_AFTER_FRAMES = 4_000
PATIENCE_SECONDS = 120.0


def packages(text: Iterator[str]) -> Iterator[dict[str, str]]:
    """The stanzas of a Debian control file, one dictionary each."""
    stanza: dict[str, str] = {}
    name = ""
    for line in text:
        line = line.rstrip("\n")
        if not line:
            if "Package" in stanza:
                yield stanza
            stanza = {}
        elif line[0] in " \t":
            stanza[name] = stanza.get(name, "") + "\n" + line.strip()
        else:
            name, _, value = line.partition(":")
            stanza[name] = value.strip()
    if "Package" in stanza:
        yield stanza


def sources() -> list[Path]:
    """apt's indexes where there are any, and the installed packages otherwise."""
    indexes = sorted(APT_LISTS.glob("*_Packages")) if APT_LISTS.is_dir() else []
    return indexes or [path for path in [DPKG_STATUS] if path.exists()]


def load(client: Any, deadline: float) -> tuple[int, int]:
    """Loads packages as hashes beside strings, counters and expiring keys, round after round until the deadline.

    Returns how many packages and how many commands it sent.
    """
    loaded = commands = 0
    found = sources()
    while True:
        for path in found:
            with path.open(encoding="utf-8", errors="replace") as text:
                batch = client.pipeline(transaction=False)
                for number, package in enumerate(packages(text)):
                    name = package["Package"]
                    batch.hset(f"package:{name}", mapping=package)
                    batch.set(f"version:{name}", package.get("Version", ""))
                    batch.incr(f"section:{package.get('Section', 'none')}")
                    if number % 10 == 0:
                        batch.set(f"seen:{name}", number, px=50 if number % 100 == 0 else 3_600_000)
                    if number % 50 == 0:
                        batch.set("demo:clock", time.time_ns())
                    loaded += 1
                    if number % 100 == 99:
                        commands += len(batch.execute())
                        if time.monotonic() > deadline:
                            return loaded, commands
                commands += len(batch.execute())
        if not found:
            raise SystemExit(f"neither {APT_LISTS}/*_Packages nor {DPKG_STATUS} is there to load")
        if time.monotonic() > deadline:
            return loaded, commands


@dataclass
class Follower:
    """A program that follows the primary, and what it has said."""

    name: str
    words: list[str]
    says: queue.Queue[dict[str, Any]]
    process: subprocess.Popen[str] | None = None
    frames: int = 0
    snapshots: int = 0
    killed: bool = False
    result: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.says.put({"from": self.name, **json.loads(line)})
        self.says.put({"from": self.name, "event": "gone", "code": process.wait()})

    def hear(self, message: dict[str, Any]) -> None:
        """Takes a message: kills the program once when it is well on its way, and starts it again when it is gone."""
        event = message["event"]
        if event == "snapshot":
            self.snapshots += 1
        elif event == "progress":
            self.frames = message["frames"]
            if message["live"] and self.frames >= KILL_AFTER_FRAMES and not self.killed and self.process is not None:
                self.killed = True
                self.process.kill()
        elif event == "done":
            self.result = message
        elif event == "gone" and not self.result:
            if not self.killed or message["code"] != -9:
                raise SystemExit(f"the {self.name} program ended with {message['code']}")
            self.start()


def table(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--c", required=True, help="the compiled tail.c")
    parser.add_argument("--node", default="node", help="the node program")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long to load")
    options = parser.parse_args()

    folder = tempfile.TemporaryDirectory(prefix="kevy-demo-")
    with kevy.Runtime(shards=2, port=0, enable_debug_command="yes") as runtime:
        url = f"kevy://127.0.0.1:{runtime.port}"
        print(f"a runtime with {runtime.shards} shards is embedded in this process, listening at {url}")
        client = runtime.redis()
        client.mset({f"before:{number}": number for number in range(10_000)})

        says: queue.Queue[dict[str, Any]] = queue.Queue()
        programs = {
            "C": [options.c],
            "Python": [sys.executable, str(HERE / "tail.py")],
            "Node": [options.node, str(HERE / "tail.mjs")],
        }
        followers = {
            name: Follower(name, [*words, url, str(Path(folder.name) / f"{name}.journal")], says)
            for name, words in programs.items()
        }
        loaded: list[tuple[int, int]] = []
        loader = threading.Thread(target=lambda: loaded.append(load(client, time.monotonic() + options.seconds)))
        for follower in followers.values():
            follower.start()
        loader.start()

        finishing = False
        give_up = time.monotonic() + options.seconds + PATIENCE_SECONDS
        while not all(follower.result for follower in followers.values()):
            if time.monotonic() > give_up:
                print("the followers did not finish in time", file=sys.stderr)
                return 1
            try:
                message = says.get(timeout=0.1)
                followers[message["from"]].hear(message)
                if message["event"] in ("snapshot", "gone"):
                    what = "takes the snapshot" if message["event"] == "snapshot" else "was killed and starts again"
                    if not followers[message["from"]].result:
                        print(f"  {message['from']} {what}")
            except queue.Empty:
                pass
            # The last word goes out once everyone has been killed and everything that expires soon has.
            on_course = all(follower.killed for follower in followers.values())
            if not finishing and not loader.is_alive() and (on_course or time.monotonic() > give_up - 60):
                wait_for_expiry(client)
                # One transaction over both shards: whoever has it has everything before it.
                last = client.pipeline(transaction=True)
                for number in range(64):
                    last.set(f"demo:done:{number}", 1)
                last.execute()
                finishing = True

        loader.join()
        digest = client.execute_command("DEBUG", "DIGEST")
        digest = digest.decode() if isinstance(digest, bytes) else digest
        keys = client.dbsize()

    report(loaded[0], keys, digest, list(followers.values()))
    agree = all(follower.result["digest"] == digest for follower in followers.values())
    resumed = all(follower.killed and follower.snapshots == 1 for follower in followers.values())
    if not agree:
        print("the copies DIFFER from the primary", file=sys.stderr)
    if not resumed:
        print("a program was not killed, or took a second snapshot", file=sys.stderr)
    if agree and resumed:
        print("the three copies equal the primary; each program was killed once and resumed from its cursor")
    return 0 if agree and resumed else 1


def wait_for_expiry(client: Any) -> None:
    """Waits until the keys that live for 50 ms are gone, so that primary and copies rest."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        lives = [client.pttl(key) for key in client.scan_iter(match="seen:*", count=10_000)]
        if not any(0 <= life < 1_000 for life in lives):
            return
    raise SystemExit("keys that should have expired are still there")


def report(loaded: tuple[int, int], keys: int, digest: str, followers: list[Follower]) -> None:
    rows = [["", "keys", "frames", "bytes", "frames/s", "lag p50 ms", "lag p99 ms", "snapshots", "digest"]]
    rows.append(["primary", f"{keys:,}", "", "", "", "", "", "", digest[:16]])
    for follower in followers:
        result = follower.result
        rows.append([
            follower.name,
            f"{result['keys']:,}",
            f"{result['frames']:,}",
            f"{result['bytes']:,}",
            f"{result['frames'] / max(result['seconds'], 1e-9):,.0f}",
            f"{result['lag_p50_ms']:.2f}",
            f"{result['lag_p99_ms']:.2f}",
            str(follower.snapshots),
            result["digest"][:16],
        ])
    print(f"\nloaded {loaded[0]:,} packages with {loaded[1]:,} commands\n")
    print(table(rows), "\n")


if __name__ == "__main__":
    sys.exit(main())
