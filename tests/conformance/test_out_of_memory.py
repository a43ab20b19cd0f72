"""Over `maxmemory`, with nothing to evict: what a transaction, a script and a function are refused, as by the reference."""

import threading

import pytest

from .conftest import SHARDS

LIBRARY = """#!lua name=oom
redis.register_function('writes', function(keys) return redis.call('SET', keys[1], 'x') end)
redis.register_function{function_name='reads', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}
redis.register_function{function_name='grows', callback=function(keys) return redis.call('SET', keys[1], 'y') end, flags={'allow-oom'}}
"""

COMMANDS = [
    ("GET", "x"),
    ("SET", "x", "1"),
    ("DEL", "x"),
    ("PING",),
    ("EVAL", "return redis.call('GET', KEYS[1])", "1", "x"),
    ("EVAL", "return redis.call('SET', KEYS[1], 'z')", "1", "x"),
    ("EVAL", "#!lua\nreturn 1", "0"),
    ("EVAL", "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])", "1", "x"),
    ("EVAL", "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], 'w')", "1", "x"),
    ("EVAL_RO", "return 1", "0"),
    ("FCALL", "writes", "1", "x"),
    ("FCALL", "reads", "1", "x"),
    ("FCALL", "grows", "1", "x"),
    ("FCALL_RO", "reads", "1", "x"),
    ("FCALL_RO", "writes", "1", "x"),
]


@pytest.fixture(params=SHARDS, ids=lambda n: f"shards{n}")
def servers(request, shared, reference):
    """Connections to a server of each kind, the reference's first; two of each."""
    connects = (lambda: reference.open(2), shared(request.param).connect)
    servers = [[connect() for _ in range(2)] for connect in connects]
    for one, _ in servers:
        for command in (("FLUSHALL",), ("SET", "x", "value"), ("FUNCTION", "LOAD", "REPLACE", LIBRARY)):
            assert not one.call(*command).is_error
    yield servers
    for one, other in servers:
        other.call("CONFIG", "SET", "maxmemory", "0")
        one.call("RESET")


def limit(connections, bytes_max):
    for _, admin in connections:
        assert admin.call("CONFIG", "SET", "maxmemory", bytes_max).text == "OK"


def on_both(connections, *command):
    theirs, ours = (one.call(*command) for one, _ in connections)
    assert ours == theirs, command
    return ours


def test_commands_outside_of_transactions(servers):
    limit(servers, 1)
    for command in COMMANDS:
        on_both(servers, *command)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]).split("\n")[0])
def test_nothing_is_queued(command, servers):
    limit(servers, 1)
    on_both(servers, "MULTI")
    assert on_both(servers, *command).is_error
    on_both(servers, "EXEC")


@pytest.mark.parametrize("command", COMMANDS[:6], ids=" ".join)
def test_a_queue_that_would_grow_the_keyspace_is_given_up_whole(command, servers):
    on_both(servers, "MULTI")
    on_both(servers, "GET", "x")
    on_both(servers, *command)
    limit(servers, 1)
    on_both(servers, "EXEC")
    on_both(servers, "GET", "x")
    on_both(servers, "MULTI")
    on_both(servers, "DISCARD")


def test_a_transaction_runs_whole_or_not_at_all_while_the_limit_comes_and_goes(servers):
    connections = servers[1]
    writer, admin = connections
    ended = threading.Event()

    def turn() -> None:
        while not ended.is_set():
            for bytes_max in (1, 0):
                admin.call("CONFIG", "SET", "maxmemory", bytes_max)

    turner = threading.Thread(target=turn)
    turner.start()
    ran = refused = 0
    try:
        while ran < 300 or refused < 300:
            sets = [("SET", f"part{part}", ran + refused) for part in range(20)]
            reply = writer.pipeline([("MULTI",), *sets, ("EXEC",)])[-1]
            if reply.is_error:
                refused += 1
                assert reply.text.startswith("EXECABORT"), reply
            else:
                ran += 1
                assert [one.value for one in reply.value] == [b"OK"] * 20
    finally:
        ended.set()
        turner.join()
