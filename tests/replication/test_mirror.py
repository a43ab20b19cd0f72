"""kevy as a replica of Debian's redis-server: copies, resumes, promotions."""

import pytest

from support.resp import Connection, info
from support.wait import eventually

from .links import Link

READ_ONLY = "READONLY You can't write against a read only replica."


def section(connection: Connection, name: str = "replication") -> dict[str, str]:
    return info(connection, name)


def is_up(connection: Connection) -> bool:
    return section(connection)["master_link_status"] == "up"


def digest(connection: Connection) -> bytes:
    return connection.call("DEBUG", "DIGEST").value


def same(primary: Connection, copy: Connection, what: str = "the copy equals the primary") -> None:
    eventually(lambda: digest(primary) == digest(copy), what)


def fill(primary: Connection) -> None:
    """A key of every type, small and large, with and without expiry, in two databases."""
    call = primary.call
    for db in (0, 7):
        call("SELECT", db)
        call("SET", "string", "value")
        call("SET", "number", 12345)
        call("SET", "binary", bytes(range(256)))
        call("SET", "expires", "soon", "PX", 10_000_000)
        call("APPEND", "long", "abc" * 5000)
        call("RPUSH", "list", *range(5))
        call("RPUSH", "large list", *("element %d" % n for n in range(1000)))
        call("RPUSH", "wide list", "x" * 20_000, "y")
        call("SADD", "integers", *range(10))
        call("SADD", "set", *("member %d" % n for n in range(10)))
        call("SADD", "large set", *("member %d" % n for n in range(1000)))
        call("HSET", "hash", "a", 1, "b", 2)
        call("HSET", "large hash", *(w for n in range(1000) for w in ("field %d" % n, n)))
        call("ZADD", "board", 1, "a", 2.5, "b", "inf", "c")
        call("ZADD", "large board", *(w for n in range(1000) for w in (n / 3, "member %d" % n)))
        for n in range(300):
            call("XADD", "stream", f"{n + 1}-1", "field", n)
        call("XGROUP", "CREATE", "stream", "group", 0)
        call("XREADGROUP", "GROUP", "group", "me", "COUNT", 10, "STREAMS", "stream", ">")
        call("PFADD", "log", *range(1000))
        call("GEOADD", "places", 1, 2, "here", 3, 4, "there")
        call("SETBIT", "bits", 1000, 1)
    call("SELECT", 0)


def change(call) -> None:
    """Every way in which redis-server rewrites what it sends to replicas."""
    for words in (
        ("SET", "k", "v", "EX", 1000),
        ("EXPIRE", "list", 1000),
        ("GETEX", "string", "PX", 5_000_000),
        ("SPOP", "large set", 5),
        ("GETDEL", "number"),
        ("INCRBYFLOAT", "float", "1.5"),
        ("HINCRBYFLOAT", "hash", "c", "1.5"),
        ("XREADGROUP", "GROUP", "group", "you", "COUNT", 5, "STREAMS", "stream", ">"),
        ("XADD", "stream", "MAXLEN", "~", 100, "*", "a", "b"),
        ("XAUTOCLAIM", "stream", "group", "him", 0, "0", "COUNT", 3),
        ("LMOVE", "list", "moved", "LEFT", "RIGHT"),
        ("BLMOVE", "list", "moved", "LEFT", "RIGHT", 0),
        ("BZPOPMIN", "board", 0),
        ("MSET", "m1", 1, "m2", 2, "m3", 3, "m4", 4),
        ("RENAME", "m1", "{other}m"),
        ("COPY", "hash", "copied"),
        ("MOVE", "m2", 3),
        ("SORT", "list", "ALPHA", "STORE", "sorted"),
        ("SUNIONSTORE", "union", "set", "integers"),
        ("ZUNIONSTORE", "zunion", 2, "board", "large board"),
        ("EVAL", "redis.call('set', KEYS[1], 'x'); return redis.call('incr', KEYS[2])", 2, "s1", "s2"),
        ("SETRANGE", "string", 3, "xyz"),
        ("BITOP", "NOT", "inverted", "bits"),
        ("SWAPDB", 3, 4),
        ("PUBLISH", "channel", "message"),
    ):
        call(*words)
    call("MULTI")
    call("SET", "t1", 1)
    call("SELECT", 2)
    call("SET", "t2", 2)
    call("SELECT", 0)
    call("EXEC")


def test_every_type_and_every_rewritten_command_arrives(redis, kevy, shards):
    server = redis()
    primary = server.connect()
    fill(primary)
    copy = kevy(shards, replicaof=f"127.0.0.1 {server.port}").connect()
    eventually(lambda: is_up(copy), "the link is up")
    same(primary, copy)
    change(primary.call)
    same(primary, copy, "changes arrive")
    primary.call("FLUSHDB")
    primary.call("SET", "after", 1)
    same(primary, copy)
    assert section(primary, "stats")["sync_full"] == "1"
    assert copy.call("SET", "k", "v").text == READ_ONLY


@pytest.mark.parametrize("diskless", ["yes", "no"])
def test_the_snapshot_comes_in_either_framing(redis, kevy, diskless):
    server = redis(repl_diskless_sync=diskless, repl_diskless_sync_delay=0)
    primary = server.connect()
    fill(primary)
    copy = kevy(2, replicaof=f"127.0.0.1 {server.port}").connect()
    same(primary, copy)
    primary.call("SET", "after", 1)
    same(primary, copy, "the stream follows soon")


def test_a_cut_link_costs_a_partial_sync_and_nothing_else(redis, kevy, closing):
    server = redis(repl_diskless_sync_delay=0)
    primary = server.connect()
    link = closing(Link(server.port))
    copy = kevy(2, replicaof=f"127.0.0.1 {link.port}").connect()
    eventually(lambda: is_up(copy), "the link is up")
    for round in range(5):
        primary.call("SET", "round", round)
        link.cut()
        primary.call("INCR", "counter")
        same(primary, copy, "what was missed arrives")
        eventually(lambda: is_up(copy), "the link is up again")
    stats = section(primary, "stats")
    assert (stats["sync_full"], stats["sync_partial_err"]) == ("1", "0"), stats


def test_waiting_for_a_write_costs_no_second(redis, kevy):
    server = redis(repl_diskless_sync_delay=0)
    primary = server.connect()
    copy = kevy(1, replicaof=f"127.0.0.1 {server.port}").connect()
    eventually(lambda: is_up(copy), "the link is up")
    for n in range(3):
        primary.call("SET", "k", n)
        assert primary.call("WAIT", 1, 10_000).value == 1
    slave = section(primary)["slave0"]
    assert "state=online" in slave and f"port={section(copy, 'server')['tcp_port']}" in slave


def test_survivors_of_a_fail_over_resume_under_the_new_identity(redis, kevy):
    first, second = redis(repl_diskless_sync_delay=0), redis(repl_diskless_sync_delay=0)
    old, new = first.connect(), second.connect()
    fill(old)
    new.call("REPLICAOF", "127.0.0.1", first.port)
    eventually(lambda: is_up(new), "the other replica is up")
    copy = kevy(2, replicaof=f"127.0.0.1 {first.port}").connect()
    eventually(lambda: is_up(copy), "the link is up")
    old.call("SET", "last", 1)
    same(old, copy)
    same(old, new)
    first.kill()
    new.call("REPLICAOF", "NO", "ONE")
    new.call("SET", "first", 1)
    copy.call("REPLICAOF", "127.0.0.1", second.port)
    same(new, copy, "the promoted one is followed")
    assert section(new, "stats")["sync_partial_ok"] == "1"
    assert section(new, "stats")["sync_full"] == "0"


def test_a_primary_that_lost_everything_is_copied_anew(redis, kevy):
    server = redis(repl_diskless_sync_delay=0)
    server.connect().call("SET", "k", "v")
    copy = kevy(2, replicaof=f"127.0.0.1 {server.port}").connect()
    eventually(lambda: copy.call("GET", "k").value == b"v", "the copy is there")
    server.kill()
    eventually(lambda: not is_up(copy), "the link is down")
    assert copy.call("GET", "k").value == b"v"
    again = redis(port=server.port).connect()
    again.call("SET", "k", "w")
    eventually(lambda: copy.call("GET", "k").value == b"w", "the new one is copied")
    same(again, copy)


def test_a_password_is_given_and_a_wrong_one_told(redis, kevy):
    server = redis(requirepass="secret", repl_diskless_sync_delay=0)
    primary = server.connect()
    primary.call("AUTH", "secret")
    primary.call("SET", "k", "v")
    follower = kevy(1, replicaof=f"127.0.0.1 {server.port}", masterauth="wrong")
    copy = follower.connect()
    eventually(lambda: "WRONGPASS" in follower.output(), "the log tells")
    copy.call("CONFIG", "SET", "masterauth", "secret")
    eventually(lambda: copy.call("GET", "k").value == b"v", "the copy is there")


def test_a_promoted_copy_keeps_its_keys_and_expires_them_itself(redis, kevy):
    server = redis(repl_diskless_sync_delay=0)
    primary = server.connect()
    primary.call("SET", "k", "v")
    primary.call("SET", "short", "v", "PX", 300)
    copy = kevy(2, replicaof=f"127.0.0.1 {server.port}").connect()
    eventually(lambda: copy.call("GET", "k").value == b"v", "the copy is there")
    server.kill()
    assert copy.call("REPLICAOF", "NO", "ONE").text == "OK"
    assert copy.call("SET", "mine", 1).text == "OK"
    eventually(lambda: copy.call("DBSIZE").value == 2, "the short one has expired")
    assert copy.call("GET", "k").value == b"v"


def test_a_redis_replica_follows_a_kevy_mirror(redis, kevy):
    server = redis(repl_diskless_sync_delay=0)
    primary = server.connect()
    primary.call("SET", "k", "v")
    middle = kevy(2, replicaof=f"127.0.0.1 {server.port}")
    connection = middle.connect()
    eventually(lambda: connection.call("GET", "k").value == b"v", "the copy is there")
    last = redis().connect()
    last.call("REPLICAOF", "127.0.0.1", middle.port)
    eventually(lambda: last.call("GET", "k").value == b"v", "the last one has it")
    primary.call("SET", "k", "w")
    eventually(lambda: last.call("GET", "k").value == b"w", "the change goes through")
