"""kevy replicas that become primaries: whoever shared their history goes on, and nobody else does."""

import pytest

from support.resp import Connection, info
from support.wait import eventually

from .links import Link, Writers, digests_are_equal, follow, is_linked, settled, stats, wait_linked


def fill(session: Connection, start: int, count: int = 60) -> None:
    """Changes in several databases, on all shards, alone and together, and some that change nothing."""
    commands = []
    for n in range(start, start + count):
        commands += [
            ("SELECT", n % 3),
            ("SET", f"k{n}", n),
            ("INCR", f"counter{n % 7}"),
            ("DEL", f"missing{n}"),
            ("MSET", f"a{n}", 1, f"b{n}", 2, f"c{n}", 3),
            ("RPUSH", f"list{n % 5}", n, n + 1),
            ("SPOP", f"set{n % 5}"),
            ("SADD", f"set{n % 5}", n),
            ("MULTI",),
            ("SET", f"t{n}", n),
            ("SELECT", (n + 1) % 3),
            ("HSET", f"h{n}", "f", n),
            ("EXEC",),
            ("SET", f"e{n}", n, "EX", 1000),
        ]
    commands.append(("SELECT", 0))
    session.pipeline(commands)


@pytest.fixture
def family(kevy, closing):
    """A primary and replicas behind links of their own, all of them whole."""

    def make(shards, *replicas):
        primary = kevy(shards)
        session = primary.connect()
        fill(session, 0)
        made = []
        for count in replicas:
            link = closing(Link(primary.port))
            server = kevy(count)
            follow(server, link.port)
            made.append((server, server.connect(), link))
        for _, theirs, _ in made:
            wait_linked(theirs)
        fill(session, 100)
        assert settled(session, len(made))
        return primary, session, made

    return make


def promote(session: Connection) -> None:
    assert session.call("REPLICAOF", "NO", "ONE").value == b"OK"


def same(primary: Connection, replica: Connection) -> None:
    eventually(lambda: is_linked(replica) and digests_are_equal(primary, replica), "the replica equals the primary")


def test_a_sibling_goes_on_at_the_promoted_replica(family, shards):
    primary, session, [(heir, new, _), (sibling, theirs, link)] = family(shards, shards, shards)
    before = stats(new)
    # The sibling is behind when the primary dies.
    link.cut(stays=True)
    fill(session, 200)
    assert settled(session)
    primary.kill()
    promote(new)
    fill(new, 300)
    follow(sibling, heir.port)
    same(new, theirs)
    fill(new, 400)
    same(new, theirs)
    assert stats(new) == (before[0], before[1] + 1, before[2])
    assert new.call("WAIT", 1, 10_000).value == 1


def test_a_chain_of_promotions_costs_no_copy(family):
    primary, session, [(first, one, _), (second, two, _), (third, three, _)] = family(2, 2, 2, 2)
    primary.kill()
    promote(one)
    fill(one, 200)
    for server, theirs in (second, two), (third, three):
        follow(server, first.port)
        same(one, theirs)
    fill(one, 300)
    assert settled(one, 2)
    first.kill()
    promote(two)
    fill(two, 400)
    follow(third, second.port)
    same(two, three)
    assert (stats(one) if first.is_running() else None) is None
    assert stats(two)[0] == 0 and stats(two)[1] == 1


def test_the_old_primary_goes_on_as_a_replica_where_it_has_nothing_of_its_own(family, shards):
    primary, session, [(heir, new, _)] = family(shards, shards)
    promote(new)
    fill(new, 200)
    follow(primary, heir.port)
    same(new, session)
    assert stats(new)[:2] == (0, 1)
    # And back again.
    assert settled(new)
    promote(session)
    follow(heir, primary.port)
    fill(session, 300)
    same(session, new)
    assert stats(session)[0] == 1, "the only copy is the first one"


def test_what_only_the_old_primary_has_costs_it_a_copy(family, shards):
    primary, session, [(heir, new, link)] = family(shards, shards)
    link.cut(stays=True)
    session.call("SET", "lost", 1)
    promote(new)
    fill(new, 200)
    follow(primary, heir.port)
    same(new, session)
    assert session.call("EXISTS", "lost").value == 0
    assert stats(new) == (1, 0, 1)


def test_a_sibling_that_is_ahead_is_copied_anew(family):
    primary, session, [(heir, new, link), (sibling, theirs, _)] = family(2, 2, 2)
    link.cut(stays=True)
    session.call("SET", "ahead", 1)
    assert settled(session)
    primary.kill()
    promote(new)
    follow(sibling, heir.port)
    same(new, theirs)
    assert theirs.call("EXISTS", "ahead").value == 0
    assert stats(new) == (1, 0, 1)


def test_with_other_shards_whoever_is_as_far_goes_on(family):
    primary, session, [(heir, new, _), (sibling, theirs, _)] = family(3, 2, 1)
    primary.kill()
    promote(new)
    follow(sibling, heir.port)
    fill(new, 200)
    same(new, theirs)
    assert stats(new) == (0, 1, 0)


def test_the_history_of_a_promoted_replica_is_given_up_in_time(family):
    primary, session, [(heir, new, _), (sibling, theirs, _)] = family(2, 2, 2)
    new.call("CONFIG", "SET", "replica-reconnect-window", "0")
    promote(new)
    eventually(lambda: info(new, "replication")["repl_backlog_active"] == "0", "nothing is recorded any more")
    follow(sibling, heir.port)
    same(new, theirs)
    assert stats(new) == (1, 0, 1)


def test_a_planned_change_between_kevy_servers_loses_nothing(family):
    primary, session, [(heir, new, _), (sibling, theirs, _)] = family(3, 3, 3)
    writers = Writers(primary)
    assert session.call("FAILOVER", "TO", "127.0.0.1", heir.port, "TIMEOUT", 20_000).value == b"OK"
    eventually(lambda: info(session, "replication")["role"] == "slave", "the roles have changed")
    writers.stop()
    assert info(new, "replication")["role"] == "master"
    writers.assert_kept(new)
    follow(sibling, heir.port)
    fill(new, 500)
    same(new, session)
    same(new, theirs)
    assert stats(new) == (0, 2, 0)


def test_digests_of_shards_tell_where_copies_differ(kevy):
    primary, replica = kevy(3), kevy(2, replica_read_only="no")
    with primary.connect() as session, replica.connect() as theirs:
        follow(replica, primary.port)
        wait_linked(theirs)
        fill(session, 0)
        assert settled(session)

        def digests(one: Connection, *count: object) -> list[str]:
            return [digest.text for digest in one.call("DEBUG", "DIGEST", "SHARDS", *count).value]

        assert digests(session) == digests(session, 3) == digests(theirs, 3)
        assert len(digests(theirs)) == 2 and len(set(digests(session, 3))) == 3
        theirs.call("SET", "mine", 1)
        assert sum(a != b for a, b in zip(digests(session, 3), digests(theirs, 3))) == 1
        for wrong in ("0", "16385", "x"):
            assert session.call("DEBUG", "DIGEST", "SHARDS", wrong).value.startswith(b"ERR")
        assert session.call("DEBUG", "DIGEST", "MORE").value == b"ERR syntax error"


def test_who_may_see_some_keys_only_gets_no_copy(kevy, redis, played):
    primary = kevy(2)
    with primary.connect() as session:
        for name, rules in {
            "some": ["+@all", "~app:*"],
            "all": ["+psync", "+replconf", "+replicate", "+ping", "%R~*"],
            "none": ["+psync", "+replconf", "+replicate", "+ping"],
            "second": ["~app:*", "+@all", "(+psync +replicate ~*)"],
        }.items():
            assert session.call("ACL", "SETUSER", name, "on", ">secret", *rules).value == b"OK"
        for name, words in {"some": "-NOPERM", "all": "+", "none": "+", "second": "+"}.items():
            for ask in ("PSYNC", "?", -1), ("REPLICATE", "FROM", 0, 0, "ID", "x", "CAPA", "mux"):
                replica = played(primary)
                assert replica.command("AUTH", name, "secret") == "+OK"
                assert replica.command(*ask).startswith(words), (name, ask)
        copy = kevy(1, masteruser="some", masterauth="secret", replicaof=f"127.0.0.1 {primary.port}")
        eventually(lambda: "may see only the keys" in copy.output(), "the log tells why")
