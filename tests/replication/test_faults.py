"""Links that break at the worst moments, and peers that behave badly: nothing is lost, split, repeated or held for ever."""

import random
import socket
import threading
import time

import pytest

from support.resp import Connection, encode, info
from support.wait import eventually

from .links import Cutter, Played, digests_are_equal, follow, is_linked, settled, stats, wait_linked
from .test_tail import Tail


class Native(Played):
    """A replica in the native protocol that the test plays."""

    def replicate(self, name: str, generation: int = 0, offsets: str = "0") -> tuple[int, str]:
        """Asks, and returns the generation and the offsets that are acknowledged."""
        self.send("REPLICATE", "FROM", generation, offsets, "ID", name, "CAPA", "mux", "resync", "rebase")
        word, got, at = self.line().split(" ")
        assert word == "+ACK"
        return int(got), at

    def snapshot(self) -> str:
        """Reads the snapshot that follows, and returns its offsets."""
        while True:
            line = self.line()
            if line.startswith("$"):
                self.exactly(int(line[1:]) + 2)
            elif line.startswith("+SNAPSHOT_END "):
                return line.split(" ")[1]


def same(primary: Connection, replica: Connection) -> None:
    eventually(lambda: is_linked(replica) and digests_are_equal(primary, replica), "the replica equals the primary")


@pytest.mark.parametrize(
    "words",
    [
        [("PING",), ("REPLCONF", "listening-port", 1, "capa", "eof", "capa", "psync2"), ("PSYNC", "?", -1)],
        [("REPLCONF", "listening-port", 1), ("REPLICATE", "FROM", 0, "0", "ID", "x", "CAPA", "mux", "resync", "rebase")],
    ],
    ids=["PSYNC", "REPLICATE"],
)
def test_a_handshake_cut_at_every_byte_leaves_nothing_behind(kevy, words):
    primary = kevy(2)
    with primary.connect() as session:
        session.pipeline([("SET", f"k{n}", "v" * 100) for n in range(200)])
        handshake = b"".join(encode(*one) for one in words)
        before = primary.descriptors()
        for length in range(len(handshake) + 1):
            with socket.create_connection(("127.0.0.1", primary.port)) as sock:
                sock.sendall(handshake[:length])
        eventually(lambda: info(session, "replication")["connected_slaves"] == "0", "they are all gone")
        eventually(lambda: primary.descriptors() <= before, "and so are their connections")
        assert session.call("DBSIZE").value == 200


@pytest.mark.parametrize("shards", [1, 3])
def test_a_snapshot_and_stream_cut_at_every_byte_arrive_once_and_whole(kevy, closing, shards):
    primary = kevy(shards)
    with primary.connect() as session:
        session.pipeline([("SET", f"k{n}", n) for n in range(5)])
        link = closing(Cutter(primary.port))
        # As much as the handshake's answer and the snapshot take, and some bytes of the stream.
        whole = closing(Native(primary.port))
        whole.replicate("measure")
        head = whole.snapshot()
        link.budget = 0
        follower = closing(
            Tail(f"kevy://127.0.0.1:{link.port}", "--reconnect-delay-min", "1", "--reconnect-delay-max", "1")
        )
        written = 0
        # Every connection carries a byte more than the one before.
        def is_whole() -> bool:
            while not follower.lines.empty():
                follower.seen.append(follower.lines.get())
            return any(frame["kind"] == "snapshot-end" for frame in follower.seen)

        while not is_whole():
            known = link.accepted
            link.budget += 1
            eventually(lambda: link.accepted > known or is_whole(), "it connects anew")
            assert link.budget < 5000, head
        # From here on each carries the answer to the handshake and a part of what was missed.
        link.budget = 1
        link.cut()
        for length in range(1, 121):
            known = link.accepted
            link.budget = length
            # More than any of them carries.
            session.pipeline([("INCR", "n")] * 4)
            written += 4
            eventually(lambda: link.accepted > known, "it connects anew")
        link.budget = None
        session.call("SET", "last", 1)
        follower.until_argv("SET", "last", "1")
        frames = follower.seen
        begun = max(at for at, frame in enumerate(frames) if frame["kind"] == "snapshot-begin")
        assert sum(frame["kind"] == "snapshot-end" for frame in frames) == 1
        entries = {frame["argv"][1] for frame in frames[begun:] if frame["kind"] == "entry"}
        assert entries >= {f"k{n}" for n in range(5)}
        changes = [frame["argv"] for frame in frames[begun:] if frame["kind"] == "change" or frame["kind"] == "command"]
        assert [argv for argv in changes if argv[0] == "INCR"] == [["INCR", "n"]] * written


def test_a_reader_that_stalls_costs_bounded_memory_and_begins_anew(kevy, closing):
    primary = kevy(2, repl_backlog_size="1mb", client_output_buffer_limit="replica 2mb 0 0")
    with primary.connect() as session:
        stalled = closing(Native(primary.port))
        stalled.replicate("stalled")
        stalled.snapshot()
        before = primary.resident_bytes()
        for _ in range(40):
            session.pipeline([("SET", "key", bytes(100_000)) for _ in range(10)])
        assert primary.resident_bytes() - before < 24 << 20
        # It is told that it has to begin anew, and what follows is whole.
        eventually_told = stalled.until(b"+RESYNC ")
        assert eventually_told is not None
        session.call("SET", "key", "small")
        stalled.line()
        stalled.snapshot()


def test_a_link_that_is_open_and_dead_is_noticed_on_both_sides(kevy, closing):
    primary = kevy(2, repl_timeout=1, repl_ping_replica_period=1)
    replica = kevy(2, repl_timeout=1)
    link = closing(Cutter(primary.port))
    with primary.connect() as session, replica.connect() as theirs:
        follow(replica, link.port)
        wait_linked(theirs)
        session.call("SET", "a", 1)
        assert settled(session)
        link.stall()
        session.call("SET", "a", 2)
        assert session.call("WAIT", 1, 50).value == 0
        behind = info(session, "replication")["slave0"]
        assert "lag_frames=1," in behind, behind
        eventually(lambda: not is_linked(theirs), "the replica notices")
        eventually(lambda: info(session, "replication")["connected_slaves"] == "0", "and so does the primary")
        assert theirs.call("GET", "a").value == b"1"
        link.cut()
        link.stall(False)
        same(session, theirs)
        assert stats(session) == (1, stats(session)[1], 0)


def test_a_storm_of_two_hundred_replicas_copies_nothing_twice(kevy, closing):
    primary = kevy(2)
    with primary.connect() as session:
        session.pipeline([("SET", f"k{n}", n) for n in range(100)])
        first = closing(Native(primary.port))
        generation, _ = first.replicate("first")
        place = first.snapshot()
        for _ in range(2):
            storm = [Native(primary.port) for _ in range(200)]
            for number, one in enumerate(storm):
                one.send("REPLICATE", "FROM", generation, place, "ID", f"r{number}", "CAPA", "mux", "resync")
            for one in storm:
                assert one.line() == f"+ACK {generation} {place}"
                one.send("REPLCONF", "ACK", place, "APPLIED", place)
            # All of them have everything, by their own word.
            assert session.call("WAIT", 200, 20_000).value >= 200
            for one in storm:
                one.close()
            eventually(lambda: info(session, "replication")["connected_slaves"] == "1", "they are gone")
        assert stats(session) == (1, 400, 0)


@pytest.mark.parametrize("shards", [1, 3])
def test_a_flush_in_the_middle_of_a_snapshot_is_seen_behind_it(kevy, closing, shards):
    primary, replica = kevy(shards), kevy(2)
    link = closing(Cutter(primary.port))
    with primary.connect() as session, replica.connect() as theirs:
        session.pipeline([("SET", f"k{n}", "v" * 1000) for n in range(20_000)])
        follow(replica, link.port)
        eventually(lambda: link.carried > 100_000, "the snapshot is under way")
        link.stall()
        session.call("FLUSHALL")
        session.pipeline([("SET", f"new{n}", n) for n in range(10)])
        link.stall(False)
        same(session, theirs)
        assert theirs.call("DBSIZE").value == 10
        assert stats(session)[0] == 1


def test_a_promotion_in_the_middle_of_a_snapshot_leaves_the_old_image(kevy, closing):
    primary, replica = kevy(2), kevy(2)
    link = closing(Cutter(primary.port))
    with primary.connect() as session, replica.connect() as theirs:
        theirs.call("SET", "old", 1)
        session.pipeline([("SET", f"k{n}", "v" * 1000) for n in range(20_000)])
        follow(replica, link.port)
        eventually(lambda: link.carried > 100_000, "the snapshot is under way")
        link.stall()
        assert theirs.call("GET", "old").value == b"1" or info(theirs, "replication")["master_link_status"] == "down"
        assert theirs.call("REPLICAOF", "NO", "ONE").value == b"OK"
        link.stall(False)
        assert theirs.call("SET", "new", 1).value == b"OK"
        assert [theirs.call("GET", key).value for key in ("old", "new", "k1")] == [b"1", b"1", None]
        assert theirs.call("DBSIZE").value == 2
        eventually(lambda: info(session, "replication")["connected_slaves"] == "0", "the primary has let go of it")


def test_cut_at_random_a_replica_always_holds_a_prefix(kevy, closing):
    primary, replica = kevy(3), kevy(2)
    link = closing(Cutter(primary.port))
    chance = random.Random(5)
    stop = threading.Event()

    def write() -> None:
        with primary.connect() as own:
            turn = 0
            while not stop.is_set():
                turn += 1
                # The same number in four keys on several shards, and a list that grows by it.
                own.pipeline([("MULTI",), ("MSET", *(w for k in "abcd" for w in (k, turn))), ("RPUSH", "l", turn), ("EXEC",)])

    with primary.connect() as session, replica.connect() as theirs:
        follow(replica, link.port)
        wait_linked(theirs)
        writer = threading.Thread(target=write)
        writer.start()
        last, until, cuts = 0, time.monotonic() + 5, 0
        while time.monotonic() < until:
            values, length, end = theirs.pipeline(
                [("MULTI",), ("MGET", *"abcd"), ("LLEN", "l"), ("LINDEX", "l", -1), ("EXEC",)]
            )[-1].value
            seen = {value.value for value in values.value}
            assert len(seen) == 1, "a transaction was split"
            if (number := seen.pop()) is None:
                continue
            assert int(number) == length.value == int(end.value), "a gap, or a change that came twice"
            assert length.value >= last, "the copy went back"
            last = length.value
            if chance.random() < 0.02:
                link.cut()
                cuts += 1
        stop.set()
        writer.join()
        same(session, theirs)
        assert cuts > 3 and stats(session)[0] == 1 and stats(session)[2] == 0
