"""Snapshots: what is saved is what is read back, by kevy with any number of shards and by redis-server, and the other way."""

import shutil
import threading
import time

import pytest

from support.resp import Connection
from support.servers import free_port
from support.wait import eventually

from .contents import fill, read

DIGEST = ("DEBUG", "DIGEST")


def digest(server) -> bytes:
    return server.connect().call(*DIGEST).value


def field(server, name: str) -> str:
    text = server.connect().call("INFO", "persistence").text
    return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)[name]


@pytest.mark.parametrize("how", ["SAVE", "BGSAVE", "SIGTERM", "SHUTDOWN"])
@pytest.mark.parametrize("shards", [1, 3])
def test_what_was_saved_comes_back(start, how, shards):
    server = start(shards)
    session = server.connect()
    fill(session)
    before = digest(server)
    if how == "SAVE":
        assert session.call("SAVE").text == "OK"
        server.kill()
    elif how == "BGSAVE":
        assert session.call("BGSAVE").text == "Background saving started"
        eventually(lambda: field(server, "rdb_saves") == "1", "the snapshot is written")
        server.kill()
    elif how == "SIGTERM":
        assert server.stop() == 0
    else:
        session.send("SHUTDOWN")
        assert server.wait() == 0
    again = start(2)
    assert digest(again) == before
    assert int(field(again, "rdb_last_load_keys_loaded")) == again.connect().call("DBSIZE").value + 1


def test_what_was_not_saved_is_gone(start):
    server = start()
    session = server.connect()
    session.call("SET", "kept", 1)
    session.call("SAVE")
    session.call("SET", "lost", 1)
    assert field(server, "rdb_changes_since_last_save") == "1"
    session.send("SHUTDOWN", "NOSAVE")
    assert server.wait() == 0
    session = start().connect()
    assert session.call("EXISTS", "kept").value == 1
    assert session.call("EXISTS", "lost").value == 0


@pytest.mark.parametrize("version", [9, 10])
def test_redis_reads_what_kevy_writes(start, redis, directory, version):
    server = start(rdb_version=version)
    session = server.connect()
    fill(session, newer=False)
    mine = read(session)
    assert session.call("SAVE").text == "OK"
    # A stream has no form of version 9 that keeps all of it.
    written = (directory / "dump.rdb").read_bytes()[:9]
    assert written == b"REDIS0010"
    assert read(redis().connect()) == mine


@pytest.mark.parametrize("version", [9, 10, 11, 12])
def test_a_file_says_what_its_readers_must_know(start, directory, version):
    session = start(1, rdb_version=version).connect()
    for command in [("SET", "s", 1), ("RPUSH", "l", 1), ("HSET", "h", "f", 1), ("ZADD", "z", 1, "m"), ("SADD", "s2", "a")]:
        session.call(*command)
    session.call("SAVE")
    assert (directory / "dump.rdb").read_bytes()[:9] == b"REDIS%04d" % min(version, 11)
    session.call("HEXPIRE", "h", 1000, "FIELDS", 1, "f")
    session.call("SAVE")
    assert (directory / "dump.rdb").read_bytes()[:9] == b"REDIS0012"


def test_kevy_reads_what_redis_writes(start, redis, directory):
    directory.mkdir()
    theirs = redis()
    session = theirs.connect()
    fill(session, newer=False)
    written = read(session)
    assert session.call("SAVE").text == "OK"
    assert read(start(3).connect()) == written


def test_a_reload_changes_nothing(start):
    server = start(3)
    session = server.connect()
    fill(session)
    before = digest(server)
    assert session.call("DEBUG", "RELOAD").text == "OK"
    assert digest(server) == before
    session.call("SET", "after", 1)
    assert session.call("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH").text == "OK"
    assert session.call("GET", "after").text == "1"
    assert session.call("DEBUG", "RELOAD", "NOSAVE").text == "OK"
    assert digest(server) == before


def test_expired_keys_stay_away(start, directory):
    server = start()
    session = server.connect()
    session.call("SET", "short", 1, "PX", 1)
    session.call("SET", "long", 1, "EX", 1000)
    # Nothing looks for what has expired, so the file holds it.
    session.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    session.call("SET", "soon", 1, "PX", 1500)
    session.call("SAVE")
    server.kill()
    until = time.time() + 1.6
    eventually(lambda: time.time() > until, "its time has passed")
    again = start()
    assert again.connect().call("KEYS", "*").value[0].text == "long"
    assert int(field(again, "rdb_last_load_keys_expired")) >= 1


def test_a_save_is_one_instant(start, directory):
    """Money moves between accounts of different shards while snapshots are taken: none is made or lost in any of them."""
    accounts = [f"account:{number}" for number in range(40)]
    server = start(3)
    session = server.connect()
    for account in accounts:
        session.call("SET", account, 100)
    done = threading.Event()

    def move(offset: int) -> None:
        mine = server.connect()
        at = offset
        while not done.is_set():
            at += 7
            mine.pipeline(
                [
                    ("MULTI",),
                    ("DECRBY", accounts[at % 40], 3),
                    ("INCRBY", accounts[(at + offset + 1) % 40], 3),
                    ("EXEC",),
                ]
            )

    movers = [threading.Thread(target=move, args=(offset,)) for offset in (1, 4)]
    for mover in movers:
        mover.start()
    try:
        for round_ in range(5):
            session.call("SAVE")
            copy = server.directory / f"copy-{round_}"
            copy.mkdir()
            shutil.copy(directory / "dump.rdb", copy / "dump.rdb")
            other = start(2, dir=copy, save="")
            balances = other.connect().call("MGET", *accounts).value
            assert sum(int(balance.value) for balance in balances) == 4000
            other.stop()
    finally:
        done.set()
        for mover in movers:
            mover.join()


def test_one_save_follows_another(start):
    server = start(1)
    session = server.connect()
    session.call("DEBUG", "POPULATE", 200_000)
    begun = session.call("LASTSAVE").value
    assert abs(begun - time.time()) < 60
    replies = session.pipeline([("BGSAVE",), ("BGSAVE",), ("BGSAVE", "SCHEDULE"), ("BGSAVE", "NOW")])
    assert [reply.text for reply in replies] == [
        "Background saving started",
        "ERR Background save already in progress",
        "Background saving scheduled",
        "ERR syntax error",
    ]
    eventually(lambda: field(server, "rdb_saves") == "2", "both are written")
    assert session.call("LASTSAVE").value >= begun


def test_one_runtime_at_a_time(start, directory):
    first = start()
    with pytest.raises(AssertionError, match="is in use by another runtime"):
        start()
    assert first.connect().call("PING").text == "PONG"
    first.kill()
    assert start().connect().call("PING").text == "PONG"


def test_points_at_which_a_snapshot_is_due(start):
    server = start(save="1 10")
    session = server.connect()
    for number in range(9):
        session.call("SET", number, number)
    assert session.call("CONFIG", "GET", "save").value[1].text == "1 10"
    session.call("SET", "tenth", 1)
    eventually(lambda: field(server, "rdb_saves") == "1", "ten changes and a second have passed")
    assert field(server, "rdb_changes_since_last_save") == "0"


def test_writes_are_refused_while_nothing_can_be_saved(start, directory):
    server = start(save="100000 1")
    session = server.connect()
    session.call("SET", "k", 1)
    moved = directory.with_name("moved")
    directory.rename(moved)
    assert session.call("SAVE").text.startswith("ERR cannot save to")
    assert session.call("SET", "k", 2).text.startswith("MISCONF")
    assert session.call("GET", "k").text == "1"
    assert field(server, "rdb_last_bgsave_status") == "err"
    assert "No such file" in field(server, "rdb_last_bgsave_error")
    assert session.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "no").text == "OK"
    assert session.call("SET", "k", 3).text == "OK"
    session.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
    assert session.call("SET", "k", 4).is_error
    moved.rename(directory)
    assert session.call("SAVE").text == "OK"
    assert session.call("SET", "k", 5).text == "OK"
    assert field(server, "rdb_last_bgsave_status") == "ok"

@pytest.mark.parametrize("shards", [1, 3])
def test_while_nothing_can_be_saved_writes_and_pings_are_answered_as_by_the_reference(start, redis, directory, shards):
    replies = []
    for run, named in ((redis, {}), (start, {"shards": shards})):
        directory.mkdir(exist_ok=True)
        server = run(save="100000 1", **named)
        session, other = server.connect(), server.connect()
        session.pipeline([("SET", "k", 1), ("MULTI",), ("SET", "k", 2), ("SET", "l", 2)])
        shutil.rmtree(directory)
        other.call("BGSAVE")
        eventually(lambda: field(server, "rdb_last_bgsave_status") == "err", "the save has failed")
        replies.append(
            [session.call("EXEC")]
            + session.pipeline([("PING",), ("GET", "k"), ("SET", "k", 3), ("DEL", "none")])
            + session.pipeline([("MULTI",), ("SET", "k", 3), ("EXEC",), ("MULTI",), ("PING",), ("EXEC",)])
            + session.pipeline([("MULTI",), ("GET", "k"), ("EXEC",)])
            + session.pipeline([("MULTI",), ("EVAL", "return redis.call('SET', KEYS[1], 4)", 1, "k"), ("EXEC",)])
            + session.pipeline([("EVAL", "#!lua\nreturn redis.call('GET', KEYS[1])", 1, "k"), ("GET", "k")])
        )
        server.kill()
    theirs, ours = replies
    assert theirs[0].text.startswith("EXECABORT Transaction discarded because of: MISCONF")
    assert ours == theirs


def test_nothing_is_written_unasked(start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    server = start(dir="")
    server.connect().call("SET", "k", 1)
    assert server.stop() == 0
    assert [path.name for path in server.directory.iterdir()] == ["log"]


def test_nobody_sees_half_of_what_is_loaded(start):
    server = start(1)
    session = server.connect()
    session.call("DEBUG", "POPULATE", 60_000, "key", 100)
    assert session.call("SAVE").text == "OK"
    server.kill()
    port = free_port()
    seen = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                with Connection.tcp(port) as connection:
                    while not done.is_set():
                        reply = connection.call("STRLEN", "key:59999")
                        seen.add(reply.text.split(" ")[0] if reply.is_error else reply.value)
                        if not reply.is_error:
                            return
            except OSError:
                # It does not listen yet.
                continue

    looker = threading.Thread(target=look)
    looker.start()
    try:
        start(1, port=port)
        looker.join(30)
    finally:
        done.set()
        looker.join()
    assert seen <= {"LOADING", 100} and 100 in seen


@pytest.mark.parametrize("shards", [1, 3])
def test_a_save_that_is_slowed_down_is_seen_and_given_up_once_its_keys_are_gone(start, shards):
    server = start(shards, save="")
    session = server.connect()
    session.pipeline([("SET", f"k{i}", "v") for i in range(50)])
    session.call("CONFIG", "SET", "rdb-key-save-delay", 10_000_000)
    assert session.call("BGSAVE").text == "Background saving started"
    assert field(server, "rdb_bgsave_in_progress") == "1"
    assert session.call("BGSAVE").is_error
    session.call("FLUSHALL")
    eventually(lambda: field(server, "rdb_bgsave_in_progress") == "0", "the save is given up")
    assert field(server, "rdb_last_bgsave_status") == "ok"
    # A save under way goes on as fast as the option says by then.
    session.call("SET", "k", "v")
    session.call("BGSAVE")
    assert field(server, "rdb_bgsave_in_progress") == "1"
    session.call("CONFIG", "SET", "rdb-key-save-delay", 0)
    eventually(lambda: field(server, "rdb_saves") == "1", "the snapshot is written")
    session.call("CONFIG", "SET", "key-load-delay", 300_000)
    before = time.monotonic()
    assert session.call("DEBUG", "RELOAD").text == "OK"
    assert time.monotonic() - before >= 0.3 and session.call("GET", "k").value == b"v"
