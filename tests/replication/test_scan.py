"""Sources that forbid PSYNC, as managed services do, followed by ``kevy tail`` and by mirrors all the same."""

import random
import subprocess
import threading

import pytest

from support.resp import Connection, info
from support.servers import Server, kevy_binary
from support.wait import eventually

from .test_mirror import fill, is_up, same, section
from .test_tail import Tail, kinds

#: What a managed service lets its users do, and no more.
RIGHTS = ("on", ">secret", "~*", "-@all", "+@read", "+client", "+hello")


def allow(server: Server, *rights: str) -> str:
    """Makes a user, and gives the URL that it follows the server by."""
    with server.connect() as session:
        assert session.call("ACL", "SETUSER", "tail", *(rights or RIGHTS)).value == b"OK"
    return f"redis://tail:secret@127.0.0.1:{server.port}"


@pytest.fixture
def without_command(redis):
    """A redis-server whose operator took PSYNC away, and its URL."""

    def start() -> tuple[Server, str]:
        server = redis(rename_command="PSYNC ")
        return server, f"redis://127.0.0.1:{server.port}"

    return start


@pytest.fixture(params=["renamed", "ACL", "kevy"])
def source(request, kevy, without_command, redis):
    """Servers that are followed the weaker way, and their URLs."""
    if request.param == "renamed":
        return without_command()
    server = redis() if request.param == "ACL" else kevy(3)
    return server, allow(server)


@pytest.fixture
def tail(closing):
    return lambda url, *options: closing(Tail(url, *options))


def words_of(frame: dict) -> list:
    return frame.get("argv") or [bytes.fromhex(word) for word in frame["argv_hex"]]


class Applied:
    """A redis-server that gets every command of the frames, as the header tells consumers to do."""

    def __init__(self, server: Server):
        self.session = server.connect()
        self.frames = 0

    def take(self, frames: list[dict]) -> None:
        for frame in frames:
            self.frames += 1
            kind = frame["kind"]
            if kind == "snapshot-begin":
                words = ["FLUSHALL"]
            elif kind in ("entry", "command"):
                words = words_of(frame)
            else:
                continue
            reply = self.session.call(*words)
            assert not reply.is_error, (words[:2], reply)


def write_at_random(call, chance: random.Random) -> None:
    """One write among a hundred keys, of any type."""
    key, value = f"k{chance.randrange(100)}", chance.randrange(1000)
    turns = [
        ("SET", key, value),
        ("SET", key, value, "PX", 10_000_000),
        ("SET", key, b"\xff\x00" * (value % 50)),
        ("DEL", key),
        ("SET", key, value, "PX", 1 + value % 30),
        ("PEXPIRE", key, 9_000_000),
        ("PERSIST", key),
        ("RENAME", key, f"k{value % 100}"),
        ("RPUSH", "l" + key, value),
        ("LPOP", "l" + key),
        ("LTRIM", "l" + key, 0, 5),
        ("SADD", "s" + key, value % 20, value % 7),
        ("SREM", "s" + key, value % 20),
        ("HSET", "h" + key, value % 10, value),
        ("HDEL", "h" + key, value % 10),
        ("ZADD", "z" + key, value, value % 10),
        ("ZREM", "z" + key, value % 10),
        ("XADD", "x" + key, "*", "field", value),
        ("XTRIM", "x" + key, "MAXLEN", 3),
        ("COPY", "l" + key, "lcopy", "REPLACE"),
    ]
    call(*chance.choice(turns))


class Load:
    """A client that writes at random until it is told to stop."""

    def __init__(self, server: Server, seed: int):
        self.is_over = threading.Event()
        self.session = server.connect()
        self.chance = random.Random(seed)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while not self.is_over.is_set():
            write_at_random(self.session.call, self.chance)

    def stop(self) -> None:
        self.is_over.set()
        self.thread.join()


def keys(session: Connection) -> int:
    return session.call("DBSIZE").value


def test_a_copy_under_load_is_the_source_in_the_end(source, redis, tail):
    server, url = source
    primary = server.connect()
    for turn in range(3000):
        primary.call("SET", f"first:{turn}", turn)
    load = Load(server, 7)
    follower, applied = tail(url), Applied(redis())
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert frames[0]["kind"] == "link" and "weaker than PSYNC" in frames[0]["reason"]
    assert "forbids PSYNC" in frames[0]["reason"]
    applied.take(frames)
    for turn in range(2):
        primary.call("SET", "mark", turn)
        applied.take(follower.until_argv("SET", "mark", str(turn)))
    load.stop()
    # Keys that are due are gone before the digests are compared.
    eventually(lambda: primary.call("EVAL", "return #redis.call('keys', '*')", 0).value == keys(primary), "none is due")
    primary.call("SET", "mark", "end")
    applied.take(follower.until_argv("SET", "mark", "end"))

    def is_equal() -> bool:
        while not follower.lines.empty():
            applied.take([follower.lines.get()])
        return primary.call("DEBUG", "DIGEST").value == applied.session.call("DEBUG", "DIGEST").value

    eventually(is_equal, "the copy is the source")
    assert keys(primary) > 3000


def test_a_key_of_every_type_arrives(source, redis, tail):
    server, url = source
    primary = server.connect()
    fill(primary)
    primary.call("SELECT", 7)
    primary.call("FLUSHDB")
    primary.call("SELECT", 0)
    follower, applied = tail(url), Applied(redis())
    applied.take(follower.until(lambda frame: frame["kind"] == "snapshot-end"))
    groups = [session.call("XPENDING", "stream", "group").value for session in (primary, applied.session)]
    assert str(groups[0]) == str(groups[1])
    assert primary.call("DEBUG", "DIGEST").value == applied.session.call("DEBUG", "DIGEST").value
    # The same as changes.
    primary.call("FLUSHALL")
    fill(primary)
    primary.call("SET", "mark", 1)
    applied.take(follower.until_argv("SET", "mark", "1"))
    primary.call("SELECT", 7)
    primary.call("FLUSHDB")
    primary.call("SELECT", 0)

    def is_equal() -> bool:
        while not follower.lines.empty():
            applied.take([follower.lines.get()])
        return primary.call("DEBUG", "DIGEST").value == applied.session.call("DEBUG", "DIGEST").value

    eventually(is_equal, "the copy is the source")


def test_what_goes_by_itself_is_told(without_command, tail):
    server, url = without_command()
    primary = server.connect()
    follower = tail(url)
    follower.until(lambda frame: frame["kind"] == "snapshot-end")
    primary.call("RPUSH", "due", 1)
    primary.call("PEXPIRE", "due", 40)
    is_inside = False

    def is_removal(frame: dict) -> bool:
        nonlocal is_inside
        # One in a transaction is what the value of a list begins with.
        is_inside = {"transaction-begin": True, "transaction-end": False}.get(frame["kind"], is_inside)
        return not is_inside and frame.get("argv") == ["DEL", "due"]

    follower.until(is_removal)


def test_flushing_is_told_or_read_anew(without_command, tail):
    server, url = without_command()
    primary = server.connect()
    primary.call("SET", "k", "v")
    follower = tail(url)
    follower.until(lambda frame: frame["kind"] == "snapshot-end")
    primary.call("SELECT", 5)
    primary.call("FLUSHDB")
    primary.call("SELECT", 0)
    primary.call("SET", "other", 1)
    # A key that is still there says that it was not this database.
    assert kinds(follower.until_argv("SET", "other", "1")) == ["command"]
    primary.call("FLUSHALL")
    assert kinds(follower.until_argv("FLUSHDB")) == ["command"]
    primary.call("SET", "k", "x", "PX", 10_000_000)
    follower.until(lambda frame: frame.get("argv", [""])[0] == "SET")
    primary.call("SELECT", 5)
    primary.call("FLUSHDB")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert kinds(frames) == ["resync", "snapshot-begin", "entry", "snapshot-end"]
    assert "emptied" in frames[0]["reason"]


def test_a_cursor_leads_to_a_new_copy_that_says_why(without_command, tail, tmp_path):
    server, url = without_command()
    primary = server.connect()
    primary.call("MSET", "kept", 1, "gone", 1)
    cursor = str(tmp_path / "cursor")
    first = tail(url, "--cursor", cursor)
    first.until(lambda frame: frame["kind"] == "snapshot-end")
    for turn in range(2):
        # That the second one comes says that the cursor after the first is kept.
        primary.call("SET", "kept", turn)
        first.until_argv("SET", "kept", str(turn))
    first.close()
    primary.call("DEL", "gone")
    again = tail(url, "--cursor", cursor)
    frames = again.until(lambda frame: frame["kind"] == "snapshot-end")
    assert kinds(frames) == ["link", "resync", "snapshot-begin", "entry", "snapshot-end"]
    assert "scanned and tracked" in frames[1]["reason"]
    primary.call("SET", "kept", 9)
    # The count goes on where the cursor was.
    assert again.until_argv("SET", "kept", "9")[-1]["offset"] >= 1


def test_one_database_is_followed_and_prefixes_are_asked_of_the_server(without_command, tail):
    server, url = without_command()
    primary = server.connect()
    primary.call("SET", "user:0", "in database 0")
    primary.call("SELECT", 3)
    primary.call("MSET", "user:1", 1, "order:1", 1, "us*:1", 1)
    follower = tail(url + "/3", "--prefix", "user:", "--prefix", "us*")
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert "database 3" in frames[0]["reason"]
    entries = [(frame["db"], frame["argv"]) for frame in frames if frame["kind"] == "entry"]
    assert sorted(entries) == [(3, ["SET", "us*:1", "1"]), (3, ["SET", "user:1", "1"])]
    primary.call("SET", "order:2", 1)
    primary.call("SET", "user:2", 1)
    assert len(follower.until_argv("SET", "user:2", "1")) == 1
    assert b"flags=tB" in primary.call("CLIENT", "LIST").value


def test_key_patterns_of_the_user_limit_what_arrives(redis, tail):
    server = redis()
    url = allow(server, "on", ">secret", "~mine:*", "-@all", "+@read", "+client", "+hello")
    primary = server.connect()
    primary.call("MSET", "mine:1", 1, "theirs:1", 1)
    follower = tail(url)
    frames = follower.until(lambda frame: frame["kind"] == "snapshot-end")
    assert [frame["argv"][1] for frame in frames if frame["kind"] == "entry"] == ["mine:1"]
    primary.call("SET", "theirs:1", 2)
    primary.call("SET", "mine:1", 2)
    assert len(follower.until_argv("SET", "mine:1", "2")) == 1


@pytest.mark.parametrize(
    ("rights", "options", "told"),
    [
        (RIGHTS, ("--follow", "psync"), "NOPERM"),
        ((*RIGHTS, "-dump"), (), "DUMP"),
        ((*RIGHTS, "-client"), (), "CLIENT TRACKING"),
    ],
)
def test_what_is_forbidden_as_well_is_an_error(redis, rights, options, told):
    server = redis()
    server.connect().call("SET", "k", "v")
    url = allow(server, *rights)
    run = subprocess.run(
        [kevy_binary(), "tail", url, "--json", *options], capture_output=True, text=True, timeout=30, check=False
    )
    assert run.returncode == 1 and told in run.stderr, run.stderr


def test_scanning_can_be_asked_for_and_psync_is_taken_where_it_is_allowed(redis, tail):
    server = redis(repl_diskless_sync_delay=0)
    session = server.connect()
    url = f"redis://127.0.0.1:{server.port}"
    frames = tail(url).until(lambda frame: frame["kind"] == "snapshot-end")
    assert "reason" not in frames[0]
    assert info(session, "stats")["sync_full"] == "1"
    frames = tail(url, "--follow", "scan").until(lambda frame: frame["kind"] == "snapshot-end")
    assert "weaker" in frames[0]["reason"]
    assert info(session, "stats")["sync_full"] == "1"


def test_a_mirror_is_fed_the_weaker_way_and_says_so(shards, source, kevy, closing):
    server, url = source
    primary = server.connect()
    for turn in range(500):
        primary.call("SET", f"first:{turn}", turn)
    load = Load(server, 9)
    mirror = kevy(shards, replicaof=url)
    session = mirror.connect()
    eventually(lambda: is_up(session), "it is linked")
    assert section(session)["replica_guarantee"] == "weaker"
    assert "forbids PSYNC" in mirror.output()
    load.stop()
    same(primary, session)
    primary.call("FLUSHALL")
    same(primary, session)
    primary.call("RPUSH", "list", *range(300))
    same(primary, session)
    assert session.call("SET", "a", 1).value.startswith(b"READONLY")


def test_a_mirror_whose_link_is_cut_copies_anew(without_command, kevy, link):
    server, _ = without_command()
    primary, between = server.connect(), link(server)
    primary.call("MSET", "kept", 1, "gone", 1)
    mirror = kevy(2, replicaof=f"redis://127.0.0.1:{between.port}")
    session = mirror.connect()
    eventually(lambda: is_up(session), "it is linked")
    same(primary, session)
    load = Load(server, 11)
    for _ in range(5):
        between.cut()
        accepted = between.accepted
        eventually(lambda: between.accepted > accepted, "it connects again")  # noqa: B023
    between.cut(stays=True)
    load.stop()
    primary.call("DEL", "gone")
    between.mend()
    eventually(lambda: is_up(session), "it is linked again")
    same(primary, session)
    assert session.call("EXISTS", "gone").value == 0


def test_a_primary_named_as_redis_names_them_is_followed_whole_or_not_at_all(without_command, kevy):
    server, _ = without_command()
    server.connect().call("SET", "k", "v")
    mirror = kevy(1, replicaof=f"127.0.0.1 {server.port}")
    eventually(lambda: "unknown command 'PSYNC'" in mirror.output(), "the log tells why")
    session = mirror.connect()
    assert not is_up(session) and session.call("DBSIZE").value == 0
