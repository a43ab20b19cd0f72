"""Collections take no more memory than the reference's, by what both count as used."""

import pytest

from support.resp import encode, info
from support.servers import start_kevy, start_redis
from support.wait import eventually

#: Parts of a small collection, and how many of those are made.
SMALL, COLLECTIONS = 50, 200
#: Parts of a large one.
LARGE = 10_000


def part(kind: str, number: int) -> str:
    return f"{kind}:{number:010}"


#: What writes a part of a collection, by its name and the part's number.
WRITES = {
    "list": lambda key, n: ("RPUSH", key, part("element", n)),
    "set of words": lambda key, n: ("SADD", key, part("member", n)),
    "set of integers": lambda key, n: ("SADD", key, n * 1_000),
    "hash": lambda key, n: ("HSET", key, part("field", n), part("value", n)),
    "sorted set": lambda key, n: ("ZADD", key, n, part("member", n)),
    "stream": lambda key, n: ("XADD", key, f"{n + 1}-0", "field", part("value", n)),
}


def used(server) -> int:
    """What a server holds while nobody else is connected, whose buffers would count."""
    with server.connect() as session:
        eventually(lambda: info(session, "clients")["connected_clients"] == "1", "whoever wrote is gone")
        return int(info(session, "memory")["used_memory"])


def grown(server, write, keys: list[str], parts: int) -> float:
    """Bytes per part by which a server grows."""
    commands = [encode(*write(key, n)) for key in ["warm", *keys] for n in range(parts)]
    # What the first commands make once is not counted.
    send(server, commands[:parts])
    before = used(server)
    send(server, commands[parts:])
    return (used(server) - before) / (len(keys) * parts)


def send(server, commands: list[bytes]) -> None:
    with server.connect() as session:
        for at in range(0, len(commands), 1_000):
            batch = commands[at : at + 1_000]
            session.send_raw(b"".join(batch))
            for _ in batch:
                assert not session.read().is_error


@pytest.fixture(scope="module")
def both():
    with start_redis() as theirs, start_kevy(shards=1) as ours:
        yield theirs, ours


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("kind", WRITES)
def test_a_part_takes_no_more_than_in_the_reference(kind, size, both):
    keys, parts = ([f"small:{n:08}" for n in range(COLLECTIONS)], SMALL) if size == "small" else (["large"], LARGE)
    for server in both:
        with server.connect() as session:
            session.call("FLUSHALL")
    want, got = (grown(server, WRITES[kind], keys, parts) for server in both)
    assert got <= want, f"{got:.1f} bytes for each part, {want:.1f} in the reference"
