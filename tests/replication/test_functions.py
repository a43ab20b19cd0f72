"""Libraries of functions on replicas: with the whole copy and with the stream, in every pairing of kevy and redis-server."""

import pytest

from support.wait import eventually

from .links import wait_linked

HELLO = "#!lua name=hello\nredis.register_function{function_name='hello', callback=function() return 'hello' end, flags={'no-writes'}}"
COUNTS = "#!lua name=counts\nredis.register_function('count', function(keys) redis.call('SET', 'at', redis.call('TIME')[1]) return redis.call('INCR', keys[1]) end)"
REPLACED = HELLO.replace("'hello' end", "'replaced' end")


@pytest.fixture(params=["redis after kevy-1", "redis after kevy-3", "kevy-1 after redis", "kevy-3 after redis", "kevy-3 after kevy-3"])
def pair(request, kevy, redis):
    """A replica that follows nobody yet, and a primary."""

    def start(name):
        kind, _, shards = name.partition("-")
        return redis() if kind == "redis" else kevy(int(shards))

    replica, primary = map(start, request.param.split(" after "))
    with replica.connect() as copy, primary.connect() as original:
        yield copy, original, primary.port


def libraries(session) -> list[str]:
    return sorted(map(repr, session.call("FUNCTION", "LIST", "WITHCODE").value))


def counts(session) -> tuple:
    """How many libraries and functions there are."""
    engine = session.call("FUNCTION", "STATS").value[3].value[1]
    return tuple(engine.value[1::2])


def test_libraries_reach_a_replica(pair):
    copy, original, port = pair

    def do(*command):
        reply = original.call(*command)
        assert not reply.is_error, (command, reply)
        return reply

    def equal(what):
        eventually(lambda: counts(copy) == counts(original) and libraries(copy) == libraries(original), what)

    assert not copy.call("FUNCTION", "LOAD", HELLO.replace("hello", "own")).is_error
    do("FUNCTION", "LOAD", HELLO)
    assert copy.call("REPLICAOF", "127.0.0.1", port).value == b"OK"
    wait_linked(copy)
    equal("the whole copy brings libraries, and takes away those that were there")
    assert copy.call("FCALL", "hello", 0).value == b"hello"
    do("FUNCTION", "LOAD", COUNTS)
    equal("a library is loaded")
    do("FUNCTION", "LOAD", "REPLACE", REPLACED)
    equal("a library is replaced")
    assert copy.call("FCALL", "hello", 0).value == b"replaced"
    assert do("FCALL", "count", 1, "n").value == 1
    eventually(lambda: copy.call("GET", "n").value == b"1" and copy.call("GET", "at") == original.call("GET", "at"), "effects arrive")
    for refused in [("FUNCTION", "LOAD", "REPLACE", HELLO), ("FUNCTION", "DELETE", "hello"), ("FUNCTION", "FLUSH"), ("FCALL", "count", 1, "n")]:
        assert copy.call(*refused).value.startswith(b"READONLY You can't write against a read only replica."), refused
    payload = do("FUNCTION", "DUMP").value
    do("FUNCTION", "DELETE", "counts")
    equal("a library is deleted")
    do("FUNCTION", "FLUSH")
    equal("all are flushed")
    assert libraries(copy) == []
    do("FUNCTION", "RESTORE", payload)
    equal("they are restored")
    do("FLUSHALL")
    eventually(lambda: copy.call("DBSIZE").value == 0, "the keys are gone")
    equal("and libraries stay")
    assert len(libraries(copy)) == 2
