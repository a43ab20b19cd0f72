"""The typed methods return what redis-py's methods of the same name return over the same keyspace."""

from __future__ import annotations

import inspect

import pytest
import redis

import kevy
from kevy import _kevy

#: Calls made in this order on a fresh keyspace each: method, positional arguments, keyword arguments.
CALLS = [
    ("set", ("s", "value"), {}),
    ("set", ("s", "other"), {"nx": True}),
    ("set", ("s", "other"), {"get": True}),
    ("get", ("s",), {}),
    ("append", ("s", "!"), {}),
    ("strlen", ("s",), {}),
    ("getrange", ("s", 0, 2), {}),
    ("substr", ("s", 1), {}),
    ("setrange", ("s", 1, "XX"), {}),
    ("getset", ("s", "new"), {}),
    ("getex", ("s",), {"ex": 100}),
    ("persist", ("s",), {}),
    ("persist", ("s",), {}),
    ("expire", ("s", 100), {}),
    ("expire", ("s", 50), {"gt": True}),
    ("ttl", ("s",), {}),
    ("ttl", ("nothing",), {}),
    ("pexpireat", ("s", 33_000_000_000_000), {}),
    ("pexpiretime", ("s",), {}),
    ("expireat", ("s", 33_000_000_000), {}),
    ("expiretime", ("s",), {}),
    ("incr", ("n",), {}),
    ("incrby", ("n", 5), {}),
    ("decr", ("n",), {}),
    ("decrby", ("n", 2), {}),
    ("incrbyfloat", ("n", 0.5), {}),
    ("mset", ({"a": 1, "b": "two"},), {}),
    ("msetnx", ({"a": 1, "c": 3},), {}),
    ("mget", ("a", "b", "nothing"), {}),
    ("mget", (["a", "b"],), {}),
    ("setex", ("e", 100, "x"), {}),
    ("psetex", ("e", 100_000, "x"), {}),
    ("setnx", ("e", "x"), {}),
    ("getdel", ("e",), {}),
    ("getdel", ("e",), {}),
    ("lcs", ("a", "b"), {}),
    ("lcs", ("a", "b"), {"len": True}),
    ("lcs", ("a", "a"), {"idx": True, "withmatchlen": True}),
    ("copy", ("a", "a2"), {}),
    ("copy", ("a", "a2"), {}),
    ("copy", ("a", "a2"), {"replace": True}),
    ("rename", ("a2", "a3"), {}),
    ("renamenx", ("a3", "b"), {}),
    ("exists", ("a", "a", "nothing"), {}),
    ("touch", ("a", "nothing"), {}),
    ("type", ("a",), {}),
    ("type", ("nothing",), {}),
    ("object", ("encoding", "a"), {}),
    ("object", ("refcount", "nothing"), {}),
    ("dump", ("nothing",), {}),
    ("move", ("a3", 1), {}),
    ("unlink", ("b",), {}),
    ("delete", ("b", "a"), {}),
    ("keys", ("nothing*",), {}),
    ("scan", (), {"match": "nothing*", "count": 10_000}),
    ("hset", ("h", "f", "v"), {}),
    ("hset", ("h",), {"mapping": {"x": 1, "y": 2.5}}),
    ("hset", ("h",), {"items": ["z", 3, "x", 2]}),
    ("hget", ("h", "f"), {}),
    ("hget", ("h", "nothing"), {}),
    ("hgetall", ("h",), {}),
    ("hgetall", ("nothing",), {}),
    ("hmset", ("h2", {"a": 1}), {}),
    ("hmget", ("h", "x", "nothing"), {}),
    ("hmget", ("h", ["x", "y"]), {}),
    ("hexists", ("h", "x"), {}),
    ("hexists", ("h", "nothing"), {}),
    ("hlen", ("h",), {}),
    ("hkeys", ("h2",), {}),
    ("hvals", ("h2",), {}),
    ("hstrlen", ("h", "y"), {}),
    ("hincrby", ("h", "x"), {}),
    ("hincrbyfloat", ("h", "y", 0.25), {}),
    ("hsetnx", ("h", "x", 1), {}),
    ("hdel", ("h", "f", "nothing"), {}),
    ("hrandfield", ("h2",), {}),
    ("hrandfield", ("h2", 1), {"withvalues": True}),
    ("hrandfield", ("nothing",), {}),
    ("hscan", ("h2",), {}),
    ("hscan", ("h2",), {"no_values": True}),
    ("hexpire", ("h", 100, "x", "nothing"), {}),
    ("hpexpire", ("h", 100_000, "x"), {"nx": True}),
    ("hexpireat", ("h", 33_000_000_000, "x"), {}),
    ("hexpiretime", ("h", "x", "y"), {}),
    ("hpexpireat", ("h", 33_000_000_000_000, "x"), {}),
    ("hpexpiretime", ("h", "x"), {}),
    ("hpersist", ("h", "x", "y"), {}),
    ("httl", ("h", "x", "nothing"), {}),
    ("hpttl", ("h", "x"), {}),
    ("hgetdel", ("h", "x"), {}),
    ("hgetex", ("h", "y"), {"ex": 100}),
    ("hsetex", ("h", "k", "v"), {"ex": 100}),
    ("hsetex", ("h",), {"mapping": {"k": 1}, "keepttl": True}),
    ("ping", (), {}),
    ("echo", ("hi",), {}),
    ("select", (0,), {}),
    ("swapdb", (2, 3), {}),
    ("dbsize", (), {}),
    ("config_get", ("maxmemory*",), {}),
    ("config_set", ("maxmemory-samples", 7), {}),
    ("config_resetstat", (), {}),
    ("client_setname", ("me",), {}),
    ("client_getname", (), {}),
    ("client_setinfo", ("LIB-NAME", "x"), {}),
    ("client_no_evict", ("on",), {}),
    ("client_no_touch", ("off",), {}),
    ("client_kill_filter", (), {"_id": 999_999}),
    ("command_count", (), {}),
    ("memory_usage", ("nothing",), {}),
    ("wait", (0, 10), {}),
    ("flushdb", (), {}),
    ("flushall", (), {"asynchronous": True}),
]


@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
def test_typed_methods_return_what_redis_py_returns(decode):
    with kevy.Runtime(shards=2) as first, kevy.Runtime(shards=2) as second:
        session = first.session(decode_responses=decode)
        client = second.redis(decode_responses=decode)
        for name, args, options in CALLS:
            try:
                expected = getattr(client, name)(*args, **options)
            except redis.ResponseError as error:
                with pytest.raises(kevy.ServerError) as caught:
                    getattr(session, name)(*args, **options)
                assert str(error) in str(caught.value)
                continue
            got = getattr(session, name)(*args, **options)
            assert got == expected, name
            assert type(got) is type(expected), name
        client.close()


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


def test_signatures_take_redis_py_arguments_in_its_order():
    for name, method in inspect.getmembers(_kevy.Session, callable):
        theirs = getattr(redis.Redis, name, None)
        if name.startswith("_") or theirs is None or name in ("execute", "reset", "pipeline", "close"):
            continue
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        want = [p.name for p in inspect.signature(theirs).parameters.values() if p.kind in kinds]
        have = [p.name for p in inspect.signature(method).parameters.values() if p.kind in kinds]
        assert have == want[: len(have)], name
