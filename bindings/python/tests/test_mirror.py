"""``Mirror``: what it shows, waits for and refuses."""

import pytest

import kevy

PATIENCE = 30.0


@pytest.fixture
def primary():
    with kevy.Runtime(port=0, shards=2) as runtime:
        yield runtime


def url(runtime: kevy.Runtime) -> str:
    return f"kevy://127.0.0.1:{runtime.port}"


def test_it_shows_what_the_primary_has_and_what_it_is_given(primary):
    db = primary.session()
    db.set("before", 1)
    with kevy.Mirror(url(primary), shards=1) as mirror:
        assert mirror.wait_synced(PATIENCE)
        copy = mirror.session(decode_responses=True)
        assert copy.get("before") == "1"
        for number in range(100):
            db.set("counter", number)
            assert mirror.wait(primary.token, PATIENCE)
            assert copy.get("counter") == str(number)
        assert mirror.staleness is not None
        with pytest.raises(kevy.ReadOnlyError):
            copy.set("k", "v")


def test_it_copies_a_part(primary):
    db = primary.session()
    db.mset({"user:1": "a", "order:1": "b"})
    with kevy.Mirror(url(primary), prefixes=["user:", b"session:"]) as mirror:
        assert mirror.wait_synced(PATIENCE)
        db.set("session:1", "c")
        db.set("order:2", "d")
        assert mirror.wait(primary.token, PATIENCE)
        assert sorted(mirror.session().keys("*")) == [b"session:1", b"user:1"]


def test_waits_end_in_time(primary):
    with kevy.Mirror(url(primary)) as mirror:
        assert mirror.wait_synced(PATIENCE)
        history = primary.token.split(":")[0]
        assert not mirror.wait(f"{history}:{1 << 40},0", 0.01)
        with pytest.raises(kevy.ReplicaError):
            mirror.wait("7:1,2", PATIENCE)
    with kevy.Mirror("kevy://127.0.0.1:1", max_staleness=2.0) as mirror:
        assert not mirror.wait_synced(0.01)
        assert mirror.staleness is None


def test_a_replica_hands_out_only_what_begins_with_a_prefix(primary):
    primary.session().mset({"user:1": "a", "order:1": "b"})
    with kevy.Replica(primary, prefixes=["user:"]) as replica:
        keys = []
        while (frame := replica.next(PATIENCE)) is not None:
            if frame.kind is kevy.FrameKind.ENTRY:
                keys.append(frame.argv[1])
            if frame.kind is kevy.FrameKind.SNAPSHOT_END:
                break
        assert keys == [b"user:1"]


def test_one_prefix_alone_is_not_taken_for_its_letters():
    for prefixes in ("user:", b"user:"):
        with pytest.raises(TypeError, match="sequence of prefixes"):
            kevy.Mirror("kevy://127.0.0.1:1", prefixes=prefixes)


def test_a_primary_that_is_no_address_is_refused_with_what_one_looks_like():
    with pytest.raises(kevy.OptionError, match="a URL such as redis://host:port"):
        kevy.Mirror("127.0.0.1:6379")
