"""Servers that restart with their files: whoever stands where they stopped goes on."""

import pytest

from support.resp import Connection, info
from support.servers import Server
from support.wait import eventually

from .links import digests_are_equal, follow, is_linked, settled, stats, wait_linked
from .test_promotion import fill


@pytest.fixture(params=["snapshot", "log"])
def kept(request, tmp_path):
    """Options by which a server keeps its keys."""

    def options(name: str) -> dict:
        directory = tmp_path / name
        return {"dir": directory} if request.param == "snapshot" else {"dir": directory, "appendonly": "yes"}

    return options


def stop(server, session: Connection) -> None:
    """A clean stop, with whatever the server keeps."""
    session.send("SHUTDOWN", "SAVE")
    assert server.wait() == 0


def followed(primary: Server, copies: list[Server]) -> list[Connection]:
    """Makes servers replicas, and connects to them once they are."""
    for copy in copies:
        follow(copy, primary.port)
    theirs = [copy.connect() for copy in copies]
    for one in theirs:
        wait_linked(one)
    return theirs


def same(primary: Connection, replica: Connection) -> None:
    eventually(lambda: is_linked(replica) and digests_are_equal(primary, replica), "the replica equals the primary")


def test_replicas_go_on_when_their_primary_comes_back(kevy, redis, kept):
    options = kept("primary")
    primary = kevy(2, **options)
    session = primary.connect()
    copies = [kevy(2), kevy(3), redis()]
    theirs = followed(primary, copies)
    fill(session, 0)
    session.call("SET", "short", "v", "PX", 300)
    assert settled(session, len(copies))
    stop(primary, session)
    again = kevy(2, port=primary.port, **options).connect()
    fill(again, 100)
    for one in theirs:
        same(again, one)
    assert stats(again) == (0, 3, 0)
    # What fell due while nobody was there has gone everywhere.
    for one in theirs:
        eventually(lambda: one.call("DBSIZE").value == again.call("DBSIZE").value, "the short one has gone")


def test_replicas_are_copied_anew_where_the_primary_lost_something(kevy, redis, tmp_path):
    primary = kevy(2, dir=tmp_path / "primary")
    session = primary.connect()
    copies = [kevy(2), redis()]
    theirs = followed(primary, copies)
    fill(session, 0)
    assert settled(session, len(copies))
    assert session.call("SAVE").value == b"OK"
    session.call("SET", "lost", 1)
    assert settled(session, len(copies))
    primary.kill()
    again = kevy(2, port=primary.port, dir=tmp_path / "primary").connect()
    again.call("SET", "other", 1)
    for one in theirs:
        same(again, one)
        assert one.call("EXISTS", "lost").value == 0
    assert stats(again)[0] == 2


@pytest.mark.parametrize("source", ["kevy", "redis"])
def test_a_replica_that_comes_back_goes_on(kevy, redis, kept, source):
    primary = kevy(2) if source == "kevy" else redis(repl_diskless_sync_delay=0)
    session = primary.connect()
    options = kept("replica") | {"replicaof": f"127.0.0.1 {primary.port}"}
    replica = kevy(2, **options)
    theirs = replica.connect()
    wait_linked(theirs)
    fill(session, 0)
    assert settled(session)
    stop(replica, theirs)
    fill(session, 100)
    theirs = kevy(2, **options).connect()
    same(session, theirs)
    assert stats(session) == (1, 1, 0)


def test_the_old_primary_comes_back_as_a_replica_without_a_copy(kevy, tmp_path):
    primary, heir = kevy(2, dir=tmp_path / "old"), kevy(2)
    session, new = primary.connect(), heir.connect()
    follow(heir, primary.port)
    wait_linked(new)
    fill(session, 0)
    assert session.call("SAVE").value == b"OK"
    # What the file does not hold the replica does.
    fill(session, 100)
    assert settled(session)
    primary.kill()
    assert new.call("REPLICAOF", "NO", "ONE").value == b"OK"
    fill(new, 200)
    again = kevy(2, dir=tmp_path / "old", replicaof=f"127.0.0.1 {heir.port}").connect()
    same(new, again)
    assert stats(new) == (0, 1, 0)


def test_a_redis_that_loads_the_file_of_a_replica_goes_on_at_its_primary(kevy, redis, tmp_path):
    primary = redis(repl_diskless_sync_delay=0)
    session = primary.connect()
    replica = kevy(2, dir=tmp_path, replicaof=f"127.0.0.1 {primary.port}", rdb_version=10)
    theirs = replica.connect()
    wait_linked(theirs)
    fill(session, 0)
    assert settled(session)
    stop(replica, theirs)
    other = redis(dir=tmp_path, replicaof=f"127.0.0.1 {primary.port}").connect()
    same(session, other)
    assert stats(session) == (1, 1, 0)
    assert info(session, "replication")["connected_slaves"] == "1"
