"""What a call from Python costs, in nanoseconds: kevy in-process beside dict, lmdb and redis-py over loopback.

    python bindings/python/bench/calls.py [--json] [--rounds 15]

Cases take turns, so that what else the machine does falls on all of them; the figure is the median of the rounds and
includes the loop around the call, which the empty loop shows.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import timeit
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import kevy

KEYS = [f"key:{number:012}" for number in range(1000)]
RAW_KEYS = [key.encode() for key in KEYS]
VALUE = b"x" * 32
ROUND_NS_MIN = 20_000_000


@dataclass(frozen=True)
class Case:
    """A statement, the names it uses, and how many operations it is."""

    statement: str
    names: dict[str, Any]
    operations: int

    def timer(self) -> timeit.Timer:
        return timeit.Timer(self.statement, globals=self.names, timer=time.perf_counter_ns)


def per_key(call: str, keys: list[Any] = KEYS, **names: Any) -> Case:
    """A call with one key after the other."""
    return Case(f"for key in keys: {call}", {"keys": keys, "value": VALUE, **names}, len(keys))


def per_batch(statement: str, **names: Any) -> Case:
    """A statement that works on a hundred keys; the figure is that of one."""
    keys = KEYS[:100]
    return Case(statement, {"keys": keys, "gets": [("GET", key) for key in keys], **names}, len(keys))


def kevy_cases(rt: kevy.Runtime) -> dict[str, Case]:
    db, text = rt.session(), rt.session(decode_responses=True)
    for key in KEYS:
        db.set(key, VALUE)
        db.hset("hash", key, VALUE)
    pipeline = "pipe = db.pipeline(transaction=False)\nfor key in keys: pipe.get(key)\npipe.execute()"
    return {
        "session.get": per_key("get(key)", get=db.get),
        "session.get of bytes": per_key("get(key)", keys=RAW_KEYS, get=db.get),
        "session.get to str": per_key("get(key)", get=text.get),
        "session.get, missing": per_key("get('no such key')", get=db.get),
        "db[key]": per_key("db[key]", db=db),
        "session.set": per_key("set(key, value)", set=db.set),
        "session.hget": per_key("hget('hash', key)", hget=db.hget),
        "session.hset": per_key("hset('hash', key, value)", hset=db.hset),
        "session.incr": per_key("incr('counter')", incr=db.incr),
        "session.execute GET": per_key("execute('GET', key)", execute=db.execute),
        "pipeline of 100 GET, each": per_batch(pipeline, db=db),
        "execute_batch of 100 GET, each": per_batch("batch(gets)", batch=db.execute_batch),
        "mget of 100, each": per_batch("mget(keys)", mget=db.mget),
    }


@contextlib.contextmanager
def lmdb_cases() -> Iterator[dict[str, Case]]:
    import lmdb

    with tempfile.TemporaryDirectory() as directory, lmdb.open(directory, map_size=64 << 20, sync=False) as env:
        with env.begin(write=True) as writer:
            for key in RAW_KEYS:
                writer.put(key, VALUE)
        with env.begin() as reader:
            yield {"lmdb txn.get": per_key("get(key)", keys=RAW_KEYS, get=reader.get)}


@contextlib.contextmanager
def redis_server() -> Iterator[int]:
    """A redis-server of this benchmark's own, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        server = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory],
            stdout=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + 10
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                if time.monotonic() > deadline:
                    raise RuntimeError("redis-server did not start")
            yield port
        finally:
            server.terminate()
            server.wait()


def measure(cases: dict[str, Case], rounds: int) -> dict[str, float]:
    """The median of each case, in nanoseconds an operation."""
    timers = {name: case.timer() for name, case in cases.items()}
    counts = {}
    for name, timer in timers.items():
        count = 1
        while timer.timeit(count) < ROUND_NS_MIN:
            count *= 2
        counts[name] = count
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, timer in timers.items():
            samples[name].append(timer.timeit(counts[name]) / counts[name] / cases[name].operations)
    return {name: round(statistics.median(values), 1) for name, values in samples.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()

    with contextlib.ExitStack() as stack:
        rt = stack.enter_context(kevy.Runtime(shards=2))
        cases = {
            "the empty loop": per_key("pass"),
            "dict[key]": per_key("table[key]", table=dict.fromkeys(KEYS, VALUE)),
            **kevy_cases(rt),
        }
        with contextlib.suppress(ImportError):
            cases |= stack.enter_context(lmdb_cases())
        with contextlib.suppress(ImportError):
            import redis

            pair = stack.enter_context(contextlib.closing(rt.redis()))
            cases["redis-py over the socket pair, get"] = per_key("get(key)", get=pair.get)
            if shutil.which("redis-server"):
                port = stack.enter_context(redis_server())
                loopback = stack.enter_context(contextlib.closing(redis.Redis(port=port)))
                for key in KEYS:
                    loopback.set(key, VALUE)
                cases["redis-py over loopback to redis-server, get"] = per_key("get(key)", get=loopback.get)
        figures = measure(cases, options.rounds)

    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<48} {value:>10,.1f} ns")


if __name__ == "__main__":
    main()
