"""PSYNC and SYNC as a replica that the test plays sees them."""

import subprocess
import threading

import pytest

from support.resp import encode, info
from support.wait import eventually

from .links import digests_are_equal, settled, stats


def attach(played, server, *capabilities):
    replica = played(server, *(capabilities or ("eof", "psync2")), listening=7)
    word, history, offset = replica.psync()
    assert word == "+FULLRESYNC" and len(history) == 40
    return replica, history, int(offset)


def test_a_copy_has_one_of_two_framings(shards, kevy, played):
    server = kevy(shards)
    with server.connect() as session:
        session.pipeline([("SET", f"k{i}", "x" * 50) for i in range(2000)])
    by_mark, history, _ = attach(played, server, "eof")
    by_length, again, _ = attach(played, server, "psync2")
    assert history == again
    copies = [by_mark.copy(), by_length.copy()]
    for copy in copies:
        assert copy.startswith(b"REDIS0010") and copy[-9] == 0xFF and len(copy) > 100_000
    with server.connect() as session:
        session.call("SET", "after", 1)
        # Behind a mark nothing comes before the replica has said that it found it; a length needs no such word.
        assert by_length.until(b"after") is not None
        by_mark.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            by_mark.exactly(1)
        by_mark.sock.settimeout(30)
        by_mark.acknowledge(0)
        by_mark.until(b"after")


def test_sync_sends_no_line_before_the_copy(kevy, played):
    server = kevy()
    replica = played(server)
    replica.sock.sendall(b"SYNC\r\n")
    assert replica.copy().startswith(b"REDIS0010")
    with server.connect() as session:
        session.call("SET", "key", "value")
    replica.until(encode("SET", "key", "value"))


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (("PSYNC", "?", "x"), "-ERR value is not an integer or out of range"),
        (("PSYNC", "?"), "-ERR wrong number of arguments for 'psync' command"),
        (("SYNC", "x"), "-ERR wrong number of arguments for 'sync' command"),
        (("REPLCONF", "capa"), "-ERR syntax error"),
        (("REPLCONF", "nope", "1"), "-ERR Unrecognized REPLCONF option: nope"),
        (("REPLCONF", "listening-port", "x"), "-ERR value is not an integer or out of range"),
        (("REPLCONF", "rdb-filter-only", "keys"), "-ERR Unsupported rdb-filter-only option: keys"),
    ],
)
def test_what_is_wrong_is_refused_as_redis_does(kevy, redis, played, command, reply):
    assert played(kevy()).command(*command) == reply
    assert played(redis()).command(*command) == reply


def test_sync_is_not_queued(kevy, played):
    replica = played(kevy())
    assert replica.command("MULTI") == "+OK"
    assert replica.command("PSYNC", "?", "-1") == "-ERR Command not allowed inside a transaction"


def test_a_replica_continues_to_the_byte(shards, kevy, played):
    server = kevy(shards, repl_backlog_size=20_000)
    replica, history, offset = attach(played, server)
    replica.copy()
    replica.acknowledge(offset)
    with server.connect() as session:
        eventually(lambda: "state=online" in info(session, "replication")["slave0"], "it is online")
        session.call("SELECT", 2)
        session.pipeline([("SET", f"k{i}", "x" * 90) for i in range(400)])
        eventually(lambda: int(info(session, "replication")["master_repl_offset"]) > 40_000, "the stream has grown")
        fields = info(session, "replication")
        first, end = int(fields["repl_backlog_first_byte_offset"]), int(fields["master_repl_offset"])
        assert int(fields["repl_backlog_histlen"]) == 20_000 == end - first + 1
        stream = replica.exactly(end - offset)
        assert played(server, "psync2").psync(history, first) == ["+CONTINUE", history]
        assert played(server).psync(history, end + 1) == ["+CONTINUE"]
        again = played(server, "psync2")
        assert again.psync(history, end - 999) == ["+CONTINUE", history]
        assert again.exactly(1000) == stream[-1000:]
        assert stats(session) == (1, 3, 0)
        for wrong in [(history, first - 1), (history, end + 2), ("0" * 40, end + 1), ("f" * 40, first)]:
            assert played(server, "eof").psync(*wrong)[0] == "+FULLRESYNC", wrong
        assert stats(session) == (5, 3, 4)


def test_a_replica_that_reads_nothing_is_cut(kevy, played):
    server = kevy(2, client_output_buffer_limit="replica 2mb 0 0", repl_backlog_size="1mb")
    replica, _, offset = attach(played, server)
    replica.copy()
    replica.acknowledge(offset)
    with server.connect() as session:
        eventually(lambda: "state=online" in info(session, "replication")["slave0"], "it is online")
        before = server.resident_bytes()
        for turn in range(60):
            session.pipeline([("SET", f"k{i}", str(turn) * 50_000) for i in range(20)])
        eventually(lambda: info(session, "replication")["connected_slaves"] == "0", "it is cut")
        assert server.resident_bytes() - before < 60 << 20
    assert replica.is_closed()
    assert "too far behind" in server.output()


def test_a_soft_limit_cuts_after_its_time(kevy, played):
    server = kevy(client_output_buffer_limit="replica 0 1mb 1", repl_backlog_size="1mb")
    replica, _, offset = attach(played, server)
    replica.copy()
    replica.acknowledge(offset)
    with server.connect() as session:
        eventually(lambda: "state=online" in info(session, "replication")["slave0"], "it is online")
        for turn in range(20):
            session.pipeline([("SET", f"k{i}", str(turn) * 50_000) for i in range(20)])
        eventually(lambda: info(session, "replication")["connected_slaves"] == "0", "it is cut")
    assert "too far behind for too long" in server.output()


def test_a_replica_that_says_nothing_is_given_up(kevy, played):
    server = kevy(repl_timeout=2, repl_ping_replica_period=1)
    replica, _, offset = attach(played, server)
    replica.copy()
    replica.acknowledge(offset)
    assert replica.is_closed()
    assert "nothing is heard of it" in server.output()


def test_the_stream_is_pinged_and_asked(kevy, played):
    server = kevy(repl_ping_replica_period=1)
    replica, _, offset = attach(played, server)
    replica.copy()
    replica.acknowledge(offset)
    assert replica.until(encode("PING")) is not None
    with server.connect() as session:
        session.send("WAIT", 1, 5000)
        session.sock.settimeout(20)
        # Nothing was written: everything is acknowledged already.
        assert session.read().value == 1
        session.call("SET", "a", 1)
        session.send("WAIT", 1, 20_000)
        replica.until(encode("REPLCONF", "GETACK", "*"))
        replica.acknowledge(1 << 40)
        assert session.read().value == 1


def test_a_history_ends_when_nobody_has_listened_for_long(kevy, played):
    server = kevy(2, repl_backlog_ttl=1)
    replica, history, offset = attach(played, server)
    replica.copy()
    replica.close()
    with server.connect() as session:
        eventually(lambda: info(session, "replication")["repl_backlog_active"] == "0", "it is given up")
        assert info(session, "replication")["master_replid"] != history
        session.call("SET", "a", 1)
    word, _, _ = played(server, "eof").psync(history, offset + 1)
    assert word == "+FULLRESYNC"


def test_a_storm_of_replicas_is_served_a_few_at_a_time(kevy, played):
    server = kevy(2)
    with server.connect() as session:
        session.pipeline([("SET", f"k{i}", "x" * 1000) for i in range(1500)])
        before = server.resident_bytes()
        replicas = [played(server, "eof", listening=i) for i in range(40)]
        for replica in replicas:
            replica.send("PSYNC", "?", -1)
        copies = set()

        def take(replica) -> None:
            assert replica.line().startswith("+FULLRESYNC")
            copies.add(len(replica.copy()))

        takers = [threading.Thread(target=take, args=(replica,)) for replica in replicas]
        for taker in takers:
            taker.start()
        for taker in takers:
            taker.join()
        assert len(copies) >= 1 and min(copies) > 1_500_000
        assert server.resident_bytes() - before < 60 << 20
        assert stats(session)[0] == 40
        for replica in replicas:
            replica.close()
        eventually(lambda: info(session, "replication")["connected_slaves"] == "0", "all have left")
        assert session.call("SET", "still", "there").value == b"OK"


def test_redis_cli_fetches_a_file_that_redis_loads(shards, kevy, redis, tmp_path):
    server = kevy(shards)
    with server.connect() as session:
        session.pipeline([("SET", f"k{i}", i) for i in range(3000)])
        file = tmp_path / "dump.rdb"
        run = subprocess.run(
            ["redis-cli", "-p", str(server.port), "--rdb", str(file)], capture_output=True, text=True, timeout=60
        )
        assert run.returncode == 0, run.stderr
        other = redis(dir=tmp_path)
        with other.connect() as theirs:
            assert digests_are_equal(session, theirs)
        eventually(lambda: info(session, "replication")["connected_slaves"] == "0", "it has left")


def test_redis_cli_shows_the_stream(kevy):
    server = kevy(3)
    with server.connect() as session:
        session.pipeline([("SET", f"k{i}", i) for i in range(100)])
        command = ["redis-cli", "-p", str(server.port), "--replica"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as shown:
            try:
                eventually(lambda: "state=online" in info(session, "replication").get("slave0", ""), "it listens")
                session.call("SET", "seen", "yes")
                text = ""
                while "seen" not in text:
                    line = shown.stdout.readline()
                    assert line, text
                    text += line
                # A copy without keys was asked for.
                assert "k99" not in text
            finally:
                shown.kill()


def test_wait_counts_every_replica_that_has_it(kevy, redis, played):
    server, replica = kevy(3), redis()
    with server.connect() as session, replica.connect() as theirs:
        theirs.call("REPLICAOF", "127.0.0.1", server.port)
        eventually(lambda: settled(session), "it follows")
        silent, _, offset = attach(played, server)
        silent.copy()
        silent.acknowledge(offset)
        eventually(lambda: "state=online" in info(session, "replication").get("slave1", ""), "both are online")
        session.call("SET", "a", 1)
        assert session.call("WAIT", 1, 5000).value == 1
        session.call("SET", "a", 2)
        assert session.call("WAIT", 2, 100).value == 1
        session.call("MULTI")
        session.call("SET", "a", 3)
        session.call("WAIT", 2, 0)
        assert session.call("EXEC").value[1].value in (0, 1)
        theirs.call("DEBUG", "SLEEP", "0")
        end = int(info(session, "replication")["master_repl_offset"])
        silent.acknowledge(end)
        assert session.call("WAIT", 2, 5000).value == 2


def test_writes_are_refused_without_replicas_that_are_near(kevy, redis):
    server, replica = kevy(2, min_replicas_to_write=1, min_replicas_max_lag=2), redis()
    refused = b"NOREPLICAS Not enough good replicas to write."
    with server.connect() as session:
        assert session.call("SET", "a", 1).value == refused
        assert session.call("GET", "a").value is None
        session.call("MULTI")
        assert session.call("SET", "a", 1).value == refused
        assert session.call("EXEC").value.startswith(b"EXECABORT")
        assert info(session, "replication")["min_slaves_good_slaves"] == "0"
        with replica.connect() as theirs:
            theirs.call("REPLICAOF", "127.0.0.1", server.port)
            eventually(lambda: session.call("SET", "a", 1).value == b"OK", "a replica is near")
            assert info(session, "replication")["min_slaves_good_slaves"] == "1"
            theirs.call("REPLICAOF", "NO", "ONE")
        eventually(lambda: session.call("SET", "a", 2).value == refused, "it has left")
        assert session.call("CONFIG", "SET", "min-slaves-to-write", 0).value == b"OK"
        assert session.call("SET", "a", 3).value == b"OK"


def test_a_history_can_be_given_another_id(kevy, played):
    server = kevy()
    replica, history, offset = attach(played, server)
    replica.copy()
    with server.connect() as session:
        assert session.call("DEBUG", "CHANGE-REPL-ID").value == b"OK"
        renamed = info(session, "replication")["master_replid"]
        assert renamed != history
    assert played(server, "eof").psync(history, offset + 1)[0] == "+FULLRESYNC"
    assert played(server).psync(renamed, offset + 1) == ["+CONTINUE"]


#: Commands, in database 0 and then in 3, whose effects have a form that replicas and tools know from Redis.
SAID_ALIKE = [
    ("FLUSHALL",),
    ("ZADD", "{t}z", 1, "a", 2, "b", 3, "c", 4, "d", 5, "e", 6, "f"),
    ("ZMPOP", 2, "{t}none", "{t}z", "MIN"),
    ("ZMPOP", 1, "{t}z", "MAX", "COUNT", 2),
    ("BZMPOP", 1, 1, "{t}z", "MIN", "COUNT", 1),
    ("BZPOPMAX", "{t}z", 1),
    ("ZPOPMIN", "{t}z"),
    ("ZADD", "{t}z", 1, "a", 2, "b"),
    ("ZMPOP", 1, "{t}z", "MIN", "COUNT", 10),
    ("RPUSH", "{t}l", *range(9)),
    ("LMPOP", 2, "{t}none", "{t}l", "LEFT"),
    ("LMPOP", 1, "{t}l", "RIGHT", "COUNT", 3),
    ("BLMPOP", 1, 1, "{t}l", "LEFT", "COUNT", 20),
    ("MULTI",),
    ("SET", "{t}k", "v"),
    ("SELECT", 3),
    ("SET", "{t}k", "w"),
    ("EXEC",),
    ("MULTI",),
    ("SET", "{t}m", 1),
    ("SET", "{t}n", 2),
    ("EXEC",),
]


def said(replica):
    """The commands of a stream up to the one that sets `end`, their verbs in capitals."""
    data, commands = replica.until(encode("SET", "end", "1")), []
    while data:
        count, data = data.split(b"\r\n", 1)
        words = []
        for _ in range(int(count[1:])):
            size, data = data.split(b"\r\n", 1)
            words.append(data[: int(size[1:])])
            data = data[int(size[1:]) + 2 :]
        commands.append([words[0].upper(), *words[1:]])
    return [command for command in commands if command != [b"PING"]]


def test_effects_are_said_as_redis_says_them(shards, kevy, redis, played):
    streams = []
    for server in (kevy(shards), redis(repl_diskless_sync_delay=0)):
        replica = played(server)
        replica.sock.sendall(b"SYNC\r\n")
        replica.copy()
        with server.connect() as session:
            for command in SAID_ALIKE:
                reply = session.call(*command)
                assert not reply.is_error, (command, reply)
            session.call("SET", "end", 1)
        streams.append(said(replica))
    assert streams[0] == streams[1]


def test_what_goes_unasked_is_said_as_redis_7_2_says_it(shards, kevy, played):
    server = kevy(shards)
    replica = played(server)
    replica.sock.sendall(b"SYNC\r\n")
    replica.copy()
    with server.connect() as session:
        session.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
        for lazily in ("no", "yes"):
            session.call("CONFIG", "SET", "lazyfree-lazy-server-del", lazily)
            session.call("SADD", "set", 1, 2, 3)
            session.call("SPOP", "set", 3)
            session.call("SET", "past", "v")
            session.call("RESTORE", "past", 1, session.call("DUMP", "past").value, "REPLACE", "ABSTTL")
        # What SCAN comes across is gone afterwards, each by itself; what a client waits for goes when somebody asks for it.
        session.call("SET", "due", "v", "PX", 1)
        eventually(lambda: not session.call("SCAN", 0, "COUNT", 100).value[1].value, "the key is due")
        eventually(lambda: session.call("DBSIZE").value == 0, "the key is gone")
        session.call("SET", "end", 1)
    verbs = [(command[0], command[1]) for command in said(replica)]
    gone = [(b"DEL", b"set"), (b"DEL", b"past"), (b"UNLINK", b"set"), (b"UNLINK", b"past"), (b"DEL", b"due")]
    assert [verb for verb in verbs if verb[0] in (b"DEL", b"UNLINK", b"MULTI")] == gone
