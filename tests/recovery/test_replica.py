"""The log of a replica whose keys are replaced by its primary's: it holds what was before, or what came, and never a mix."""

import pytest

from support.resp import Disconnected
from support.servers import start_kevy
from support.wait import eventually

LOG = {"appendonly": "yes", "appendfsync": "always", "save": ""}

#: Where the replica may end between the exchange of its keys and the end of the rewrite that follows, and what its log
#: tells there.
PLACES = {
    "keys-replaced": "old",
    "rewrite-cut": "old",
    "rewrite-written": "old",
    "rewrite-renamed": "old",
    "manifest-write": "old",
    "manifest-written": "new",
    "rewrite-listed": "new",
    "rewrite-removed": "new",
}


@pytest.fixture
def primary():
    with start_kevy(shards=2) as server:
        session = server.connect()
        for number in range(50):
            session.call("SET", f"new:{number}", number)
        session.call("SET", "both", "new")
        session.call("FUNCTION", "LOAD", "#!lua name=new\nredis.register_function('new', function() return 1 end)")
        yield server


def old_image(start, shards):
    server = start(shards, **LOG)
    session = server.connect()
    for number in range(50):
        session.call("SET", f"old:{number}", number)
    session.call("SET", "both", "old")
    session.call("MSET", "left", 0, "right", 0)
    return server


def image(session) -> str:
    """Which of the two images a server holds; fails where it is a mix."""
    keys = {key.value.decode() for key in session.call("KEYS", "*").value}
    kind = session.call("GET", "both").text
    assert kind in ("old", "new")
    assert {key for key in keys if ":" in key} == {f"{kind}:{number}" for number in range(50)}
    left, right = (reply.value for reply in session.call("MGET", "left", "right").value)
    assert left == right
    assert kind == "new" or left == b"0"
    return kind


def write(session, number: int) -> None:
    session.pipeline([("MULTI",), ("SET", "left", number), ("SET", "right", number), ("EXEC",), ("INCR", "count")])


def has_caught_up(replica, primary) -> None:
    def holds() -> bool:
        return replica.connect().call("DEBUG", "DIGEST").value == primary.connect().call("DEBUG", "DIGEST").value

    eventually(holds, "the replica has what its primary has")


def is_logged(server) -> None:
    def holds() -> bool:
        text = server.connect().call("INFO", "persistence").text
        return "aof_rewrite_in_progress:0" in text and "aof_rewrite_scheduled:0" in text

    eventually(holds, "the log has its base")


@pytest.mark.parametrize("place", PLACES)
def test_an_end_beside_a_full_synchronization_leaves_one_image_or_the_other(start, primary, place):
    shards = 1 + len(place) % 3
    replica = old_image(start, shards)
    writer = primary.connect()
    session = replica.connect()
    session.call("DEBUG", "DISK", "END-AT", place, 1)
    session.call("REPLICAOF", "127.0.0.1", primary.port)
    number = 0
    while replica.is_running() and number < 20_000:
        number += 1
        write(writer, number)
    assert replica.wait() != 0
    replica = start(3 - len(place) % 2, **LOG)
    session = replica.connect()
    assert image(session) == PLACES[place]
    session.call("REPLICAOF", "127.0.0.1", primary.port)
    has_caught_up(replica, primary)
    is_logged(replica)
    write(writer, number + 1)
    has_caught_up(replica, primary)
    session.call("WAITAOF", 1, 0, 0)
    whole = session.call("DEBUG", "DIGEST").value
    replica.kill()
    session = start(2, **LOG).connect()
    assert session.call("DEBUG", "DIGEST").value == whole
    assert [library.value[1].text for library in session.call("FUNCTION", "LIST").value] == ["new"]


def test_a_replica_killed_at_any_moment_holds_one_image_or_the_other(start, primary):
    writer = primary.connect()
    for number in range(6):
        replica = old_image(start, 2) if number == 0 else start(2, **LOG)
        session = replica.connect()
        if number:
            image(session)
        session.call("REPLICAOF", "127.0.0.1", primary.port)
        for step in range(number * 15):
            write(writer, number * 1000 + step)
        if number % 2:
            has_caught_up(replica, primary)
        replica.kill()
    replica = start(2, **LOG)
    replica.connect().call("REPLICAOF", "127.0.0.1", primary.port)
    has_caught_up(replica, primary)
    is_logged(replica)
    replica.kill()
    assert image(start(3, **LOG).connect()) == "new"


def test_keys_read_anew_by_a_reload_are_logged_as_one_image(start):
    server = old_image(start, 2)
    session = server.connect()
    session.call("SAVE")
    session.call("SET", "both", "later")
    # The disk fails before the base of what the snapshot held is there.
    session.call("DEBUG", "DISK", "END-AT", "rewrite-written", 1)
    try:
        session.call("DEBUG", "RELOAD", "NOSAVE")
        while True:
            session.call("SET", "after", 1)
    except (OSError, Disconnected):
        pass
    server.wait()
    session = start(2, **LOG).connect()
    assert session.call("MGET", "both", "after").value[0].text == "later"
    assert session.call("GET", "after").value is None
