"""SCAN, HSCAN, SSCAN and ZSCAN: whole iterations compared, and their guarantee while keys come and go."""

import random

import pytest

from .conftest import SURFACES


def scan(session, *options, verb=("SCAN",)) -> list[bytes]:
    """Everything a whole iteration returns, in order."""
    found, cursor, steps = [], b"0", 0
    while True:
        reply = session.call(*verb, cursor, *options)
        assert not reply.is_error, reply
        cursor, items = reply.value
        found += [item.value for item in items.value]
        cursor, steps = cursor.value, steps + 1
        if cursor == b"0":
            return found
        assert steps < 200_000, "the iteration does not end"


@pytest.fixture(params=SURFACES)
def session(request, targets):
    name, protocol = request.param
    session = targets(name).open(protocol)
    session.call("FLUSHALL")
    yield session
    session.call("FLUSHALL")
    session.close()


def load(session, count: int) -> set[bytes]:
    keys = [b"key:%d" % i for i in range(count)]
    session.pipeline([("SET", key, "v") for key in keys])
    return set(keys)


@pytest.mark.parametrize("count", [0, 1, 10, 1_000, 20_000])
def test_scan_returns_every_key_once(session, count):
    keys = load(session, count)
    found = scan(session, "COUNT", 100)
    assert len(found) == count
    assert set(found) == keys


def test_scan_steps_are_about_as_large_as_asked(session):
    load(session, 10_000)
    for wanted in (10, 100, 1_000):
        cursor, items = session.call("SCAN", 0, "COUNT", wanted).value
        assert 0 < len(items.value) < wanted * 4


def test_scan_filters(session):
    load(session, 500)
    session.pipeline([("HSET", f"hash:{i}", "f", "v") for i in range(300)])
    assert len(scan(session, "TYPE", "hash")) == 300
    assert len(scan(session, "TYPE", "STRING", "COUNT", 50)) == 500
    assert scan(session, "TYPE", "list") == []
    assert len(scan(session, "MATCH", "key:1*")) == 111
    assert len(scan(session, "MATCH", "*:5", "TYPE", "hash", "COUNT", 1000)) == 1
    assert scan(session, "MATCH", "key:7") == [b"key:7"]


def test_scan_sees_one_database(session):
    load(session, 100)
    session.call("SELECT", 1)
    session.call("SET", "other", "v")
    assert scan(session) == [b"other"]
    session.call("SELECT", 0)
    assert len(scan(session)) == 100


def test_scan_skips_what_has_expired(session):
    load(session, 100)
    session.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    try:
        session.pipeline([("PEXPIREAT", f"key:{i}", 1) for i in range(0, 50)])
        assert set(scan(session)) == {b"key:%d" % i for i in range(50, 100)}
    finally:
        session.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)


def test_scan_keeps_its_guarantee_while_keys_come_and_go(session):
    """Keys there from start to end are returned; keys never there are not."""
    rng = random.Random(1)
    stable = load(session, 1_000)
    found, cursor, fresh = set(), b"0", 0
    passing: set[bytes] = set()
    while True:
        cursor, items = session.call("SCAN", cursor, "COUNT", 20).value
        cursor = cursor.value
        found |= {item.value for item in items.value}
        names = [b"passing:%d" % i for i in range(fresh, fresh + 60)]
        fresh += 60
        passing |= set(names)
        gone = rng.sample(sorted(passing), 30)
        session.pipeline([("SET", name, "v") for name in names] + [("DEL", name) for name in gone])
        if cursor == b"0":
            break
        assert fresh < 200_000, "the iteration does not end"
    assert stable <= found
    assert found <= stable | passing


def test_scan_with_a_cursor_of_another_time(session):
    """Any number is a place to go on from."""
    load(session, 1_000)
    for cursor in (1, 7, 12345, 2**48, 2**63, 2**64 - 1):
        reply = session.call("SCAN", cursor)
        assert not reply.is_error, (cursor, reply)
    cursor = session.call("SCAN", 0).value[0].value
    session.call("FLUSHALL")
    assert not session.call("SCAN", cursor).is_error


@pytest.mark.parametrize("count", [3, 600, 20_000])
def test_hscan_returns_every_field_once(session, count):
    fields = {b"field:%d" % i: b"%d" % i for i in range(count)}
    session.pipeline([("HSET", "h", field, value) for field, value in fields.items()])
    flat = scan(session, "COUNT", 50, verb=("HSCAN", "h"))
    assert len(flat) == 2 * count
    assert dict(zip(flat[::2], flat[1::2])) == fields
    assert set(scan(session, "NOVALUES", "COUNT", 50, verb=("HSCAN", "h"))) == fields.keys()
    matching = scan(session, "MATCH", "field:1*", verb=("HSCAN", "h"))
    assert set(matching[::2]) == {field for field in fields if field.startswith(b"field:1")}


def test_hscan_keeps_its_guarantee_while_fields_come_and_go(session):
    stable = [f"stable:{i}".encode() for i in range(1_000)]
    session.call("HSET", "h", *(word for field in stable for word in (field, "v")))
    found, cursor, fresh = set(), b"0", 0
    while True:
        cursor, items = session.call("HSCAN", "h", cursor, "COUNT", 20).value
        cursor = cursor.value
        found |= {item.value for item in items.value[::2]}
        session.pipeline([("HSET", "h", f"passing:{fresh + i}", "v") for i in range(40)])
        session.pipeline([("HDEL", "h", f"passing:{fresh + i}") for i in range(0, 40, 2)])
        fresh += 40
        if cursor == b"0":
            break
        assert fresh < 200_000, "the iteration does not end"
    assert set(stable) <= found


@pytest.mark.parametrize("count", [3, 600, 20_000])
def test_sscan_returns_every_member_once(session, count):
    members = {b"member:%d" % i for i in range(count)}
    session.pipeline([("SADD", "m", member) for member in members])
    found = scan(session, "COUNT", 50, verb=("SSCAN", "m"))
    assert len(found) == count
    assert set(found) == members
    matching = scan(session, "MATCH", "member:1*", verb=("SSCAN", "m"))
    assert set(matching) == {member for member in members if member.startswith(b"member:1")}


def test_sscan_keeps_its_guarantee_while_members_come_and_go(session):
    stable = [f"stable:{i}".encode() for i in range(1_000)]
    session.call("SADD", "m", *stable)
    found, cursor, fresh = set(), b"0", 0
    while True:
        cursor, items = session.call("SSCAN", "m", cursor, "COUNT", 20).value
        cursor = cursor.value
        found |= {item.value for item in items.value}
        session.pipeline([("SADD", "m", f"passing:{fresh + i}") for i in range(40)])
        session.pipeline([("SREM", "m", f"passing:{fresh + i}") for i in range(0, 40, 2)])
        fresh += 40
        if cursor == b"0":
            break
        assert fresh < 200_000, "the iteration does not end"
    assert set(stable) <= found


@pytest.mark.parametrize("count", [5, 3_000])
def test_zscan_returns_every_member_once(session, count):
    scores = {b"member:%d" % i: i * 0.5 for i in range(count)}
    session.pipeline([("ZADD", "z", score, member) for member, score in scores.items()])
    flat = scan(session, "COUNT", 50, verb=("ZSCAN", "z"))
    assert len(flat) == 2 * count
    assert {member: float(score) for member, score in zip(flat[::2], flat[1::2])} == scores
    matching = scan(session, "MATCH", "member:1*", verb=("ZSCAN", "z"))
    assert {member for member in matching[::2]} == {member for member in scores if member.startswith(b"member:1")}


def test_zscan_keeps_its_guarantee_while_members_come_and_go(session):
    lasting = {b"lasting:%d" % i for i in range(1_000)}
    session.pipeline([("ZADD", "z", 1, member) for member in lasting])
    found, cursor, turn = set(), b"0", 0
    while cursor != b"0" or turn == 0:
        cursor, items = session.call("ZSCAN", "z", cursor, "COUNT", 20).value
        cursor = cursor.value
        found |= {item.value for item in items.value[::2]}
        session.pipeline([("ZADD", "z", turn, f"passing:{turn}:{i}") for i in range(50)])
        session.pipeline([("ZREM", "z", f"passing:{turn - 1}:{i}") for i in range(50)])
        turn += 1
    assert lasting <= found
