"""Debian's redis-sentinel over a kevy primary."""

import shutil
import subprocess

import pytest
from redis.sentinel import Sentinel

from support.resp import Connection, Disconnected, info
from support.servers import free_port
from support.wait import eventually

from .links import digests_are_equal, follow, is_linked, settled, stats, wait_linked

NAME = "mine"


class Watcher:
    """A redis-sentinel that watches one primary and needs nobody's consent."""

    def __init__(self, primary: int, directory):
        self.port = free_port()
        file = directory / f"sentinel-{self.port}.conf"
        file.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {directory}\n"
            f"sentinel monitor {NAME} 127.0.0.1 {primary} 1\n"
            f"sentinel down-after-milliseconds {NAME} 1000\n"
            f"sentinel failover-timeout {NAME} 10000\n"
        )
        self.log = directory / f"sentinel-{self.port}.log"
        with open(self.log, "wb") as log:
            program = shutil.which("redis-sentinel")
            self.process = subprocess.Popen([program, str(file)], stdout=log, stderr=log, cwd=directory)
        self.session = eventually(self._connect, "redis-sentinel starts")

    def _connect(self) -> Connection | None:
        try:
            return Connection.tcp(self.port)
        except ConnectionError:
            return None

    def fields(self, *command) -> dict[str, str]:
        words = [word.text for word in self.session.call("SENTINEL", *command).value]
        return dict(zip(words[::2], words[1::2]))

    def primary(self) -> int:
        return int(self.fields("MASTER", NAME)["port"])

    def replicas(self) -> dict[int, dict[str, str]]:
        found = {}
        for one in self.session.call("SENTINEL", "REPLICAS", NAME).value:
            words = [word.text for word in one.value]
            fields = dict(zip(words[::2], words[1::2]))
            found[int(fields["port"])] = fields
        return found

    def close(self) -> None:
        self.session.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def watch(closing, tmp_path):
    """Puts a filled primary and its replicas under the eyes of a Sentinel that knows them all."""

    def begin(primary, replicas):
        with primary.connect() as session:
            session.pipeline([("SET", f"k{i}", i) for i in range(500)])
            for replica in replicas:
                follow(replica, primary.port)
            for replica in replicas:
                with replica.connect() as theirs:
                    wait_linked(theirs)
            watcher = closing(Watcher(primary.port, tmp_path))

            def is_known() -> bool:
                known = watcher.replicas()
                return len(known) == 2 and all(one["master-link-status"] == "ok" for one in known.values())

            eventually(is_known, "the Sentinel has found the replicas")
            assert settled(session, 2)
        return primary, replicas, watcher

    return begin


@pytest.fixture
def watched(kevy, redis, watch, tmp_path):
    """A kevy primary with two redis-server replicas."""
    return watch(kevy(3, dir=tmp_path / "data"), [redis(), redis()])


@pytest.fixture
def family(kevy, watch, tmp_path):
    """A kevy primary with two kevy replicas, all with directories."""
    return watch(kevy(3, dir=tmp_path / "data"), [kevy(3, dir=tmp_path / name) for name in ("one", "two")])


def test_what_a_sentinel_sees_of_a_primary(watched):
    primary, replicas, watcher = watched
    fields = watcher.fields("MASTER", NAME)
    with primary.connect() as session:
        assert fields["runid"] == info(session, "server")["run_id"]
        assert fields["role-reported"] == "master" and fields["flags"] == "master"
        assert int(fields["num-slaves"]) == 2
        assert set(watcher.replicas()) == {replica.port for replica in replicas}
        # Its own channel is heard on the primary, and its words are not refused.
        eventually(lambda: session.call("PUBSUB", "NUMSUB", "__sentinel__:hello").value[1].value >= 1, "it listens")
        names = [line for line in session.call("CLIENT", "LIST").text.splitlines() if "name=sentinel-" in line]
        assert len(names) == 2


def test_a_primary_that_is_killed_is_replaced_and_clients_follow(watched):
    primary, replicas, watcher = watched
    clients = Sentinel([("127.0.0.1", watcher.port)], socket_timeout=5)
    client = clients.master_for(NAME, socket_timeout=5)
    assert client.set("written", "before")
    with primary.connect() as session:
        assert settled(session, 2)
    primary.kill()
    chosen = eventually(lambda: (port := watcher.primary()) != primary.port and port, "another one is chosen")
    assert chosen in {replica.port for replica in replicas}
    assert client.get("written") == b"before" and client.get("k499") == b"499"
    assert client.set("written", "after")
    other = next(replica for replica in replicas if replica.port != chosen)
    with other.connect() as theirs:
        eventually(lambda: info(theirs, "replication")["master_port"] == str(chosen), "the other one is told")
        wait_linked(theirs)
        eventually(lambda: theirs.call("GET", "written").value == b"after", "and copies the new one")
    promoted = next(replica for replica in replicas if replica.port == chosen)
    with promoted.connect() as theirs:
        # It knew the history that kevy had written, and went on from there.
        assert int(info(theirs, "stats")["sync_full"]) == 0
        assert int(info(theirs, "stats")["sync_partial_ok"]) == 1


def test_a_fail_over_by_command_leaves_the_old_primary_as_a_replica(watched):
    primary, replicas, watcher = watched
    assert watcher.session.call("SENTINEL", "FAILOVER", NAME).value == b"OK"
    chosen = eventually(lambda: (port := watcher.primary()) != primary.port and port, "another one is chosen")

    def is_told() -> bool:
        try:
            # The Sentinel ends every other client when it tells of the change.
            with primary.connect() as session:
                fields = info(session, "replication")
                is_replica = fields["role"] == "slave" and fields["master_port"] == str(chosen)
                return is_replica and session.call("SET", "a", 1).value.startswith(b"READONLY")
        except (Disconnected, ConnectionError):
            return False

    eventually(is_told, "the old one is told")
    client = Sentinel([("127.0.0.1", watcher.port)], socket_timeout=5).master_for(NAME, socket_timeout=5)
    assert client.set("written", "after")
    other = next(replica for replica in replicas if replica.port != chosen)
    with other.connect() as theirs:
        eventually(lambda: theirs.call("GET", "written").value == b"after" and is_linked(theirs), "the other one copies")


def follows(server, port: int) -> bool:
    """Whether a server is a linked replica of whoever listens on ``port``."""
    try:
        # The Sentinel ends every other client when it tells of the change.
        with server.connect() as session:
            fields = info(session, "replication")
            return fields.get("master_port") == str(port) and fields["master_link_status"] == "up"
    except (Disconnected, ConnectionError):
        return False


def chosen_after(primary, watcher) -> int:
    return eventually(lambda: (port := watcher.primary()) != primary.port and port, "another one is chosen")


def test_among_kevy_servers_a_killed_primary_costs_nothing_that_was_acknowledged(family):
    primary, replicas, watcher = family
    client = Sentinel([("127.0.0.1", watcher.port)], socket_timeout=5).master_for(NAME, socket_timeout=5)
    acknowledged = 0
    with primary.connect() as session:
        for turn in range(200):
            session.call("SET", "turn", turn)
            assert session.call("WAIT", 2, 5000).value == 2
            acknowledged = turn
    primary.kill()
    chosen = chosen_after(primary, watcher)
    assert int(client.get("turn")) == acknowledged
    assert client.set("written", "after")
    promoted = next(one for one in replicas if one.port == chosen)
    other = next(one for one in replicas if one.port != chosen)
    eventually(lambda: follows(other, chosen), "the other one follows")
    with promoted.connect() as new, other.connect() as theirs:
        eventually(lambda: digests_are_equal(new, theirs), "and has everything")
        assert stats(new) == (0, 1, 0)


def test_among_kevy_servers_a_fail_over_by_command_copies_nothing(family):
    primary, replicas, watcher = family
    assert watcher.session.call("SENTINEL", "FAILOVER", NAME).value == b"OK"
    chosen = chosen_after(primary, watcher)
    promoted = next(one for one in replicas if one.port == chosen)
    others = [primary, *(one for one in replicas if one.port != chosen)]
    for other in others:
        eventually(lambda: follows(other, chosen), "the others follow")
    client = Sentinel([("127.0.0.1", watcher.port)], socket_timeout=5).master_for(NAME, socket_timeout=5)
    assert client.set("written", "after")
    with promoted.connect() as new:
        assert settled(new, 2)
        for other in others:
            with other.connect() as theirs:
                eventually(lambda: digests_are_equal(new, theirs), "and have everything")
        assert stats(new) == (0, 2, 0)
