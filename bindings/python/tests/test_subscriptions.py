"""Subscriptions as iterators, with and without asyncio, and by redis-py over the socket pair."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

import kevy
import kevy.aio


def message(channel: bytes, data: bytes, pattern: bytes | None = None, kind: str | None = None) -> dict:
    kind = kind or ("message" if pattern is None else "pmessage")
    return {"type": kind, "pattern": pattern, "channel": channel, "data": data}


def test_messages_of_channels(db: kevy.Session[bytes]):
    with db.subscribe("news", b"weather") as subscription:
        assert db.execute("PUBLISH", "news", "hello") == 1
        assert db.execute("PUBLISH", "weather", "rain") == 1
        assert db.execute("PUBLISH", "other", "x") == 0
        assert next(subscription) == message(b"news", b"hello")
        assert subscription.get_message(timeout=None) == message(b"weather", b"rain")
        assert subscription.get_message() is None
        assert subscription.get_message(timeout=0.01) is None
    assert subscription.closed
    assert db.execute("PUBLISH", "news", "hello") == 0


def test_messages_of_patterns_and_shard_channels(db: kevy.Session[bytes]):
    with db.psubscribe("n*") as patterns, db.ssubscribe("s") as sharded:
        db.execute("PUBLISH", "news", "hello")
        db.execute("SPUBLISH", "s", "there")
        assert next(patterns) == message(b"news", b"hello", b"n*")
        assert next(sharded) == message(b"s", b"there", kind="smessage")


def test_text(text: kevy.Session[str]):
    with text.subscribe("news") as subscription:
        text.execute("PUBLISH", "news", "hello")
        assert next(subscription) == {"type": "message", "pattern": None, "channel": "news", "data": "hello"}


def test_subscriptions_change(db: kevy.Session[bytes]):
    with db.subscribe("a") as subscription:
        subscription.subscribe("b")
        subscription.unsubscribe("a")
        assert [db.execute("PUBLISH", channel, "x") for channel in "ab"] == [0, 1]
        subscription.psubscribe("c*")
        subscription.punsubscribe()
        subscription.ssubscribe("s")
        subscription.sunsubscribe("s")
        assert db.execute("PUBLISH", "c", "x") == 0
        assert next(subscription)["channel"] == b"b"


def test_an_iterator_ends_where_another_thread_closes_it(db: kevy.Session[bytes]):
    subscription = db.subscribe("news")
    seen: list[bytes] = []
    all_seen = threading.Event()

    def read() -> None:
        for each in subscription:
            seen.append(each["data"])
            if len(seen) == 100:
                all_seen.set()

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(100):
        db.publish("news", i)
    assert all_seen.wait(30)
    subscription.close()
    reader.join(30)
    assert not reader.is_alive()
    assert seen == [b"%d" % i for i in range(100)]
    assert list(subscription) == []


def test_keyspace_events(runtime: kevy.Runtime):
    db = runtime.session()
    db.execute("CONFIG", "SET", "notify-keyspace-events", "KA")
    with db.psubscribe("__keyspace@0__:*") as events:
        db.set("k", "v", ex=100)
        db.delete("k")
        assert [next(events)["data"] for _ in range(3)] == [b"set", b"expire", b"del"]


def test_a_subscription_that_is_not_read_is_ended():
    with kevy.Runtime(shards=1, client_output_buffer_limit="pubsub 100kb 0 0") as rt:
        db = rt.session()
        subscription = db.subscribe("news")
        for _ in range(20):
            db.execute("PUBLISH", "news", "x" * 10_000)
        with pytest.raises(kevy.ClosedError):
            next(subscription)


def test_asyncio():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db = rt.session()
            async with db.subscribe("news") as subscription:

                async def publish() -> None:
                    for i in range(50):
                        await db.execute("PUBLISH", "news", i)
                        await asyncio.sleep(0)

                publishing = asyncio.create_task(publish())
                seen = []
                async for each in subscription:
                    seen.append(each["data"])
                    if len(seen) == 50:
                        break
                await publishing
                assert seen == [b"%d" % i for i in range(50)]
                assert await subscription.get_message() is None
                assert await subscription.get_message(timeout=0.01) is None
                await db.execute("PUBLISH", "news", "later")
                assert (await subscription.get_message(timeout=30)) == message(b"news", b"later")
                waiting = asyncio.create_task(anext_of(subscription))
                # One turn of the loop, and the task waits.
                await asyncio.sleep(0)
                subscription.close()
                with pytest.raises(StopAsyncIteration):
                    await waiting

    asyncio.run(main())


def test_tasks_that_wait_for_messages_hold_no_threads():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=1) as rt:
            db = rt.session()
            subscriptions = [db.subscribe("news", f"own:{i}") for i in range(50)]
            before = len(os.listdir("/proc/self/task"))
            waiting = [asyncio.create_task(anext_of(subscription)) for subscription in subscriptions]
            await asyncio.sleep(0)
            with pytest.raises(kevy.BusyError):
                await subscriptions[0].get_message(timeout=None)
            # They can be changed meanwhile.
            await subscriptions[0].subscribe("more")
            assert len(os.listdir("/proc/self/task")) == before
            assert await db.publish("news", "hello") == 50
            assert [each["data"] for each in await asyncio.gather(*waiting)] == [b"hello"] * 50
            assert await db.publish("more", "there") == 1
            assert await subscriptions[0].get_message(timeout=None) == message(b"more", b"there")
            cancelled = asyncio.create_task(anext_of(subscriptions[1]))
            await asyncio.sleep(0)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            await db.publish("own:1", "kept")
            assert await subscriptions[1].get_message() == message(b"own:1", b"kept")
            last = asyncio.create_task(anext_of(subscriptions[2]))
            await asyncio.sleep(0)
            rt.close()
            with pytest.raises(kevy.ClosedError):
                await last

    asyncio.run(main())


async def anext_of(subscription: kevy.aio.Subscription) -> object:
    return await subscription.__anext__()


def test_redis_py_over_the_socket_pair(runtime: kevy.Runtime):
    client = runtime.redis()
    subscriber = client.pubsub(ignore_subscribe_messages=True)
    subscriber.subscribe("news")
    subscriber.get_message(timeout=30)
    runtime.session().execute("PUBLISH", "news", "hello")
    found = subscriber.get_message(timeout=30)
    assert found is not None and found["data"] == b"hello"
    subscriber.close()
