"""Keys of every type and encoding, and what a server holds of them."""

from support.resp import Connection

LONG = b"x" * 200


def fill(session: Connection, newer: bool = True) -> None:
    """Writes keys of every type in every encoding; with ``newer`` also what redis-server 7.0 does not know."""
    commands = [
        ("SET", "int", 42),
        ("SET", "negative", -(2**40)),
        ("SET", "short", "text"),
        ("SET", "binary", bytes(range(256))),
        ("SET", "repetitive", "ab" * 5000),
        ("SET", "empty", ""),
        ("SET", "expiring", "v", "PXAT", 4_000_000_000_123),
        ("HSET", "hash:small", "f", "v", "n", 7),
        ("HSET", "hash:wide", "f", LONG),
        *(("HSET", "hash:large", f"field:{number}", f"value:{number}") for number in range(1000)),
        *(("RPUSH", "list:small", *range(3)) for _ in range(2)),
        *(("RPUSH", "list:large", f"element:{number}", LONG) for number in range(2000)),
        ("SADD", "set:ints", *range(-5, 100)),
        ("SADD", "set:large-ints", 2**40, -(2**40), 1),
        ("SADD", "set:small", "a", "b", "1"),
        *(("SADD", "set:large", f"member:{number}") for number in range(1000)),
        ("ZADD", "zset:small", 1.5, "a", "-inf", "b", "inf", "c", "0.1", "d"),
        *(("ZADD", "zset:large", number / 3, f"member:{number}") for number in range(1000)),
        *(("XADD", "stream", f"{number}-1", "field", number, "other", "x") for number in range(1, 300)),
        ("XDEL", "stream", "5-1"),
        ("XGROUP", "CREATE", "stream", "group", "10-1"),
        ("XREADGROUP", "GROUP", "group", "consumer", "COUNT", 7, "STREAMS", "stream", ">"),
        ("PFADD", "hll", *range(100)),
        ("SELECT", 3),
        ("SET", "elsewhere", 1),
        ("SELECT", 0),
    ]
    if newer:
        commands += [("HEXPIRE", "hash:small", 10_000_000, "FIELDS", 1, "f"), ("HEXPIRE", "hash:large", 10_000_000, "FIELDS", 1, "field:7")]
    known = {name.value.decode().lower() for name in session.call("COMMAND", "LIST").value}
    commands = [command for command in commands if str(command[0]).lower() in known]
    for command, reply in zip(commands, session.pipeline(commands)):
        assert not reply.is_error, (command, reply)


READS = {
    b"string": ("GET",),
    b"hash": ("HGETALL",),
    b"list": ("LRANGE", 0, -1),
    b"set": ("SMEMBERS",),
    b"zset": ("ZRANGE", 0, -1, "WITHSCORES"),
    b"stream": ("XRANGE", "-", "+"),
}


def read(session: Connection, databases: tuple = (0, 3)) -> dict:
    """Every key of some databases with its expiry and its value in an order that means nothing."""
    held = {}
    for database in databases:
        session.call("SELECT", database)
        for key in session.call("KEYS", "*").value:
            kind = session.call("TYPE", key.value).value
            verb, *rest = READS[kind]
            value = session.call(verb, key.value, *rest)
            if kind in (b"hash", b"set"):
                value = sorted(map(repr, value.value))
            if kind == b"zset":
                # A double has more than one shortest text.
                items = [item.value for item in value.value]
                value = [(member, float(score)) for member, score in zip(items[::2], items[1::2])]
            held[database, key.value] = kind, session.call("PEXPIRETIME", key.value).value, repr(value)
    session.call("SELECT", 0)
    return held
