"""What the server chooses: members of what is there, and all of them sooner or later."""

import pytest

from .conftest import SURFACES


@pytest.fixture(params=SURFACES)
def session(request, targets):
    name, protocol = request.param
    session = targets(name).open(protocol)
    session.call("FLUSHALL")
    yield session
    session.call("FLUSHALL")
    session.close()


def test_randomkey_reaches_every_key(session):
    keys = {b"key:%d" % i for i in range(30)}
    session.pipeline([("SET", key, "v") for key in keys])
    found = {reply.value for reply in session.pipeline([("RANDOMKEY",)] * 3_000)}
    assert found == keys


def test_randomkey_is_fair(session):
    count, draws = 10, 10_000
    session.pipeline([("SET", f"key:{i}", "v") for i in range(count)])
    replies = [reply.value for reply in session.pipeline([("RANDOMKEY",)] * draws)]
    for i in range(count):
        share = replies.count(b"key:%d" % i) / draws
        assert 0.02 < share < 0.35, f"key:{i} came {share:.1%} of the time"


def test_randomkey_skips_what_has_expired(session):
    session.call("SET", "gone", "v", "PXAT", 1)
    session.call("SET", "there", "v")
    assert all(reply.value == b"there" for reply in session.pipeline([("RANDOMKEY",)] * 100))


@pytest.mark.parametrize("count", [5, 700])
def test_hrandfield(session, count):
    fields = {b"f%d" % i: b"%d" % i for i in range(count)}
    session.pipeline([("HSET", "h", field, value) for field, value in fields.items()])
    assert session.call("HRANDFIELD", "h").value in fields
    for wanted in (1, count // 2, count, count + 10):
        got = [item.value for item in session.call("HRANDFIELD", "h", wanted).value]
        assert len(got) == len(set(got)) == min(wanted, count)
        assert set(got) <= fields.keys()
    got = [item.value for item in session.call("HRANDFIELD", "h", -3 * count).value]
    assert len(got) == 3 * count
    assert set(got) <= fields.keys()
    pairs = session.call("HRANDFIELD", "h", -20, "WITHVALUES").value
    flat = [item for pair in pairs for item in pair.value] if pairs[0].kind == "*" else pairs
    values = [item.value for item in flat]
    assert len(values) == 40
    assert all(fields[field] == value for field, value in zip(values[::2], values[1::2]))


def test_hrandfield_reaches_every_field(session):
    fields = {b"f%d" % i for i in range(20)}
    session.pipeline([("HSET", "h", field, "v") for field in fields])
    found = {reply.value for reply in session.pipeline([("HRANDFIELD", "h")] * 2_000)}
    assert found == fields


@pytest.mark.parametrize("members", [range(5), [f"m{i}" for i in range(5)], [f"m{i}" for i in range(700)]], ids=len)
def test_srandmember_and_spop(session, members):
    members = {str(member).encode() for member in members}
    count = len(members)
    session.call("SADD", "m", *members)
    found = {reply.value for reply in session.pipeline([("SRANDMEMBER", "m")] * count * 20)}
    assert found == members
    for wanted in (1, count // 2, count, count + 10):
        got = [item.value for item in session.call("SRANDMEMBER", "m", wanted).value]
        assert len(got) == len(set(got)) == min(wanted, count)
        assert set(got) <= members
    got = [item.value for item in session.call("SRANDMEMBER", "m", -3 * count).value]
    assert len(got) == 3 * count
    assert set(got) <= members
    popped = [session.call("SPOP", "m").value]
    for wanted in (1, count // 2, count):
        popped += [item.value for item in session.call("SPOP", "m", wanted).value]
        assert session.call("SCARD", "m").value == count - len(popped)
    assert sorted(popped) == sorted(members)
    assert session.call("EXISTS", "m").value == 0


@pytest.mark.parametrize("count", [5, 700])
def test_zrandmember(session, count):
    scores = {b"m%d" % i: i * 0.5 for i in range(count)}
    session.pipeline([("ZADD", "z", score, member) for member, score in scores.items()])
    found = {reply.value for reply in session.pipeline([("ZRANDMEMBER", "z")] * count * 20)}
    assert found == scores.keys()
    for wanted in (1, count // 2, count, count + 10):
        got = [item.value for item in session.call("ZRANDMEMBER", "z", wanted).value]
        assert len(got) == len(set(got)) == min(wanted, count)
        assert set(got) <= scores.keys()
    assert len(session.call("ZRANDMEMBER", "z", -3 * count).value) == 3 * count
    pairs = session.call("ZRANDMEMBER", "z", -20, "WITHSCORES").value
    flat = [item for pair in pairs for item in pair.value] if pairs[0].kind == "*" else pairs
    values = [item.value for item in flat]
    assert len(values) == 40
    assert all(scores[member] == float(score) for member, score in zip(values[::2], values[1::2]))
