"""Calls of bitmaps and HyperLogLogs."""

from . import bitfield, call

CALLS = [
    call("setbit", "b", 7, 1),
    call("setbit", "b", 7, True),
    call("setbit", "b", 9, 0),
    call("getbit", "b", 7),
    call("getbit", "nothing", 7),
    call("set", "s", "foobar"),
    call("bitcount", "s"),
    call("bitcount", "s", 0, 0),
    call("bitcount", "s", 5, 30, "BIT"),
    call("bitcount", "s", 0, -1, mode="BYTE"),
    call("bitpos", "s", 1),
    call("bitpos", "s", 0, 2),
    call("bitpos", "s", 1, 2, -1),
    call("bitpos", "s", 1, 7, 15, "BIT"),
    call("bitpos", "s", 1, 2, -1, mode="BYTE"),
    call("bitpos", "nothing", 1),
    call("bitop", "AND", "r", "s", "b"),
    call("bitop", "OR", "r", "s", "b"),
    call("bitop", "XOR", "r", "s", "b"),
    call("bitop", "NOT", "r", "s"),
    call("get", "s"),
    bitfield("f", call("set", "u8", 0, 200), call("get", "u8", "#0"), call("incrby", "u8", 0, 100)),
    bitfield("f", call("overflow", "sat"), call("incrby", "u8", 0, 500), call("incrby", "u8", 8, 500, "FAIL")),
    bitfield("f", call("overflow", "FAIL"), call("incrby", "u8", 0, 5), call("overflow", "WRAP"), call("get", "i5", 1)),
    bitfield("f", call("incrby", "u2", 100, 3), default_overflow="SAT"),
    bitfield("f"),
    call("bitfield_ro", "f", "u8", 0),
    call("bitfield_ro", "f", "u8", "#0", items=[("i8", 0), ("u4", "#1")]),
    call("pfadd", "h", "a", "b", "c"),
    call("pfadd", "h", "a"),
    call("pfadd", "i", "c", "d"),
    call("pfadd", "empty"),
    call("pfcount", "h"),
    call("pfcount", "h", "i"),
    call("pfcount", "nothing"),
    call("pfmerge", "m", "h", "i"),
    call("pfmerge", "m"),
    call("pfcount", "m"),
    call("pfcount", "s"),
]

#: What the installed redis-server does not know.
ALONE = [call("bitop", how, "r", "s", "b") for how in ("DIFF", "DIFF1", "ANDOR", "ONE")]
