"""Replicas that follow a part of a kevy primary, by prefix and by type, over links that are cut."""

import subprocess

import pytest

from support.resp import info
from support.servers import kevy_binary
from support.wait import eventually

from .test_tail import tail  # noqa: F401

NOISE = "n" * 1000


def sent(session) -> int:
    """Bytes that the only replica was sent."""
    fields = dict(field.split("=") for field in info(session, "replication")["slave0"].split(","))
    return int(fields["bytes"])


def commands(frames: list[dict]) -> list[list[str]]:
    words = []
    for frame in frames:
        if "argv_hex" in frame:
            words.append([bytes.fromhex(word).decode("latin-1") for word in frame["argv_hex"]])
        elif "argv" in frame:
            words.append(frame["argv"])
    return words


def test_what_is_not_followed_is_not_sent(kevy, tail, shards):  # noqa: F811
    server = kevy(shards)
    primary = server.connect()
    for number in range(500):
        primary.call("SET", f"noise:{number}", NOISE)
    primary.call("SET", "user:1", "before")
    follower = tail(f"kevy://127.0.0.1:{server.port}", "--prefix", "user:", "--prefix", "team:")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert commands(frames) == [["SET", "user:1", "before"]]
    for number in range(500):
        primary.call("SET", f"noise:{number}", NOISE)
    primary.call("MSET", "user:2", "a", "noise:1", NOISE, "team:1", "b")
    primary.call("RENAME", "noise:1", "user:3")
    primary.call("RENAME", "user:1", "noise:1")
    # On every shard, so that whoever has it has all that came before.
    primary.call("MULTI")
    primary.call("MSET", *(word for number in range(64) for word in (f"user:last:{number}", 1)))
    primary.call("SET", "user:last", "1")
    primary.call("EXEC")
    follower.until_argv("SET", "user:last", "1")
    seen = commands(follower.seen)
    names = {name for argv in seen for name in argv if name.startswith("noise:")}
    assert not names, names
    assert ["DEL", "user:1"] in seen
    assert any(argv[:2] == ["RESTORE", "user:3"] for argv in seen)
    # A value of the noise came with its new name; the thousand others did not.
    assert sent(primary) < 20_000


def test_writes_beside_a_part_are_waited_for_without_being_sent(kevy, tail):  # noqa: F811
    server = kevy(2)
    primary = server.connect()
    follower = tail(f"kevy://127.0.0.1:{server.port}", "--prefix", "user:")
    follower.until(lambda frame: frame["kind"] == "snapshot-end")
    primary.call("SET", "user:1", "v")
    assert primary.call("WAIT", 1, 10_000).value == 1
    before = sent(primary)
    for _ in range(20):
        primary.call("SET", "noise", NOISE)
        assert primary.call("WAIT", 1, 10_000).value == 1
    assert sent(primary) - before < 5_000


def test_a_part_goes_on_behind_a_stretch_that_was_not_sent(kevy, tail, link, shards):  # noqa: F811
    server = kevy(shards, repl_backlog_size="1mb")
    between = link(server)
    primary = server.connect()
    follower = tail(f"kevy://127.0.0.1:{between.port}", "--prefix", "user:")
    follower.until(lambda frame: frame["kind"] == "snapshot-end")
    for turn in range(5):
        # More than the backlog holds: only who knows of the stretch can go on behind it.
        for number in range(1500):
            primary.call("SET", f"noise:{number}", NOISE)
        primary.call("SET", "user:1", turn)
        follower.until_argv("SET", "user:1", str(turn))
        between.cut()
        follower.until(lambda frame: frame["kind"] == "link" and frame.get("up"))
    assert sum(frame["kind"] == "snapshot-begin" for frame in follower.seen) == 1
    eventually(lambda: info(primary, "stats")["sync_full"] == "1", "one snapshot was enough")


def test_types_are_followed(kevy, tail):  # noqa: F811
    server = kevy()
    primary = server.connect()
    primary.call("HSET", "h", "f", "v")
    primary.call("SET", "s", NOISE)
    follower = tail(f"kevy://127.0.0.1:{server.port}?type=hash,zset")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert commands(frames) == [["HSET", "h", "f", "v"]]
    primary.call("SADD", "set", "m")
    primary.call("ZADD", "z", 1, "m")
    primary.call("SET", "h", "now a string")
    primary.call("HSET", "last", "f", "v")
    seen = commands(follower.until_argv("HSET", "last", "f", "v"))
    assert seen == [["ZADD", "z", "1", "m"], ["DEL", "h"], ["HSET", "last", "f", "v"]]


@pytest.mark.parametrize("word", ["type=hash,heap", "type=,"])
def test_types_that_there_are_not_are_refused(kevy, word):
    done = subprocess.run(
        [kevy_binary(), "tail", f"kevy://127.0.0.1:1?{word}"], capture_output=True, timeout=30
    )
    assert done.returncode == 1 and b"is not types such as" in done.stderr, done.stderr


def test_other_servers_are_not_asked_for_types(redis, tail):  # noqa: F811
    server = redis()
    done = subprocess.run(
        [kevy_binary(), "tail", f"redis://127.0.0.1:{server.port}?type=hash"], capture_output=True, timeout=30
    )
    assert done.returncode == 1 and b"only kevy" in done.stderr, done.stderr


def test_key_patterns_of_a_user_limit_what_its_replica_may_ask_for(kevy, played, tail, shards):  # noqa: F811
    server = kevy(shards)
    primary = server.connect()
    for name, rules in {
        "app": ["+replicate", "%R~app:*", "~team:*", "%W~written:*", "~o?d:*", "&*"],
        "quiet": ["+replicate", "~app:*"],
        "split": ["+replicate", "~none", "(~app:* &*)"],
    }.items():
        assert primary.call("ACL", "SETUSER", name, "on", ">secret", "resetchannels", *rules).value == b"OK"

    def ask(name: str, *words: str, known_as: str = "x") -> str:
        replica = played(server)
        assert replica.command("AUTH", name, "secret") == "+OK"
        return replica.command("REPLICATE", "FROM", 0, 0, "ID", known_as, "CAPA", "mux", *words)

    for words in (
        (),
        ("prefix=",),
        ("prefix=app",),
        ("prefix=other:",),
        ("prefix=written:",),
        ("prefix=old:",),
        ("prefix=app:", "prefix=other:"),
        ("type=hash",),
    ):
        assert ask("app", *words).startswith("-NOPERM"), words
    # A name is no wish.
    assert ask("app", known_as="prefix=app:").startswith("-NOPERM")
    # Whoever may not hear every channel, or has the right and the keys from different selectors, gets nothing.
    assert ask("quiet", "prefix=app:").startswith("-NOPERM")
    assert ask("split", "prefix=app:").startswith("-NOPERM")
    assert ask("app", "prefix=app:1", "prefix=team:").startswith("+")
    primary.call("MSET", "app:1", "a", "other:1", "b")
    url = f"kevy://app:secret@127.0.0.1:{server.port}"
    follower = tail(url, "--prefix", "app:")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert commands(frames) == [["SET", "app:1", "a"]]
    primary.call("SET", "other:1", "c")
    primary.call("SET", "app:1", "d")
    assert commands(follower.until_argv("SET", "app:1", "d")) == [["SET", "app:1", "d"]]
