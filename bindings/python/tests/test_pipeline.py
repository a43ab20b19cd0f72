"""Pipelines and transactions, with redis-py's rules."""

from __future__ import annotations

import threading

import pytest

import kevy


@pytest.mark.parametrize("transaction", [True, False])
def test_replies_come_in_order_and_in_the_types_of_the_methods(db, transaction):
    with db.pipeline(transaction=transaction) as pipe:
        assert len(pipe) == 0
        assert pipe.set("a", 1) is pipe
        pipe.incr("a").get("a").expire("a", 100).hset("h", mapping={"x": 1}).hgetall("h").get("nothing")
        pipe.execute_command("ECHO", "hi")
        assert len(pipe) == 8
        assert bool(pipe)
        assert db.get("a") is None
        assert pipe.execute() == [True, 2, b"2", True, 1, {b"x": b"1"}, None, b"hi"]
        assert len(pipe) == 0
        assert pipe.execute() == []


@pytest.mark.parametrize("transaction", [True, False])
def test_an_error_is_raised_once_all_have_run_or_stands_among_the_replies(db, transaction):
    db.set("word", "x")
    pipe = db.pipeline(transaction=transaction)
    with pytest.raises(kevy.ServerError, match=r"command 2 of the pipeline: INCRBY word 1"):
        pipe.set("a", 1).incr("word").set("b", 2).execute()
    assert db.mget("a", "b") == [b"1", b"2"]
    first, second = pipe.incr("word").get("a").execute(raise_on_error=False)
    assert isinstance(first, kevy.ServerError)
    assert second == b"1"


def test_a_command_that_cannot_be_queued_discards_the_transaction(db):
    with pytest.raises(kevy.ServerError, match="unknown command 'NOSUCH'.*command 2"):
        db.pipeline().set("a", 1).execute_command("NOSUCH").execute()
    assert db.get("a") is None
    assert db.set("a", 1) is True


def test_a_watched_key_that_changed_stops_the_transaction(runtime, db):
    db.set("balance", 10)
    with db.pipeline() as pipe:
        assert pipe.watch("balance") is True
        assert pipe.get("balance") == b"10"
        runtime.session().set("balance", 20)
        pipe.multi()
        pipe.set("balance", 11)
        with pytest.raises(kevy.WatchError):
            pipe.execute()
        assert db.get("balance") == b"20"
        pipe.watch("balance")
        pipe.multi()
        pipe.set("balance", 21)
        assert pipe.execute() == [True]
    assert db.get("balance") == b"21"


def test_unwatch_forgets(runtime, db):
    with db.pipeline() as pipe:
        pipe.watch("k")
        assert pipe.unwatch() is True
        runtime.session().set("k", 1)
        pipe.incr("k")
        assert pipe.execute() == [2]


def test_pipelines_of_one_session_watch_apart(runtime, db):
    one, two = db.pipeline(), db.pipeline()
    one.watch("k")
    two.watch("other")
    two.multi()
    two.set("other", 1).execute()
    runtime.session().set("k", 1)
    one.multi()
    one.set("k", 2)
    with pytest.raises(kevy.WatchError):
        one.execute()


def test_a_pipeline_that_watches_stays_in_its_database(db):
    db.select(4)
    with db.pipeline() as pipe:
        pipe.watch("k")
        pipe.multi()
        pipe.set("k", "in four").execute()
    assert db.get("k") == b"in four"
    db.select(0)
    assert db.get("k") is None


def test_multi_has_its_rules(db):
    pipe = db.pipeline()
    pipe.set("a", 1)
    with pytest.raises(kevy.InvalidArgumentError):
        pipe.multi()
    pipe.reset()
    pipe.multi()
    with pytest.raises(kevy.InvalidArgumentError):
        pipe.multi()
    with pytest.raises(kevy.InvalidArgumentError):
        pipe.watch("a")
    pipe.discard()
    assert len(pipe) == 0


def test_leaving_the_block_drops_what_is_queued(db):
    with db.pipeline() as pipe:
        pipe.set("a", 1)
    assert len(pipe) == 0
    assert db.get("a") is None


def test_transaction_runs_again_until_nothing_interfered(runtime, db):
    db.set("counter", 0)

    def work() -> None:
        mine = runtime.session()
        for _ in range(200):

            def add(pipe: kevy.Pipeline[bytes]) -> str:
                value = int(pipe.get("counter"))
                pipe.multi()
                pipe.set("counter", value + 1)
                return "done"

            assert mine.transaction(add, "counter", value_from_callable=True) == "done"

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.get("counter") == b"800"


def test_many_commands_and_big_ones(db):
    pipe = db.pipeline(transaction=False)
    for number in range(10_000):
        pipe.set(f"k:{number}", number)
    pipe.set("big", b"x" * (1 << 20)).get("big")
    replies = pipe.execute()
    assert len(replies) == 10_002
    assert replies[-1] == b"x" * (1 << 20)
    assert db.dbsize() == 10_001
