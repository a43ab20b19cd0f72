"""Everything a keyspace holds, in a form in which two servers can be compared."""

from support.resp import Reply

from .compare import XINFO, scores
from .targets import Session

#: Databases that the cases write to.
DATABASES = (0, 1, 2, 15)
#: How far apart the expiry times of one key may lie (milliseconds): the clock moves between two servers.
EXPIRY_TOLERANCE_MS = 2_000

READS = {b"string": ("GET",), b"hash": ("HGETALL",), b"list": ("LRANGE", 0, -1), b"set": ("SMEMBERS",), b"zset": ("ZRANGE", 0, -1, "WITHSCORES"), b"stream": ("XINFO", "STREAM", "FULL", "COUNT", 0)}


def read(session: Session) -> dict:
    """Every key as (database, key) -> (type, encoding, expiry in Unix milliseconds, value)."""
    everything = {}
    for database in DATABASES:
        selected = session.call("SELECT", database)
        assert not selected.is_error, selected
        keys = sorted(key.value for key in session.call("KEYS", "*").value)
        types = session.pipeline([("TYPE", key) for key in keys])
        commands = []
        for key, kind in zip(keys, types):
            assert kind.value in READS, f"{key!r} is a {kind!r}"
            verb, *rest = READS[kind.value]
            read = (verb, rest[0], key, *rest[1:]) if verb == "XINFO" else (verb, key, *rest)
            commands += [("OBJECT", "ENCODING", key), ("PEXPIRETIME", key), read]
        replies = session.pipeline(commands) if commands else []
        for at, (key, kind) in enumerate(zip(keys, types)):
            encoding, expiry, value = replies[at * 3 : at * 3 + 3]
            everything[database, key] = (
                kind.value,
                _encoding(kind.value, encoding, value),
                expiry.value,
                _canonical(kind.value, value),
            )
    session.call("SELECT", 0)
    return everything


#: Strings up to this long are `int`, `embstr` or, after certain changes, `raw`.
EMBSTR_BYTES_MAX = 44


#: Members and scores that a listpack of a sorted set holds at most, in the shorter of the two forms of the reply.
LISTPACK_REPLIES_MAX = 128


def _flat(reply: Reply) -> list[Reply]:
    return [part for item in reply.value for part in (item.value if item.kind == "*" else [item]) if isinstance(part.value, bytes)]


def _encoding(kind: bytes, encoding: Reply, value: Reply) -> bytes:
    """The encoding, as far as it follows from the value and not from how the value came about."""
    if kind == b"list" and encoding.value == b"listpack":
        # The reference has no such lists, and a quicklist of one node where Redis 7.2 has a listpack.
        return b"quicklist"
    if kind == b"set" and encoding.value == b"listpack":
        # The reference has no such sets, and a hash table where Redis 7.2 has a listpack.
        return b"hashtable"
    if kind == b"zset" and encoding.value == b"skiplist" and len(value.value) <= LISTPACK_REPLIES_MAX and not any(len(item.value) > 64 for item in _flat(value)):
        # SORT makes a skiplist of any sorted set in the reference.
        return b"listpack"
    is_short_string = value.kind == "$" and len(value.value) <= EMBSTR_BYTES_MAX
    return b"string" if is_short_string else encoding.value


def _canonical(kind: bytes, value: Reply) -> object:
    if kind == b"stream":
        return XINFO.reduce(value)
    if kind == b"list":
        return [item.value for item in value.value]
    if kind == b"set":
        return sorted(item.value for item in value.value)
    if kind == b"zset":
        return scores(value)
    if value.kind == "%":
        return sorted((k.value, v.value) for k, v in value.value)
    if value.kind == "*":
        items = [item.value for item in value.value]
        return sorted(zip(items[::2], items[1::2]))
    return value.value


def differences(want: dict, got: dict) -> list[str]:
    """What differs between two states, one line each."""
    lines = []
    for place in sorted(want.keys() | got.keys()):
        mine, theirs = want.get(place), got.get(place)
        if mine is None or theirs is None:
            lines.append(f"{place}: {'missing' if theirs is None else 'should not exist'}")
            continue
        for what, one, other in zip(("type", "encoding", "expiry", "value"), mine, theirs):
            if one == other or what == "expiry" and _near(one, other):
                continue
            lines.append(f"{place}: {what} is {other!r:.200}, should be {one!r:.200}")
    return lines


def _near(one: int, other: int) -> bool:
    return one >= 0 and other >= 0 and abs(one - other) <= EXPIRY_TOLERANCE_MS
