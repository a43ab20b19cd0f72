"""Commands in-process: arguments, return values, errors."""

from __future__ import annotations

import datetime
import pickle
import time

import pytest

import kevy


def test_a_value_comes_back_as_bytes_or_as_text(db, text):
    assert db.set("greeting", "hello") is True
    assert db.get("greeting") == b"hello"
    assert text.get("greeting") == "hello"
    assert db.get("nothing") is None


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (b"\x00\xff", b"\x00\xff"),
        ("grüße", "grüße".encode()),
        (7, b"7"),
        (-(2**70), str(-(2**70)).encode()),
        (1.5, b"1.5"),
        (1e300, b"1e+300"),
        (bytearray(b"array"), b"array"),
        (memoryview(b"0123456789")[::2], b"02468"),
        ("", b""),
        ("a\0b", b"a\0b"),
    ],
)
def test_every_type_of_argument_is_encoded_as_redis_py_does(db, value, stored):
    assert db.set(b"key", value) is True
    assert db.get("key") == stored
    assert db.set(value, "as a key") is True
    assert db.get(stored) == b"as a key"
    assert db.execute("ECHO", value) == stored


@pytest.mark.parametrize("value", [None, True, [], {}, object(), 1j])
def test_other_types_are_refused(db, value):
    for call in (
        lambda: db.set("key", value),
        lambda: db.get(value),
        lambda: db.execute("SET", "key", value),
        lambda: db.delete(value),
        lambda: db.hset("hash", mapping={"field": value}),
    ):
        with pytest.raises(TypeError, match="a command takes"):
            call()
    assert db.dbsize() == 0


def test_text_that_is_no_utf8_is_refused(db, text):
    with pytest.raises(UnicodeEncodeError):
        db.set("\ud800", 1)
    db.set("raw", b"\xff")
    with pytest.raises(UnicodeDecodeError):
        text.get("raw")
    assert db.get("raw") == b"\xff"


def test_set_takes_every_option_of_redis_py(db):
    assert db.set("k", 1, ex=10) is True
    assert 0 < db.ttl("k") <= 10
    assert db.set("k", 2, keepttl=True) is True
    assert db.ttl("k") > 0
    assert db.set("k", 3, px=datetime.timedelta(seconds=5)) is True
    assert 0 < db.pttl("k") <= 5000
    assert db.set("k", 4, nx=True) is None
    assert db.set("new", 4, xx=True) is None
    assert db.set("k", 5, get=True) == b"3"
    assert db.ttl("k") == -1
    when = datetime.datetime.now() + datetime.timedelta(seconds=100)
    assert db.set("k", 6, exat=when) is True
    assert db.expiretime("k") == int(when.timestamp())
    assert db.set("k", 7, pxat=int(time.time() * 1000) + 50_000) is True
    assert 0 < db.ttl("k") <= 50
    with pytest.raises(kevy.ServerError, match="syntax error"):
        db.set("k", 1, ex=1, px=1)


def test_the_mapping_protocol(db):
    db["k"] = "v"
    assert db["k"] == b"v"
    assert "k" in db
    del db["k"]
    assert "k" not in db
    with pytest.raises(KeyError) as caught:
        db["k"]
    assert caught.value.args == ("k",)


def test_execute_gives_replies_of_their_own_type(db, text):
    assert db.execute("SET", "s", 1) == b"OK"
    assert db.execute("INCR", "s") == 2
    assert db.execute("HSET", "h", "a", 1, "b", 2) == 2
    assert db.execute("HGETALL", "h") == {b"a": b"1", b"b": b"2"}
    assert text.execute("hgetall", "h") == {"a": "1", "b": "2"}
    assert db.execute("GET", "nothing") is None
    assert db.execute("COMMAND", "COUNT") > 100
    with pytest.raises(kevy.InvalidArgumentError):
        db.execute()


def test_error_replies_are_raised_by_their_code(db):
    db.hset("hash", "field", 1)
    with pytest.raises(kevy.WrongTypeError) as caught:
        db.get("hash")
    assert caught.value.code == "WRONGTYPE"
    assert isinstance(caught.value, kevy.ServerError)
    with pytest.raises(kevy.WrongTypeError):
        db.append("hash", 1)
    db.set("word", "x")
    with pytest.raises(kevy.ServerError) as caught:
        db.incr("word")
    assert type(caught.value) is kevy.ServerError
    assert caught.value.code == "ERR"
    with pytest.raises(kevy.ServerError, match="unknown command 'NOSUCH'"):
        db.execute("NOSUCH")


def test_memory_that_is_used_up_is_told():
    with kevy.Runtime(shards=1, maxmemory="1mb") as rt:
        db = rt.session()
        with pytest.raises(kevy.OutOfMemoryError):
            for number in range(100_000):
                db.set(f"key:{number}", "x" * 1000)


def test_a_big_value_passes_unchanged(db):
    big = bytes(range(256)) * (64 << 12)
    assert len(big) == 64 << 20
    assert db.set("big", big) is True
    assert db.strlen("big") == len(big)
    assert db.get("big") == big
    assert db.getrange("big", 256, 511) == big[:256]


def test_a_batch_is_one_crossing(db):
    replies = db.execute_batch([("SET", "a", 1), ["INCR", "a"], ("GET", "a"), ("HGETALL", "none")])
    assert replies == [b"OK", 2, b"2", {}]
    assert db.execute_batch([]) == []
    with pytest.raises(kevy.ServerError, match=r"not an integer.*command 2 of the pipeline: INCR text"):
        db.execute_batch([("SET", "text", "x"), ("INCR", "text"), ("SET", "after", 1)])
    assert db.get("after") == b"1"
    replies = db.execute_batch([("INCR", "text"), ("GET", "after")], raise_on_error=False)
    assert isinstance(replies[0], kevy.ServerError)
    assert replies[1] == b"1"
    with pytest.raises(kevy.InvalidArgumentError):
        db.execute_batch([("GET", "a"), ()])


def test_a_frame_of_a_primary_is_applied(db):
    db.apply(3, [b"SET", b"k", b"v"])
    db.select(3)
    assert db.get("k") == b"v"


def test_get_and_set_are_queued_inside_multi(db):
    db.execute("MULTI")
    assert db.set("k", 1) is not True
    assert db.get("k") == b"QUEUED"
    assert db.execute("EXEC") == [b"OK", b"1"]


def test_scan_iter_sees_every_key(db):
    names = {f"key:{number}".encode() for number in range(2500)}
    for name in names:
        db.set(name, 1)
    db.hset("hash", "field", 1)
    assert set(db.scan_iter()) == names | {b"hash"}
    assert set(db.scan_iter("key:1*", count=7)) == {name for name in names if name.startswith(b"key:1")}
    assert list(db.scan_iter(_type="hash")) == [b"hash"]


def test_hscan_iter_sees_every_field(db):
    fields = {f"field:{number}".encode(): str(number).encode() for number in range(2000)}
    db.hset("hash", mapping=fields)
    assert dict(db.hscan_iter("hash")) == fields
    assert set(db.hscan_iter("hash", no_values=True)) == set(fields)
    assert dict(db.hscan_iter("hash", match="field:199*")).keys() == {
        name for name in fields if name.startswith(b"field:199")
    }


def test_a_closed_session_says_so(runtime):
    with runtime.session() as db:
        db.set("k", 1)
        assert not db.closed
    assert db.closed
    db.close()
    for call in (lambda: db.get("k"), lambda: db.set("k", 1), lambda: db.execute("PING"), lambda: db.ttl("k")):
        with pytest.raises(kevy.ClosedError):
            call()
    assert runtime.session().get("k") == b"1"


def test_objects_are_not_pickled(runtime, db):
    for thing in (runtime, db, db.pipeline(), kevy.Keyspace()):
        with pytest.raises(TypeError):
            pickle.dumps(thing)


def test_sessions_select_their_own_database(runtime):
    first, second = runtime.session(), runtime.session()
    assert first.select(1) is True
    first.set("k", "in one")
    assert second.get("k") is None
    second.select(1)
    assert second.get("k") == b"in one"


def test_an_error_class_stands_for_every_kind_of_the_engine():
    from kevy import _errors, _kevy

    kinds = {name: (retriable, fatal) for name, retriable, fatal in _kevy.error_kinds()}
    assert kinds.keys() == _errors.CLASSES.keys()
    for name, cls in _errors.CLASSES.items():
        assert (cls.retriable, cls.fatal) == kinds[name], name
        assert issubclass(cls, kevy.KevyError)
    assert issubclass(kevy.TimeoutError, TimeoutError)


def test_a_bare_keyspace_runs_and_applies_commands():
    ks = kevy.Keyspace(decode_responses=True)
    assert ks.dispatch("SET", "a", 1) == "OK"
    ks.apply(0, ["INCR", "a"])
    assert ks.dispatch("GET", "a") == "2"
    ks.apply(5, [b"SET", b"b", b"x"])
    assert ks.dispatch("GET", "b") == "x"
    assert ks.tick() is False
    with pytest.raises(kevy.OptionError, match="no-such"):
        kevy.Keyspace(no_such=1)
