"""MONITOR: the lines of every command that runs, as the reference shows them."""

import re

import pytest

from support.resp import Connection, Disconnected, Reply
from support.wait import eventually

from .conftest import SHARDS

LINES = [
    ["SET", "k", "v"],
    ["get", "k"],
    ["SET", b'quote"back\\slash', b"\r\n\t\a\b\x00\x01\x7f\x80\xff '"],
    ["SELECT", "3"],
    ["SET", "k", "v"],
    ["SELECT", "0"],
    ["MULTI"],
    ["SET", "{k}1", "v"],
    ["lpush", "{k}2", "a"],
    ["EXEC"],
    ["MULTI"],
    ["SET", "k", "v"],
    ["DISCARD"],
    ["MSET", "a", "1", "b", "2"],
    ["CONFIG", "GET", "port"],
    ["CLIENT", "ID"],
    ["CLIENT", "LIST"],
    ["PING"],
    ["PING", "x"],
    ["NOTHING"],
    ["SET", "k"],
    ["LPUSH", "k", "v"],
    ["AUTH", "secret"],
    ["AUTH", "user", "secret"],
    ["HELLO", "2", "AUTH", "default", "secret"],
    ["HELLO", "2"],
    ["BLPOP", "{k}2", "1"],
    ["BLPOP", "{k}none", "0.01"],
    ["SUBSCRIBE", "news"],
    ["UNSUBSCRIBE", "news"],
    ["DBSIZE"],
    ["WATCH", "k"],
    ["UNWATCH"],
    ["DEBUG", "SLEEP", "0"],
    ["FLUSHALL"],
]

LINE = re.compile(rb"(\d+)\.(\d{6}) \[(\d+) (\S+)\] (.*)", re.S)


def shown(server, lines) -> list[tuple[bytes, bytes]]:
    """The database and the words of each line that the commands make a monitor see."""
    monitor, client = server(2), server(2)
    client.call("FLUSHALL")
    address = dict(field.split(b"=", 1) for field in client.call("CLIENT", "INFO").value.split())[b"addr"]
    assert monitor.call("MONITOR") == Reply("+", b"OK")
    for line in lines:
        client.call(*line)
    client.call("ECHO", "the end")
    found = []
    while True:
        reply = monitor.read()
        seconds, micros, database, source, words = LINE.fullmatch(reply.value).groups()
        assert reply.kind == "+" and int(seconds) > 1_700_000_000 and len(micros) == 6
        assert source == address
        if words == b'"ECHO" "the end"':
            monitor.close()
            return found
        found.append((database, words))


@pytest.fixture(params=SHARDS, ids=lambda n: f"shards{n}")
def server(request, shared):
    return shared(request.param)


def test_every_line(server, reference):
    assert shown(server.connect, LINES) == shown(reference.open, LINES)


def test_a_monitor_sees_its_own_commands_and_ends(server):
    monitor, other = server.connect(), server.connect()
    number = monitor.call("CLIENT", "ID").value
    monitor.call("MONITOR")
    line = other.call("CLIENT", "LIST", "ID", number).value
    assert b" flags=O " in line
    assert monitor.call("PING") == Reply("+", b"PONG")
    assert monitor.read().value.endswith(b'"PING"')
    assert monitor.call("RESET") == Reply("+", b"RESET")
    other.call("SET", "k", "v")
    rest = monitor.call("PING")
    while rest != Reply("+", b"PONG"):
        assert rest.value.endswith(b'"RESET"')
        rest = monitor.read()
    other.call("SET", "k", "v")
    assert monitor.call("PING") == Reply("+", b"PONG")


def test_not_in_a_transaction(server, reference):
    def answers(connect):
        client = connect(2)
        client.call("MULTI")
        client.call("MONITOR")
        return client.call("EXEC")

    assert answers(server.connect) == answers(reference.open)


def test_a_command_that_waits_is_shown_once(server):
    monitor, waiter, other = server.connect(), server.connect(), server.connect()
    other.call("DEL", "list")
    monitor.call("MONITOR")
    waiter.send("BLPOP", "list", "0")
    assert monitor.read().value.endswith(b'"BLPOP" "list" "0"')
    other.call("RPUSH", "list", "a")
    waiter.read()
    assert monitor.read().value.endswith(b'"RPUSH" "list" "a"')
    other.call("PING")
    assert monitor.read().value.endswith(b'"PING"')


def test_unix_sockets(tmp_path):
    from support.servers import start_kevy

    path = tmp_path / "socket"
    with start_kevy(unixsocket=path) as server:
        monitor, client = server.connect(), Connection.unix(str(path))
        monitor.call("MONITOR")
        client.call("PING")
        assert b"[0 unix:%s]" % str(path).encode() in monitor.read().value


def test_a_slow_monitor_is_cut(kevy):
    monitor, client = kevy.connect(), kevy.connect()
    client.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
    number = monitor.call("CLIENT", "ID").value
    monitor.call("MONITOR")
    payload = b"x" * 100_000

    def is_cut() -> bool:
        client.call("SET", "k", payload)
        return not client.call("CLIENT", "LIST", "ID", number).value

    eventually(is_cut, "the monitor is cut")
    with pytest.raises((Disconnected, ConnectionError)):
        while True:
            monitor.read()
