"""Scripts that take long: others are told, the script can be ended, and the server goes on."""

import pytest

from support.wait import eventually

ENDLESS = "while true do end"
CAUGHT = "local f = function() while true do redis.call('ping') end end while true do pcall(f) end"
IN_COROUTINE = "coroutine.wrap(function() while true do end end)()"


def prepare(server):
    control = server.connect()
    assert not control.call("CONFIG", "SET", "busy-reply-threshold", "20").is_error
    return control


@pytest.mark.parametrize("script", [ENDLESS, CAUGHT, IN_COROUTINE])
def test_an_endless_script_is_told_of_and_ended(kevy, script):
    control = prepare(kevy)
    runner = kevy.connect()
    others = [kevy.connect() for _ in range(4)]
    runner.send("EVAL", script, "0")
    assert eventually(lambda: control.call("PING").value.startswith(b"BUSY"), "the server is busy")
    for other in others:
        assert other.call("GET", "k").value.startswith(b"BUSY")
    assert control.call("SCRIPT", "KILL").value == b"OK"
    reply = runner.read()
    assert reply.is_error and b"Script killed by user with SCRIPT KILL" in reply.value
    assert control.call("PING").value == b"PONG"
    for other in others:
        assert not other.call("SET", "k", "v").is_error
    assert control.call("SCRIPT", "KILL").value.startswith(b"NOTBUSY")


def test_a_script_that_has_written_is_not_ended(kevy):
    control = prepare(kevy)
    runner = kevy.connect()
    script = "redis.call('set', 'k', 'v') local t = redis.call('time')[1] for i = 1, 6e7 do end return 'done'"
    runner.send("EVAL", script, "1", "k")
    assert eventually(lambda: control.call("PING").value.startswith(b"BUSY"), "the server is busy")
    assert control.call("SCRIPT", "KILL").value.startswith(b"UNKILLABLE")
    assert control.call("FUNCTION", "KILL").value.startswith(b"UNKILLABLE")
    assert runner.read().value == b"done"
    assert control.call("GET", "k").value == b"v"
