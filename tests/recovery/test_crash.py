"""The process is killed at any moment, and what it had acknowledged is there when it comes back.

``KEVY_CRASH_ROUNDS`` sets how many times each test kills a server (ordinarily few, so that all takes about a minute), and
``KEVY_CRASH_SEED`` where chance begins.
"""

import os
import random
import time

import pytest

from support.resp import Disconnected
from support.wait import eventually

from . import load

ROUNDS = int(os.environ.get("KEVY_CRASH_ROUNDS", "6"))
SEED = int(os.environ.get("KEVY_CRASH_SEED", "1"))

#: Where a process may end while it writes files.
PLACES = [
    "manifest-write",
    "manifest-written",
    "rewrite-cut",
    "rewrite-written",
    "rewrite-renamed",
    "rewrite-listed",
    "rewrite-removed",
    "log-write",
    "log-written",
    "log-sync",
    "log-synced",
    "log-roll",
    "snapshot-rename",
]


def again(start, shards, fsync):
    """The server that opens what the one before left."""
    return start(shards, appendonly="yes", appendfsync=fsync, save="")


@pytest.mark.parametrize("shards", [1, 3])
def test_what_was_acknowledged_survives_a_kill_at_any_moment(start, shards):
    chance = random.Random(SEED)
    server = again(start, shards, "always")
    load.prepare(server.connect())
    for round_ in range(ROUNDS):
        writers = load.start(server, SEED * 100 + round_)
        pause = time.monotonic() + chance.random() * 0.4
        eventually(lambda: time.monotonic() > pause, "some time has passed")
        if chance.random() < 0.3:
            server.connect().call("BGREWRITEAOF")
        server.kill()
        for writer in writers:
            writer.join()
        server = again(start, shards, "always")
        load.check(server.connect(), writers)
        for writer in writers:
            server.connect().call("DEL", f"counter:{writer.number}", f"list:{writer.number}")


@pytest.mark.parametrize("place", PLACES)
def test_what_was_acknowledged_survives_an_end_at_this_place(start, place):
    chance = random.Random(f"{SEED} {place}")
    server = again(start, 3, "always")
    load.prepare(server.connect())
    for round_ in range(max(1, ROUNDS // 6)):
        session = server.connect()
        count = chance.randrange(1, 40) if place.startswith("log-") and place != "log-roll" else 1
        writers = load.start(server, SEED * 100 + round_)
        eventually(lambda: all(writer.sent > 3 for writer in writers), "the load is under way")
        try:
            assert session.call("DEBUG", "DISK", "END-AT", place, count).text == "OK"
            session.call("BGSAVE" if place == "snapshot-rename" else "BGREWRITEAOF")
        except (OSError, Disconnected):
            # It ended before it answered.
            pass
        assert server.wait() != 0
        for writer in writers:
            writer.join()
        # Another number of shards has to make the same of it.
        server = again(start, chance.choice([1, 2, 3]), "always")
        load.check(server.connect(), writers)
        for writer in writers:
            server.connect().call("DEL", f"counter:{writer.number}", f"list:{writer.number}")


def test_with_everysec_the_process_may_lose_a_second_and_no_half(start):
    chance = random.Random(SEED)
    server = again(start, 3, "everysec")
    load.prepare(server.connect())
    for round_ in range(ROUNDS):
        session = server.connect()
        session.call("DEL", "clock")
        writers = load.start(server, SEED * 100 + round_)
        until = time.monotonic() + 0.1 + chance.random() * 0.5
        noted = 0.0
        while time.monotonic() < until:
            noted = time.time()
            session.call("SET", "clock", noted)
        killed = time.time()
        server.kill()
        for writer in writers:
            writer.join()
        server = again(start, 3, "everysec")
        session = server.connect()
        assert load.total(session) == load.BALANCE * len(load.ACCOUNTS)
        clock = session.call("GET", "clock").value
        if noted > killed - 1:
            assert clock is None or float(clock) <= noted
        if clock is not None:
            assert float(clock) >= noted - 1


@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_a_disk_that_fills_up_and_heals(start, fsync):
    chance = random.Random(SEED)
    server = again(start, 3, fsync)
    load.prepare(server.connect())
    session = server.connect()
    for round_ in range(max(1, ROUNDS // 2)):
        writers = load.start(server, SEED * 100 + round_)
        # Its own reply may be one of those that cannot be kept. Writes are refused in the midst of transactions.
        session.call("DEBUG", "DISK", "FAIL-WRITES", chance.randrange(1, 3000), 28)
        eventually(lambda: any(writer.refused for writer in writers), "writes are refused")
        assert session.call("GET", "account:0").value is not None
        text = session.call("INFO", "persistence").text
        assert "aof_last_write_status:err" in text and "No space left on device" in text
        refusal = session.call("SET", "k", 1).text
        assert refusal.startswith("MISCONF Errors writing to the AOF file: No space left on device"), refusal
        assert session.call("DEBUG", "DISK", "HEAL").text == "OK"
        eventually(lambda: session.call("SET", "k", 1).text == "OK", "writes are taken again")
        seen = [writer.sent for writer in writers]
        eventually(lambda: all(w.sent > s + 3 for w, s in zip(writers, seen)), "the load goes on")
        assert load.total(session) == load.BALANCE * len(load.ACCOUNTS)
        noted = []

        def note() -> bool:
            """A clock that is written for more than a second after the disk has healed."""
            noted.append(time.time())
            assert session.call("SET", "clock", noted[-1]).text == "OK"
            return noted[-1] - noted[0] > 1.5

        if fsync == "everysec":
            eventually(note, "more than a second has passed")
        server.kill()
        for writer in writers:
            writer.join()
        server = again(start, 3, fsync)
        session = server.connect()
        if fsync == "always":
            load.check(session, writers)
        else:
            assert load.total(session) == load.BALANCE * len(load.ACCOUNTS)
            assert float(session.call("GET", "clock").value) >= noted[-1] - 1
        for writer in writers:
            session.call("DEL", f"counter:{writer.number}", f"list:{writer.number}")


def test_syncs_that_fail_are_not_acknowledged(start):
    server = again(start, 2, "always")
    session = server.connect()
    assert session.call("SET", "before", 1).text == "OK"
    session.call("DEBUG", "DISK", "FAIL-SYNCS", 5)
    refusal = session.call("SET", "during", 1).text
    assert refusal.startswith("MISCONF Errors writing to the AOF file: Input/output error"), refusal
    assert session.call("GET", "before").text == "1"
    session.call("DEBUG", "DISK", "HEAL")
    eventually(lambda: session.call("SET", "after", 1).text == "OK", "writes are taken again")
    server.kill()
    session = again(start, 2, "always").connect()
    assert [session.call("GET", key).value for key in ("before", "after")] == [b"1", b"1"]
