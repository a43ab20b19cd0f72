"""Snapshots that kevy writes, read by what knows Redis's files and neither kevy nor Redis: the ``rdb`` crate, in its Python package.

It decodes all types but streams and modules, whose keys it passes over, and leaves out when fields expire.
"""

import pytest
import rdb

from .contents import fill

#: What is read of a key through the server, in the terms of the crate.
KINDS = {b"string": "string", b"list": "list", b"set": "set", b"zset": "sorted_set", b"hash": "hash"}


def held(session) -> dict:
    """Every key that the crate decodes, by database and name, with its expiry in unix milliseconds."""
    keys = {}
    for database in (0, 3):
        session.call("SELECT", database)
        for name in (key.value for key in session.call("KEYS", "*").value):
            kind = session.call("TYPE", name).value
            if kind not in KINDS:
                continue
            if kind == b"string":
                value = session.call("GET", name).value
            else:
                read = {b"list": ("LRANGE", name, 0, -1), b"set": ("SMEMBERS", name), b"zset": ("ZRANGE", name, 0, -1, "WITHSCORES"), b"hash": ("HGETALL", name)}
                items = [item.value for item in session.call(*read[kind]).value]
                pairs = list(zip(items[::2], items[1::2]))
                value = {b"list": lambda: items, b"set": lambda: set(items), b"zset": lambda: {(float(score), member) for member, score in pairs}, b"hash": lambda: dict(pairs)}[kind]()
            expiry = session.call("PEXPIRETIME", name).value
            keys[database, name] = KINDS[kind], value, expiry if expiry > 0 else None
    session.call("SELECT", 0)
    return keys


def decoded(path) -> dict:
    """What the crate finds in a file, in the same form."""
    keys, database = {}, 0
    for item in rdb.RdbDecoder(path):
        kind = item["type"]
        if kind == "select_db":
            database = item["db"]
        elif kind in KINDS.values():
            value = item["value"] if kind == "string" else item["members"] if kind == "set" else item["values"]
            if kind in ("set", "sorted_set"):
                assert len(value) == len(set(value))
                value = set(value)
            assert (database, item["key"]) not in keys
            keys[database, item["key"]] = kind, value, item["expiry"]
    return keys


@pytest.mark.parametrize(("version", "shards", "compression"), [(9, 1, "yes"), (10, 3, "no"), (11, 1, "yes"), (12, 2, "yes")])
def test_the_rdb_crate_reads_what_is_saved(start, directory, version, shards, compression):
    session = start(shards, rdb_version=version, rdbcompression=compression).connect()
    fill(session)
    assert session.call("SAVE").text == "OK"
    ours = held(session)
    assert {kind for kind, _, _ in ours.values()} == set(KINDS.values())
    assert decoded(str(directory / "dump.rdb")) == ours


def test_the_rdb_crate_finds_what_is_damaged(start, directory):
    session = start().connect()
    fill(session)
    session.call("SAVE")
    path = directory / "dump.rdb"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Exception, match=r".+"):
        decoded(str(path))
