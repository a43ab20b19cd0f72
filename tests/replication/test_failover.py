"""FAILOVER: a planned change of primaries that loses nothing."""

import pytest

from support.resp import info
from support.wait import eventually

from .links import Played, Writers, follow, settled, wait_linked


@pytest.fixture
def pair(kevy, redis):
    primary, replica = kevy(3), redis()
    with primary.connect() as session, replica.connect() as theirs:
        session.pipeline([("SET", f"k{i}", i) for i in range(300)])
        follow(replica, primary.port)
        wait_linked(theirs)
        assert settled(session)
    return primary, replica


@pytest.mark.parametrize("named", [True, False], ids=["a named replica", "any replica"])
def test_no_write_that_was_answered_is_lost(pair, named):
    primary, replica = pair
    writers = Writers(primary)
    with primary.connect() as session:
        target = ("TO", "127.0.0.1", replica.port) if named else ()
        assert session.call("FAILOVER", *target, "TIMEOUT", 20_000).value == b"OK"
        eventually(lambda: info(session, "replication")["role"] == "slave", "the roles have changed")
        fields = info(session, "replication")
        assert (fields["master_port"], fields["master_failover_state"]) == (str(replica.port), "no-failover")
        assert session.call("SET", "a", 1).value.startswith(b"READONLY")
    writers.stop()
    with replica.connect() as theirs:
        assert info(theirs, "replication")["role"] == "master"
        writers.assert_kept(theirs)


REFUSED = [
    (("TO", "127.0.0.1", 1), b"ERR FAILOVER target HOST and PORT is not a replica."),
    (("TO", "127.0.0.1"), b"ERR syntax error"),
    (("TO", "127.0.0.1", 1, "FORCE"), b"ERR FAILOVER with force option requires both a timeout and target HOST and IP."),
    (("TIMEOUT", 0), b"ERR FAILOVER timeout must be greater than 0"),
    (("TIMEOUT", "x"), b"ERR value is not an integer or out of range"),
    (("ABORT",), b"ERR No failover in progress."),
    (("ABORT", "TIMEOUT", 1), b"ERR syntax error"),
]


def test_what_cannot_be_done_is_refused_as_redis_does(kevy, redis):
    for primary in kevy(2), redis():
        replica = redis()
        with primary.connect() as session, replica.connect() as theirs:
            assert session.call("FAILOVER").value == b"ERR FAILOVER requires connected replicas."
            follow(replica, primary.port)
            wait_linked(theirs)
            for arguments, error in REFUSED:
                assert session.call("FAILOVER", *arguments).value == error, (primary.name, arguments)
            assert theirs.call("FAILOVER").value == b"ERR FAILOVER is not valid when server is a replica."


def test_a_replica_that_is_late_is_not_promoted(kevy, closing):
    primary = kevy(2)
    late = closing(Played(primary.port, "eof", listening=1))
    _, _, offset = late.psync()
    late.copy()
    late.acknowledge(offset)
    with primary.connect() as session, primary.connect() as writer:
        eventually(lambda: "state=online" in info(session, "replication")["slave0"], "it is online")
        writer.call("SET", "a", 1)
        assert session.call("FAILOVER").value == b"OK"
        assert info(session, "replication")["master_failover_state"] == "waiting-for-sync"
        assert session.call("FAILOVER").value == b"ERR FAILOVER already in progress."
        # Writes wait, reads do not.
        writer.send("SET", "a", 2)
        assert session.call("GET", "a").value == b"1"
        assert session.call("FAILOVER", "ABORT").value == b"OK"
        assert writer.read().value == b"OK"
        eventually(lambda: info(session, "replication")["master_failover_state"] == "no-failover", "it is over")
        assert session.call("FAILOVER", "TIMEOUT", 100).value == b"OK"
        assert writer.call("SET", "a", 3).value == b"OK"
        assert info(session, "replication")["role"] == "master"
