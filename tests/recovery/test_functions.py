"""Libraries of functions in the log and in what is exported, and what is published, which the log does not hold."""

import subprocess

import pytest

from support.servers import kevy_binary, start_kevy
from support.wait import eventually

LOG = {"appendonly": "yes", "save": ""}


def library(name: str, value: int) -> str:
    return f"#!lua name={name}\nredis.register_function('{name}', function(keys, args) return {value} end)"


def held(session) -> dict:
    """Each library with what its function returns."""
    names = [entry.value[1].text for entry in session.call("FUNCTION", "LIST").value]
    return {name: session.call("FCALL", name, 0).value for name in sorted(names)}


def is_rewritten(server, times: int) -> None:
    def holds() -> bool:
        text = server.connect().call("INFO", "persistence").text
        fields = dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)
        return fields["aof_rewrite_in_progress"] == "0" and int(fields["aof_rewrites"]) >= times

    eventually(holds, "the log is rewritten")


def logged(directory) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((directory / "appendonlydir").glob("*.incr.*")))


@pytest.mark.parametrize("preamble,after", [("yes", 3), ("no", 3), ("yes", 1)])
def test_functions_are_logged_once_and_come_back(start, redis, directory, tmp_path, preamble, after):
    options = LOG | {"aof_use_rdb_preamble": preamble}
    server = start(3, **options)
    session = server.connect()
    session.call("FUNCTION", "LOAD", library("one", 1))
    session.call("FUNCTION", "LOAD", library("two", 2))
    session.call("FUNCTION", "LOAD", "REPLACE", library("two", 22))
    session.call("FUNCTION", "DELETE", "one")
    keys = [f"key:{number}" for number in range(10)]
    session.pipeline(
        [("MULTI",), *(("SET", key, "gone") for key in keys), ("FUNCTION", "LOAD", library("three", 3)), ("FLUSHALL",)]
        + [("SET", key, "kept") for key in keys]
        + [("EXEC",)]
    )
    assert held(session) == {"three": 3, "two": 22}
    eventually(lambda: logged(directory).count(b"$4\r\nkept") >= len(keys), "the log is written")
    assert logged(directory).count(b"\r\nLOAD\r\n") == 4
    server.kill()
    server = start(after, **options)
    session = server.connect()
    assert held(session) == {"three": 3, "two": 22}
    assert {reply.text for reply in session.call("MGET", *keys).value} == {"kept"}
    assert "was answered with" not in server.output()
    is_rewritten(server, int(after != 3))
    session.call("BGREWRITEAOF")
    is_rewritten(server, 1 + int(after != 3))
    # A library of the base may be changed by what follows it.
    session.call("FUNCTION", "DELETE", "three")
    session.call("FUNCTION", "LOAD", library("four", 4))
    assert session.call("DEBUG", "LOADAOF").text == "OK"
    assert held(session) == {"four": 4, "two": 22}
    server.kill()
    server = start(2, **options)
    assert held(server.connect()) == {"four": 4, "two": 22}
    assert "was answered with" not in server.output()
    server.stop()
    base = [kevy_binary(), "--dir", str(directory), "--appendonly", "yes", "--aof-use-rdb-preamble", preamble]
    target = tmp_path / "export"
    target.mkdir()
    subprocess.run([*base, "--export-aof", str(target / "appendonlydir")], check=True, capture_output=True)
    subprocess.run([*base, "--export-rdb", str(target / "dump.rdb")], check=True, capture_output=True)
    for appendonly in ("yes", "no"):
        session = redis(dir=target, appendonly=appendonly).connect()
        assert held(session) == {"four": 4, "two": 22}
        assert session.call("DBSIZE").value == 10


@pytest.mark.parametrize("replicated", [False, True])
def test_what_is_published_is_not_logged(start, directory, replicated):
    server = start(2, **LOG, appendfsync="always")
    session = server.connect()
    replica = None
    if replicated:
        replica = start_kevy(shards=2, replicaof=f"127.0.0.1 {server.port}")
        listener = replica.connect()
        listener.call("SUBSCRIBE", "channel")
    try:
        if replicated:
            eventually(lambda: "connected_slaves:1" in session.call("INFO", "replication").text, "the replica is there")
            eventually(lambda: "master_link_status:up" in replica.connect().call("INFO", "replication").text, "it follows")
        session.call("PUBLISH", "channel", "first")
        for number in range(20):
            session.pipeline(
                [("SET", f"key:{number}", number), ("PUBLISH", "channel", number), ("SELECT", number % 3), ("SPUBLISH", "shard", number)]
                + [("MULTI",), ("SET", "a", number), ("PUBLISH", "channel", "inside"), ("SET", "b", number), ("SET", "c", number), ("EXEC",)]
                + [("EVAL", "redis.call('PUBLISH', 'channel', 'script') return redis.call('INCR', KEYS[1])", 1, "counter")]
            )
        assert [reply.value for reply in session.call("WAITAOF", 1, 0, 0).value][0] == 1
        whole = session.call("DEBUG", "DIGEST").value
        if replicated:
            # Several shards' streams carry them.
            heard = sorted(listener.read().value[2].text for _ in range(61))
            assert heard == sorted(["first"] + [word for number in range(20) for word in (str(number), "inside", "script")])
            eventually(lambda: replica.connect().call("DEBUG", "DIGEST").value == whole, "the replica has the keys")
        server.kill()
        assert b"PUBLISH" not in logged(directory) and b"SET" in logged(directory)
        assert start(2, **LOG).connect().call("DEBUG", "DIGEST").value == whole
    finally:
        if replica:
            replica.close()
