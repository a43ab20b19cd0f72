"""The examples that keep a primary's strings in SQLite: killed at any moment, they lose and repeat nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from support.servers import ROOT, start_kevy, start_redis

from .conftest import COMPILE_SECONDS, TARGET

EXAMPLES = ROOT / "examples" / "sqlite"


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> dict[str, list[str]]:
    """How each of the examples is called."""
    program = tmp_path_factory.mktemp("sqlite") / "exactly_once"
    library = os.environ.get("KEVY_LIBRARY", str(TARGET / "release" / "libkevy.a"))
    source = str(EXAMPLES / "exactly_once.c")
    words = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}", source, "-o", str(program)]
    words += [library, "-lsqlite3", "-lpthread", "-ldl", "-lm"]
    subprocess.run(words, check=True, timeout=COMPILE_SECONDS)
    return {"c": [str(program)], "python": [sys.executable, str(EXAMPLES / "exactly_once.py")]}


def kept(file) -> tuple[dict[bytes, bytes], int]:
    with sqlite3.connect(file) as sql:
        strings = {bytes(key): bytes(value) for key, value in sql.execute("SELECT key, value FROM strings")}
        return strings, sql.execute("SELECT changes FROM place").fetchone()[0]


@pytest.mark.parametrize("language", ["c", "python"])
@pytest.mark.parametrize("scheme", ["redis", "kevy"])
def test_kills_lose_and_repeat_nothing(programs, start, tmp_path, language, scheme):
    make = {"redis": lambda: start_redis(repl_diskless_sync_delay=0), "kevy": lambda: start_kevy(shards=2)}[scheme]
    with make() as primary, primary.connect() as db:
        db.call("SET", "before", "1")
        file = tmp_path / "copy.db"
        words = [*programs[language], f"{scheme}://127.0.0.1:{primary.port}", str(file)]
        follower = start(words, tmp_path)
        follower.until("strings: 1 changes: 1")
        written = 0
        for round in range(5):
            until = time.monotonic() + 0.05 * (round + 1)
            while time.monotonic() < until:
                db.call("SET", f"key:{written % 7}", written)
                written += 1
            follower.end(signal.SIGKILL)
            follower = start(words, tmp_path)
        db.call("SET", "last", "1")
        follower.until(f"changes: {written + 2}")
        follower.end(signal.SIGKILL)
    strings, changes = kept(file)
    assert changes == written + 2
    expected = {f"key:{n % 7}".encode(): str(n).encode() for n in range(written)}
    assert strings == expected | {b"before": b"1", b"last": b"1"}
