"""The append-only log: read back, rewritten, switched on and off, cut where it is torn, refused where it is damaged, and
exchanged with redis-server."""

import os
import re
import shutil
import subprocess
import threading
import time

import pytest

from support.servers import kevy_binary
from support.wait import eventually

from .contents import fill, read

LOG = {"appendonly": "yes", "save": ""}
NAME = "appendonly.aof"


def fields(server) -> dict[str, str]:
    text = server.connect().call("INFO", "persistence").text
    return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)


def is_rewritten(server, times: int = 1) -> None:
    def holds() -> bool:
        now = fields(server)
        return now["aof_rewrite_in_progress"] == "0" and now["aof_rewrite_scheduled"] == "0" and int(now["aof_rewrites"]) >= times

    eventually(holds, f"the log is rewritten {times} times")


def digest(server) -> bytes:
    return server.connect().call("DEBUG", "DIGEST").value


@pytest.mark.parametrize("before,after,preamble", [(3, 3, "no"), (3, 1, "yes"), (1, 3, "no"), (3, 2, "yes")])
def test_what_was_logged_comes_back(start, before, after, preamble):
    options = LOG | {"aof_use_rdb_preamble": preamble}
    server = start(before, **options)
    session = server.connect()
    session.call("MSET", *[word for number in range(40) for word in (f"many:{number}", number)])
    session.pipeline([("SET", "gone", 1), ("MULTI",), ("FLUSHDB",), ("SET", "kept", 1), ("MSET", "a", 1, "b", 2, "c", 3), ("EXEC",)])
    session.call("SELECT", 3)
    session.call("SET", "elsewhere", 2)
    session.call("SWAPDB", 3, 5)
    session.call("SELECT", 0)
    fill(session)
    whole = digest(server)
    assert server.stop() == 0
    server = start(after, **options)
    assert digest(server) == whole
    # A log of another number of shards is rewritten by itself.
    is_rewritten(server, int(after != before))
    assert server.connect().call("BGREWRITEAOF").text == "Background append only file rewriting started"
    is_rewritten(server, 1 + int(after != before))
    assert digest(server) == whole
    assert server.connect().call("DEBUG", "LOADAOF").text == "OK"
    assert digest(server) == whole
    server.connect().call("SET", "after", 1)
    whole = digest(server)
    server.stop()
    assert digest(start(before, **options)) == whole


@pytest.mark.parametrize("shards", [1, 3])
def test_a_log_that_is_being_switched_on_is_read_whole_and_one_that_is_switched_off_is_not_waited_for(start, shards):
    session = start(shards, save="").connect()
    for number in range(30):
        assert session.call("CONFIG", "SET", "appendonly", "yes").text == "OK"
        session.call("SET", f"key:{number}", number)
        assert session.call("DEBUG", "LOADAOF").text == "OK"
        assert session.call("DBSIZE").value == number + 1
        session.call("CONFIG", "SET", "appendonly", "no")


def test_rewrites_beside_writes_lose_nothing(start):
    server = start(3, **LOG, appendfsync="no")
    done = threading.Event()

    def write(number: int) -> None:
        session = server.connect()
        count = 0
        while not done.is_set():
            session.pipeline([("INCR", f"counter:{number}"), ("RPUSH", f"list:{number}", count), ("LPOP", f"list:{number}")] * 10)
            count += 1

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    try:
        for round_ in range(5):
            server.connect().call("BGREWRITEAOF")
            is_rewritten(server, round_ + 2)
    finally:
        done.set()
        for writer in writers:
            writer.join()
    whole = digest(server)
    server.stop()
    assert digest(start(3, **LOG)) == whole


def test_a_log_that_has_grown_is_rewritten(start, directory):
    server = start(2, **LOG, auto_aof_rewrite_min_size="20kb", auto_aof_rewrite_percentage=50)
    session = server.connect()
    write = [("INCR", "n")] * 300
    eventually(lambda: session.pipeline(write) and int(fields(server)["aof_rewrites"]) > 2, "it is rewritten by itself")
    is_rewritten(server)
    names = sorted(path.name for path in (directory / "appendonlydir").iterdir())
    assert len(names) == 4, names


def test_the_log_is_switched_on_and_off(start, directory):
    server = start(3, save="")
    session = server.connect()
    fill(session)
    assert session.call("CONFIG", "SET", "appendonly", "yes").text == "OK"
    session.call("SET", "early", 1)
    is_rewritten(server)
    assert session.call("CONFIG", "GET", "appendonly").value[1].text == "yes"
    session.call("SET", "logged", 1)
    whole = digest(server)
    assert session.call("CONFIG", "SET", "appendonly", "no").text == "OK"
    eventually(lambda: "is off" in server.output() or session.call("SET", "x", 1) and fields(server)["aof_enabled"] == "0", "it is off")
    server.kill()
    server = start(3, **LOG)
    session = server.connect()
    session.call("DEL", "x")
    assert digest(server) == whole


def test_an_existing_snapshot_begins_the_log(start):
    server = start(2)
    session = server.connect()
    fill(session)
    session.call("SAVE")
    whole = digest(server)
    server.kill()
    server = start(2, **LOG)
    assert digest(server) == whole
    server.kill()
    assert digest(start(2, **LOG)) == whole


def test_what_expired_before_the_start_may_have_been_given_more_time(start):
    server = start(1, **LOG)
    session = server.connect()
    session.call("SET", "k", 1, "PX", 1500)
    session.call("SET", "short", 1, "PX", 1500)
    session.call("BGREWRITEAOF")
    is_rewritten(server, 2)
    session.call("PERSIST", "k")
    at = session.call("PEXPIRETIME", "short").value
    server.stop()
    eventually(lambda: time.time() * 1000 > at, "it has expired")
    session = start(1, **LOG).connect()
    assert session.call("GET", "k").text == "1"
    assert session.call("GET", "short").value is None


def one_shard(start, directory, writes=6):
    """A log of one shard, with what each number of whole writes comes to."""
    server = start(1, **LOG, appendfsync="always")
    session = server.connect()
    for number in range(writes):
        session.call("RPUSH", "list", f"element:{number}")
    server.kill()
    return next((directory / "appendonlydir").glob(f"{NAME}.*.incr.0.kevy"))


def test_a_torn_end_is_cut_kept_aside_and_reported(start, directory):
    path = one_shard(start, directory)
    whole = path.read_bytes()
    last = whole.rindex(b"KREC")
    for end in list(range(last + 1, len(whole), 7)) + [len(whole) - 1]:
        path.write_bytes(whole[:end])
        server = start(1, **LOG)
        session = server.connect()
        assert session.call("LLEN", "list").value == 5, end
        assert "cut off" in server.output() or "was cut at byte" in server.output()
        aside = sorted(path.parent.glob("*.cut-*"))
        assert aside[-1].read_bytes() == whole[last:end]
        session.call("RPUSH", "list", "more")
        server.stop()
        again = start(1, **LOG)
        assert again.connect().call("LRANGE", "list", -2, -1).value[1].text == "more"
        again.kill()
        for file in aside:
            file.unlink()


def test_a_torn_end_is_refused_where_that_is_asked_for(start, directory):
    path = one_shard(start, directory)
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(AssertionError, match=f"damaged at byte {whole.rindex(b'KREC')}.*aof-load-truncated"):
        start(1, **LOG, aof_load_truncated="no")
    assert path.read_bytes() == whole[:-3]


def test_damage_in_the_middle_is_refused_with_its_place(start, directory):
    path = one_shard(start, directory)
    whole = path.read_bytes()
    third = [found.start() for found in re.finditer(b"KREC", whole)][2]
    for at in (third, third + 5, third + 40):
        damaged = bytearray(whole)
        damaged[at] ^= 0x20
        path.write_bytes(damaged)
        with pytest.raises(AssertionError, match=f"{path.name} is damaged at byte {third}"):
            start(1, **LOG)
        assert path.read_bytes() == damaged
    server = start(1, **LOG, aof_load_corrupt_tail_max_size=len(whole))
    assert server.connect().call("LLEN", "list").value == 2


def test_a_file_that_is_missing_is_refused(start, directory):
    path = one_shard(start, directory)
    path.unlink()
    with pytest.raises(AssertionError, match=re.escape(path.name)):
        start(1, **LOG)


def test_waitaof_waits_for_the_disk(start):
    server = start(2, **LOG)
    session = server.connect()
    session.call("SET", "k", 1)
    assert [reply.value for reply in session.call("WAITAOF", 1, 0, 0).value] == [1, 0]
    assert [reply.value for reply in session.call("WAITAOF", 0, 0, 0).value] == [1, 0]
    assert [reply.value for reply in session.call("WAITAOF", 1, 1, 10).value] == [1, 0]
    assert session.call("WAITAOF", 2, 0, 0).text == "ERR value is out of range, value must between 0 and 1"
    other = start(1, save="", dir="").connect()
    refusal = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."
    assert other.call("WAITAOF", 1, 0, 0).text == refusal
    session.send("WAITAOF", 1, 1, 0)
    server.connect().call("CONFIG", "SET", "appendonly", "no")
    assert session.read().text == refusal


@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_kevy_reads_the_log_of_redis(start, redis, directory, preamble):
    directory.mkdir()
    theirs = redis(appendonly="yes", save="", aof_use_rdb_preamble=preamble)
    session = theirs.connect()
    fill(session, newer=False)
    session.call("BGREWRITEAOF")
    eventually(lambda: fields(theirs)["aof_rewrite_in_progress"] == "0" and list((directory / "appendonlydir").glob("*.2.base.*")), "redis has rewritten")
    session.pipeline([("MULTI",), ("SET", "one", 1), ("RENAME", "one", "two"), ("EXEC",), ("SPOP", "set:small"), ("COPY", "two", "three")])
    written = read(session)
    session.send("SHUTDOWN")
    theirs.wait()
    server = start(3, **LOG)
    assert read(server.connect()) == written
    is_rewritten(server)
    server.kill()
    assert read(start(2, **LOG).connect()) == written


def test_a_torn_log_of_redis_is_cut(start, redis, directory):
    directory.mkdir()
    theirs = redis(appendonly="yes", save="")
    session = theirs.connect()
    session.call("SET", "k", 1)
    session.pipeline([("MULTI",), ("INCR", "k"), ("INCR", "k"), ("EXEC",)])
    session.send("SHUTDOWN")
    theirs.wait()
    path = directory / "appendonlydir" / f"{NAME}.1.incr.aof"
    path.write_bytes(path.read_bytes()[:-5])
    server = start(2, **LOG)
    assert server.connect().call("GET", "k").text == "1"


@pytest.mark.parametrize("preamble,logged", [("yes", "no"), ("no", "yes")])
def test_redis_reads_what_kevy_exports(start, redis, directory, tmp_path, preamble, logged):
    server = start(3, appendonly=logged)
    session = server.connect()
    fill(session, newer=False)
    mine = read(session)
    assert server.stop() == 0
    target = tmp_path / "export"
    target.mkdir()
    base = [kevy_binary(), "--dir", str(directory), "--appendonly", logged, "--aof-use-rdb-preamble", preamble]
    subprocess.run([*base, "--export-aof", str(target / "appendonlydir")], check=True, capture_output=True)
    subprocess.run([*base, "--export-rdb", str(target / "dump.rdb")], check=True, capture_output=True)
    assert read(redis(dir=target, appendonly="yes").connect()) == mine
    shutil.rmtree(target / "appendonlydir")
    assert read(redis(dir=target).connect()) == mine


def test_a_log_of_one_file_is_read(start, directory):
    directory.mkdir()
    (directory / NAME).write_bytes(b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n#TS:1700000000\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n")
    session = start(2, **LOG).connect()
    session.call("SELECT", 3)
    assert session.call("GET", "k").text == "v"


def test_rewrites_are_refused_or_scheduled(start):
    server = start(1, **LOG)
    session = server.connect()
    session.call("DEBUG", "POPULATE", 40_000)
    replies = session.pipeline([("BGREWRITEAOF",), ("BGREWRITEAOF",)])
    assert replies[0].text == "Background append only file rewriting started"
    assert replies[1].text == "ERR Background append only file rewriting already in progress"
    is_rewritten(server, 2)
    replies = session.pipeline([("BGSAVE",), ("BGREWRITEAOF",)])
    assert replies[1].text == "Background append only file rewriting scheduled"
    is_rewritten(server, 3)


def test_a_rewrite_that_fails_leaves_the_log_as_it_was(start):
    server = start(2, **LOG)
    session = server.connect()
    fill(session)
    whole = digest(server)
    session.call("WAITAOF", 1, 0, 0)
    session.call("DEBUG", "DISK", "FAIL-WRITES", 20_000, 28)
    session.call("BGREWRITEAOF")
    eventually(lambda: fields(server)["aof_last_bgrewrite_status"] == "err", "the rewrite has failed")
    session.call("DEBUG", "DISK", "HEAL")
    server.kill()
    server = start(2, **LOG)
    assert digest(server) == whole
    server.connect().call("BGREWRITEAOF")
    is_rewritten(server)
    assert fields(server)["aof_last_bgrewrite_status"] == "ok"
    server.kill()
    assert digest(start(2, **LOG)) == whole


def test_two_shards_agree_on_what_was_whole(start, directory):
    """The part of a transaction that one shard has on disk is worth nothing while another's is missing."""
    server = start(2, **LOG, appendfsync="always")
    session = server.connect()
    session.call("MSET", "a", 0, "b", 0)
    keys = [f"k:{number}" for number in range(8)]
    for number in range(5):
        session.call("MSET", *[word for key in keys for word in (key, number)])
    server.kill()
    files = sorted((directory / "appendonlydir").glob(f"{NAME}.*.incr.*.kevy"))
    contents = [file.read_bytes() for file in files]
    starts = [found.start() for found in re.finditer(b"KREC", contents[1])]
    files[1].write_bytes(contents[1][: starts[-2] + 20])
    for shards in (2, 3):
        for file, content in zip(files, contents):
            file.write_bytes(content)
        files[1].write_bytes(contents[1][: starts[-2] + 20])
        copy = directory.with_name(f"copy-{shards}")
        shutil.copytree(directory, copy)
        (copy / "kevy.lock").unlink()
        server = start(shards, **LOG, dir=copy)
        values = {reply.text for reply in server.connect().call("MGET", *keys).value}
        assert len(values) == 1 and values <= {"2", "3"}, values
        assert fields(server)["loading"] == "0" and any(".cut-" in name for name in os.listdir(copy / "appendonlydir"))
