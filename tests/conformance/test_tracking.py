"""CLIENT TRACKING: which changes are told to whom, in both protocols, as from the reference."""

import pytest

from support.resp import Connection, Reply, info
from support.wait import eventually

from .conftest import SHARDS
from .messages import perform

SCENARIOS = {
    "keys that were read": """
        a hello
        a: CLIENT TRACKING ON
        a: GET k
        b: SET k v
        b: SET k w
        a: MGET {k}1 {k}2 k
        b: MSET {k}1 v {k}2 v
        b: DEL k
        a: GET k
        a: SET k own
        a: GET k
        b: LPUSH k v
        b: SET other v
        a: CLIENT TRACKING OFF
        a: GET k
        b: SET k v
    """,
    "a transaction that reads what it changed": """
        a hello
        a: CLIENT TRACKING ON
        a: MULTI
        a: SET k own
        a: GET k
        a: EXEC
        b: SET k v
        b: SET k w
        a: EVAL "redis.call('SET',KEYS[1],'own') return redis.call('GET',KEYS[1])" 1 k
        b: SET k v
    """,
    "any verb that reads": """
        a hello
        a: CLIENT TRACKING ON
        a: HGET h f
        a: EXISTS e1 e2
        a: SMEMBERS s
        a: TTL t
        a: SCARD c
        a: TYPE y
        b: HSET h f v
        b: SET e2 v
        b: SADD s m
        b: SET t v
        b: SADD c m
        b: SET y v
        a: GET t
        b: EXPIRE t 100
        a: GET t
        b: PERSIST t
        a: GET t
        b: RENAME t {t}u
        a: GET {t}u
        b: SELECT 5
        b: SET {t}u v
    """,
    "NOLOOP": """
        a hello
        a: CLIENT TRACKING ON NOLOOP
        a: GET k
        a: SET k own
        a: GET k
        b: SET k v
        a: GET k
        a: MULTI
        a: SET k own
        a: EXEC
    """,
    "OPTIN": """
        a hello
        a: CLIENT TRACKING ON OPTIN
        a: GET k
        b: SET k v
        a: CLIENT CACHING YES
        a: GET k
        a: GET l
        b: SET k v
        b: SET l v
        a: CLIENT CACHING NO
        a: CLIENT CACHING MAYBE
        a: CLIENT CACHING YES
        a: MULTI
        a: GET {m}1
        a: GET {m}2
        a: EXEC
        a: GET n
        b: SET {m}2 v
        b: SET {m}1 v
        b: SET n v
    """,
    "OPTOUT": """
        a hello
        a: CLIENT TRACKING ON OPTOUT
        a: GET k
        b: SET k v
        a: CLIENT CACHING NO
        a: GET k
        b: SET k v
        a: GET k
        b: SET k v
        a: CLIENT CACHING YES
        a: CLIENT CACHING NO
        a: PING
        a: GET k
        b: SET k v
    """,
    "BCAST": """
        a hello
        a: CLIENT TRACKING ON BCAST
        b: SET k v
        b: MSET {k}2 v {k}1 v
        b: DEL k nothing
        b: FLUSHALL
        a: CLIENT TRACKING OFF
        b: SET k v
    """,
    "BCAST with prefixes": """
        a hello
        a: CLIENT TRACKING ON BCAST PREFIX user: PREFIX object:
        b: SET user:1 v
        b: SET object:1 v
        b: SET other v
        b: MSET user:{a}2 v user:{a}1 v object:{a} v x{a} v
        a: CLIENT TRACKING ON BCAST PREFIX more
        b: SET more v
        b: SET user:1 v
        a: CLIENT TRACKINGINFO
        c hello
        c: CLIENT TRACKING ON BCAST PREFIX user NOLOOP
        c: SET user:3 v
        b: SET user:3 v
        a closes
        b: SET user:4 v
    """,
    "RESP2 by way of another client": """
        b: CLIENT ID
        b: SUBSCRIBE __redis__:invalidate
        a: CLIENT TRACKING ON REDIRECT ID(b)
        a: GET k
        c: SET k v
        c: SET k v
        a: GET k
        a: GET {k}2
        c: MSET k v {k}2 v
        a: GET k
        c: FLUSHDB
        a: GET k
        b: UNSUBSCRIBE
        c: SET k v
    """,
    "RESP2 without another hears nothing": """
        a: CLIENT TRACKING ON
        a: GET k
        b: SET k v
        a: PING
        a: HELLO 3 SETNAME
        a: CLIENT TRACKINGINFO
    """,
    "RESP3 by way of another client": """
        b hello
        b: PING
        a hello
        a: CLIENT TRACKING ON REDIRECT ID(b)
        a: GET k
        c: SET k v
        a: CLIENT TRACKINGINFO2
        d: CLIENT TRACKING ON REDIRECT ID(b) BCAST
        c: SET k2 v
        a: GET k
        c: SET k v
    """,
    "flushing": """
        a hello
        b hello
        a: CLIENT TRACKING ON
        b: CLIENT TRACKING ON BCAST PREFIX x
        a: GET k
        c: FLUSHALL
        c: SET k v
        a: GET k
        c: FLUSHDB
        a: FLUSHALL
    """,
    "transactions": """
        a hello
        a: CLIENT TRACKING ON
        a: GET {k}1
        a: GET {k}2
        b: MULTI
        b: SET {k}1 v
        b: SET {k}2 v
        b: SET {k}1 w
        b: EXEC
        a: MULTI
        a: GET {k}1
        a: SET {k}1 own
        a: EXEC
        b: SET {k}1 v
    """,
    "what is told twice only if it is read twice": """
        a hello
        b hello
        a: CLIENT TRACKING ON
        b: CLIENT TRACKING ON
        a: GET k
        a: GET k
        b: GET k
        c: INCR k
        c: INCR k
        b: GET k
        c: INCR k
    """,
    "wrong options": """
        a hello
        a: CLIENT TRACKING
        a: CLIENT TRACKING MAYBE
        a: CLIENT TRACKING ON MAYBE
        a: CLIENT TRACKING ON REDIRECT
        a: CLIENT TRACKING ON REDIRECT word
        a: CLIENT TRACKING ON REDIRECT 123456789
        a: CLIENT TRACKING ON PREFIX a
        a: CLIENT TRACKING ON PREFIX
        a: CLIENT TRACKING ON OPTIN OPTOUT
        a: CLIENT TRACKING ON BCAST OPTIN
        a: CLIENT TRACKING ON BCAST OPTOUT
        a: CLIENT TRACKING ON BCAST PREFIX aa PREFIX a
        a: CLIENT TRACKING ON BCAST PREFIX a PREFIX a
        a: CLIENT TRACKING ON BCAST PREFIX '' PREFIX a
        a: CLIENT TRACKING ON BCAST PREFIX a PREFIX b
        a: CLIENT TRACKING ON BCAST PREFIX ab
        a: CLIENT TRACKING ON
        a: CLIENT TRACKING OFF
        a: CLIENT TRACKING ON OPTIN
        a: CLIENT TRACKING ON OPTOUT
        a: CLIENT TRACKING ON BCAST
        a: CLIENT TRACKING OFF
        a: CLIENT CACHING YES
        a: CLIENT TRACKING ON
        a: CLIENT CACHING YES
        a: CLIENT CACHING NO
        a: CLIENT CACHING
        a: CLIENT TRACKING OFF
        a: CLIENT TRACKING OFF
    """,
    "what TRACKINGINFO and GETREDIR tell": """
        a hello
        b: PING
        a: CLIENT GETREDIR
        a: CLIENT TRACKINGINFO
        a: CLIENT TRACKING ON
        a: CLIENT GETREDIR
        a: CLIENT TRACKINGINFO
        a: CLIENT TRACKING ON NOLOOP OPTIN
        a: CLIENT TRACKINGINFO
        a: CLIENT CACHING YES
        a: CLIENT TRACKINGINFO
        a: PING
        a: CLIENT TRACKINGINFO
        a: CLIENT TRACKING OFF
        a: CLIENT TRACKING ON OPTOUT
        a: CLIENT CACHING NO
        a: CLIENT TRACKINGINFO
        a: CLIENT TRACKING OFF
        a: CLIENT TRACKING ON BCAST PREFIX b PREFIX a
        a: CLIENT TRACKINGINFO
        a: RESET
        a: CLIENT TRACKINGINFO
    """,
}


@pytest.fixture(params=SHARDS, ids=lambda n: f"shards{n}")
def server(request, shared, reference):
    server = shared(request.param)
    server.connect().call("FLUSHALL")
    reference.open(2).call("FLUSHALL")
    return server


def comparable(taken: list) -> list:
    """Without what names a version or a number of a client, and with flags in one order."""

    def tidy(reply: Reply) -> Reply:
        if reply.kind == "~":
            return Reply("~", tuple(sorted(reply.value)))
        if reply.kind == "%":
            return Reply("%", tuple((key, tidy(value)) for key, value in reply.value))
        return reply

    skipped = ("HELLO", "CLIENT ID")
    return [
        (line, {name: [tidy(reply) for reply in got] for name, got in came.items()})
        for line, came in taken
        if not any(word in line for word in skipped)
    ]


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name, server, reference):
    got = comparable(perform(SCENARIOS[name], server.connect))
    want = comparable(perform(SCENARIOS[name], lambda protocol: reference.open(protocol)))
    for ours, theirs in zip(got, want, strict=True):
        assert ours == theirs


def invalidated(*keys: bytes) -> Reply:
    return Reply(">", (Reply("$", b"invalidate"), Reply("*", tuple(Reply("$", key) for key in keys))))


def test_broadcasts_of_ones_own_changes(server, reference):
    """The reference sends them at the end of its turn, which may come before or after the next reply."""
    for connect in (server.connect, reference.open):
        client = connect(3)
        client.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "own")
        assert client.call("SET", "own", "v") == Reply("+", b"OK")
        assert client.read() == invalidated(b"own")
        client.close()


def test_keys_that_expire(server):
    client, other = server.connect(3), server.connect()
    client.call("CLIENT", "TRACKING", "ON", "NOLOOP")
    client.call("SET", "k", "v", "PX", "20")
    client.call("GET", "k")
    assert client.read() == invalidated(b"k")
    other.call("SET", "k2", "v")


def test_keys_that_are_evicted(kevy):
    client, other = kevy.connect(3), kevy.connect()
    client.call("CLIENT", "TRACKING", "ON")
    other.call("SET", "k", "v")
    client.call("GET", "k")
    other.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "1")
    other.call("SET", "other{k}", "v")
    assert client.read() == invalidated(b"k")


def test_a_target_that_is_gone(server):
    target = server.connect(3)
    number = target.call("CLIENT", "ID").value
    client, other = server.connect(3), server.connect()
    client.call("CLIENT", "TRACKING", "ON", "REDIRECT", number)
    assert client.call("CLIENT", "GETREDIR") == Reply(":", number)
    client.call("GET", "k")
    target.close()
    eventually(lambda: not other.call("CLIENT", "LIST", "ID", number).value, "the target is gone")
    other.call("SET", "k", "v")
    assert client.read() == Reply(">", (Reply("$", b"tracking-redir-broken"), Reply(":", number)))
    info_reply = dict(client.call("CLIENT", "TRACKINGINFO").value)
    assert Reply("$", b"broken_redirect") in info_reply[Reply("$", b"flags")].value


def test_a_bounded_table(kevy):
    client, other = kevy.connect(3), kevy.connect()
    other.call("CONFIG", "SET", "tracking-table-max-keys", "3")
    client.call("CLIENT", "TRACKING", "ON")
    told = 0
    for i in range(50):
        client.send("GET", f"{{k}}{i}")
        while client.read().kind == ">":
            told += 1
    assert int(info(other, "stats")["tracking_total_keys"]) <= 3
    assert told > 40


def fields(line: bytes) -> dict[str, str]:
    return dict(field.split("=", 1) for field in line.decode().split())


def test_what_others_see(server):
    client, other = server.connect(3), server.connect()
    number, target = client.call("CLIENT", "ID").value, other.call("CLIENT", "ID").value
    client.call("CLIENT", "TRACKING", "ON", "REDIRECT", target)
    client.call("GET", "k1")
    client.call("MGET", "k2", "k3")
    line = fields(other.call("CLIENT", "LIST", "ID", number).value)
    assert (line["flags"], line["redir"]) == ("t", str(target))
    assert info(other, "clients")["tracking_clients"] == "1"
    stats = info(other, "stats")
    assert (stats["tracking_total_keys"], stats["tracking_total_items"]) == ("3", "3")
    client.call("CLIENT", "TRACKING", "OFF")
    client.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "x")
    line = fields(other.call("CLIENT", "LIST", "ID", number).value)
    assert (line["flags"], line["redir"]) == ("tB", "0")
    assert info(other, "stats")["tracking_total_prefixes"] == "1"
    client.close()
    eventually(lambda: info(other, "clients")["tracking_clients"] == "0", "it is gone")
    assert info(other, "stats")["tracking_total_prefixes"] == "0"


def test_no_stale_value_stays(server):
    """A reply that was computed before a change comes before the message of that change."""
    import threading

    stop = threading.Event()
    keys = [f"key{i}" for i in range(6)]

    def write() -> None:
        connection = server.connect()
        number = 0
        while not stop.is_set():
            number += 1
            connection.pipeline([["SET", key, number] for key in keys])

    reader = server.connect(3)
    reader.call("CLIENT", "TRACKING", "ON")
    writer = threading.Thread(target=write)
    cache: dict[bytes, Reply] = {}
    writer.start()
    try:
        for _ in range(150):
            asked = [key for key in keys if key.encode() not in cache]
            reader.send_raw(b"".join(encoded("GET", key) for key in asked) + encoded("PING"))
            asked = iter(asked)
            while (reply := reader.read()) != Reply("+", b"PONG"):
                if reply.kind == ">":
                    for key in reply.value[1].value:
                        cache.pop(key.value, None)
                else:
                    cache[next(asked).encode()] = reply
    finally:
        stop.set()
        writer.join()
    reader.send("PING")
    while (reply := reader.read()) != Reply("+", b"PONG"):
        for key in reply.value[1].value:
            cache.pop(key.value, None)
    plain: Connection = server.connect()
    for key, value in cache.items():
        assert plain.call("GET", key) == value


def encoded(*words) -> bytes:
    from support.resp import encode

    return encode(*words)


@pytest.mark.parametrize("verb", ["EVAL", "EVAL_RO"])
def test_what_a_script_reads_is_remembered_and_not_the_keys_it_is_given(kevy, verb):
    client, other = kevy.connect(), kevy.connect()
    client.call("HELLO", 3)
    client.call("CLIENT", "TRACKING", "ON")
    client.call(verb, "return redis.call('PING')", 2, "{k}1", "{k}2")
    client.call(verb, "return redis.call('GET', KEYS[2])", 2, "{k}1", "{k}2")
    other.call("MSET", "{k}1", 1, "{k}2", 2)
    assert client.read() == Reply(">", (Reply("$", b"invalidate"), Reply("*", (Reply("$", b"{k}2"),))))
    assert client.call("PING").text == "PONG"
