"""Limits: clients, idle time, query buffer, unread replies, arguments. A limit hit costs the one client, not the server."""

import os
import resource

import pytest

from support.resp import Connection, Disconnected, Reply, encode, info
from support.servers import start_kevy
from support.wait import eventually

from .conftest import SHARDS

MEGABYTE = 1 << 20


@pytest.fixture(params=SHARDS, ids=lambda n: f"shards{n}")
def shards(request):
    return request.param


def test_maxclients(shards):
    with start_kevy(shards=shards, maxclients=10) as server:
        connections = [server.connect() for _ in range(10)]
        assert all(connection.call("PING").text == "PONG" for connection in connections)
        refused = server.connect()
        assert refused.read_to_end() == [Reply("-", b"ERR max number of clients reached")]
        connections.pop().close()
        eventually(lambda: is_served(server), "a place is free again")
        assert int(info(connections[0], "stats")["rejected_connections"]) >= 1
        assert connections[0].call("CONFIG", "SET", "maxclients", 20).text == "OK"
        more = [server.connect() for _ in range(5)]
        eventually(lambda: all(c.call("PING").text == "PONG" for c in more), "the new limit counts")


def is_served(server) -> bool:
    with server.connect() as connection:
        try:
            return connection.call("PING").text == "PONG"
        except (Disconnected, ConnectionError):
            return False


def test_idle_clients_are_closed(shards):
    with start_kevy(shards=shards, timeout=1) as server:
        idle = [server.connect() for _ in range(6)]
        busy = server.connect()

        def all_closed() -> bool:
            assert busy.call("PING").text == "PONG"
            return int(info(busy, "clients")["connected_clients"]) == 1

        eventually(all_closed, "idle clients are closed")
        assert all(connection.at_end() for connection in idle)
        assert busy.call("CONFIG", "SET", "timeout", 0).text == "OK"


def test_the_query_buffer_limit(shards):
    with start_kevy(shards=shards, client_query_buffer_limit="1mb") as server:
        watcher = server.connect()
        greedy = server.connect()
        with pytest.raises((Disconnected, ConnectionError)):
            greedy.send_raw(b"*2\r\n$3\r\nGET\r\n$%d\r\n" % (100 * MEGABYTE) + b"x" * (8 * MEGABYTE))
            greedy.read()
        # Many small arguments add up as well.
        greedy = server.connect()
        with pytest.raises((Disconnected, ConnectionError)):
            greedy.send_raw(b"*1000000\r\n" + b"$1\r\nx\r\n" * 900_000)
            greedy.read()
        assert watcher.call("PING").text == "PONG"
        assert watcher.call("SET", "k", b"x" * (MEGABYTE // 2)).text == "OK"


def test_proto_max_bulk_len(shards):
    with start_kevy(shards=shards, proto_max_bulk_len="1mb") as server:
        session = server.connect()
        assert session.call("SET", "k", b"x" * MEGABYTE).text == "OK"
        assert session.call("APPEND", "k", "y") == Reply(
            "-", b"ERR string exceeds maximum allowed size (proto-max-bulk-len)"
        )
        assert session.call("SETRANGE", "k", MEGABYTE, "y").is_error
        refused = server.connect()
        refused.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % (MEGABYTE + 1))
        assert refused.read_to_end() == [Reply("-", b"ERR Protocol error: invalid bulk length")]
        assert session.call("CONFIG", "SET", "proto-max-bulk-len", "2mb").text == "OK"
        other = server.connect()
        eventually(lambda: other.call("SET", "k", b"x" * (MEGABYTE + 1)).text == "OK", "the new limit counts")


def fill(connection: Connection, server_value: str, count: int) -> None:
    """Asks for a large value many times and reads nothing."""
    try:
        connection.send_raw(encode("GET", server_value) * count)
    except ConnectionError:
        pass


def test_the_hard_output_limit(shards):
    with start_kevy(shards=shards, client_output_buffer_limit="normal 4mb 0 0") as server:
        session = server.connect()
        session.call("SET", "big", b"x" * MEGABYTE)
        # One reply of many megabytes that cannot be held back for its reader.
        words = ["big"] * 64
        slow = server.connect()
        slow.send("MGET", *words)
        eventually(lambda: int(info(session, "clients")["connected_clients"]) == 1, "the slow reader is closed")
        with pytest.raises((Disconnected, ConnectionError)):
            slow.read()
        # A reader that takes its replies may have as many as it likes.
        assert all(session.call("GET", "big").value == b"x" * MEGABYTE for _ in range(20))


def test_the_soft_output_limit(shards):
    with start_kevy(shards=shards, client_output_buffer_limit="normal 0 1mb 1") as server:
        session = server.connect()
        session.call("SET", "big", b"x" * MEGABYTE)
        slow = server.connect()
        slow.send("MGET", *["big"] * 32)
        eventually(lambda: int(info(session, "clients")["connected_clients"]) == 1, "the slow reader is closed")


def test_slow_readers_do_not_grow_memory(shards):
    """A client that asks for far more than it reads is held back instead of served into memory."""
    with start_kevy(shards=shards) as server:
        session = server.connect()
        session.call("SET", "big", b"x" * (100 * 1024))
        before = server.resident_bytes()
        slow = [server.connect() for _ in range(20)]
        for connection in slow:
            # 1 GB of replies each, asked for in 300 KB.
            fill(connection, "big", 10_000)
        for _ in range(200):
            assert session.call("PING").text == "PONG"
        grown = server.resident_bytes() - before
        assert grown < 20 * 8 * MEGABYTE, f"{grown >> 20} MB for 20 slow readers"
        # They can still be served, in full.
        for _ in range(100):
            assert len(slow[0].read().value) == 100 * 1024
        for connection in slow:
            connection.close()
        eventually(lambda: int(info(session, "clients")["connected_clients"]) == 1, "they are gone")


def test_a_flood_before_auth_is_held_back(shards):
    """Clients that have shown no password and read no replies take little memory, and others are served beside them."""
    with start_kevy(shards=shards, requirepass="secret") as server:
        session = server.connect()
        assert session.call("AUTH", "secret").text == "OK"
        before = server.resident_bytes()
        strangers = [server.connect() for _ in range(8)]
        for stranger in strangers:
            stranger.sock.setblocking(False)
        flood = b"PING\r\nGET k\r\nECHO aaaaaaaaaaaaaaaa\r\nHELLO 9\r\n" * 4_000
        for _ in range(5):
            for stranger in strangers:
                try:
                    stranger.sock.send(flood)
                except (BlockingIOError, ConnectionError):
                    pass
            assert session.call("PING").text == "PONG"
        grown = server.resident_bytes() - before
        assert grown < len(strangers) * 3 * MEGABYTE, f"{grown >> 20} MB for {len(strangers)} strangers"
        for stranger in strangers:
            stranger.close()
        eventually(lambda: int(info(session, "clients")["connected_clients"]) == 1, "they are gone")


def test_announced_lengths_take_no_memory(shards):
    """What a request says it will send is not allocated before it arrives."""
    with start_kevy(shards=shards) as server:
        session = server.connect()
        session.call("PING")
        before = server.resident_bytes()
        for _ in range(100):
            liar = server.connect()
            liar.send_raw(b"*1048576\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nx")
            liar.sock.setblocking(True)
            session.keep = getattr(session, "keep", []) + [liar]
        assert session.call("PING").text == "PONG"
        grown = server.resident_bytes() - before
        assert grown < 300 * MEGABYTE, f"{grown >> 20} MB for 100 clients that sent 40 bytes each"


def test_thousands_of_connections(shards):
    with start_kevy(shards=shards) as server:
        count = 2_000
        connections = [server.connect() for _ in range(count)]
        for i, connection in enumerate(connections):
            connection.send_raw(encode("SET", f"k{i}", i) + encode("GET", f"k{i}"))
        for i, connection in enumerate(connections):
            assert connection.read().text == "OK"
            assert connection.read().text == str(i)
        watcher = connections[0]
        assert int(info(watcher, "clients")["connected_clients"]) == count
        assert watcher.call("DBSIZE").value == count
        for connection in connections[1:]:
            connection.close()
        eventually(lambda: int(info(watcher, "clients")["connected_clients"]) == 1, "all are gone")
        eventually(lambda: server.descriptors() < 100, "their descriptors are closed")


def test_connections_beyond_the_descriptors_are_served_later(shards):
    """A process that runs out of descriptors goes on serving, and accepts again once it has some."""
    with start_kevy(shards=shards) as server:
        session = server.connect()
        assert session.call("PING").text == "PONG"
        limit = max(map(int, os.listdir(f"/proc/{server.pid}/fd"))) + 6
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (limit, limit))
        served = [server.connect() for _ in range(5)]
        assert all(connection.call("PING").text == "PONG" for connection in served)
        waiting = [server.connect() for _ in range(30)]
        for connection in waiting:
            connection.send("PING")
        assert all(session.call("INCR", "n").value == i + 1 for i in range(100))
        for connection in served:
            connection.close()
        assert [connection.read().text for connection in waiting[:5]] == ["PONG"] * 5
        assert session.call("PING").text == "PONG"
