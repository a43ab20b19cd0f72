"""The slow log, pauses, statistics of commands, CONFIG REWRITE: what operators rely on, through the wire."""

import re
import threading
import time

import pytest

from support.resp import info
from support.servers import start_kevy, start_redis
from support.wait import eventually


def texts(reply):
    return [item.text for item in reply.value]


def entries(session, count=-1):
    return [
        {"id": e.value[0].value, "us": e.value[2].value, "args": texts(e.value[3]), "addr": e.value[4].text, "name": e.value[5].text}
        for e in session.call("SLOWLOG", "GET", count).value
    ]


def slow_log_of(server):
    """What a run of commands leaves in the slow log: arguments and names, oldest first."""
    session = server.connect()
    session.call("CLIENT", "SETNAME", "me")
    session.call("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "100")
    session.call("SLOWLOG", "RESET")
    session.call("SADD", "set", *range(40))
    session.call("SET", "key", "A" * 129)
    session.call("CONFIG", "SET", "requirepass", "")
    session.call("AUTH", "nobody", "secret")
    session.call("HELLO", "3", "AUTH", "default", "secret")
    session.call("MULTI")
    session.call("GETEX", "key", "EX", "1000")
    session.call("INCRBYFLOAT", "n", "1.5")
    session.call("EXEC")
    session.call("DEBUG", "SLEEP", "0.01")
    session.pipeline([("MULTI",), ("DEBUG", "SLEEP", "0.01"), ("EXEC",)])
    session.call("NOSUCH", "x")
    session.call("LPUSH", "set", "wrong type")
    session.call("CONFIG", "SET", "slowlog-log-slower-than", "-1")
    found = entries(session)
    assert [e["id"] for e in found] == list(range(found[0]["id"], found[0]["id"] - len(found), -1))
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+", e["addr"]) for e in found)
    assert {e["name"] for e in found} == {"me"}
    assert next(e["us"] for e in found if e["args"][0] == "DEBUG") >= 10_000
    return [e["args"] for e in reversed(found)]


def test_the_slow_log_keeps_what_redis_keeps(kevy):
    with start_redis() as redis:
        assert slow_log_of(kevy) == slow_log_of(redis)


def test_the_slow_log_forgets_the_oldest(kevy):
    session = kevy.connect()
    session.call("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "5")
    session.pipeline([("GET", i) for i in range(50)])
    assert session.call("SLOWLOG", "LEN").value == 5
    assert len(entries(session)) == 5
    assert len(entries(session, 2)) == 2


def blocked(session):
    return int(info(session, "clients")["blocked_clients"])


def test_writes_wait_for_the_end_of_a_pause_in_order(kevy):
    operator, clients = kevy.connect(), [kevy.connect() for _ in range(6)]
    operator.call("CLIENT", "PAUSE", "100000", "WRITE")
    for number, client in enumerate(clients):
        client.send("SET", f"k{number}", number)
        client.send("GET", f"k{number}")
    eventually(lambda: blocked(operator) == len(clients), "all writes wait")
    assert operator.call("DBSIZE").value == 0
    waiting = operator.call("CLIENT", "LIST").text
    assert waiting.count(" flags=b ") == len(clients)
    operator.call("CLIENT", "UNPAUSE")
    for number, client in enumerate(clients):
        assert client.read().text == "OK"
        assert client.read().text == str(number)
    assert blocked(operator) == 0


@pytest.mark.parametrize("commands", [("PUBLISH", "c", "m"), ("PFCOUNT", "h"), ("MULTI", ), ("SORT", "l", "STORE", "m")])
def test_what_may_change_something_waits(kevy, commands):
    operator, client = kevy.connect(), kevy.connect()
    known = {name.text for name in operator.call("COMMAND", "LIST").value}
    if commands[0].lower() not in known:
        pytest.fail(f"{commands[0]} is not there") if commands[0] != "PUBLISH" else None
        return
    if commands == ("MULTI",):
        client.call("MULTI")
        client.call("SET", "a", 1)
        commands = ("EXEC",)
    operator.call("CLIENT", "PAUSE", "100000", "WRITE")
    client.send(*commands)
    eventually(lambda: blocked(operator) == 1, "it waits")
    operator.call("CLIENT", "UNPAUSE")
    assert not client.read().is_error


def test_scripts_that_declare_that_they_only_read_do_not_wait(kevy):
    operator, client = kevy.connect(), kevy.connect()
    library = """#!lua name=pausing
        redis.register_function{function_name='looks', callback=function() return 3 end, flags={'no-writes'}}
        redis.register_function('changes', function() return 4 end)"""
    client.call("FUNCTION", "LOAD", library)
    reads, writes = "#!lua flags=no-writes\nreturn 1", "#!lua\nreturn 2"
    digest = client.call("SCRIPT", "LOAD", reads).text
    operator.call("CLIENT", "PAUSE", "100000", "WRITE")
    assert client.call("EVAL", reads, 0).value == 1
    assert client.call("EVALSHA", digest, 0).value == 1
    assert client.call("FCALL", "looks", 0).value == 3
    replies = client.pipeline([("MULTI",), ("EVAL", reads, 0), ("FCALL", "looks", 0), ("EXEC",)])
    assert [reply.value for reply in replies[-1].value] == [1, 3]
    for command, answer in ((("EVAL", writes, 0), 2), (("EVAL", "return 5", 0), 5), (("FCALL", "changes", 0), 4)):
        operator.call("CLIENT", "PAUSE", "100000", "WRITE")
        client.send(*command)
        eventually(lambda: blocked(operator) == 1, "it waits")
        operator.call("CLIENT", "UNPAUSE")
        assert client.read().value == answer


def test_a_pause_ends_by_itself_and_all_includes_reads(kevy):
    operator, client = kevy.connect(), kevy.connect()
    operator.call("CLIENT", "PAUSE", "300")
    before = time.monotonic()
    assert client.call("PING").text == "PONG"
    assert time.monotonic() - before > 0.2


def test_a_paused_client_can_be_killed(kevy):
    operator, client = kevy.connect(), kevy.connect()
    client_id = client.call("CLIENT", "ID").value
    operator.call("CLIENT", "PAUSE", "100000", "WRITE")
    client.send("SET", "a", 1)
    eventually(lambda: blocked(operator) == 1, "it waits")
    assert operator.call("CLIENT", "UNBLOCK", client_id).value == 0
    assert operator.call("CLIENT", "KILL", "ID", client_id).value == 1
    eventually(lambda: blocked(operator) == 0, "it is gone")
    operator.call("CLIENT", "UNPAUSE")
    assert operator.call("EXISTS", "a").value == 0


def test_statistics_of_commands(kevy):
    session = kevy.connect()
    session.call("CONFIG", "RESETSTAT")
    session.pipeline([("SET", f"k{i}", i) for i in range(30)])
    session.pipeline([("LPUSH", "k1", 1)] * 2 + [("GET",)] * 3 + [("NOSUCH",)] * 4)
    session.call("CONFIG", "SET", "maxmemory", "1")
    session.call("SET", "a", 1)
    session.call("CONFIG", "SET", "maxmemory", "0")
    session.pipeline([("MULTI",), ("SET", "a"), ("EXEC",)])
    stats = {name.removeprefix("cmdstat_"): dict(pair.split("=") for pair in line.split(",")) for name, line in info(session, "commandstats").items()}
    assert stats["set"]["calls"] == "30" and float(stats["set"]["usec"]) > 0
    assert (stats["set"]["rejected_calls"], stats["set"]["failed_calls"]) == ("2", "0")
    assert (stats["lpush"]["calls"], stats["lpush"]["failed_calls"]) == ("2", "2")
    assert (stats["get"]["calls"], stats["get"]["rejected_calls"]) == ("0", "3")
    assert stats["config|set"]["calls"] == "2"
    errors = info(session, "errorstats")
    assert errors["errorstat_WRONGTYPE"] == "count=2"
    assert errors["errorstat_OOM"] == "count=1"
    assert errors["errorstat_ERR"] == "count=8"
    assert errors["errorstat_EXECABORT"] == "count=1"
    latency = info(session, "latencystats")
    assert re.fullmatch(r"p50=\d+\.\d{3},p99=\d+\.\d{3},p99\.9=\d+\.\d{3}", latency["latency_percentiles_usec_set"])
    session.call("CONFIG", "SET", "latency-tracking-info-percentiles", "0 100")
    assert re.fullmatch(r"p0=\d+\.\d{3},p100=\d+\.\d{3}", info(session, "latencystats")["latency_percentiles_usec_set"])
    histogram = session.call("LATENCY", "HISTOGRAM", "set").value[1].value
    assert histogram[1].value == 30
    assert histogram[3].value[-1].value == 30, "the last bucket has them all"
    session.call("CONFIG", "RESETSTAT")
    assert "cmdstat_set" not in info(session, "commandstats") and not info(session, "errorstats")


def test_blocking_commands_count_when_they_are_served(kevy):
    session, other = kevy.connect(), kevy.connect()
    session.send("BLPOP", "l", "0")
    eventually(lambda: blocked(other) == 1, "it waits")
    assert "cmdstat_blpop" not in info(other, "commandstats")
    other.call("RPUSH", "l", "x")
    session.read()
    assert info(other, "commandstats")["cmdstat_blpop"].startswith("calls=1,")


def test_rates_follow_what_happens(kevy):
    session, worker = kevy.connect(), kevy.connect()
    stop = threading.Event()

    def work():
        while not stop.is_set():
            worker.pipeline([("SET", "k", "v" * 100)] * 50)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        rate = lambda name: float(info(session, "stats")[name])
        eventually(lambda: rate("instantaneous_ops_per_sec") > 100, "commands are counted by the second")
        eventually(lambda: rate("instantaneous_input_kbps") > 1, "bytes are counted by the second")
    finally:
        stop.set()
        thread.join()


def test_average_time_to_live(kevy):
    session = kevy.connect()
    session.pipeline([("SET", f"k{i}", i, "EX", 1000) for i in range(500)])
    average = int(info(session, "keyspace")["db0"].split("avg_ttl=")[1])
    assert 990_000 < average <= 1_000_000


def test_sizes_of_keys_are_told_when_asked(kevy):
    session = kevy.connect()
    session.call("SET", "a", "x" * 600)
    session.call("RPUSH", "l", *range(5))
    session.call("HSET", "h", "f", "v")
    assert info(session, "keysizes") == {
        "db0_distrib_strings_sizes": "512=1",
        "db0_distrib_lists_items": "4=1",
        "db0_distrib_hashes_items": "1=1",
    }
    assert "# Keysizes" not in session.call("INFO", "everything").text


def test_large_clients_are_disconnected(kevy):
    session, large, spared = kevy.connect(), kevy.connect(), kevy.connect()
    spared.call("CLIENT", "NO-EVICT", "on")
    session.call("CONFIG", "SET", "maxmemory-clients", "300kb")
    large.send_raw(b"*2\r\n$3\r\nGET\r\n$500000\r\n" + b"x" * 400_000)
    eventually(lambda: info(session, "stats")["evicted_clients"] == "1", "the large one goes")
    assert spared.call("PING").text == "PONG"


CONFIG_FILE = """# my server
maxmemory 10mb

# when to save
save 900 1
save 300 10
rename-me-not yes
slowlog-max-len 7
"""


def test_config_rewrite_keeps_the_file_readable(tmp_path):
    path = tmp_path / "kevy.conf"
    path.write_text(CONFIG_FILE.replace("rename-me-not yes\n", ""))
    with start_kevy(str(path)) as server:
        session = server.connect()
        assert info(session, "server")["config_file"] == str(path)
        session.call("CONFIG", "SET", "maxmemory", "1gb", "timeout", "33", "save", "60 1")
        assert session.call("CONFIG", "REWRITE").text == "OK"
        text = path.read_text()
        assert text.startswith("# my server\nmaxmemory 1gb\n\n# when to save\nsave 60 1\nslowlog-max-len 7\n# Generated by CONFIG REWRITE\n")
        assert "timeout 33\n" in text
        session.call("CONFIG", "REWRITE")
        assert path.read_text() == text
    with start_kevy(str(path)) as server:
        flat = texts(server.connect().call("CONFIG", "GET", "maxmemory", "timeout", "save", "slowlog-max-len"))
        assert dict(zip(flat[::2], flat[1::2])) == {
            "maxmemory": str(1 << 30), "timeout": "33", "save": "60 1", "slowlog-max-len": "7",
        }


def test_a_process_number_is_written_and_removed(tmp_path):
    path = tmp_path / "kevy.pid"
    with start_kevy(pidfile=path) as server:
        assert int(path.read_text()) == server.pid
        assert server.stop() == 0
    assert not path.exists()


def test_the_reset_of_statistics_is_the_first_thing_they_tell(shared):
    with start_redis() as redis:
        for server in (redis, shared(1), shared(3)):
            session = server.connect()
            session.call("SET", "k", "v")
            session.call("CONFIG", "RESETSTAT")
            shown = session.call("LATENCY", "HISTOGRAM").value
            assert [name.text for name in shown[::2]] == ["config|resetstat"]
            assert shown[1].value[:2][1].value == 1
