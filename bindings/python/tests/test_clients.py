"""redis-py and redis.asyncio over in-process socket pairs."""

from __future__ import annotations

import asyncio
import threading

import pytest
import redis

import kevy


def test_redis_py_talks_to_the_runtime(runtime, db):
    with runtime.redis(decode_responses=True) as client:
        assert client.set("k", "v", ex=100)
        assert client.get("k") == "v"
        assert db.get("k") == b"v"
        client.hset("h", mapping={"a": 1})
        assert client.hgetall("h") == {"a": "1"}
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            client.get("h")
        with client.pipeline() as pipe:
            assert pipe.incr("n").incr("n").execute() == [1, 2]
        assert len(list(client.scan_iter())) == 3


def test_each_pooled_connection_is_a_pair_of_its_own(runtime):
    with runtime.redis() as client:
        ids = set()

        def work() -> None:
            with client.client() as one:
                ids.add(one.client_id())
                barrier.wait()

        barrier = threading.Barrier(5)
        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ids) == 5


def test_options_of_redis_py_are_passed_on(runtime):
    runtime.session().config_set("requirepass", "secret")
    with runtime.redis(password="secret", db=3, client_name="me") as client:
        client.set("k", 1)
        assert client.client_info()["name"] == "me"
    db = runtime.session()
    db.select(3)
    assert db.get("k") == b"1"
    with runtime.redis(password="wrong") as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_a_runtime_that_has_stopped_refuses_clients():
    rt = kevy.Runtime(shards=1)
    client = rt.redis(retry=None)
    assert client.ping()
    rt.close()
    with pytest.raises((redis.ConnectionError, kevy.ClosedError)):
        client.ping()
    client.close()


def test_redis_asyncio_talks_to_the_runtime(runtime, db):
    async def main() -> None:
        client = runtime.aioredis(decode_responses=True)
        assert await client.set("k", "v")
        assert await client.get("k") == "v"
        assert await asyncio.gather(*(client.incr("n") for _ in range(50)))
        async with client.pipeline(transaction=True) as pipe:
            assert await pipe.incr("n").get("k").execute() == [51, "v"]
        await client.aclose()

    asyncio.run(main())
    assert db.get("n") == b"51"
