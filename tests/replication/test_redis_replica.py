"""Debian's redis-server as a replica of kevy."""

import threading

import pytest

from recovery import contents
from support.resp import info
from support.wait import eventually

from .links import digests_are_equal, follow, is_linked, settled, stats, wait_linked

#: Effects of every kind, whose words and order a replica has to understand.
CHANGES = [
    ("SET", "s", "v", "EX", 1000),
    ("GETEX", "s", "PERSIST"),
    ("APPEND", "s", "more"),
    ("SETRANGE", "s", 10, "x"),
    ("INCRBYFLOAT", "float", "1.25"),
    ("INCR", "int"),
    ("MSET", "a", 1, "b", 2, "c", 3, "d", 4),
    ("DEL", "a", "c"),
    ("SETBIT", "bits", 77, 1),
    ("BITFIELD", "bits", "SET", "u8", 3, 200),
    ("BITOP", "OR", "bits2", "bits", "s"),
    ("PFADD", "hll1", *range(50)),
    ("PFADD", "hll2", *range(30, 90)),
    ("PFMERGE", "hll3", "hll1", "hll2"),
    ("HSET", "h", "f", 1, "g", 2),
    ("HINCRBYFLOAT", "h", "f", "0.5"),
    ("HDEL", "h", "g"),
    ("RPUSH", "l", *range(20)),
    ("LMOVE", "l", "l2", "LEFT", "RIGHT"),
    ("LPOP", "l", 3),
    ("LINSERT", "l", "BEFORE", 10, "new"),
    ("LTRIM", "l", 1, -2),
    ("LMPOP", 1, "l", "RIGHT", "COUNT", 2),
    ("SADD", "set1", *range(10)),
    ("SADD", "set2", "a", "b", *range(5)),
    ("SPOP", "set1", 2),
    ("SMOVE", "set2", "set3", "a"),
    ("SUNIONSTORE", "set4", "set1", "set2"),
    ("ZADD", "z", 1, "a", 2, "b", "3.5", "c"),
    ("ZINCRBY", "z", "0.1", "a"),
    ("ZPOPMIN", "z"),
    ("ZRANGESTORE", "z2", "z", 0, -1),
    ("GEOADD", "geo", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"),
    ("GEOSEARCHSTORE", "geo2", "geo", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km"),
    ("XADD", "x", "MAXLEN", "~", 100, "*", "f", "v"),
    ("XADD", "x", "*", "f", "w"),
    ("XGROUP", "CREATE", "x", "g", 0),
    ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "x", ">"),
    ("XAUTOCLAIM", "x", "g", "c2", 0, "0-0", "COUNT", 1),
    ("XTRIM", "x", "MAXLEN", 1),
    ("SORT", "set1", "STORE", "sorted"),
    ("COPY", "h", "h2"),
    ("RENAME", "set2", "set5"),
    ("RENAME", "l2", "l3"),
    ("RENAME", "z2", "z3"),
    ("MOVE", "int", 5),
    ("COPY", "z", "z9", "DB", 7),
    ("EXPIRE", "h", 100000),
    ("PERSIST", "h"),
    ("SWAPDB", 5, 6),
    ("SET", "late", 1, "PX", 1),
]


def test_a_whole_copy_of_every_type_and_every_change(shards, kevy, redis):
    primary, replica = kevy(shards), redis()
    with primary.connect() as ours, replica.connect() as theirs:
        contents.fill(ours, newer=False)
        follow(replica, primary.port)
        wait_linked(theirs)
        assert settled(ours)
        assert contents.read(ours) == contents.read(theirs)
        for command in CHANGES:
            reply = ours.call(*command)
            assert not reply.is_error, (command, reply)
        eventually(lambda: ours.call("EXISTS", "late").value == 0, "a key expires")
        assert settled(ours)
        assert contents.read(ours, tuple(range(10))) == contents.read(theirs, tuple(range(10)))
        # It was told nothing that it had to refuse.
        assert info(theirs, "stats")["total_error_replies"] == "0"
        assert stats(ours)[0] == 1

        def is_shown() -> bool:
            fields = info(ours, "replication")
            shown = f"ip=127.0.0.1,port={replica.port},state=online,offset={fields['master_repl_offset']},lag="
            return fields["connected_slaves"] == "1" and fields["slave0"].startswith(shown)

        eventually(is_shown, "the replica is shown with all of the stream")
        fields = info(ours, "replication")
        assert fields["master_replid"] == info(theirs, "replication")["master_replid"]
        role = ours.call("ROLE").value
        assert role[0].value == b"master" and role[2].value[0].value[1].value == b"%d" % replica.port


def test_a_copy_while_clients_write_misses_nothing(shards, kevy, redis):
    primary, replica = kevy(shards), redis()
    stop = threading.Event()

    def write(number: int) -> None:
        with primary.connect() as session:
            turn = 0
            while not stop.is_set():
                turn += 1
                commands = [("SET", f"k{(number * 7919 + turn * 31 + i) % 5000}", f"{number}-{turn}-{i}") for i in range(20)]
                commands += [("LPUSH", f"list{number}", turn), ("LTRIM", f"list{number}", 0, 50), ("DEL", f"k{turn % 5000}")]
                commands.append(("MSET", f"m{turn % 50}", turn, f"n{turn % 70}", turn))
                session.pipeline(commands)

    with primary.connect() as ours, replica.connect() as theirs:
        ours.pipeline([("SET", f"k{i}", "x" * 100) for i in range(5000)])
        writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        for writer in writers:
            writer.start()
        follow(replica, primary.port)
        wait_linked(theirs)
        eventually(lambda: int(info(ours, "replication")["master_repl_offset"]) > 500_000, "changes are streamed")
        stop.set()
        for writer in writers:
            writer.join()
        assert settled(ours)
        assert digests_are_equal(ours, theirs)
        assert info(theirs, "stats")["total_error_replies"] == "0"


def test_a_link_that_is_cut_costs_no_whole_copy(shards, kevy, redis, link):
    primary, replica = kevy(shards), redis()
    way = link(primary)
    with primary.connect() as ours, replica.connect() as theirs:
        ours.call("SET", "before", 1)
        follow(replica, way.port)
        wait_linked(theirs)
        for turn in range(5):
            ours.pipeline([("SET", f"{turn}:{i}", i) for i in range(500)])
            way.cut()
            ours.pipeline([("SET", f"{turn}:{i}:later", i) for i in range(500)])
            ours.call("SELECT", turn)
            eventually(lambda: stats(ours)[1] == turn + 1, "the replica continues")
        assert settled(ours)
        assert digests_are_equal(ours, theirs)
        assert stats(ours) == (1, 5, 1)


def test_a_replica_that_is_killed_comes_back(shards, kevy, redis):
    primary = kevy(shards)
    with primary.connect() as ours:
        ours.pipeline([("SET", f"k{i}", i) for i in range(1000)])
        for _ in range(2):
            replica = redis()
            with replica.connect() as theirs:
                follow(replica, primary.port)
                wait_linked(theirs)
                ours.call("INCR", "turns")
                assert settled(ours)
                assert digests_are_equal(ours, theirs)
            replica.kill()
            eventually(lambda: info(ours, "replication")["connected_slaves"] == "0", "it is gone")
            ours.call("INCR", "turns")


def test_replicas_of_a_replica_follow(kevy, redis):
    primary, replica, second = kevy(3), redis(), redis()
    with primary.connect() as ours, second.connect() as theirs:
        ours.pipeline([("SET", f"k{i}", i) for i in range(1000)])
        follow(replica, primary.port)
        follow(second, replica.port)
        wait_linked(theirs)
        ours.call("MSET", "a", 1, "b", 2, "c", 3)
        eventually(lambda: digests_are_equal(ours, theirs), "the change has come through")


def test_what_redis_has_no_words_for_is_left_out_and_told(shards, kevy, redis):
    primary, replica = kevy(shards), redis()
    with primary.connect() as ours, replica.connect() as theirs:
        for command in [
            ("JSON.SET", "doc", "$", "{}"),
            ("VADD", "vectors", "VALUES", 2, 1, 0, "a"),
            ("HSET", "h", "f", 1, "g", 2),
            ("HPEXPIREAT", "h", 4_000_000_000_000, "FIELDS", 1, "f"),
        ]:
            assert not ours.call(*command).is_error
        follow(replica, primary.port)
        wait_linked(theirs)
        for command in [
            ("JSON.SET", "doc", "$.a", "1"),
            ("RENAME", "doc", "other"),
            ("HPEXPIRE", "h", 50, "FIELDS", 1, "g"),
            ("SET", "plain", 1),
        ]:
            assert not ours.call(*command).is_error
        eventually(lambda: ours.call("HEXISTS", "h", "g").value == 0, "a field expires")
        eventually(lambda: theirs.call("HGETALL", "h").value[0::2] == theirs.call("HKEYS", "h").value[:1], "and there")
        assert settled(ours)
        assert theirs.call("HGET", "h", "f").value == b"1" and theirs.call("HEXISTS", "h", "g").value == 0
        assert theirs.call("EXISTS", "doc", "other", "vectors").value == 0
        assert is_linked(theirs)
    assert "was sent 3 keys without what it has no form for" in primary.output()


def test_a_replica_that_is_promoted_goes_on_alone(kevy, redis):
    primary, replica = kevy(3), redis()
    with primary.connect() as ours, replica.connect() as theirs:
        ours.pipeline([("SET", f"k{i}", i) for i in range(100)])
        follow(replica, primary.port)
        wait_linked(theirs)
        assert settled(ours)
        theirs.call("REPLICAOF", "NO", "ONE")
        assert theirs.call("SET", "mine", 1).value == b"OK"
        eventually(lambda: info(ours, "replication")["connected_slaves"] == "0", "it has left")
        assert ours.call("WAIT", 1, 1).value == 0


@pytest.mark.parametrize("by_name", [True, False], ids=["TYPE replica", "ID"])
def test_replicas_are_clients_of_their_own_kind(kevy, redis, by_name):
    primary, replica = kevy(2), redis()
    with primary.connect() as ours, replica.connect() as theirs:
        follow(replica, primary.port)
        wait_linked(theirs)
        [line] = ours.call("CLIENT", "LIST", "TYPE", "replica").text.splitlines()
        fields = dict(field.split("=", 1) for field in line.split(" "))
        assert fields["flags"].startswith("S")
        kill = ("TYPE", "replica") if by_name else ("ID", fields["id"])
        assert ours.call("CLIENT", "KILL", *kill).value == 1
        eventually(lambda: stats(ours)[1] == 1, "the replica continues")


def test_commands_that_no_replica_knows_by_halves(kevy, redis):
    """Transactions are applied whole: no reader of the replica sees a part of one."""
    primary, replica = kevy(3), redis()
    keys = [f"account:{i}" for i in range(8)]
    stop = threading.Event()
    wrong = []

    def move(number: int) -> None:
        with primary.connect() as session:
            turn = 0
            while not stop.is_set():
                turn += 1
                a, b = keys[(turn + number) % 8], keys[(turn * 3 + number + 1) % 8]
                commands = []
                for _ in range(10):
                    commands += [("MULTI",), ("DECR", a), ("INCR", b), ("EXEC",)]
                session.pipeline(commands)

    def look() -> None:
        with replica.connect() as session:
            while not stop.is_set():
                values = session.call("MGET", *keys).value
                total = sum(int(value.value or 0) for value in values)
                if total != 800:
                    wrong.append([value.value for value in values])
                    return

    with primary.connect() as ours, replica.connect() as theirs:
        ours.call("MSET", *(word for key in keys for word in (key, 100)))
        follow(replica, primary.port)
        wait_linked(theirs)
        threads = [threading.Thread(target=move, args=(number,)) for number in range(3)]
        threads += [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        eventually(lambda: int(info(ours, "replication")["master_repl_offset"]) > 2_000_000 or wrong, "many are streamed")
        stop.set()
        for thread in threads:
            thread.join()
        assert not wrong
        assert settled(ours)
        assert digests_are_equal(ours, theirs)


def test_what_came_later_is_never_there_first(kevy, redis):
    """A client counts on one shard and then on another: the second count never runs ahead on a replica."""
    primary, replica = kevy(3), redis()
    # One key on each shard, by the slots of these tags.
    first, second, third = "{a}", "{b}", "{c}"
    stop = threading.Event()
    wrong = []

    def count() -> None:
        with primary.connect() as one, primary.connect() as two:
            while not stop.is_set():
                one.call("INCR", first)
                two.call("INCR", second)
                one.call("INCR", third)

    def look() -> None:
        with replica.connect() as session:
            while not stop.is_set():
                a, b, c = (int(value.value or 0) for value in session.call("MGET", first, second, third).value)
                if not a >= b >= c >= a - 1:
                    wrong.append((a, b, c))
                    return

    with primary.connect() as ours, replica.connect() as theirs:
        follow(replica, primary.port)
        wait_linked(theirs)
        threads = [threading.Thread(target=count), threading.Thread(target=look)]
        for thread in threads:
            thread.start()
        eventually(lambda: int(ours.call("GET", first).value or 0) > 2000 or wrong, "it counts")
        stop.set()
        for thread in threads:
            thread.join()
        assert not wrong
        assert settled(ours)


def test_flushes_and_swaps_happen_once_and_in_their_place(kevy, redis):
    primary, replica = kevy(3), redis()
    with primary.connect() as ours, replica.connect() as theirs:
        follow(replica, primary.port)
        wait_linked(theirs)
        for command in [
            ("MSET", *(word for i in range(20) for word in (f"k{i}", i))),
            ("SWAPDB", 0, 1),
            ("MSET", *(word for i in range(20) for word in (f"l{i}", i))),
            ("MULTI",),
            ("SET", "gone", 1),
            ("FLUSHDB",),
            ("MSET", "x", 1, "y", 2, "z", 3, "w", 4),
            ("SWAPDB", 0, 2),
            ("SET", "after", 1),
            ("EXEC",),
            ("SWAPDB", 1, 3),
        ]:
            reply = ours.call(*command)
            assert not reply.is_error, (command, reply)
        assert settled(ours)
        assert digests_are_equal(ours, theirs)
        assert ours.call("FLUSHALL").value == b"OK"
        assert settled(ours)
        assert theirs.call("DBSIZE").value == 0
