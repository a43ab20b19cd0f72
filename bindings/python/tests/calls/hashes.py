"""Calls of hashes."""

from redis.commands.core import HashDataPersistOptions

from . import call

#: Conditions, each with seconds that tell them apart.
FLAGS = [("nx", 100), ("xx", 100), ("gt", 1000), ("lt", 10)]
LATER = 33_000_000_000

CALLS = [
    call("hset", "h", "f", "v"),
    call("hset", "h", mapping={"x": 1, "y": 2.5}),
    call("hset", "h", items=["z", 3, "x", 2]),
    call("hget", "h", "f"),
    call("hget", "h", "nothing"),
    call("hgetall", "h"),
    call("hgetall", "nothing"),
    call("hmset", "h2", {"a": 1}),
    call("hmget", "h", "x", "nothing"),
    call("hmget", "h", ["x", "y"]),
    call("hexists", "h", "x"),
    call("hexists", "h", "nothing"),
    call("hlen", "h"),
    call("hkeys", "h2"),
    call("hvals", "h2"),
    call("hstrlen", "h", "y"),
    call("hincrby", "h", "x"),
    call("hincrbyfloat", "h", "y", 0.25),
    call("hsetnx", "h", "x", 1),
    call("hdel", "h", "f", "nothing"),
    call("hrandfield", "h2"),
    call("hrandfield", "h2", 1, withvalues=True),
    call("hrandfield", "nothing"),
    call("hscan", "h2"),
    call("hscan", "h2", no_values=True),
    call("hexpire", "h", 100, "x", "nothing"),
    call("hpexpire", "h", 100000, "x", nx=True),
    call("hexpireat", "h", 33000000000, "x"),
    call("hexpiretime", "h", "x", "y"),
    call("hpexpireat", "h", 33000000000000, "x"),
    call("hpexpiretime", "h", "x"),
    call("hpersist", "h", "x", "y"),
    call("httl", "h", "x", "nothing"),
    call("hpttl", "h", "x"),
    call("hgetdel", "h", "x"),
    call("hgetex", "h", "y", ex=100),
    call("hsetex", "h", "k", "v", ex=100),
    call("hsetex", "h", mapping={"k": 1}, keepttl=True),
    *[call("hexpire", "h", seconds, "y", **{flag: True}) for flag, seconds in FLAGS],
    *[call("hpexpire", "h", seconds * 1000, "y", **{flag: True}) for flag, seconds in FLAGS],
    *[call("hexpireat", "h", LATER + seconds, "y", **{flag: True}) for flag, seconds in FLAGS],
    *[call("hpexpireat", "h", (LATER + seconds) * 1000, "y", **{flag: True}) for flag, seconds in FLAGS],
    call("hgetex", "h", "y", px=100_000),
    call("hgetex", "h", "y", exat=LATER),
    call("hgetex", "h", "y", pxat=LATER * 1000),
    call("hgetex", "h", "y", persist=True),
    call("hsetex", "h", "k", "v", px=100_000, data_persist_option=HashDataPersistOptions.FXX),
    call("hsetex", "h", "new", "v", exat=LATER, data_persist_option=HashDataPersistOptions.FNX),
    call("hsetex", "h", items=["k", "w"], pxat=LATER * 1000),
    call("hscan", "h2", 0, match="a*", count=100),
]
