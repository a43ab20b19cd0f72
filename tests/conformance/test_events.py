"""Keyspace events: the same events of the same keys in the same order as from the reference, for every write verb."""

import pytest

from support.resp import Reply
from support.wait import eventually

from .conftest import SHARDS

EVERYTHING = "AKEmn"

#: Commands that are run one after the other; each begins where the one before has left off. A blank line empties all.
LINES = """
SET k v
SET k v EX 100
SET k v PX 100000 NX
SET k v XX
SET k v KEEPTTL
SET k v GET
SET k2 v NX
SETNX k v
SETNX k3 v
SETEX k 100 v
PSETEX k 100000 v
GETSET k w
GETDEL k
GETDEL k
GETEX k3 EX 100
GETEX k3 PERSIST
GETEX k3 PERSIST
GETEX k3
GETEX k3 EXAT 1
GETEX k3 EX 100
APPEND k a
APPEND k b
APPEND k ''
SETRANGE k 1 zz
SETRANGE k 1 ''
SETRANGE new 0 ''
MSET {a}1 a {a}2 b {a}1 c
MSETNX {a}1 a {a}3 b
MSETNX {a}4 a {a}5 b
INCR n
DECR n
INCRBY n 5
DECRBY n 5
INCRBYFLOAT n 1.5
INCR k
SETBIT b 7 1
SETBIT b 7 1
SETBIT b 7 0
BITFIELD b SET u8 0 5
BITFIELD b GET u8 0
BITFIELD b INCRBY u8 0 5 OVERFLOW FAIL INCRBY u8 0 255
BITOP AND {b}d {b}1 {b}2
SET {b}1 abc
BITOP OR {b}d {b}1
BITOP AND {b}d {b}x {b}y
PFADD p a b
PFADD p a
PFADD p
PFADD {p}2
PFMERGE {p}3 {p}2
PFMERGE {p}3
PFCOUNT p
GET nothing
STRLEN nothing
TTL nothing
TYPE nothing
EXISTS nothing
MGET nothing k
HGET nothing f
SMEMBERS nothing
LRANGE nothing 0 -1
ZRANGE nothing 0 -1
DUMP nothing
TOUCH nothing
OBJECT ENCODING nothing
GETRANGE nothing 0 1
SETRANGE k 500 x
DEL k nothing n
UNLINK b nothing

SET k v
EXPIRE k 100
EXPIRE k 100 NX
EXPIRE k 200 GT
PEXPIRE k 100000
EXPIREAT k 99999999999
PEXPIREAT k 99999999999000
EXPIRE nothing 100
PERSIST k
PERSIST k
PERSIST nothing
EXPIRE k -1
SET k v
EXPIREAT k 1
SET {k}1 v
RENAME {k}1 {k}2
SET {k}1 v
RENAME {k}1 {k}2
RENAMENX {k}2 {k}3
SET {k}2 v
RENAMENX {k}2 {k}3
RENAME {k}2 {k}2
RENAME nothing {k}
COPY {k}2 {k}4
COPY {k}2 {k}4
COPY {k}2 {k}4 REPLACE
COPY {k}2 {k}5 DB 3
COPY nothing {k}
MOVE {k}2 1
MOVE {k}2 1
MOVE nothing 1
RESTORE r 0 "\\x00\\x01v\\x0a\\x00\\x91\\x08\\xce\\xb2\\x198\\x8a\\xce"
RESTORE r 0 "\\x00\\x01v\\x0a\\x00\\x91\\x08\\xce\\xb2\\x198\\x8a\\xce" REPLACE
RESTORE r 1 "\\x00\\x01v\\x0a\\x00\\x91\\x08\\xce\\xb2\\x198\\x8a\\xce" REPLACE ABSTTL
TOUCH {k}4
FLUSHDB
SET k v
FLUSHALL
SWAPDB 0 1

LPUSH l a b c
RPUSH l d
LPUSHX l e
RPUSHX nothing e
LPOP l
RPOP l 2
LPOP l 0
RPOP nothing
LSET l 0 x
LSET l 100 x
LINSERT l BEFORE x y
LINSERT l BEFORE nothing y
LREM l 0 nothing
LREM l 0 y
LTRIM l 0 -1
LTRIM l 0 0
LTRIM nothing 0 0
LREM l 0 x
RPUSH l a
LTRIM l 1 0
RPUSH {l} a b c
LMOVE {l} {l}2 LEFT RIGHT
RPOPLPUSH {l} {l}2
LMOVE {l} {l} LEFT RIGHT
LMOVE {l} {l}2 LEFT LEFT
LMOVE nothing {l} LEFT LEFT
LMPOP 2 {l} {l}2 LEFT
LMPOP 1 {l}2 RIGHT COUNT 10
RPUSH {l}2 a
BLPOP {l}2 1
RPUSH {l}2 a b
BRPOP {l}2 1
BLMOVE {l}2 {l}3 LEFT LEFT 1
BLMPOP 1 1 {l}3 LEFT
RPUSH {l} 3 1 2
SORT {l} STORE {l}s
SORT {l}none STORE {l}s
SORT {l}none STORE {l}s
SORT {l}
RPUSH {l}one a
RPOPLPUSH {l}one {l}one

SADD s a b c
SADD s a
SREM s a nothing
SREM s nothing
SREM nothing a
SMOVE s {s}2 b
SMOVE s {s}2 nothing
SMOVE s {s}2 c
SMOVE {s}2 {s}2 b
SPOP {s}2
SPOP {s}2 5
SPOP {s}2
SADD s a b c
SPOP s 2
SPOP s 0
SADD {s}3 a b c
SADD {s}4 b
SINTERSTORE {s}d {s}3 {s}4
SUNIONSTORE {s}d {s}3 {s}4
SDIFFSTORE {s}d {s}3 {s}4
SDIFFSTORE {s}d {s}4 {s}3
SINTERSTORE {s}d {s}4 none
SADD {s}5 b
SMOVE {s}4 {s}5 b

HSET h a 1 b 2
HSET h a 1
HMSET h a 2
HSETNX h a 1
HSETNX h c 1
HINCRBY h a 5
HINCRBYFLOAT h a 1.5
HDEL h nothing
HDEL h a nothing
HDEL h b c
HDEL nothing a
HGET h a
HLEN h

ZADD z 1 a 2 b
ZADD z 1 a
ZADD z 2 a
ZADD z NX 5 a
ZADD z INCR 5 a
ZADD z XX INCR 5 nothing
ZADD z XX 5 nothing
ZINCRBY z 1 a
ZINCRBY z 0 a
ZREM z nothing
ZREM z a
ZREMRANGEBYRANK z 5 6
ZREMRANGEBYRANK z 0 0
ZADD z 1 a 2 b 3 c
ZREMRANGEBYSCORE z 1 1
ZREMRANGEBYLEX z [b [b
ZPOPMIN z
ZADD z 1 a 2 b 3 c
ZPOPMAX z
ZPOPMAX z 5
ZPOPMIN z
ZADD {z} 1 a 2 b 3 c
ZMPOP 1 {z} MIN
BZPOPMIN {z} 1
BZPOPMAX {z} 1
ZADD {z} 1 a 2 b 3 c
BZMPOP 1 1 {z} MAX COUNT 2
ZADD {z}2 1 a
ZUNIONSTORE {z}d 2 {z} {z}2
ZINTERSTORE {z}d 2 {z} {z}2
ZDIFFSTORE {z}d 2 {z} none
ZDIFFSTORE {z}d 2 {z} {z}
ZDIFFSTORE {z}d 2 {z} {z}
ZRANGESTORE {z}d {z} 0 -1
ZRANGESTORE {z}d {z} 5 6
GEOADD {g} 1 1 a 2 2 b
GEOADD {g} 1 1 a
GEOSEARCHSTORE {g}d {g} FROMLONLAT 1 1 BYRADIUS 500 km
GEOSEARCHSTORE {g}d {g} FROMLONLAT 90 1 BYRADIUS 5 km
GEORADIUS {g} 1 1 500 km STORE {g}d
GEORADIUS {g} 90 1 5 km STORE {g}d

XADD x 1-1 a b
XADD x MAXLEN 1 2-1 a b
XADD x NOMKSTREAM MAXLEN 10 3-1 a b
XADD none NOMKSTREAM * a b
XDEL x 2-1 9-9
XDEL x 9-9
XTRIM x MAXLEN 0
XTRIM x MAXLEN 0
XSETID x 10-1
XGROUP CREATE x g 0
XGROUP CREATE x g 0
XGROUP CREATE {x}2 g 0 MKSTREAM
XGROUP SETID x g 0
XGROUP CREATECONSUMER x g c
XGROUP CREATECONSUMER x g c
XADD x 11-1 a b
XREADGROUP GROUP g d STREAMS x >
XREADGROUP GROUP g d STREAMS x >
XACK x g 11-1
XADD x 12-1 a b
XREADGROUP GROUP g d STREAMS x >
XCLAIM x g e 0 12-1
XAUTOCLAIM x g f 0 0
XGROUP DELCONSUMER x g d
XGROUP DELCONSUMER x g nothing
XGROUP DESTROY x g
XGROUP DESTROY x g
DEL x
"""


def split(line: str) -> list:
    import shlex

    return [
        word.encode().decode("unicode_escape").encode("latin-1") if "\\" in word else word for word in shlex.split(line)
    ]


def opened(server, classes=EVERYTHING):
    """A client, and another that hears of all events."""
    client, listener = server(2), server(2)
    client.call("FLUSHALL")
    assert client.call("CONFIG", "SET", "notify-keyspace-events", classes) == Reply("+", b"OK")
    listener.call("PSUBSCRIBE", "__key*")
    return client, listener


def heard(listener) -> list[tuple]:
    """The channels and messages that have come by now."""
    listener.send("PING", "here")
    events = []
    while (reply := listener.read()).value[0].value != b"pong":
        events.append((reply.value[2].value.decode("latin-1"), reply.value[3].value.decode("latin-1")))
    return events


def events_of(server, lines: list[str], classes=EVERYTHING) -> list[tuple]:
    client, listener = opened(server, classes)
    found = []
    try:
        for line in lines:
            if not line:
                client.call("FLUSHALL")
                continue
            client.call(*split(line))
            found.append((line, heard(listener)))
    finally:
        client.call("CONFIG", "SET", "notify-keyspace-events", "")
        client.call("FLUSHALL")
    return found


@pytest.fixture(params=SHARDS, ids=lambda n: f"shards{n}")
def connect(request, shared):
    return shared(request.param).connect


def test_every_write_verb(connect, reference):
    lines = LINES.strip().splitlines()
    wrong = []
    for ours, theirs in zip(events_of(connect, lines), events_of(reference.open, lines), strict=True):
        if ours != theirs:
            wrong.append(f"{ours[0]}\n    heard     {ours[1]}\n    should be {theirs[1]}")
    assert not wrong, "\n" + "\n".join(wrong)


#: Verbs of later versions, with what their documentation says.
NEWER = {
    "HSET h a 1 b 2 c 3 d 4": ["hset"],
    "HEXPIRE h 100 FIELDS 1 a": ["hexpire"],
    "HEXPIRE h 100 FIELDS 1 nothing": [],
    "HPERSIST h FIELDS 1 a": ["hpersist"],
    "HPERSIST h FIELDS 1 a ": [],
    "HGETEX h EX 100 FIELDS 1 a": ["hexpire"],
    "HGETEX h PERSIST FIELDS 1 a": ["hpersist"],
    "HGETEX h FIELDS 1 a": [],
    "HSETEX h EX 100 FIELDS 1 a 1": ["hset", "hexpire"],
    "HSETEX h FIELDS 1 a 1": ["hset"],
    "HEXPIREAT h 1 FIELDS 1 a": ["hdel"],
    "HGETDEL h FIELDS 1 b": ["hdel"],
    "HGETDEL h FIELDS 1 b ": [],
    "HGETEX h PXAT 1 FIELDS 1 c": ["hdel"],
    "HGETDEL h FIELDS 1 d": ["hdel", "del"],
    "JSON.SET j $ 1": ["json.set"],
    "JSON.NUMINCRBY j $ 2": ["json.numincrby"],
    "JSON.DEL j": ["json.del"],
}


def test_newer_verbs(connect):
    client, listener = opened(connect, "AE")
    for line, names in NEWER.items():
        client.call(*split(line))
        assert [channel.removeprefix("__keyevent@0__:") for channel, _ in heard(listener)] == names, line
    client.call("CONFIG", "SET", "notify-keyspace-events", "")


@pytest.mark.parametrize("classes", ["", "A", "K", "E", "KA", "EA", "K$", "Elg", "Ez", "Et", "Em", "Kn", "EKx", "Eh"])
def test_classes(classes, connect, reference):
    lines = [line for line in LINES.strip().splitlines() if line.split(" ")[0] in CLASSES_LINES or not line]
    assert events_of(connect, lines, classes) == events_of(reference.open, lines, classes)


CLASSES_LINES = {"SET", "LPUSH", "LPOP", "EXPIRE", "ZADD", "ZREM", "XADD", "HSET", "HDEL", "GET", "DEL", "SPOP"}


@pytest.mark.parametrize("text", ["", "KEA", "Kn", "g$lshzxetdmn", "AKEm", "Ez$", "q", "KEAq", "nmK"])
def test_the_option(text, connect, reference):
    def shown(server):
        client = server(2)
        try:
            return client.call("CONFIG", "SET", "notify-keyspace-events", text), client.call(
                "CONFIG", "GET", "notify-keyspace-events"
            )
        finally:
            client.call("CONFIG", "SET", "notify-keyspace-events", "")

    assert shown(connect) == shown(reference.open)


def test_expired_keys(connect):
    """Whether a command finds that a key has expired, or nobody asks for it."""
    client, listener = opened(connect)
    client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    client.call("SET", "k", "v", "PX", "1")
    heard(listener)
    eventually(lambda: client.call("EXISTS", "k").value == 0, "it expires")
    found = [each for each in heard(listener) if each[1] != "keymiss" and "keymiss" not in each[0]]
    assert found == [("__keyspace@0__:k", "expired"), ("__keyevent@0__:expired", "k")]
    client.call("SET", "k", "v", "PX", "1")
    heard(listener)
    eventually(lambda: client.call("OBJECT", "FREQ", "k").kind != ":" and client.call("PTTL", "k").value < 0, "due")
    client.call("SET", "k2", "v")
    client.call("DEBUG", "SET-ACTIVE-EXPIRE", "1")
    client.call("SET", "k", "v", "PX", "1")
    eventually(lambda: ("__keyevent@0__:expired", "k") in heard(listener), "it expires by itself")
    client.call("CONFIG", "SET", "notify-keyspace-events", "")


def test_what_expired_is_told_before_what_comes_in_its_place(connect):
    client, listener = opened(connect, "KA")
    client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    client.call("SET", "k", "v", "PX", "1")
    heard(listener)

    def replaced() -> bool:
        client.call("LPUSH", "k", "v")
        return client.call("TYPE", "k").value == b"list"

    eventually(replaced, "it has expired")
    client.call("DEBUG", "SET-ACTIVE-EXPIRE", "1")
    assert heard(listener)[:2] == [("__keyspace@0__:k", "expired"), ("__keyspace@0__:k", "lpush")]
    client.call("CONFIG", "SET", "notify-keyspace-events", "")


def test_fields_that_expire(connect):
    client, listener = opened(connect, "EA")
    client.call("HSET", "h", "a", "1")
    client.call("HPEXPIRE", "h", "1", "FIELDS", "1", "a")
    got = []
    eventually(lambda: got.extend(heard(listener)) or len(got) >= 4, "its field expires and the hash with it")
    assert [channel.removeprefix("__keyevent@0__:") for channel, _ in got] == ["hset", "hexpire", "hexpired", "del"]
    client.call("CONFIG", "SET", "notify-keyspace-events", "")


def test_evicted_keys(kevy):
    client, listener = opened(kevy.connect, "Ee")
    client.call("SET", "k", "v")
    client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "1")
    client.call("SET", "other{k}", "v")
    assert ("__keyevent@0__:evicted", "k") in heard(listener)


def test_events_of_served_waiters(connect, reference):
    def play(server):
        client, listener = opened(server, "KA")
        waiter = server(2)
        waiter.send("BLMOVE", "{l}1", "{l}2", "LEFT", "RIGHT", "0")
        from support.resp import info

        eventually(lambda: info(client, "clients")["blocked_clients"] == "1", "it waits")
        client.call("RPUSH", "{l}1", "a")
        waiter.read()
        found = heard(listener)
        client.call("CONFIG", "SET", "notify-keyspace-events", "")
        client.call("FLUSHALL")
        return found

    assert play(connect) == play(reference.open)


def test_events_of_transactions_and_databases(connect, reference):
    lines = ["SELECT 3", "MULTI", "SET {k}1 v", "RPUSH {k}2 a", "DEL {k}1", "EXEC", "COPY {k}2 {k}3 DB 5", "SELECT 0"]
    assert events_of(connect, lines) == events_of(reference.open, lines)
