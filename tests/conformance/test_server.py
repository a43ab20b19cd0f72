"""INFO, CONFIG and the counters behind them: what monitoring reads."""

import time

import pytest

from support.resp import info
from support.servers import start_redis
from support.wait import eventually

#: Fields that tools show, by section of INFO.
FIELDS = {
    "server": "redis_version redis_mode os arch_bits multiplexing_api process_id run_id tcp_port uptime_in_seconds "
    "uptime_in_days hz executable",
    "clients": "connected_clients maxclients client_recent_max_input_buffer client_recent_max_output_buffer "
    "blocked_clients tracking_clients",
    "memory": "used_memory used_memory_human used_memory_rss used_memory_rss_human used_memory_peak "
    "used_memory_peak_human used_memory_dataset total_system_memory maxmemory maxmemory_human maxmemory_policy "
    "mem_fragmentation_ratio lazyfree_pending_objects lazyfreed_objects",
    "persistence": "loading rdb_bgsave_in_progress aof_enabled aof_rewrite_in_progress",
    "stats": "total_connections_received total_commands_processed total_net_input_bytes total_net_output_bytes "
    "rejected_connections sync_full sync_partial_ok sync_partial_err expired_keys evicted_keys keyspace_hits "
    "keyspace_misses total_error_replies",
    "replication": "role connected_slaves master_failover_state master_replid master_replid2 master_repl_offset "
    "second_repl_offset repl_backlog_active repl_backlog_size repl_backlog_first_byte_offset repl_backlog_histlen",
    "cpu": "used_cpu_sys used_cpu_user",
    "cluster": "cluster_enabled",
}


@pytest.mark.parametrize("section", FIELDS)
def test_info_has_the_fields_that_tools_show(section, kevy):
    theirs = start_redis()
    with theirs:
        known = info(theirs.connect(), section)
    ours = info(kevy.connect(), section)
    wanted = FIELDS[section].split()
    assert set(wanted) <= known.keys(), "the list names fields that Redis has not"
    assert set(wanted) <= ours.keys()


def test_info_sections_are_chosen_by_name(kevy):
    session = kevy.connect()
    assert session.call("INFO", "server").text.startswith("# Server\r\n")
    both = session.call("INFO", "clients", "cpu").text
    assert "# Clients" in both and "# CPU" in both and "# Server" not in both
    assert session.call("INFO", "CPU").text.startswith("# CPU")
    for words in ([], ["default"], ["all"], ["everything"]):
        text = session.call("INFO", *words).text
        assert "# Server" in text and "# Keyspace" in text


def test_the_keyspace_section(kevy):
    with start_redis() as redis:
        shown = []
        for session in (redis.connect(), kevy.connect()):
            session.call("MSET", "a", 1, "b", 2, "c", 3)
            session.call("EXPIRE", "a", 1000)
            session.call("SELECT", 3)
            session.call("SET", "x", 1)
            shown.append({db: line.split(",avg_ttl")[0] for db, line in info(session, "keyspace").items()})
    assert shown[1] == shown[0] == {"db0": "keys=3,expires=1", "db3": "keys=1,expires=0"}


def test_counters_count_what_happens(kevy):
    session = kevy.connect()
    before = counters(session)
    session.pipeline([("SET", f"k{i}", "v") for i in range(100)])
    session.pipeline([("GET", f"k{i}") for i in range(150)])
    session.pipeline([("NOSUCH",)] * 7)
    for _ in range(3):
        kevy.connect().call("PING")
    after = counters(session)
    gone = {name: after[name] - before[name] for name in after}
    assert gone["keyspace_hits"] == 100
    assert gone["keyspace_misses"] == 50
    assert gone["total_error_replies"] == 7
    assert gone["total_connections_received"] == 3
    assert 250 <= gone["total_commands_processed"] <= 270
    assert gone["total_net_input_bytes"] > 5_000
    assert gone["total_net_output_bytes"] > 1_000
    assert session.call("CONFIG", "RESETSTAT").text == "OK"
    reset = counters(session)
    assert reset["keyspace_hits"] == reset["keyspace_misses"] == reset["total_error_replies"] == 0


def test_expired_keys_are_counted(kevy):
    session = kevy.connect()
    session.pipeline([("SET", f"k{i}", "v", "PX", 1) for i in range(50)])
    eventually(lambda: counters(session)["expired_keys"] == 50, "expiry is counted")


def counters(session) -> dict[str, int]:
    return {name: int(value) for name, value in info(session, "stats").items() if value.isdigit()}


#: Options whose default is kevy's own, with the reason.
OWN_DEFAULTS = {
    "bind": "a library listens to this machine alone unless told otherwise",
    "protected-mode": "see bind",
    "repl-backlog-size": "it holds frames of a whole shard",
    "tls-port": "none, as 0 is a port that the system chooses",
    # What the test sets.
    "port": "",
    "dir": "",
    "enable-debug-command": "",
}


def test_options_have_the_defaults_of_redis(kevy):
    with start_redis() as redis:
        # The test's own settings apart, what redis-server was not told is its default.
        theirs, ours = options(redis.connect()), options(kevy.connect())
    shared = theirs.keys() & ours.keys() - OWN_DEFAULTS.keys()
    assert len(shared) > 30
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


def options(session) -> dict[str, str]:
    flat = session.call("CONFIG", "GET", "*").value
    return {flat[i].text: flat[i + 1].text for i in range(0, len(flat), 2)}


def test_options_that_may_change_do_and_others_refuse(kevy):
    session = kevy.connect()
    for name, value in options(session).items():
        reply = session.call("CONFIG", "SET", name, value)
        refused = reply.is_error and ("immutable" in reply.text or "protected" in reply.text)
        assert reply.text == "OK" or refused, (name, value, reply)


def test_values_that_are_freed_in_the_background_are_counted(kevy):
    session = kevy.connect()
    session.call("SADD", "small", 1)
    session.call("SADD", "large", *range(1000, 2000))
    session.call("CONFIG", "RESETSTAT")
    session.call("UNLINK", "small", "large")
    eventually(lambda: info(session, "memory")["lazyfreed_objects"] == "1", "the large one is freed")
    assert info(session, "memory")["lazyfree_pending_objects"] == "0"
    session.call("CONFIG", "RESETSTAT")
    assert info(session, "memory")["lazyfreed_objects"] == "0"


def test_time_is_now(kevy):
    seconds, microseconds = (int(part.text) for part in kevy.connect().call("TIME").value)
    assert abs(seconds + microseconds / 1e6 - time.time()) < 5


def test_a_time_to_live_is_told_to_the_millisecond(kevy):
    session = kevy.connect()
    for _ in range(200):
        deadline = int(time.time() * 1000) + 10_000
        session.call("SET", "k", "v", "PXAT", deadline)
        left = session.call("PTTL", "k").value
        assert left <= 10_000
        assert left + int(time.time() * 1000) >= deadline
    session.call("SET", "k", "v", "PX", 5)
    until = time.time() + 0.006
    eventually(lambda: time.time() > until, "it has expired")
    assert session.call("GET", "k").value is None


def test_memory_usage_grows_with_the_value(kevy):
    session = kevy.connect()
    sizes = []
    for size in (1, 100, 10_000, 1_000_000):
        session.call("SET", "k", b"x" * size)
        sizes.append(session.call("MEMORY", "USAGE", "k").value)
    assert sizes == sorted(sizes)
    assert sizes[-1] >= 1_000_000
    session.call("HSET", "h", *(word for i in range(1_000) for word in (i, "v" * 100)))
    assert session.call("MEMORY", "USAGE", "h").value > 100_000
