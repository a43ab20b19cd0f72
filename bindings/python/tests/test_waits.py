"""Verbs that wait for others: they let other threads and tasks run, and signals and cancellation end them."""

from __future__ import annotations

import asyncio
import threading

import pytest

import kevy
import kevy.aio


def blocked(session: kevy.Session[bytes], thread: threading.Thread) -> None:
    """Returns once the thread's session waits."""
    while not session.info("clients")["blocked_clients"]:
        assert thread.is_alive()


def test_a_waiting_verb_lets_other_threads_run(runtime, db):
    outcomes = []
    session = runtime.session()
    thread = threading.Thread(target=lambda: outcomes.append(session.blpop(["a", "b"], 30)))
    thread.start()
    blocked(db, thread)
    db.rpush("b", "value")
    thread.join()
    assert outcomes == [(b"b", b"value")]


def test_a_waiting_verb_ends_with_the_runtime(runtime):
    outcomes = []
    session, other = runtime.session(), runtime.session()

    def work() -> None:
        try:
            session.blpop("nothing", 0)
        except kevy.ClosedError as error:
            outcomes.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    blocked(other, thread)
    runtime.close()
    thread.join()
    assert len(outcomes) == 1


@pytest.mark.parametrize(
    "wait",
    [
        "db.blpop('nothing', 0)",
        "db.xread({'nothing': '$'}, block=0)",
        "db.execute('BLMOVE', 'a', 'b', 'LEFT', 'LEFT', 0)",
        "db.pipeline(transaction=False).set('k', 1).bzpopmax('nothing').execute()",
    ],
)
def test_ctrl_c_ends_a_wait(script, wait):
    done = script(
        f"""
        import os, signal, threading, kevy

        def press() -> None:
            other = rt.session()
            while not other.info("clients")["blocked_clients"]:
                pass
            os.kill(os.getpid(), signal.SIGINT)

        with kevy.Runtime(shards=2) as rt:
            db = rt.session()
            thread = threading.Thread(target=press)
            thread.start()
            try:
                {wait}
            except KeyboardInterrupt:
                print("interrupted")
            thread.join()
            assert db.info("clients")["blocked_clients"] == 0
            assert db.ping()
        """
    )
    assert done.stdout == "interrupted\n", done.stderr


def test_tasks_wait_beside_each_other():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db = rt.session()
            loop_runs = asyncio.Event()
            asyncio.get_running_loop().call_soon(loop_runs.set)
            waits = [asyncio.create_task(db.blpop("jobs", 30)) for _ in range(5)]
            waits.append(asyncio.create_task(db.xread({"events": "$"}, block=30_000)))
            waits.append(asyncio.create_task(db.execute("BZPOPMIN", "board", 30)))
            await loop_runs.wait()
            while (await db.info("clients"))["blocked_clients"] < len(waits):
                await asyncio.sleep(0)
            await db.rpush("jobs", *range(5))
            await db.xadd("events", {"f": "v"}, "1-1")
            await db.zadd("board", {"ada": 1.5})
            *jobs, events, board = await asyncio.gather(*waits)
            assert sorted(jobs) == [(b"jobs", b"%d" % number) for number in range(5)]
            assert events == [[b"events", [(b"1-1", {b"f": b"v"})]]]
            assert board == [b"board", b"ada", 1.5]

    asyncio.run(main())


def test_a_task_waits_in_the_database_of_its_session():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db = rt.session()
            await db.select(3)
            await db.rpush("jobs", "three")
            assert await asyncio.create_task(db.blpop("jobs", 1)) == (b"jobs", b"three")
            assert await db.execute("MULTI") == b"OK"
            assert await db.blpop("jobs", 0) == b"QUEUED"
            assert await db.execute("EXEC") == [None]
            assert await db.blpop("jobs", 0.01) is None

    asyncio.run(main())


def test_cancelling_a_task_ends_its_wait():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db = rt.session()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(db.blpop("nothing", 0), 0.05)
            while (await db.info("clients"))["blocked_clients"]:
                await asyncio.sleep(0)
            with pytest.raises(kevy.WrongTypeError):
                await db.set("string", 1)
                await db.blpop("string", 0)

    asyncio.run(main())


def test_a_pipeline_of_asyncio_waits():
    async def main() -> None:
        async with kevy.aio.Runtime(shards=2) as rt:
            db, other = rt.session(), rt.session()
            waiting = asyncio.create_task(wait(db))
            while not (await other.info("clients"))["blocked_clients"]:
                await asyncio.sleep(0)
            await other.rpush("jobs", "one")
            assert await waiting == [True, (b"jobs", b"one")]
            assert await db.pipeline().blpop("jobs").execute() == [None]

    async def wait(db: kevy.aio.Session[bytes]) -> list[object]:
        return await db.pipeline(transaction=False).set("k", 1).blpop("jobs", 30).execute()

    asyncio.run(main())
