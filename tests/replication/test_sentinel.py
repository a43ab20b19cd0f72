"""Debian's redis-sentinel over a kevy primary."""

import shutil
import subprocess

import pytest
from redis.sentinel import Sentinel

from support.resp import Connection, Disconnected, info
from support.servers import free_port
from support.wait import eventually

from .links import follow, is_linked, settled, wait_linked

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
def watched(kevy, redis, closing, tmp_path):
    """A kevy primary with two redis-server replicas under the eyes of a Sentinel that knows them all."""
    primary, replicas = kevy(3, dir=tmp_path / "data"), [redis(), redis()]
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
