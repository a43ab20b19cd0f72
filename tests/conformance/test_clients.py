"""CLIENT: what clients see of each other, how they end each other, and replies turned off."""

import pytest

from support.resp import Connection, Reply, encode
from support.servers import start_redis
from support.wait import eventually


@pytest.fixture(scope="module")
def redis():
    with start_redis() as server:
        yield server


def fields(line: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in line.removeprefix("txt:").split())


def clients(session: Connection, *filters) -> list[dict[str, str]]:
    return [fields(line) for line in session.call("CLIENT", "LIST", *filters).text.splitlines()]


def client_id(session: Connection) -> int:
    return session.call("CLIENT", "ID").value


#: Fields that Redis 7.2 added, or whose values follow the inside of a server.
NEWER_FIELDS = {"lib-name", "lib-ver"}


def test_client_info_has_the_fields_of_redis(kevy, redis):
    theirs = fields(redis.connect().call("CLIENT", "INFO").text)
    session = kevy.connect(3)
    ours = fields(session.call("CLIENT", "INFO").text)
    assert [name for name in ours if name not in NEWER_FIELDS] == list(theirs)
    assert NEWER_FIELDS <= ours.keys()
    assert ours["addr"] == "127.0.0.1:%d" % session.sock.getsockname()[1]
    assert ours["laddr"] == f"127.0.0.1:{kevy.port}"
    assert ours["id"] == str(client_id(session))
    for name in ("db", "sub", "psub", "multi", "cmd", "user"):
        assert ours[name] == theirs[name], name
    assert ours["resp"] == "3"


def test_client_list_shows_what_clients_do(kevy):
    watcher, other = kevy.connect(), kevy.connect(3)
    other.call("CLIENT", "SETNAME", "worker")
    other.call("CLIENT", "SETINFO", "LIB-NAME", "a-library")
    other.call("CLIENT", "SETINFO", "LIB-VER", "1.2")
    other.call("SELECT", 5)
    other.call("WATCH", "k")
    other.call("MULTI")
    other.call("GET", "k")
    (shown,) = clients(watcher, "ID", client_id_of(watcher, "worker"))
    assert shown["name"] == "worker"
    assert shown["lib-name"] == "a-library"
    assert shown["lib-ver"] == "1.2"
    assert shown["db"] == "5"
    assert shown["multi"] == "1"
    assert shown["cmd"] == "get"
    assert shown["resp"] == "3"
    assert "x" in shown["flags"]
    assert {c["id"] for c in clients(watcher)} == {str(client_id(watcher)), shown["id"]}
    assert {c["id"] for c in clients(watcher, "TYPE", "normal")} == {str(client_id(watcher)), shown["id"]}
    other.close()
    eventually(lambda: len(clients(watcher)) == 1, "the closed client leaves the list")


def client_id_of(session: Connection, name: str) -> str:
    return next(client["id"] for client in clients(session) if client["name"] == name)


def test_ids_grow(kevy):
    ids = [client_id(kevy.connect()) for _ in range(10)]
    assert ids == sorted(set(ids))


def test_client_kill_by_each_filter(kevy):
    killer = kevy.connect()

    def victim(**_):
        session = kevy.connect()
        return session, client_id(session), "127.0.0.1:%d" % session.sock.getsockname()[1]

    session, number, address = victim()
    assert killer.call("CLIENT", "KILL", "ID", number) == Reply(":", 1)
    assert session.at_end()

    session, number, address = victim()
    assert killer.call("CLIENT", "KILL", "ADDR", address) == Reply(":", 1)
    assert session.at_end()

    session, number, address = victim()
    assert killer.call("CLIENT", "KILL", address) == Reply("+", b"OK")
    assert session.at_end()

    session, number, address = victim()
    assert killer.call("CLIENT", "KILL", "LADDR", f"127.0.0.1:{kevy.port}").value == 1
    assert session.at_end()

    session, number, address = victim()
    assert killer.call("CLIENT", "KILL", "USER", "default").value == 1
    assert session.at_end()

    session, number, address = victim()
    assert killer.call("CLIENT", "KILL", "TYPE", "normal").value == 1
    assert session.at_end()

    session, number, address = victim()
    assert killer.call("CLIENT", "KILL", "ID", number, "ADDR", "1.2.3.4:5").value == 0
    assert session.call("PING").text == "PONG"
    assert killer.call("CLIENT", "KILL", "ID", number, "ADDR", address, "TYPE", "normal").value == 1
    assert session.at_end()
    assert killer.call("PING").text == "PONG"


def test_client_kill_of_all_spares_the_caller_unless_told(kevy):
    killer = kevy.connect()
    others = [kevy.connect() for _ in range(20)]
    for other in others:
        other.call("PING")
    assert killer.call("CLIENT", "KILL", "SKIPME", "yes").value == 20
    assert all(other.at_end() for other in others)
    other = kevy.connect()
    other.call("PING")
    assert killer.call("CLIENT", "KILL", "SKIPME", "no").value == 2
    assert killer.at_end()
    assert other.at_end()


def test_a_client_that_kills_itself_gets_its_reply(kevy):
    session = kevy.connect()
    session.send_raw(encode("CLIENT", "KILL", "ID", client_id(session), "SKIPME", "no") + encode("PING"))
    assert session.read_to_end() == [Reply(":", 1)]


def test_client_kill_ends_a_client_that_reads_nothing(kevy):
    killer, slow = kevy.connect(), kevy.connect()
    killer.call("SET", "big", b"x" * (1 << 20))
    number = client_id(slow)
    slow.send_raw(encode("GET", "big") * 100)
    eventually(lambda: killer.call("CLIENT", "KILL", "ID", number).value == 1, "it is killed")
    eventually(lambda: len(clients(killer)) == 1, "it is gone")


def test_client_reply(kevy, redis):
    """The replies that are left out are the same ones."""
    commands = [
        ("CLIENT", "REPLY", "SKIP"),
        ("PING", "skipped"),
        ("PING", "1"),
        ("CLIENT", "REPLY", "SKIP"),
        ("CLIENT", "REPLY", "SKIP"),
        ("PING", "skipped"),
        ("PING", "2"),
        ("CLIENT", "REPLY", "SKIP"),
        ("NOSUCH",),
        ("PING", "3"),
        ("CLIENT", "REPLY", "OFF"),
        ("PING", "off"),
        ("NOSUCH",),
        ("SET", "k", "v"),
        ("GET", "k"),
        ("MULTI",),
        ("INCR", "n"),
        ("EXEC",),
        ("CLIENT", "REPLY", "SKIP"),
        ("CLIENT", "REPLY", "ON"),
        ("GET", "k"),
        ("GET", "n"),
        ("CLIENT", "REPLY", "SKIP"),
        ("MSET", "a", "1", "b", "2"),
        ("MGET", "a", "b"),
        ("CLIENT", "REPLY", "SKIP"),
        ("MULTI",),
        ("INCR", "n"),
        ("EXEC",),
        ("ECHO", "end"),
    ]
    told = []
    for server in (redis, kevy):
        connection = server.connect()
        connection.call("FLUSHALL")
        connection.send_raw(b"".join(encode(*command) for command in commands))
        connection.finish_sending()
        told.append(connection.read_to_end())
    assert told[1] == told[0]


def test_no_reply_to_skipped_commands_of_other_shards(kevy):
    """SKIP concerns exactly one command, also where its reply comes from another shard."""
    connection = kevy.connect()
    for i in range(200):
        connection.send_raw(
            encode("SET", f"k{i}", i) + encode("CLIENT", "REPLY", "SKIP") + encode("GET", f"k{i}") + encode("ECHO", i)
        )
        assert connection.read().text == "OK"
        assert connection.read().text == str(i)


def test_quit_answers_and_closes(kevy):
    connection = kevy.connect()
    connection.send_raw(encode("SET", "a", 1) + encode("QUIT") + encode("SET", "b", 1))
    assert connection.read_to_end() == [Reply("+", b"OK"), Reply("+", b"OK")]
    assert kevy.connect().call("EXISTS", "a", "b").value == 1


def test_reset_in_a_pipeline(kevy):
    connection = kevy.connect(3)
    commands = [("SELECT", 3), ("MULTI",), ("SET", "k", "v"), ("RESET",), ("CLIENT", "INFO"), ("GET", "k")]
    replies = connection.pipeline(commands)
    assert [reply.kind for reply in replies] == ["+", "+", "+", "+", "$", "$"]
    assert replies[3].text == "RESET"
    shown = fields(replies[4].text)
    assert (shown["db"], shown["multi"], shown["resp"]) == ("0", "-1", "2")


def test_hello_changes_the_protocol_in_the_middle_of_a_pipeline(kevy):
    connection = kevy.connect()
    connection.call("HSET", "h", "f", "v")
    # Keys of several shards around the change, whose replies may come back late.
    commands = []
    for i in range(50):
        commands += [("GET", f"missing{i}"), ("HELLO", 3), ("GET", f"missing{i}"), ("HGETALL", "h"), ("HELLO", 2)]
    replies = connection.pipeline(commands)
    for at in range(0, len(replies), 5):
        kinds = "".join(reply.kind for reply in replies[at : at + 5])
        assert kinds == "$%_%*", replies[at : at + 5]


def test_auth_in_a_pipeline(kevy):
    kevy.connect().call("CONFIG", "SET", "requirepass", "secret")
    connection = kevy.connect()
    replies = connection.pipeline(
        [("SET", "a", 1), ("AUTH", "wrong"), ("SET", "b", 1), ("AUTH", "secret"), ("SET", "c", 1), ("EXISTS", "a", "b", "c")]
    )
    assert [reply.kind for reply in replies] == ["-", "-", "-", "+", "+", ":"]
    assert replies[0].text == "NOAUTH Authentication required."
    assert replies[1].text.startswith("WRONGPASS ")
    assert replies[-1].value == 1


def test_no_touch_leaves_access_times_alone(kevy):
    connection = kevy.connect()
    connection.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "lfu-log-factor", "0")
    connection.call("SET", "k", "v")
    before = connection.call("OBJECT", "FREQ", "k").value
    connection.call("CLIENT", "NO-TOUCH", "on")
    for _ in range(20):
        connection.call("GET", "k")
    assert connection.call("OBJECT", "FREQ", "k").value == before
    connection.call("CLIENT", "NO-TOUCH", "off")
    for _ in range(20):
        connection.call("GET", "k")
    assert connection.call("OBJECT", "FREQ", "k").value > before


def test_a_client_that_leaves_while_it_waits_is_gone(kevy):
    watcher, waiting = kevy.connect(), kevy.connect()
    waiting.send("WAIT", 1, 0)
    eventually(lambda: "wait" in {client["cmd"] for client in clients(watcher)}, "it waits")
    waiting.close()
    eventually(lambda: len(clients(watcher)) == 1, "it is gone")


def test_a_waiting_client_can_be_killed(kevy):
    killer, waiting = kevy.connect(), kevy.connect()
    number = client_id(waiting)
    waiting.send("WAIT", 1, 0)
    eventually(lambda: "wait" in {client["cmd"] for client in clients(killer)}, "it waits")
    assert killer.call("CLIENT", "KILL", "ID", number).value == 1
    assert waiting.at_end()


def test_commands_behind_a_wait_come_after_it(kevy):
    connection = kevy.connect()
    connection.send_raw(encode("SET", "a", 1) + encode("WAIT", 1, 50) + encode("GET", "a") + encode("PING"))
    assert [connection.read() for _ in range(4)] == [
        Reply("+", b"OK"),
        Reply(":", 0),
        Reply("$", b"1"),
        Reply("+", b"PONG"),
    ]
