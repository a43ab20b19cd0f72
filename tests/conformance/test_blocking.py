"""Commands that wait for keys, over several connections: replies and their order are those of the reference."""

import pytest

from support.resp import info
from support.wait import eventually

from .blocking import Play
from .conftest import SHARDS
from .grammar import WAITING, Generator

SCENARIOS = {}


def scenarios(**named: str) -> None:
    SCENARIOS.update(named)


# Lists.
scenarios(
    timeouts="""
        a: BLPOP k 0.01
        a: BRPOP k other 0.001
        a: BLMOVE k other LEFT RIGHT 0.01
        a: BRPOPLPUSH k other 0.01
        a: BLMPOP 0.01 2 k other LEFT
        a: BLPOP k 1e-3
    """,
    wrong_timeouts="""
        a: BLPOP k -1
        a: BLPOP k word
        a: BLPOP k nan
        a: BLPOP k -inf
        a: BRPOP k ''
        a: BLMOVE k l LEFT RIGHT -1
        a: BRPOPLPUSH k l word
        a: BLMPOP -1 1 k LEFT
        a: BLMPOP word 1 k LEFT
    """,
    timeouts_beyond_all_time="""
        a: BLPOP k inf => -'ERR timeout is out of range'
        a: BLPOP k 1e300 => -'ERR timeout is out of range'
        a: BLPOP k 9223372036854775.808 => -'ERR timeout is out of range'
        a: BLPOP k 9223372036854775.807 => -'ERR timeout is out of range'
    """,
    wrong_arguments="""
        a: BLPOP k
        a: BLMOVE k l LEFT UP 0
        a: BLMOVE k l UP LEFT word
        a: BLMPOP 0 0 k LEFT
        a: BLMPOP 0 -1 k LEFT
        a: BLMPOP 0 2 k LEFT
        a: BLMPOP 0 word k LEFT
        a: BLMPOP word 0 k LEFT
        a: BLMPOP 0 1 k UP
        a: BLMPOP 0 1 k LEFT COUNT 0
        a: BLMPOP 0 1 k LEFT COUNT
        a: BLMPOP 0 1 k LEFT COUNT 1 COUNT 1
        a: CLIENT UNBLOCK word
        a: CLIENT UNBLOCK 1 word
        a: CLIENT UNBLOCK 1 ERROR more
        a: CLIENT UNBLOCK 123456789
        a: CLIENT UNBLOCK -1
    """,
    wrong_types="""
        a: SET string v
        a: BLPOP string 0
        a: BLPOP string k 0
        a: BLMOVE string k LEFT LEFT 0
        a: BLMPOP 0 2 k string LEFT
        a: RPUSH k v
        a: BLPOP k string 0
        a: RPUSH k v
        a: BLMOVE k string LEFT LEFT 0
        a: LRANGE k 0 -1
    """,
    at_once="""
        a: RPUSH k 1 2 3 4 5 6 7 8 9
        a: BLPOP k 0
        a: BRPOP none k 0
        a: BLMOVE k l LEFT RIGHT 0
        a: BRPOPLPUSH k k 0
        a: BLMPOP 0 3 none l k RIGHT COUNT 10
        a: BLMPOP 0 1 k RIGHT COUNT 2
        a: LRANGE k 0 -1
    """,
    served_by_a_push="""
        a waits: BLPOP k 0
        b: RPUSH k 1 2 3
        a reads
        a: BRPOP k 0
        a: DEL k
        a waits: BRPOP k 0
        b: LPUSH k 1 2 3
        a reads
        a: DEL k
        a waits: BLMPOP 0 2 l k RIGHT COUNT 2
        b: RPUSH k 1 2 3
        a reads
        b: LRANGE k 0 -1
        a: DEL k
        a waits: BLMOVE k l LEFT LEFT 0
        b: RPUSH k 1 2 3
        a reads
        b: LRANGE l 0 -1
        a: DEL k
        a waits: BRPOPLPUSH k l 0
        b: RPUSH k 1 2 3
        a reads
        b: LRANGE l 0 -1
    """,
    in_the_order_of_coming="""
        a waits: BLPOP k 0
        b waits: BRPOP k 0
        c waits: BLMPOP 0 1 k LEFT COUNT 2
        d waits: BLPOP k 0
        e: RPUSH k 1
        a reads
        e: RPUSH k 2 3 4 5
        b reads
        c reads
        d reads
        e: EXISTS k
    """,
    the_first_waiter_of_each_key="""
        a waits: BLPOP k l 0
        b waits: BLPOP l m 0
        c waits: BLPOP m k 0
        d: RPUSH m 1
        b reads
        d: RPUSH k 2
        a reads
        d: RPUSH k 3
        c reads
        d: DBSIZE
    """,
    a_key_given_twice="""
        a waits: BLPOP k k l k 0
        b: RPUSH k 1 2
        a reads
        b: LRANGE k 0 -1
    """,
    several_keys_at_once="""
        a waits: BLPOP k l m 0
        b: MULTI
        b: RPUSH m 1
        b: RPUSH l 2
        b: EXEC
        a reads => *[$'l', $'2']
        b: LRANGE m 0 -1
    """,
    in_a_transaction="""
        a: MULTI
        a: BLPOP k 0
        a: BRPOP k 0
        a: BLMOVE k l LEFT LEFT 0
        a: BRPOPLPUSH k l 0
        a: BLMPOP 0 1 k LEFT
        a: BLPOP k word
        a: RPUSH k 1
        a: BLPOP k 0
        a: EXEC
    """,
    after_a_transaction="""
        a waits: BLPOP k 0
        b: MULTI
        b: RPUSH k 1
        b: LRANGE k 0 -1
        b: RPUSH k 2
        b: LPOP k
        b: EXEC
        a reads
        b: EXISTS k
    """,
    gone_before_anybody_looks="""
        a waits: BLPOP k 0
        b: MULTI
        b: RPUSH k 1
        b: DEL k
        b: EXEC
        b: MULTI
        b: RPUSH k 1
        b: DEL k
        b: SET k v
        b: EXEC
        b: GET k
        b: DEL k
        b: RPUSH k 2
        a reads
    """,
    a_key_of_another_type="""
        a waits: BLPOP k 0
        b: SET k v
        b: APPEND k w
        b: HSET l f v
        b: RENAME l k
        b: DEL k
        b: RPUSH k 1
        a reads
    """,
    a_key_that_came_otherwise="""
        a waits: BLPOP k 0
        b: RPUSH l 1
        b: RENAME l k
        a reads
        a waits: BLPOP k 0
        b: RPUSH l 2
        b: RENAMENX l k
        a reads
        a waits: BLPOP k 0
        b: RPUSH l 3
        b: COPY l k
        a reads
        b: LRANGE l 0 -1
        a waits: BLPOP k 0
        b: LMOVE l k LEFT LEFT
        a reads
        a waits: BLPOP k 0
        b: SELECT 1
        b: RPUSH k 4
        b: MOVE k 0
        a reads
        a waits: BLPOP k 0
        b: RPUSH k 5
        b: SWAPDB 0 1
        a reads
        b: EXISTS k
        a waits: BLPOP k 0
        b: SELECT 0
        b: RESTORE k 0 "\\x01\\x01\\x016\\x0b\\x00" REPLACE
        b: RPUSH k 6
        a reads
    """,
    sorted_into="""
        a waits: BLPOP k 0
        b: RPUSH l 3 1 2
        b: SORT l STORE k
        a reads
        b: LRANGE k 0 -1
    """,
    another_database="""
        a: SELECT 2
        a waits: BLPOP k 0
        b: RPUSH k 1
        b: SELECT 2
        b: RPUSH k 2
        a reads
        b: SELECT 0
        b: LRANGE k 0 -1
    """,
    swapped_in="""
        a waits: BLPOP k 0
        b: SELECT 3
        b: RPUSH k 1
        b: SWAPDB 0 3
        a reads
        a waits: BLPOP k 0
        b: RPUSH k 2
        b: SWAPDB 3 0
        a reads
    """,
    chains="""
        a waits: BLMOVE k l LEFT RIGHT 0
        b waits: BLMOVE l m LEFT RIGHT 0
        c waits: BLPOP m 0
        d: RPUSH k 1
        a reads
        b reads
        c reads
        d: DBSIZE
    """,
    a_chain_from_behind="""
        c waits: BLPOP m 0
        b waits: BLMOVE l m LEFT RIGHT 0
        a waits: BLMOVE k l LEFT RIGHT 0
        d: RPUSH k 1 2
        a reads
        b reads
        c reads
        d: LRANGE k 0 -1
    """,
    a_circle="""
        a waits: BLMOVE k l LEFT RIGHT 0
        b waits: BLMOVE l k LEFT RIGHT 0
        c: RPUSH k 1
        a reads
        b reads
        c: LRANGE k 0 -1
        c: LRANGE l 0 -1
    """,
    to_itself="""
        a waits: BLMOVE k k LEFT RIGHT 0
        b waits: BLMOVE k k LEFT RIGHT 0
        c: RPUSH k 1 2 3
        a reads
        b reads
        c: LRANGE k 0 -1
    """,
    a_destination_of_another_type="""
        a: SET l v
        a waits: BLMOVE k l LEFT RIGHT 0
        b waits: BLPOP k 0
        c: RPUSH k 1
        a reads
        b reads
        c: GET l
        c: DBSIZE
    """,
    the_other_key_of_another_type="""
        a waits: BLPOP k l 0
        b: SET k v
        b: RPUSH l 1
        a reads => -'WRONGTYPE Operation against a key holding the wrong kind of value'
        b: LRANGE l 0 -1
    """,
    commands_behind="""
        a waits: BLPOP k 0
        a sends: RPUSH l 1
        a sends: LLEN l
        a sends: BLPOP k l 0
        a sends: BLPOP l 0
        a sends: PING
        b: EXISTS l
        b: RPUSH k 1
        a reads 4
        b: RPUSH l 2
        a reads 2
    """,
    a_transaction_behind="""
        a waits: BLPOP k 0
        a sends: MULTI
        a sends: INCR n
        a sends: BLPOP k 0
        a sends: EXEC
        b: GET n
        b: RPUSH k 1
        a reads 5
    """,
    unblocked="""
        a waits: BLPOP k 0
        b: CLIENT UNBLOCK ID(a)
        a reads
        b: CLIENT UNBLOCK ID(a)
        a waits: BLMOVE k l LEFT LEFT 0
        b: CLIENT UNBLOCK ID(a) TIMEOUT
        a reads
        a waits: BLMPOP 0 1 k LEFT
        b: CLIENT UNBLOCK ID(a) error
        a reads
        a waits: BLPOP k l 0
        a sends: LLEN k
        b: CLIENT UNBLOCK ID(a) ERROR
        a reads 2
        b: RPUSH k 1
    """,
    unblocked_from_another_wait="""
        a waits: WAIT 1 0
        b: CLIENT UNBLOCK ID(a)
        a reads
        a waits: WAIT 1 0
        b: CLIENT UNBLOCK ID(a) ERROR
        a reads
    """,
    somebody_leaves="""
        a waits: BLPOP k 0
        b waits: BLPOP k 0
        a closes
        c: RPUSH k 1
        b reads
        d waits: BLPOP k l 0
        d closes
        c: RPUSH l 2
        c: LRANGE l 0 -1
    """,
    somebody_is_killed="""
        a waits: BLPOP k 0
        b waits: BLPOP k 0
        c: CLIENT KILL ID ID(a)
        a ends
        c: RPUSH k 1
        b reads
    """,
    replies_that_nobody_wants="""
        a: SET n 1
        a sends: CLIENT REPLY SKIP
        a waits: BLPOP k 0
        b: RPUSH k 1
        a: INCR n
        a sends: CLIENT REPLY OFF
        a waits: BLPOP k 0
        b: RPUSH k 1
        a: CLIENT REPLY ON
        b: EXISTS k
    """,
    protocols_that_change="""
        a: HELLO 3
        a waits: BLPOP k 0
        b: CLIENT UNBLOCK ID(a)
        a reads
        a: HELLO 2
        a: BLPOP k 0.01
    """,
    watched_keys_that_waiters_take="""
        a waits: BLPOP k 0
        b: WATCH k
        c: RPUSH k 1
        a reads
        b: MULTI
        b: PING
        b: EXEC
    """,
    flushed="""
        a waits: BLPOP k 0
        b: FLUSHALL
        b: FLUSHDB
        b: RPUSH k 1
        a reads
    """,
)


# Sorted sets.
scenarios(
    sorted_set_timeouts="""
        a: BZPOPMIN k 0.01
        a: BZPOPMAX k l 0.01
        a: BZMPOP 0.01 2 k l MIN
        a: BZPOPMIN k -1
        a: BZPOPMAX k word
        a: BZMPOP word 1 k MIN
        a: BZMPOP word 0 k MIN
        a: BZMPOP 0 0 k MIN
        a: BZMPOP 0 1 k LEFT
        a: BZMPOP 0 2 k MIN
        a: BZMPOP 0 1 k MIN COUNT 0
        a: BZMPOP 0 1 k MIN COUNT 1 COUNT 2
        a: BZPOPMIN k
    """,
    sorted_sets_at_once="""
        a: ZADD k 1 a 2.5 b 3 c inf d -inf e
        a: BZPOPMIN none k 0
        a: BZPOPMAX k none 0
        a: BZMPOP 0 2 none k MIN
        a: BZMPOP 0 1 k MAX COUNT 5
        a: SET string v
        a: BZPOPMIN k string 0
        a: BZPOPMAX string 0
        a: BZMPOP 0 1 string MAX
        a: RPUSH list v
        a: BZPOPMIN list 0
        a: EXISTS k
    """,
    members_served="""
        a waits: BZPOPMIN k 0
        b waits: BZPOPMAX k 0
        c waits: BZMPOP 0 2 l k MAX COUNT 2
        d: ZADD k 1 a 2 b 3 c 4 d 5 e
        a reads
        b reads
        c reads
        d: ZRANGE k 0 -1 WITHSCORES
        d: DEL k
        a waits: BZPOPMIN k l 0
        d: ZINCRBY l 0.5 a
        a reads
        a waits: BZPOPMIN k l 0
        d: ZADD m 7 a 8 b
        d: ZUNIONSTORE k 1 m
        a reads
        d: DEL k
        a waits: BZPOPMAX k l 0
        d: ZRANGESTORE k m 0 -1
        a reads
        d: DEL k
        a waits: BZPOPMAX k l 0
        d: RENAME m l
        a reads
        d: DBSIZE
    """,
    sorted_sets_and_lists_of_one_name="""
        a waits: BZPOPMIN k 0
        b waits: BLPOP k 0
        c: ZADD k XX 1 a
        c: RPUSH k 1
        b reads
        b waits: BLPOP k 0
        c: ZADD k 1 a
        a reads
        c: RPUSH k 2
        b reads
    """,
    sorted_sets_in_a_transaction="""
        a: MULTI
        a: BZPOPMIN k 0
        a: BZPOPMAX k 0
        a: BZMPOP 0 1 k MIN
        a: ZADD k 1 a 2 b
        a: BZPOPMIN k 0
        a: BZMPOP 0 1 k MIN
        a: EXEC
    """,
    members_gone_before_anybody_looks="""
        a waits: BZPOPMIN k 0
        b: MULTI
        b: ZADD k 1 a
        b: ZREM k a
        b: EXEC
        b: ZADD k 2 b
        a reads
        a waits: BZMPOP 0 1 k MIN
        b: CLIENT UNBLOCK ID(a)
        a reads
    """,
)

# Streams.
scenarios(
    stream_timeouts="""
        a: XREAD BLOCK 1 STREAMS k 0
        a: XREAD COUNT 1 BLOCK 1 STREAMS k l $ 5-1
        a: XREAD BLOCK -1 STREAMS k 0
        a: XREAD BLOCK word STREAMS k 0
        a: XREAD BLOCK 1.5 STREAMS k 0
        a: XREADGROUP GROUP g c BLOCK 1 STREAMS k >
        a: XGROUP CREATE k g $ MKSTREAM
        a: XREADGROUP GROUP g c BLOCK 1 STREAMS k >
        a: XREADGROUP GROUP g c BLOCK 1 STREAMS k 0
        a: XREADGROUP GROUP g c BLOCK -1 STREAMS k >
        a: SET string v
        a: XREAD BLOCK 0 STREAMS string 0
        a: XREAD BLOCK 0 STREAMS k string 0 0
    """,
    a_stream_timeout_beyond_all_time="""
        a: XREAD BLOCK 9223372036854775807 STREAMS k 0 => -'ERR timeout is out of range'
    """,
    entries_at_once="""
        a: XADD k 1-1 f v
        a: XADD k 2-1 f w
        a: XREAD BLOCK 0 STREAMS k 0
        a: XREAD BLOCK 0 COUNT 1 STREAMS l k 0 1-0
        a: XGROUP CREATE k g 0
        a: XREADGROUP GROUP g c BLOCK 0 COUNT 1 STREAMS k >
        a: XREADGROUP GROUP g c BLOCK 0 STREAMS k 0
        a: XREADGROUP GROUP g c BLOCK 0 STREAMS k >
    """,
    entries_served_to_all="""
        a: XADD k 1-1 f v
        a waits: XREAD BLOCK 0 STREAMS k $
        b waits: XREAD COUNT 5 BLOCK 10000 STREAMS l k 0 1-1
        c waits: XREAD BLOCK 0 STREAMS k l 2-1 0
        d: XADD k 2-1 f w
        a reads
        b reads
        d: XADD k 3-1 f x
        c reads
        a waits: XREAD BLOCK 0 STREAMS k l $ $
        d: MULTI
        d: XADD k 4-1 f x
        d: XADD k 5-1 f y
        d: EXEC
        a reads
        a waits: XREAD BLOCK 0 STREAMS l $
        d: XADD l 1-1 f v
        a reads
    """,
    entries_served_to_a_group="""
        a: XGROUP CREATE k g $ MKSTREAM
        a waits: XREADGROUP GROUP g one BLOCK 0 STREAMS k >
        b waits: XREADGROUP GROUP g two BLOCK 0 NOACK STREAMS k >
        c waits: XREAD BLOCK 0 STREAMS k $
        d: XADD k 1-1 f v
        a reads
        c reads
        d: XADD k 2-1 f w
        b reads
        d: XPENDING k g
        d: XLEN k
    """,
    entries_that_come_otherwise="""
        a waits: XREAD BLOCK 0 STREAMS k 0
        b: XADD l 1-1 f v
        b: RENAME l k
        a reads
        a waits: XREAD BLOCK 0 STREAMS m 0
        b: COPY k m
        a reads
        a waits: XREAD BLOCK 0 STREAMS n 0
        b: SET n v
        b: DEL n
        b: XADD n 1-1 f v
        a reads
    """,
    entries_that_were_there_before="""
        a: XADD k 5-1 f v
        a waits: XREAD BLOCK 0 STREAMS k $
        b: XTRIM k MAXLEN 0
        b: DEL k
        b: XADD k 2-1 f v
        b: XADD k 6-1 f w
        a reads
    """,
    streams_in_a_transaction="""
        a: MULTI
        a: XREAD BLOCK 0 STREAMS k 0
        a: XREADGROUP GROUP g c BLOCK 0 STREAMS k >
        a: XGROUP CREATE k g $ MKSTREAM
        a: XREADGROUP GROUP g c BLOCK 0 STREAMS k >
        a: XREAD BLOCK 0 STREAMS k $
        a: EXEC
    """,
    a_group_that_ends="""
        a: XGROUP CREATE k g $ MKSTREAM
        a waits: XREADGROUP GROUP g c BLOCK 0 STREAMS k >
        b: XGROUP DESTROY k g
        a reads => -"NOGROUP No such key 'k' or consumer group 'g' in XREADGROUP with GROUP option"
    """,
    a_group_whose_stream_ends="""
        a: XGROUP CREATE k g $ MKSTREAM
        a waits: XREADGROUP GROUP g c BLOCK 0 STREAMS k >
        b: DEL k
        a reads => -"NOGROUP No such key 'k' or consumer group 'g' in XREADGROUP with GROUP option"
        b: XGROUP CREATE k g $ MKSTREAM
        a waits: XREADGROUP GROUP g c BLOCK 0 STREAMS k >
        b: SET k v
        a reads => -'WRONGTYPE Operation against a key holding the wrong kind of value'
        b: DEL k
        b: XGROUP CREATE k g $ MKSTREAM
        a waits: XREADGROUP GROUP g c BLOCK 0 STREAMS k >
        b: FLUSHALL
        a reads => -"NOGROUP No such key 'k' or consumer group 'g' in XREADGROUP with GROUP option"
    """,
    streams_unblocked="""
        a waits: XREAD BLOCK 0 STREAMS k 0
        b: CLIENT UNBLOCK ID(a)
        a reads
        a: XGROUP CREATE k g $ MKSTREAM
        a waits: XREADGROUP GROUP g c BLOCK 0 STREAMS k >
        b: CLIENT UNBLOCK ID(a) ERROR
        a reads
    """,
)


def play(scenario: str, connect, protocol: int) -> Play:
    control = connect(2)
    control.call("FLUSHALL")
    game = Play(lambda: connect(protocol), control)
    try:
        game.run(scenario)
    finally:
        game.close()
        control.close()
    return game


@pytest.mark.parametrize("protocol", (2, 3), ids=lambda n: f"resp{n}")
@pytest.mark.parametrize("shards", SHARDS, ids=lambda n: f"shards{n}")
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name, shards, protocol, shared, reference):
    scenario = SCENARIOS[name]
    ours = play(scenario, lambda protocol: shared(shards).connect(protocol), protocol)
    assert not ours.wrong
    if "=>" in scenario:
        return
    theirs = play(scenario, reference.open, protocol)
    # What HELLO says names the server.
    comparable = lambda game: [pair for pair in game.replies if "HELLO" not in pair[0]]
    assert comparable(ours) == comparable(theirs)


@pytest.mark.parametrize("protocol", (2, 3), ids=lambda n: f"resp{n}")
@pytest.mark.parametrize("shards", SHARDS, ids=lambda n: f"shards{n}")
def test_random_commands_in_transactions(shards, protocol, shared, reference):
    """In a transaction nothing waits, so that any arguments will do."""
    theirs, ours = reference.open(protocol), shared(shards).connect(protocol)
    commands = Generator(reference.open(3).call("COMMAND", "DOCS"), [b""], protocol, WAITING).commands(100)
    # The reference takes a timeout beyond all time for a negative one.
    comparable = lambda replies: repr(replies).replace("timeout is out of range", "timeout is negative")
    fill = [("FLUSHALL",)]
    fill += [("RPUSH", key, *range(12)) for key in ("l1", "l2", "h1")]
    fill += [("ZADD", key, 1, "a", 2, "b", 3, "c", 4, "d", 5, "e") for key in ("s1", "n1", "z1", "z2")]
    for at, command in enumerate(commands):
        steps = [*(fill if at % 20 == 0 else []), ("MULTI",), command, ("EXEC",), ("DBSIZE",)]
        assert comparable(ours.pipeline(steps)) == comparable(theirs.pipeline(steps)), command


def test_a_waiting_client_is_shown(kevy):
    waiter, other = kevy.connect(), kevy.connect()
    number = waiter.call("CLIENT", "ID").value
    waiter.send("BLPOP", "k", "l", "0")
    eventually(lambda: info(other, "clients")["blocked_clients"] == "1", "it waits")
    assert info(other, "clients")["total_blocking_keys"] == "2"
    line = other.call("CLIENT", "LIST", "ID", str(number)).text
    assert " flags=b " in line and " cmd=blpop " in line
    other.call("RPUSH", "l", "v")
    waiter.read()
    shown = info(other, "clients")
    assert (shown["blocked_clients"], shown["total_blocking_keys"]) == ("0", "0")


def test_a_waiting_client_is_not_idle(kevy):
    waiter, other = kevy.connect(), kevy.connect()
    other.call("CONFIG", "SET", "timeout", "1")
    waiter.send("BLPOP", "k", "1.5")
    idle = kevy.connect()
    assert idle.at_end(), "an idle connection is closed"
    assert waiter.read().value is None


def test_stopping_does_not_wait_for_waiters(kevy):
    waiter, other = kevy.connect(), kevy.connect()
    waiter.send("BLPOP", "k", "0")
    eventually(lambda: info(other, "clients")["blocked_clients"] == "1", "it waits")
    other.send("SHUTDOWN", "NOSAVE")
    assert waiter.at_end()
