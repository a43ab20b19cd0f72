"""Following a primary."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

import kevy
import kevy.aio
from kevy import FrameKind


def caught_up(rep: kevy.Replica) -> list[kevy.Frame]:
    """Frames up to the end of the snapshot."""
    frames = []
    for frame in rep:
        frames.append(frame)
        if frame.kind is FrameKind.SNAPSHOT_END:
            return frames
    raise AssertionError("the replica ended")


@pytest.fixture
def primary():
    with kevy.Runtime(shards=2, port=0) as rt:
        yield rt


def url(rt: kevy.Runtime) -> str:
    return f"kevy://127.0.0.1:{rt.port}"


def digest(dispatch) -> dict[bytes, object]:
    """The strings and hashes of a keyspace."""
    keys = dispatch("KEYS", "*")
    return {
        key: dispatch("HGETALL", key) if dispatch("TYPE", key) == b"hash" else dispatch("GET", key) for key in keys
    }


def test_the_snapshot_and_then_every_change(primary):
    db = primary.session()
    db.mset({f"k{number}": number for number in range(1000)})
    db.hset("h", mapping={"a": 1, "b": 2})
    copy = kevy.Keyspace()
    with kevy.Replica(url(primary)) as rep:
        frames = caught_up(rep)
        kinds = [frame.kind for frame in frames if frame.kind is not FrameKind.LINK]
        assert kinds[0] is FrameKind.SNAPSHOT_BEGIN
        assert set(kinds[1:-1]) == {FrameKind.ENTRY}
        for frame in frames:
            if frame.argv:
                copy.apply(frame.db, frame.argv)
        assert digest(copy.dispatch) == digest(db.execute)

        db.set("k1", "new", ex=1000)
        frame = rep.next(10)
        assert frame.kind is FrameKind.COMMAND
        assert frame.argv[:3] == [b"SET", b"k1", b"new"]
        assert frame.db == 0
        assert frame.shard in (0, 1)
        assert frame.offset > 0
        assert "COMMAND" in repr(frame)
        assert rep.next(0) is None


def test_a_transaction_is_whole(primary):
    with kevy.Replica(url(primary)) as rep:
        caught_up(rep)
        primary.session().pipeline().set("a", 1).set("b", 2).incr("c").execute()
        batch = rep.next_batch(timeout=10)
        while batch[-1].kind is not FrameKind.TXN_END:
            batch = rep.next_batch(timeout=10)
        kinds = [frame.kind for frame in batch]
        assert kinds[0] is FrameKind.TXN_BEGIN
        assert sorted(frame.argv[1] for frame in batch if frame.argv) == [b"a", b"b", b"c"]


def test_a_transaction_that_is_waited_for_comes_frame_by_frame(primary):
    go = threading.Event()

    def write() -> None:
        db = primary.session()
        for number in range(200):
            go.wait()
            go.clear()
            db.pipeline().set("a", number).set("b", number).incr("c").execute()

    with kevy.Replica(url(primary)) as rep:
        caught_up(rep)
        writer = threading.Thread(target=write)
        writer.start()
        for number in range(200):
            go.set()
            frames = [rep.next(10)]
            while frames[-1].kind is not FrameKind.TXN_END:
                frames.append(rep.next(10))
            assert frames[0].kind is FrameKind.TXN_BEGIN
            values = {frame.argv[1]: frame.argv[-1] for frame in frames[1:-1]}
            assert values[b"a"] == values[b"b"] == b"%d" % number
            assert len(values) == 3
        writer.join()


def test_batches_carry_their_cursor_and_the_next_run_resumes_there(primary):
    db = primary.session()
    db.set("before", 1)
    with kevy.Replica(url(primary), id="tail") as rep:
        caught_up(rep)
        saved = rep.cursor
        assert saved
        for number in range(100):
            db.set(f"k{number}", number)
    seen = []
    with kevy.Replica(url(primary), saved, id="tail") as rep:
        for batch in rep.batches(max=7):
            assert len(batch) <= 7
            assert len(list(batch)) == len(batch)
            assert FrameKind.SNAPSHOT_BEGIN not in [frame.kind for frame in batch]
            seen += [frame.argv[1] for frame in batch if frame.argv]
            saved = batch.cursor
            if len(seen) == 100:
                break
        assert rep.cursor == saved
        assert rep.stats["snapshots"] == 0
    assert sorted(seen) == sorted(f"k{number}".encode() for number in range(100))


def test_what_was_applied_is_confirmed(primary):
    db = primary.session()
    with kevy.Replica(url(primary), acknowledge="manual") as rep:
        caught_up(rep)
        db.set("k", 1)
        while rep.next(10).argv[:2] != [b"SET", b"k"]:
            pass
        rep.ack()
        assert db.wait(1, 10_000) == 1
        with pytest.raises(kevy.KevyError):
            rep.ack(b"no cursor")


def test_it_follows_a_runtime_of_this_process_and_a_given_socket(runtime, primary):
    with kevy.Replica(runtime) as rep:
        caught_up(rep)
    with socket.create_connection(("127.0.0.1", primary.port)) as link:
        with kevy.Replica(link) as rep:
            caught_up(rep)
        with pytest.raises(kevy.IoError):
            kevy.Replica(10_000)


@pytest.mark.parametrize(
    ("source", "options", "error"),
    [
        ("memcached://localhost", {}, kevy.OptionError),
        ("no url", {}, kevy.OptionError),
        ("kevy://localhost", {"no_such": 1}, kevy.OptionError),
        ("kevy://localhost", {"cursor": b"garbage"}, kevy.CorruptError),
        (object(), {}, TypeError),
    ],
)
def test_what_it_cannot_follow_is_told(source, options, error):
    with pytest.raises(error):
        kevy.Replica(source, **options)


def test_a_time_limit_passes(primary):
    with kevy.Replica(url(primary)) as rep:
        caught_up(rep)
        assert rep.next(0.01) is None
        assert rep.next_batch(timeout=0.01) is None
        with pytest.raises(kevy.InvalidArgumentError):
            rep.next(-1)


def test_interrupt_ends_a_wait_from_another_thread(primary):
    with kevy.Replica(url(primary)) as rep:
        caught_up(rep)
        outcome = []

        def wait() -> None:
            try:
                rep.next()
            except kevy.InterruptedError as error:
                outcome.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        rep.interrupt()
        thread.join()
        assert len(outcome) == 1
        primary.session().set("k", 1)
        assert rep.next(10).argv


def test_overlapping_use_is_refused(primary):
    with kevy.Replica(url(primary)) as rep:
        caught_up(rep)

        def wait() -> None:
            with pytest.raises(kevy.InterruptedError):
                rep.next()

        thread = threading.Thread(target=wait)
        thread.start()
        with pytest.raises(kevy.BusyError):
            while True:
                rep.next(0)
        with pytest.raises(kevy.BusyError):
            rep.close()
        rep.interrupt()
        thread.join()


def test_a_closed_replica_says_so(primary):
    rep = kevy.Replica(url(primary))
    caught_up(rep)
    rep.close()
    rep.close()
    assert rep.closed
    with pytest.raises(kevy.ClosedError):
        rep.next()
    assert list(rep.batches()) == []


def test_a_large_stream_arrives_while_it_is_written(primary):
    copy = kevy.Keyspace()
    db = primary.session()

    def load() -> None:
        mine = primary.session()
        for number in range(20_000):
            mine.hset(f"h{number % 500}", f"f{number}", "x" * 20)
        mine.set("end", 1)

    thread = threading.Thread(target=load)
    with kevy.Replica(url(primary)) as rep:
        thread.start()
        for batch in rep.batches():
            for frame in batch:
                if frame.kind is FrameKind.SNAPSHOT_BEGIN:
                    copy.dispatch("FLUSHALL")
                elif frame.argv:
                    copy.apply(frame.db, frame.argv)
            if copy.dispatch("EXISTS", "end"):
                break
    thread.join()
    with kevy.Replica(primary) as rep:
        fresh = kevy.Keyspace()
        for frame in caught_up(rep):
            if frame.argv:
                fresh.apply(frame.db, frame.argv)
    assert digest(fresh.dispatch) == digest(db.execute)
    assert copy.dispatch("HLEN", "h1") == 40


def test_asyncio_waits_for_the_one_descriptor(primary):
    async def main() -> None:
        db = primary.session()
        db.set("before", 1)
        async with kevy.aio.Replica(url(primary)) as rep:
            async for frame in rep:
                if frame.kind is FrameKind.SNAPSHOT_END:
                    break
            assert await rep.next(timeout=0.01) is None
            waiting = asyncio.ensure_future(rep.next())
            await asyncio.sleep(0)
            assert not waiting.done()
            db.set("k", 1)
            assert (await asyncio.wait_for(waiting, 10)).argv == [b"SET", b"k", b"1"]
            for number in range(100):
                db.set("n", number)
            seen = 0
            async for batch in rep.batches():
                seen += len(batch)
                if seen == 100:
                    break
            assert rep.cursor == batch.cursor
            cancelled = asyncio.ensure_future(rep.next())
            await asyncio.sleep(0)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            db.set("after", 1)
            assert (await rep.next(10)).argv[1] == b"after"
            rep.interrupt()
            with pytest.raises(kevy.InterruptedError):
                await rep.next()

    asyncio.run(main())
