"""Makes the seed corpus anew: what kevy and redis-server write of keys of every type, and the requests of the conformance cases.

From the root of the repository, with the path of a kevy server in KEVY_SERVER: ``python tests/fuzz/seeds.py``. Then
``make fuzz-corpus`` leaves of it, and of what was found since, the inputs that reach something of their own.
"""

import hashlib
import shutil
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.resp import encode
from support.servers import start_kevy, start_redis

CORPUS = Path(__file__).parent / "corpus"
CASES = Path(__file__).parent.parent / "conformance/cases"
#: Bytes of requests in one seed.
REQUESTS_MAX = 1500
#: What stands behind the value in a DUMP payload: version and checksum.
TRAILER = 10

#: A key of every type and encoding, small.
KEYS = [
    ("SET", "int", 42),
    ("SET", "text", "some text"),
    ("SET", "packed", "ab" * 200),
    ("SET", "expiring", "v", "PXAT", 4_000_000_000_123),
    ("HSET", "hash", "f", "v", "n", 7),
    ("HSET", "hash-table", *[word for n in range(6) for word in (f"f{n}", "x" * 70)]),
    ("RPUSH", "list", 1, "two", 70000, -1),
    ("RPUSH", "list-nodes", *["element" * 9 for _ in range(4)], *range(140)),
    ("SADD", "ints", 1, 2, 70000),
    ("SADD", "set", "a", "b", 1),
    ("SADD", "set-table", "x" * 70, "y" * 70),
    ("ZADD", "zset", 1.5, "a", "-inf", "b", 3, "c"),
    ("ZADD", "zset-table", 1, "x" * 70, 2.25, "y"),
    ("XADD", "stream", "1-1", "f", "v"),
    ("XADD", "stream", "2-1", "f", "w", "g", "x"),
    ("XGROUP", "CREATE", "stream", "group", "0"),
    ("XREADGROUP", "GROUP", "group", "me", "STREAMS", "stream", ">"),
    ("XDEL", "stream", "1-1"),
    ("PFADD", "hll", "a", "b", "c"),
    ("SELECT", 3),
    ("SET", "elsewhere", 1),
    ("SELECT", 0),
]
#: What only kevy has of these.
NEWER = [
    ("HSET", "fields", "f", "v", "g", "w"),
    ("HEXPIRE", "fields", 10_000_000, "FIELDS", 1, "f"),
    ("JSON.SET", "json", "$", '{"a":[1,2.5,"x",null],"b":{"c":true}}'),
    ("VADD", "vectors", "VALUES", 3, "1.0", "0.5", "-1", "a"),
    ("VADD", "vectors", "VALUES", 3, "0.0", "0.5", "1", "b", "SETATTR", '{"n":1}'),
    ("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)"),
]


def keep(target: str, data: bytes) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()[:12]).write_bytes(data)


def snapshots() -> None:
    for start, commands in ((start_redis, KEYS), (start_kevy, KEYS + NEWER)):
        folder = Path(tempfile.mkdtemp())
        server = start(dir=folder)
        session = server.connect()
        session.pipeline(commands)
        for key in session.call("KEYS", "*").value:
            keep("dump", session.call("DUMP", key.value).value[:-TRAILER])
        session.call("SAVE")
        keep("rdb", (folder / "dump.rdb").read_bytes())
        keep("aof", struct.pack("<BH", 0, 0) + (folder / "dump.rdb").read_bytes() + encode("SET", "k", 1))
        server.close()
        shutil.rmtree(folder)


def commands_as_redis_logs_them() -> None:
    folder = Path(tempfile.mkdtemp())
    server = start_redis(dir=folder, appendonly="yes")
    session = server.connect()
    session.pipeline(KEYS + [("MULTI",), ("INCR", "int"), ("LPOP", "list"), ("EXEC",)])
    base, more = sorted((folder / "appendonlydir").glob("*.rdb")), sorted((folder / "appendonlydir").glob("*.incr.aof"))
    base, more = base[0].read_bytes(), more[0].read_bytes()
    for choice in (0, 1, 5):
        keep("aof", struct.pack("<BH", choice, 0) + more)
    keep("aof", struct.pack("<BH", 2, len(base)) + base + more)
    manifest = b"file a seq 1 type b\nfile a seq 2 type i\n# history 9 a 1\n"
    keep("aof", struct.pack("<BH", 3, len(manifest)) + manifest + base)
    manifest = b'file "a" seq 1 type i shard 0 shards 1 startoffset 3\nfile b seq 2 type h\n'
    keep("aof", struct.pack("<BH", 3, len(manifest)) + manifest + more)
    server.close()
    shutil.rmtree(folder)


def records() -> None:
    for shards in (1, 2):
        folder = Path(tempfile.mkdtemp())
        server = start_kevy(shards=shards, dir=folder, appendonly="yes", appendfsync="always")
        session = server.connect()
        for command in KEYS + NEWER + [("MSET", "a", 1, "b", 2, "c", 3), ("MULTI",), ("INCR", "a"), ("SET", "b", 2), ("EXEC",), ("FLUSHDB",)]:
            session.call(*command)
        server.stop()
        files = sorted((folder / "appendonlydir").glob("*.incr.*"))
        assert len(files) == shards, files
        parts = [file.read_bytes() for file in files]
        for choice in (0, 4):
            choice |= 2 if shards == 2 else 0
            keep("log", struct.pack("<BH", choice, len(parts[0]) if shards == 2 else 0) + b"".join(parts))
        keep("log", struct.pack("<BH", choice | 1, len(parts[0]) if shards == 2 else 0) + b"".join(parts))
        server.close()
        shutil.rmtree(folder)


def streams() -> None:
    server = start_kevy(shards=2)
    session = server.connect()
    session.pipeline(KEYS + NEWER)
    with server.connect() as link:
        link.sock.sendall(encode("REPLICATE", "FROM", 0, 0, "ID", "seed", "CAPA", "mux", "resync", "prefix=s", "prefix=h"))
        sent = b""
        while b"SNAPSHOT_END" not in sent:
            sent += link.sock.recv(1 << 16)
        session.pipeline([("MULTI",), ("SET", "s1", 1), ("SET", "x", 1), ("SET", "s3", 1), ("EXEC",), ("DEL", "s1", "h1"), ("FLUSHALL",), ("SET", "s2", 1), ("SET", "x", 1)])
        while b"+SKIP" not in sent or b"FLUSHALL" not in sent:
            sent += link.sock.recv(1 << 16)
    # What stands before the snapshot is the target's own.
    plain = sent[sent.index(b"+SNAPSHOT") :]
    keep("primary", b"\x00" + plain)
    keep("primary", b"\x01" + plain)
    blocks = b"".join(struct.pack("<cBB", b"-", 0, len(plain[at : at + 200])) + plain[at : at + 200] for at in range(0, len(plain), 200))
    keep("primary", b"\x03" + blocks)
    server.close()


def requests() -> None:
    for case in sorted(CASES.glob("*.case")):
        seed = b""
        for line in case.read_text().splitlines():
            if not line or line[0] in "#=@>" or line.startswith(("wait", "EVAL")):
                continue
            seed += line.encode() + b"\r\n"
            if len(seed) > REQUESTS_MAX:
                keep("commands", seed)
                seed = b""
        keep("commands", seed)
    some = b"".join(encode(*command) for command in KEYS[:12])
    for choice in (0, 1, 14):
        keep("requests", bytes([choice]) + some)
        keep("requests", bytes([choice]) + b"SET k \"a b\\x00\"\r\n*0\r\n" + some[:200])
    replies = [b"*3\r\n$1\r\na\r\n:1\r\n$-1\r\n", b"%1\r\n+a\r\n,1.5\r\n", b"~2\r\n#t\r\n_\r\n", b">2\r\n=7\r\ntxt:abc\r\n(123\r\n", b"-ERR x\r\n", b"!3\r\nERR\r\n"]
    for reply in replies:
        keep("replies", b"\x02" + reply)


if __name__ == "__main__":
    shutil.rmtree(CORPUS, ignore_errors=True)
    snapshots()
    commands_as_redis_logs_them()
    records()
    streams()
    requests()
