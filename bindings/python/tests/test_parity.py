"""The typed methods return what redis-py's methods of the same name return, over kevy and over redis-server."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import redis.commands.json
import redis.commands.vectorset
from calls import (
    bits,
    geo,
    hashes,
    json,
    lists,
    scripting,
    server,
    sets,
    sorted_sets,
    stream_references,
    streams,
    strings,
    vector_sets,
)

import kevy
import kevy.aio
from kevy import _kevy

GROUPS = {
    "strings": strings,
    "hashes": hashes,
    "lists": lists,
    "sets": sets,
    "sorted_sets": sorted_sets,
    "streams": streams,
    "stream references": stream_references,
    "bits": bits,
    "geo": geo,
    "json": json,
    "vector_sets": vector_sets,
    "scripting": scripting,
    "server": server,
}
#: The groups that Debian's redis-server 7.0 has.
IN_REFERENCE = ["lists", "sets", "sorted_sets", "streams", "bits", "geo"]
#: What a server tells of the time and of its memory.
MOVING = {"idle", "inactive", "seen-time", "time_since_delivered", "radix-tree-keys", "radix-tree-nodes"}
#: What XINFO tells since 7.2.
NEW = {"active-time", "inactive"}
MILLISECONDS = 10**12


def settled(value: Any) -> Any:
    """A result without what moves on."""
    if isinstance(value, dict):
        return {
            name: type(part) if name in MOVING else settled(part)
            for name, part in value.items()
            if name not in NEW
        }
    if isinstance(value, (list, tuple)):
        return type(value)(map(settled, value))
    if type(value) is int and value > MILLISECONDS:
        return "a time"
    return value


def typed(value: Any) -> Any:
    """A result with the types of all its parts."""
    if isinstance(value, dict):
        return {typed(name): typed(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return (type(value), [typed(part) for part in value])
    if isinstance(value, (set, frozenset)):
        return (type(value), {typed(part) for part in value})
    return (type(value), value)


UNKNOWN = "unknown command"


def raised(error: Exception) -> str:
    """An error reply, without the usual code, which redis-py drops."""
    text = str(error).removeprefix("ERR ")
    return UNKNOWN if text.startswith(UNKNOWN) else text


def outcome(call: Any, client: Any) -> Any:
    """What a call gives or raises."""
    try:
        return typed(settled(call.on(client)))
    except (redis.ResponseError, kevy.ServerError) as error:
        return raised(error)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path of a redis-server's socket."""
    path = tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", "0", "--unixsocket", "redis.sock", "--save", ""]
    process = subprocess.Popen(command, cwd=path, stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(unix_socket_path=str(path / "redis.sock"), retry=redis.retry.Retry(PAUSE, 200))
        with client:
            client.ping()
        yield str(path / "redis.sock")
    finally:
        process.terminate()
        process.wait()


PAUSE = redis.backoff.ConstantBackoff(0.05)


@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
@pytest.mark.parametrize("group", GROUPS)
def test_typed_methods_return_what_redis_py_returns(group, decode):
    with kevy.Runtime(shards=2) as first, kevy.Runtime(shards=2) as second:
        session = first.session(decode_responses=decode)
        with second.redis(decode_responses=decode, protocol=2) as client:
            for call in GROUPS[group].CALLS:
                assert outcome(call, session) == outcome(call, client), str(call)


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
@pytest.mark.parametrize("group", IN_REFERENCE)
def test_typed_methods_return_what_redis_server_returns(group, decode, reference):
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(kevy.Runtime(shards=2)).session(decode_responses=decode)
        client = stack.enter_context(
            redis.Redis(unix_socket_path=reference, decode_responses=decode, protocol=2)
        )
        client.flushall()
        for call in GROUPS[group].CALLS:
            ours, theirs = outcome(call, session), outcome(call, client)
            if ours == UNKNOWN or "withscore" in getattr(call, "options", ()):
                continue  # Not in kevy's table, or since 7.2.
            assert ours == theirs, str(call)


@pytest.mark.parametrize("group", GROUPS)
def test_a_pipeline_and_asyncio_give_the_same(group):
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db = rt.session()
            for call, want in zip(GROUPS[group].CALLS, expected, strict=True):
                try:
                    got = typed(settled(await call.on(db)))
                except kevy.ServerError as error:
                    got = raised(error)
                assert got == want, str(call)

    with kevy.Runtime(shards=2) as first, kevy.Runtime(shards=2) as second:
        session, pipe = first.session(), second.session().pipeline(transaction=False)
        expected = [outcome(call, session) for call in GROUPS[group].CALLS]
        for call in GROUPS[group].CALLS:
            assert call.on(pipe) is pipe, str(call)
        replies = pipe.execute(raise_on_error=False)
        for call, want, reply in zip(GROUPS[group].CALLS, expected, replies, strict=True):
            got = raised(reply) if isinstance(reply, kevy.KevyError) else typed(settled(reply))
            assert got == want, str(call)
    asyncio.run(main())


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
def test_replies_that_differ_from_run_to_run_have_the_same_shape(decode):
    with kevy.Runtime(shards=1, port=0) as rt:
        session, client = rt.session(decode_responses=decode), rt.redis(decode_responses=decode)
        session.set("k", "v")
        assert session.randomkey() == client.randomkey()
        assert session.dump("k") == client.dump("k")
        assert session.restore("copy", 0, session.dump("k")) == client.restore("copy2", 0, client.dump("k"))
        assert session.memory_usage("k") == client.memory_usage("k")
        assert [type(part) for part in session.time()] == [type(part) for part in client.time()]
        for section in (None, "server", "clients", "memory", "stats", "keyspace"):
            ours = session.info() if section is None else session.info(section)
            theirs = client.info() if section is None else client.info(section)
            assert ours.keys() == theirs.keys()
            assert {name: type(ours[name]) for name in ours} == {name: type(theirs[name]) for name in theirs}
        assert session.client_info().keys() == client.client_info().keys()
        assert type(session.client_info()["db"]) is int
        assert [entry.keys() for entry in session.client_list()] == [
            entry.keys() for entry in client.client_list()
        ]
        ours, theirs = session.command(), client.command()
        for listing in (ours, theirs):
            for entry in listing.values():
                entry["flags"].sort()
                entry["acl_categories"].sort()
                # redis-py gives the sets in these as lists.
                for name in ("tips", "key_specifications", "subcommands"):
                    assert isinstance(entry.pop(name), (list, set))
        assert ours == theirs
        assert session.command_docs("get").keys() == {"get"}
        assert session.client_id() != client.client_id()
        client.close()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (_kevy.Session, redis.Redis),
        (_kevy.SessionJson, redis.commands.json.JSON),
        (_kevy.SessionVectorSet, redis.commands.vectorset.VectorSet),
    ],
)
def test_signatures_take_redis_py_arguments_in_its_order(ours, theirs):
    compared = 0
    for name, method in inspect.getmembers(ours, callable):
        other = getattr(theirs, name, None)
        if name.startswith("_") or other is None or name in ("execute", "reset", "pipeline", "close"):
            continue
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        want = [p.name for p in inspect.signature(other).parameters.values() if p.kind in kinds]
        have = [p.name for p in inspect.signature(method).parameters.values() if p.kind in kinds]
        assert have == want[: len(have)], name
        compared += 1
    assert compared > 10
