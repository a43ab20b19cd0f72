"""Scripts whose replies are those of the reference: what they see, what they may call, and how values are converted."""

from pathlib import Path

import pytest

from support.wait import eventually

from .conftest import SURFACES

#: One script a line, run in order on an empty keyspace.
SCRIPTS = Path(__file__).with_name("scripts.lua.txt").read_text(encoding="utf-8").splitlines()

COMMANDS = [
    ("EVAL", "return {KEYS[1],KEYS[2],ARGV[1],ARGV[2],#KEYS,#ARGV}", "2", "a", "b", "c", "d"),
    ("EVAL", "return 1"),
    ("EVAL", "return 1", "a"),
    ("EVAL", "return 1", "-1"),
    ("EVAL", "return 1", "2", "a"),
    ("EVAL", "return ARGV[1]", "0", b"\x00\xff\r\n"),
    ("EVAL", "#!lua flags=foo\nreturn 1", "0"),
    ("EVAL", "#!foo\nreturn 1", "0"),
    ("EVAL", "#!lua foo=1\nreturn 1", "0"),
    ("EVAL", "#!lua", "0"),
    ("EVAL", "#!lua flags=no-writes\nreturn redis.call('set','a','b')", "0"),
    ("EVAL", "#!lua flags=no-writes,allow-oom\n\n\nreturn foo", "0"),
    ("EVAL", "\n\nerror('a')\n", "0"),
    ("EVAL_RO", "return redis.call('set','a','b')", "0"),
    ("EVAL_RO", "return redis.call('get','a')", "0"),
    ("EVAL_RO", "#!lua\nreturn 1", "0"),
    ("EVALSHA", "aaaa", "0"),
    ("EVALSHA", "a" * 40, "0"),
    ("EVALSHA_RO", "foo", "0"),
    ("SCRIPT", "LOAD", "return #"),
    ("SCRIPT", "LOAD", "return 7"),
    ("SCRIPT", "EXISTS", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "x"),
    ("SCRIPT", "KILL"),
    ("SCRIPT", "DEBUG", "foo"),
    ("SCRIPT", "FLUSH", "foo"),
    ("SCRIPT", "FLUSH", "ASYNC"),
    ("FUNCTION", "KILL"),
    ("MULTI",),
    ("EVAL", "return redis.call('incr','cnt')", "1", "cnt"),
    ("EVAL", "return redis.call('incr','cnt')", "1", "cnt"),
    ("EXEC",),
    ("WATCH", "w"),
    ("EVAL", "return redis.call('set','w','1')", "1", "w"),
    ("MULTI",),
    ("PING",),
    ("EXEC",),
    ("COMMAND", "GETKEYS", "EVAL", "x", "2", "a", "b", "c"),
    ("COMMAND", "GETKEYS", "EVAL", "x", "0"),
]


@pytest.fixture(params=[surface for surface in SURFACES if surface.values[0][0] != "in-process"])
def both(request, reference, targets):
    name, protocol = request.param
    sessions = [reference.open(protocol), targets(name).open(protocol)]
    for session in sessions:
        for command in [("FLUSHALL",), ("SCRIPT", "FLUSH"), ("FUNCTION", "FLUSH")]:
            assert not session.call(*command).is_error
    yield lambda *command: [session.call(*command) for session in sessions]
    for session in sessions:
        session.close()


def test_the_corpus(both):
    wrong = []
    for command in [*(("EVAL", script, "0") for script in SCRIPTS), *COMMANDS]:
        theirs, ours = both(*command)
        if repr(theirs) != repr(ours):
            wrong.append(f"{command}\n  is {ours!r}\n  should be {theirs!r}")
    assert not wrong, "\n".join(wrong)


def test_a_pipeline_is_answered_in_its_order_where_scripts_stand_in_it(kevy):
    session = kevy.connect()
    reads = ("EVAL", "return redis.call('get',KEYS[1])", "1", "counter")
    fails = ("EVAL", "return redis.call('lpush',KEYS[1],'x')", "1", "counter")
    commands = [("SET", "counter", "0")]
    for _ in range(300):
        commands += [("INCR", "counter"), reads, fails, ("ECHO", "between"), reads]
    replies = session.pipeline(commands)[1:]
    for number in range(300):
        counted, first, failed, echoed, second = replies[5 * number : 5 * number + 5]
        expected = str(number + 1).encode()
        assert (counted.value, first.value, echoed.value, second.value) == (number + 1, expected, b"between", expected)
        assert failed.is_error and failed.value.startswith(b"WRONGTYPE"), failed
    session.close()


def test_time_stands_still_while_a_script_runs(kevy):
    session = kevy.connect()
    script = "local first = redis.call('time') for i = 1, 300000 do end return {first, redis.call('time')}"
    first, second = session.call("EVAL", script, "0").value
    assert repr(first) == repr(second)
    eventually(lambda: repr(session.call("TIME")) != repr(first), "it goes on outside")
    session.close()
