"""The asyncio twin."""

from __future__ import annotations

import asyncio

import pytest

import kevy
import kevy.aio


def test_local_work_completes_inline():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db = rt.session()
            assert await db.set("k", "v", ex=100) is True
            assert await db.get("k") == b"v"
            assert await rt.session(decode_responses=True).get("k") == "v"
            assert await db.hset("h", mapping={"a": 1}) == 1
            assert await db.hgetall("h") == {b"a": b"1"}
            assert await db.execute("ECHO", (word := "hi")) == word.encode()
            assert await db.execute_batch([("INCR", "n"), ("INCR", "n")]) == [1, 2]
            assert sorted(await asyncio.gather(*(db.incr("n") for _ in range(20)))) == list(range(3, 23))
            assert await db.get("nothing") is None
            await db.apply(1, [b"SET", b"k", b"one"])

    asyncio.run(main())


def test_errors_are_raised_where_the_call_is_awaited():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=1) as rt:
            db = rt.session()
            await db.hset("h", "a", 1)
            call = db.get("h")
            with pytest.raises(kevy.WrongTypeError):
                await call
            results = await asyncio.gather(db.get("h"), db.get("k"), return_exceptions=True)
            assert isinstance(results[0], kevy.WrongTypeError)
            assert results[1] is None
            async with db:
                await db.ping()
            with pytest.raises(kevy.ClosedError):
                await db.ping()

    asyncio.run(main())


def test_pipelines_and_transactions():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db = rt.session()
            async with db.pipeline() as pipe:
                assert pipe.set("a", 1) is pipe
                assert await pipe.incr("a").get("a").execute() == [True, 2, b"2"]
                assert await pipe.watch("a") is True
                assert await pipe.get("a") == b"2"
                await rt.session().set("a", 5)
                pipe.multi()
                pipe.set("a", 3)
                with pytest.raises(kevy.WatchError):
                    await pipe.execute()

            async def add(pipe: kevy.aio.Pipeline[bytes]) -> None:
                value = int(await pipe.get("a"))
                pipe.multi()
                pipe.set("a", value + 1)

            assert await db.transaction(add, "a") == [True]
            assert await db.get("a") == b"6"

    asyncio.run(main())


def test_iteration():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db = rt.session()
            names = {f"k{number}".encode() for number in range(500)}
            for name in names:
                await db.set(name, 1)
            assert {key async for key in db.scan_iter()} == names
            await db.hset("h", mapping=dict.fromkeys(names, 1))
            assert {field async for field, _ in db.hscan_iter("h")} == names

    asyncio.run(main())
