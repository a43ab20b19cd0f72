"""The bytes of the protocol: inline commands, malformed requests, requests in pieces, pipelines, large values."""

import random
import socket

import pytest

from support.resp import Connection, Disconnected, Reply, encode, info
from support.wait import eventually

from .conftest import SHARDS

MEGABYTE = 1 << 20


@pytest.fixture(params=SHARDS, ids=lambda n: f"shards{n}")
def server(request, shared, reference):
    server = shared(request.param)
    server.connect().call("FLUSHALL")
    reference.open(2).call("FLUSHALL")
    return server


def answers(connect, data: bytes) -> tuple[list[Reply], bool]:
    """What a server replies to ``data`` followed by the end of the stream, and whether it ended the connection first.

    Where it did not, a PING that it answers shows that the connection still worked.
    """
    connection = connect()
    replies = []
    try:
        # In one piece: bytes that arrive at a closed socket would make the system drop the replies.
        connection.send_raw(data + encode("ECHO", "still here"))
        while True:
            reply = connection.read()
            if reply == Reply("$", b"still here"):
                return replies, False
            replies.append(reply)
    except (Disconnected, ConnectionError):
        return replies, True
    finally:
        connection.close()


INLINE = [
    b"PING\r\n",
    b"PING\n",
    b"  PING  \r\n",
    b"ECHO hello\r\n",
    b'ECHO "hello world"\r\n',
    b'ECHO "a\\x41\\n\\t\\"b"\r\n',
    b"ECHO 'single \\' quote'\r\n",
    b"ECHO 'it is \\n raw'\r\n",
    b"\r\n\r\nPING\r\n",
    b"\n",
    b"   \r\n",
    b"SET k v\r\nGET k\r\n",
    b"get\tk\r\n",
    b'ECHO ""\r\n',
    b"FOO bar\r\n",
    b"PING\r\n*1\r\n$4\r\nPING\r\nPING\r\n",
    b"GET k extra\r\n",
    b"MULTI\r\nSET k v\r\nEXEC\r\n",
    # What a browser sends may have been written by a page: nothing behind it is run.
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nPING\r\n",
    b"host: 127.0.0.1\r\nPING\r\n",
]


@pytest.mark.parametrize("data", INLINE, ids=repr)
def test_inline_commands(data, server, reference):
    assert answers(server.connect, data) == answers(lambda: reference.open(2), data)


MALFORMED = [
    b"*abc\r\n",
    b"*1\r\n+PING\r\n",
    b"*1\r\nPING\r\n",
    b"*1\r\n$abc\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$9223372036854775808\r\n",
    b"*1048577\r\n",
    b"*2147483648\r\n",
    b"*9223372036854775808\r\n",
    b"*-1\r\n",
    b"*-5\r\n",
    b"*0\r\n",
    b"*\r\n",
    b"* 1\r\n$4\r\nPING\r\n",
    b"*1 \r\n$4\r\nPING\r\n",
    b"*+1\r\n$4\r\nPING\r\n",
    b"*01\r\n$4\r\nPING\r\n",
    b"*1\r\n$04\r\nPING\r\n",
    b"*1\r\n$4 \r\nPING\r\n",
    b"*2\r\n$4\r\nECHO\r\n:5\r\n",
    b'ECHO "unbalanced\r\n',
    b"ECHO 'unbalanced\r\n",
    b'ECHO "a"b\r\n',
    b"ECHO 'a'b\r\n",
    b"SET k v\r\n*x\r\n",
    b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$x\r\n",
    b"*1\r\n$0\r\n\r\n",
    b"*2\r\n$0\r\n\r\n$0\r\n\r\n",
]


@pytest.mark.parametrize("data", MALFORMED, ids=repr)
def test_malformed_requests(data, server, reference):
    want, ended = answers(lambda: reference.open(2), data)
    got, ended_too = answers(server.connect, data)
    assert (got, ended_too) == (want, ended)


def test_a_header_without_end_is_refused(server, reference):
    """A count or a length that is longer than any number must not be waited for."""
    for data in (b"*" + b"1" * 200_000, b"*1\r\n$" + b"1" * 200_000, b"P" * 200_000):
        want, _ = answers(lambda: reference.open(2), data)
        got, ended = answers(server.connect, data)
        assert got == want
        assert ended


def test_an_unauthenticated_client_may_not_send_large_requests(server, reference):
    requests = [b"*11\r\n", b"*2\r\n$4\r\nAUTH\r\n$16385\r\n"]
    ours = server.connect()
    theirs = reference.open(2)
    for session in (ours, theirs):
        session.call("CONFIG", "SET", "requirepass", "secret")
    try:
        for data in requests:
            assert answers(server.connect, data) == answers(lambda: reference.open(2), data)
    finally:
        for session in (ours, theirs):
            assert session.call("CONFIG", "SET", "requirepass", "").text == "OK"


PIPELINE = [
    ("SET", "a", "1"),
    ("HSET", "h", "f", "v\r\nw"),
    ("GET", "a"),
    ("MSET", "b", "2", "c", "3"),
    ("MGET", "a", "b", "c", "d"),
    ("HGETALL", "h"),
    ("NOSUCH",),
    ("INCR", "h"),
    ("MULTI",),
    ("INCR", "a"),
    ("EXEC",),
    ("PING",),
]


def test_a_pipeline_split_at_every_byte(server):
    """However the bytes arrive, the replies are the same."""
    data = b"".join(encode(*command) for command in PIPELINE) + b"ECHO 'in line'\r\n"
    whole = server.connect()
    whole.send_raw(data)
    want = [whole.read() for _ in range(len(PIPELINE) + 1)]
    connection = server.connect()
    for at in range(1, len(data)):
        connection.send_raw(encode("FLUSHALL"))
        assert connection.read().text == "OK"
        connection.send_raw(data[:at])
        connection.send_raw(data[at:])
        assert [connection.read() for _ in want] == want, f"split at {at}"


def test_a_pipeline_byte_by_byte(server):
    data = b"".join(encode(*command) for command in PIPELINE)
    connection = server.connect()
    for at in range(len(data)):
        connection.send_raw(data[at : at + 1])
    assert [connection.read() for _ in PIPELINE][-1].text == "PONG"


def test_replies_come_in_the_order_of_requests(server):
    """Commands of one pipeline go to several shards; their replies come back in order."""
    connection = server.connect()
    rounds = 20_000
    commands = []
    for i in range(rounds):
        commands.append(("SET", f"key:{i % 97}", i))
        commands.append(("GET", f"key:{i % 97}"))
        if i % 50 == 0:
            commands.append(("ECHO", f"mark {i}"))
        if i % 500 == 0:
            commands.append(("MGET", *(f"key:{j}" for j in range(5))))
    connection.send_raw(b"".join(encode(*command) for command in commands))
    expected = {}
    for command in commands:
        reply = connection.read()
        match command:
            case ("SET", key, value):
                assert reply == Reply("+", b"OK")
                expected[key] = b"%d" % value
            case ("GET", key):
                assert reply == Reply("$", expected[key])
            case ("ECHO", text):
                assert reply.text == text
            case ("MGET", *keys):
                assert [item.value for item in reply.value] == [expected.get(key) for key in keys]


def test_replies_larger_than_every_buffer(server):
    """Replies that wait for their reader do not stop the commands behind them for good."""
    connection = server.connect()
    value = b"x" * 50_000
    assert connection.call("SET", "big", value).text == "OK"
    count = 2_000
    connection.send_raw(encode("GET", "big") * count + encode("PING"))
    assert all(connection.read().value == value for _ in range(count))
    assert connection.read().text == "PONG"


@pytest.mark.parametrize("megabytes", [1, 64])
def test_large_values(server, megabytes):
    connection = server.connect(3)
    value = bytes(range(256)) * (megabytes * MEGABYTE // 256)
    assert connection.call("SET", "k", value).text == "OK"
    assert connection.call("STRLEN", "k").value == len(value)
    assert connection.call("GET", "k").value == value
    assert connection.call("GETRANGE", "k", len(value) - 3, -1).value == b"\xfd\xfe\xff"
    assert connection.call("HSET", "h", "f", value).value == 1
    assert connection.call("HGET", "h", "f").value == value
    assert connection.call("DEL", "k", "h").value == 2


def test_a_large_value_in_small_pieces(server):
    """A value that arrives slowly costs neither correctness nor time out of proportion."""
    connection = server.connect()
    value = b"0123456789abcdef" * (8 * MEGABYTE // 16)
    data = encode("SET", "k", value) + encode("STRLEN", "k")
    for at in range(0, len(data), 7_001):
        connection.send_raw(data[at : at + 7_001])
    assert connection.read().text == "OK"
    assert connection.read().value == len(value)
    connection.call("DEL", "k")


def test_many_arguments(server):
    connection = server.connect()
    count = 100_000
    words = [word for i in range(count) for word in (f"key:{i}", i)]
    assert connection.call("MSET", *words).text == "OK"
    assert connection.call("DBSIZE").value == count
    got = connection.call("MGET", *words[::2])
    assert [item.value for item in got.value] == [b"%d" % i for i in range(count)]
    assert connection.call("DEL", *words[::2]).value == count
    assert connection.call("HSET", "h", *words).value == count
    assert len(connection.call("HGETALL", "h").value) == 2 * count
    connection.call("FLUSHALL")


def test_the_last_replies_arrive_after_a_half_close(server):
    """A client may stop sending and still read everything it asked for."""
    for commands in ([("PING",)], [("SET", f"k{i}", "v" * 100) for i in range(5_000)] + [("GET", "k1")] * 5_000):
        connection = server.connect()
        connection.send_raw(b"".join(encode(*command) for command in commands))
        connection.finish_sending()
        assert len(connection.read_to_end()) == len(commands)


def test_a_half_close_after_large_replies(server):
    connection = server.connect()
    assert connection.call("SET", "big", b"x" * MEGABYTE).text == "OK"
    connection.send_raw(encode("GET", "big") * 50)
    connection.finish_sending()
    replies = connection.read_to_end()
    assert len(replies) == 50
    assert all(len(reply.value) == MEGABYTE for reply in replies)


def test_a_half_request_at_the_end_is_dropped(server):
    connection = server.connect()
    connection.send_raw(encode("SET", "k", "v") + b"*2\r\n$3\r\nGET")
    connection.finish_sending()
    assert connection.read_to_end() == [Reply("+", b"OK")]


def test_abrupt_ends_leave_no_connection_behind(server):
    watcher = server.connect()
    before = connected(watcher)
    for i in range(50):
        connection = server.connect()
        connection.send_raw(encode("SET", f"k{i}", "v" * 1000) * 20)
        # RST instead of FIN.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    eventually(lambda: connected(watcher) == before, "connections are gone")


def connected(session: Connection) -> int:
    return int(info(session, "clients")["connected_clients"])


def test_damaged_requests_harm_nobody_else(server):
    """Whatever bytes a client sends, others are served and the server lives."""
    rng = random.Random(3)
    whole = b"".join(encode(*command) for command in PIPELINE) + b"SET 'in line' \"x\"\r\n"
    witness = server.connect()
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(damaged))
            match rng.randrange(3):
                case 0:
                    damaged[at] = rng.randrange(256)
                case 1:
                    del damaged[at : at + rng.randrange(1, 8)]
                case 2:
                    damaged[at:at] = rng.choice([b"\r\n", b"*", b"$", b"-1\r\n", b"\0", b"99999999"])
        with server.connect() as connection:
            try:
                connection.send_raw(bytes(damaged))
                connection.finish_sending()
                connection.read_to_end()
            except ConnectionError:
                pass
    assert witness.call("ECHO", "alive").text == "alive"
    eventually(lambda: connected(witness) < 10, "their connections are gone")
