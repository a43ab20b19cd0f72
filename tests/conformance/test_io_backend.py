"""What moves the bytes of connections: io_uring where it can be had, readiness otherwise; clients see no difference."""

import socket
import struct
import sys
from functools import cache
from pathlib import Path

import pytest

from support import refuse
from support.resp import Connection, Disconnected, encode, info
from support.servers import Server, start_kevy
from support.wait import eventually

MEGABYTE = 1 << 20

#: A system that refuses io_uring, as many containers do.
REFUSED = (sys.executable, str(Path(refuse.__file__)), str(refuse.IO_URING_SETUP))


def backend(server: Server) -> str:
    with server.connect() as connection:
        return info(connection, "server")["multiplexing_api"]


@cache
def has_io_uring() -> bool:
    """Whether this system lets a server have io_uring; where not, what is asked of it holds for readiness alone."""
    try:
        start_kevy(io_backend="uring").close()
    except AssertionError as error:
        assert "io-backend: " in str(error)
        return False
    return True


@pytest.fixture(params=["uring", "epoll"])
def chosen(request) -> str:
    return request.param if has_io_uring() else "epoll"


@pytest.fixture
def server(chosen):
    with start_kevy(shards=1, io_backend=chosen) as server:
        yield server


def test_readiness_can_be_asked_for():
    with start_kevy(io_backend="epoll") as server:
        assert backend(server) in ("epoll", "kqueue")
        with server.connect() as connection:
            assert connection.call("CONFIG", "GET", "io-backend").value[1].text == "epoll"
            assert connection.call("CONFIG", "SET", "io-backend", "auto").is_error


def test_where_io_uring_is_refused_readiness_serves():
    with start_kevy(shards=2, under=REFUSED) as server:
        assert backend(server) == "epoll"
        with server.connect() as connection:
            assert connection.call("CONFIG", "GET", "io-backend").value[1].text == "auto"
            assert connection.pipeline([("SET", "k", "v"), ("GET", "k")])[1].text == "v"


def test_io_uring_by_name_is_an_error_where_it_is_refused():
    with pytest.raises(AssertionError, match="io-backend: .*io_uring"):
        start_kevy(under=REFUSED, io_backend="uring").close()


def test_the_one_that_was_chosen_serves(server, chosen):
    assert backend(server) == {"uring": "io_uring"}.get(chosen, backend(server))
    with server.connect() as connection:
        assert connection.call("CONFIG", "GET", "io-backend").value[1].text == chosen


def test_many_connections_are_answered_each_in_order(server):
    connections = [server.connect() for _ in range(300)]
    for turn in range(5):
        for number, connection in enumerate(connections):
            words = [("SET", f"k:{number}", f"{turn}:{number}"), ("GET", f"k:{number}"), ("PING", f"{number}")]
            connection.send_raw(b"".join(encode(*word) for word in words))
        for number, connection in enumerate(connections):
            assert [connection.read().text for _ in range(3)] == ["OK", f"{turn}:{number}", f"{number}"]
    for connection in connections:
        connection.close()
    with server.connect() as watcher:
        eventually(lambda: info(watcher, "clients")["connected_clients"] == "1", "all are gone")


def test_slow_readers_get_every_byte_in_order(server):
    """Replies small and large, asked for by many at once, that their readers take only later."""
    with server.connect() as connection:
        values = {size: bytes(range(250)) * (size // 250) for size in (250, 5_000, 15_000, 500_000)}
        for size, value in values.items():
            connection.call("SET", f"v:{size}", value)
    readers = [server.connect() for _ in range(4)]
    # More than the system's buffers take.
    sizes = [250, 15_000, 250, 500_000, 5_000, 5_000, 250] * 12
    # One at a time, so that all have something to be sent in the same turn.
    for size in sizes:
        for reader in readers:
            reader.send("GET", f"v:{size}")
    for reader in readers:
        for size in sizes:
            assert reader.read().value == values[size]
        reader.close()


def test_what_is_pipelined_behind_a_wait_is_kept_in_order_and_in_bounds(server):
    waiting, other = server.connect(), server.connect()
    waiting.send("BLPOP", "list", "0")
    eventually(lambda: info(other, "clients")["blocked_clients"] == "1", "it waits")
    waiting.sock.settimeout(1)
    data = b"".join(encode("ECHO", f"{number:0100}") for number in range(100_000))
    sent = 0
    try:
        # The server takes a part, and the system's buffers another one.
        while sent < len(data):
            sent += waiting.sock.send(data[sent:])
    except TimeoutError:
        pass
    assert 0 < sent < len(data)
    kept = next(line for line in other.call("CLIENT", "LIST").text.splitlines() if "cmd=blpop" in line)
    assert int(dict(field.split("=", 1) for field in kept.split(" "))["qbuf"]) < 12 * MEGABYTE
    other.call("RPUSH", "list", "x")
    waiting.sock.settimeout(30)
    assert waiting.read().value[1].text == "x"
    size = len(encode("ECHO", "0" * 100))
    for number in range(sent // size):
        assert waiting.read().text == f"{number:0100}"
    waiting.send_raw(data[sent : sent + size - sent % size])
    assert waiting.read().text == f"{sent // size:0100}"


def reset(connection: Connection) -> None:
    """Ends a connection without a farewell."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.sock.close()


def test_a_client_that_leaves_while_it_waits_is_noticed(server):
    other = server.connect()
    # What is behind must fit into the system's buffers, or its end would not come in either.
    for behind, leave in ((0, Connection.close), (60_000, Connection.close), (0, reset), (3 * MEGABYTE, reset)):
        waiting = server.connect()
        waiting.send("BLPOP", "list", "0")
        eventually(lambda: info(other, "clients")["blocked_clients"] == "1", "it waits")
        waiting.sock.setblocking(False)
        try:
            waiting.sock.send(encode("ECHO", "x" * 1000) * (behind // 1000))
        except BlockingIOError:
            pass
        waiting.sock.setblocking(True)
        leave(waiting)
        eventually(lambda: info(other, "clients")["blocked_clients"] == "0", "it is gone")
    assert other.call("RPUSH", "list", "x").value == 1


def test_resets_amid_replies_harm_nobody(server):
    other = server.connect()
    other.call("SET", "big", b"x" * MEGABYTE)
    other.call("SET", "small", b"x" * 4_000)
    descriptors = server.descriptors()
    for _ in range(10):
        victims = [server.connect() for _ in range(12)]
        for victim in victims:
            victim.send_raw(encode("GET", "small") * 200 + encode("GET", "big") * 3)
        victims[0].read()
        for victim in victims:
            reset(victim)
        # New connections may get the numbers of those.
        fresh = [server.connect() for _ in range(12)]
        for number, connection in enumerate(fresh):
            connection.send("ECHO", f"mine:{number}")
        for number, connection in enumerate(fresh):
            assert connection.read().text == f"mine:{number}"
            connection.close()
    eventually(lambda: info(other, "clients")["connected_clients"] == "1", "all are gone")
    eventually(lambda: server.descriptors() <= descriptors, "their descriptors are closed")


def test_half_closed_peers_get_their_replies(server):
    connections = [server.connect() for _ in range(10)]
    for connection in connections:
        connection.send_raw(encode("SET", "k", "v" * 10_000) + encode("GET", "k") * 100 + encode("PING"))
        connection.finish_sending()
    for connection in connections:
        replies = connection.read_to_end()
        assert len(replies) == 102
        assert replies[-1].text == "PONG"


def test_quit_and_errors_end_connections_after_their_replies(server):
    connections = [server.connect() for _ in range(12)]
    for number, connection in enumerate(connections):
        end = encode("QUIT") if number % 2 else b"*1\r\n!nonsense\r\n"
        connection.send_raw(encode("ECHO", f"{number}") + end + encode("ECHO", "never"))
    for number, connection in enumerate(connections):
        first, last = connection.read_to_end()
        assert first.text == f"{number}"
        assert last.text == "OK" if number % 2 else last.is_error


def test_killed_clients_are_closed_whatever_they_do(server):
    other = server.connect()
    other.call("SET", "big", b"x" * MEGABYTE)
    victims = [server.connect() for _ in range(6)]
    ids = [victim.call("CLIENT", "ID").value for victim in victims]
    victims[0].send("BLPOP", "nothing", "0")
    victims[1].send_raw(encode("GET", "big") * 50)
    victims[2].send_raw(encode("SUBSCRIBE", "channel"))
    victims[3].send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n" + b"x" * 300_000)
    eventually(lambda: info(other, "clients")["blocked_clients"] == "1", "it waits")
    for number in ids:
        assert other.call("CLIENT", "KILL", "ID", number).value == 1
    for victim in victims:
        with pytest.raises((Disconnected, ConnectionError)):
            while True:
                victim.read()
    eventually(lambda: info(other, "clients")["connected_clients"] == "1", "all are gone")


def test_large_values_come_whole_in_pieces_of_any_size(server):
    with server.connect() as connection:
        for size in (8_191, 8_192, 16_384, 70_000, 3 * MEGABYTE):
            value = bytes(at % 253 for at in range(size))
            request = encode("SET", "k", value) + encode("GET", "k")
            for start in range(0, len(request), max(1, size // 7)):
                connection.send_raw(request[start : start + max(1, size // 7)])
            assert connection.read().text == "OK"
            assert connection.read().value == value


def test_messages_reach_slow_and_fast_subscribers_in_order(server):
    subscribers = [server.connect() for _ in range(20)]
    for subscriber in subscribers:
        subscriber.call("SUBSCRIBE", "channel")
    with server.connect() as publisher:
        for number in range(300):
            publisher.send("PUBLISH", "channel", f"{number}:" + "x" * 3_000)
        for _ in range(300):
            assert publisher.read().value == 20
    for subscriber in subscribers:
        for number in range(300):
            assert subscriber.read().value[2].text.startswith(f"{number}:")


def test_a_server_that_is_told_to_stop_while_many_talk_stops(chosen):
    with start_kevy(shards=2, io_backend=chosen) as server:
        connections = [server.connect() for _ in range(50)]
        for connection in connections:
            connection.call("PING")
            connection.send_raw(encode("SET", "k", "v" * 1000) * 50)
        assert server.stop() == 0
        for connection in connections:
            try:
                replies = connection.read_to_end()
            except ConnectionError:
                continue
            assert all(reply.text == "OK" for reply in replies)
