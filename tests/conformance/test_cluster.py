"""A cluster whose nodes are the shards of one process, through the wire and through redis-py's cluster client."""

import pytest
import redis.cluster

from support.resp import info
from support.servers import start_kevy

SHARDS = 3


@pytest.fixture(scope="module")
def server():
    with start_kevy(shards=SHARDS, cluster_enabled="yes") as server:
        yield server


@pytest.fixture(scope="module")
def nodes(server):
    """A connection to every node, with the range of its slots."""
    rows = server.connect().call("CLUSTER", "SLOTS").value
    found = []
    for row in rows:
        first, last, node = row.value[:3]
        port = node.value[1].value
        connection = type(server.connect()).tcp(port)
        found.append((connection, first.value, last.value, port, node.value[2].text))
    return found


@pytest.fixture(autouse=True)
def empty(server, nodes):
    for connection, *_ in nodes:
        connection.call("FLUSHALL")


def key_of(nodes, node):
    """A key of one node."""
    connection, first, last, *_ = nodes[node]
    return next(f"k{i}" for i in range(1000) if first <= connection.call("CLUSTER", "KEYSLOT", f"k{i}").value <= last)


def test_slots_are_shared_out_whole(nodes):
    assert len(nodes) == SHARDS
    assert nodes[0][1] == 0 and nodes[-1][2] == 16383
    assert all(nodes[i][2] + 1 == nodes[i + 1][1] for i in range(SHARDS - 1))
    assert len({port for _, _, _, port, _ in nodes}) == len({id for *_, id in nodes}) == SHARDS


def test_a_node_tells_the_owner_of_what_it_has_not(nodes):
    for here in range(SHARDS):
        for there in range(SHARDS):
            key = key_of(nodes, there)
            reply = nodes[here][0].call("SET", key, here)
            slot = nodes[here][0].call("CLUSTER", "KEYSLOT", key).value
            assert reply.text == ("OK" if here == there else f"MOVED {slot} 127.0.0.1:{nodes[there][3]}")


def test_keys_of_several_slots_are_refused(nodes):
    session = nodes[0][0]
    a, b = key_of(nodes, 0), key_of(nodes, 1)
    for command in (("MSET", a, 1, b, 2), ("DEL", a, b), ("RENAME", a, b), ("EXISTS", b, a)):
        assert session.call(*command).text == "CROSSSLOT Keys in request don't hash to the same slot"
    assert session.call("MSET", "{" + a + "}1", 1, "{" + a + "}2", 2).text == "OK"
    assert session.call("SORT", a, "BY", "w_*").text == "ERR BY option of SORT denied in cluster mode."
    assert session.call("SELECT", 1).text == "ERR SELECT is not allowed in cluster mode"


def test_transactions_stay_within_a_slot(nodes):
    session = nodes[0][0]
    a, b = key_of(nodes, 0), key_of(nodes, 1)
    session.call("MULTI")
    assert session.call("SET", b, 1).text.startswith("MOVED ")
    assert session.call("EXEC").text == "EXECABORT Transaction discarded because of previous errors."
    other = next(f"x{i}" for i in range(1000) if session.call("SET", f"x{i}", 1).text == "OK" and
                 session.call("CLUSTER", "KEYSLOT", f"x{i}").value != session.call("CLUSTER", "KEYSLOT", a).value)
    session.call("MULTI")
    assert session.call("SET", a, 1).text == session.call("SET", other, 1).text == "QUEUED"
    assert session.call("EXEC").text.startswith("CROSSSLOT ")
    assert session.call("EXEC").text == "ERR EXEC without MULTI"


def test_a_node_shows_only_its_own_keys(nodes):
    for node, (session, *_) in enumerate(nodes):
        key = key_of(nodes, node)
        session.call("SET", key, 1)
        slot = session.call("CLUSTER", "KEYSLOT", key).value
        assert session.call("DBSIZE").value == 1
        assert [k.text for k in session.call("KEYS", "*").value] == [key]
        cursor, keys = session.call("SCAN", 0).value
        assert (cursor.text, [k.text for k in keys.value]) == ("0", [key])
        assert session.call("RANDOMKEY").text == key
        assert session.call("CLUSTER", "COUNTKEYSINSLOT", slot).value == 1
        assert [k.text for k in session.call("CLUSTER", "GETKEYSINSLOT", slot, 10).value] == [key]
    nodes[0][0].call("FLUSHALL")
    assert [session.call("DBSIZE").value for session, *_ in nodes] == [0, 1, 1]


def test_what_a_node_tells_of_itself(nodes):
    for node, (session, first, last, port, id) in enumerate(nodes):
        assert session.call("CLUSTER", "MYID").text == id
        lines = session.call("CLUSTER", "NODES").text.splitlines()
        mine = next(line for line in lines if "myself" in line)
        assert mine.startswith(f"{id} 127.0.0.1:{port}@") and mine.endswith(f" connected {first}-{last}")
        assert len(lines) == SHARDS
        facts = dict(line.split(":") for line in session.call("CLUSTER", "INFO").text.split())
        assert facts["cluster_state"] == "ok" and facts["cluster_known_nodes"] == facts["cluster_size"] == "3"
        assert facts["cluster_my_epoch"] == str(node + 1)
        assert info(session, "cluster")["cluster_enabled"] == "1"
        assert info(session, "server")["redis_mode"] == "cluster"
        assert session.call("CLUSTER", "REPLICAS", id).value == ()
        assert session.call("CLUSTER", "COUNT-FAILURE-REPORTS", id).value == 0
        assert session.call("CLUSTER", "REPLICAS", "nobody").text == "ERR Unknown node nobody"
        for verb in ("READONLY", "READWRITE", "ASKING"):
            assert session.call(verb).text == "OK"
        for command in (("RESET",), ("MEET", "1.2.3.4", "1"), ("ADDSLOTS", "1"), ("FORGET", id), ("FAILOVER",)):
            assert session.call("CLUSTER", *command).is_error


def test_a_cluster_client_runs_its_ordinary_work(server):
    client = redis.cluster.RedisCluster(host="127.0.0.1", port=server.port, decode_responses=True)
    try:
        assert len(client.get_primaries()) == SHARDS
        for i in range(300):
            client.set(f"key:{i}", i)
        assert [client.get(f"key:{i}") for i in range(300)] == [str(i) for i in range(300)]
        assert client.dbsize(target_nodes="primaries") == 300
        assert sorted(client.scan_iter(match="key:*", count=50)) == sorted(f"key:{i}" for i in range(300))
        assert client.mset_nonatomic({f"m{i}": i for i in range(50)})
        assert client.mget_nonatomic([f"m{i}" for i in range(50)]) == [str(i) for i in range(50)]
        with client.pipeline() as pipeline:
            for i in range(50):
                pipeline.incr(f"p{i}")
            assert pipeline.execute() == [1] * 50
        client.rpush("{tag}a", 1, 2)
        assert client.lmove("{tag}a", "{tag}b") == "1"
        assert client.delete("{tag}a", "{tag}b") == 2
        client.zadd("z", {"a": 1})
        assert client.zscore("z", "a") == 1
        client.flushall(target_nodes="primaries")
    finally:
        client.close()
