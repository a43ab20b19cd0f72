"""redis-py: sync and asyncio, with its own parsers and hiredis', on one server and as a client of a cluster."""

import asyncio
import threading

import hiredis
import pytest
import redis
import redis.asyncio
from redis._parsers import _HiredisParser, _RESP2Parser, _RESP3Parser

from support.wait import eventually

PARSERS = {"resp2": (2, _RESP2Parser), "resp3": (3, _RESP3Parser), "hiredis2": (2, _HiredisParser), "hiredis3": (3, _HiredisParser)}
SCRIPT = "local n = redis.call('INCRBY', KEYS[1], ARGV[1]) redis.call('RPUSH', KEYS[2], n) return {n, 'ok', {1, 'two'}}"


@pytest.fixture(params=PARSERS)
def client(request, url):
    protocol, parser = PARSERS[request.param]
    pool = redis.ConnectionPool.from_url(url, protocol=protocol, parser_class=parser, decode_responses=True)
    with redis.Redis(connection_pool=pool) as client:
        yield client
    pool.disconnect()


def test_an_ordinary_day(client):
    assert client.set("k", "v", ex=60, nx=True) and client.get("k") == "v" and 0 < client.ttl("k") <= 60
    assert client.mset({f"k{i}": i for i in range(50)}) and client.mget("k1", "absent", "k49") == ["1", None, "49"]
    assert client.hset("h", mapping={"a": 1, "b": 2}) == 2 and client.hgetall("h") == {"a": "1", "b": "2"}
    assert client.zadd("z", {"ada": 1.5, "bob": 2, "eve": 3}) == 3
    assert [tuple(pair) for pair in client.zrange("z", 0, -1, desc=True, withscores=True)] == [("eve", 3), ("bob", 2), ("ada", 1.5)]
    assert client.sadd("s", "a", "b") == 2 and client.smembers("s") == {"a", "b"}
    assert client.geoadd("g", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")) == 2
    assert 166 < client.geodist("g", "Palermo", "Catania", "km") < 167
    assert client.pfadd("p", *range(100)) == 1 and 90 < client.pfcount("p") < 110
    assert sorted(client.scan_iter("k*", count=7)) == sorted(["k"] + [f"k{i}" for i in range(50)])
    assert client.json().set("doc", "$", {"a": [1, 2]}) and client.json().get("doc", "$.a") == [[1, 2]]
    assert client.execute_command("OBJECT", "ENCODING", "k1") == "int"
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        client.incr("h")
    info = client.info()
    assert info["db0"]["keys"] == len(client.keys()) and info["redis_version"] and client.config_get("maxmemory") == {"maxmemory": "0"}


def test_pipelines_and_optimistic_transactions(client):
    with client.pipeline(transaction=False) as pipe:
        for i in range(500):
            pipe.set(f"k{i}", i).get(f"k{i}")
        assert pipe.execute()[1::2] == [str(i) for i in range(500)]

    def transfer():
        def change(pipe):
            left, right = int(pipe.get("left") or 100), int(pipe.get("right") or 0)
            pipe.multi()
            pipe.set("left", left - 1).set("right", right + 1)

        for _ in range(10):
            client.transaction(change, "left", "right")

    threads = [threading.Thread(target=transfer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.mget("left", "right") == ["60", "40"]
    with client.pipeline() as pipe, pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        pipe.set("s", 1).lpush("s", 2).set("t", 1).execute()
    assert client.get("t") == "1"


def test_scripts_and_functions(client):
    script = client.register_script(SCRIPT)
    assert script(keys=["n", "l"], args=[5]) == [5, "ok", [1, "two"]]
    client.script_flush()
    assert script(keys=["n", "l"], args=[5]) == [10, "ok", [1, "two"]]
    assert client.lrange("l", 0, -1) == ["5", "10"]
    with client.pipeline() as pipe:
        script(keys=["n", "l"], args=[1], client=pipe)
        assert pipe.get("n").execute() == [[11, "ok", [1, "two"]], "11"]
    assert client.function_load("#!lua name=lib\nredis.register_function('double', function(k, a) return a[1] * 2 end)", replace=True) == "lib"
    assert client.fcall("double", 0, 21) == 42


def test_messages(client):
    with client.pubsub() as listener:
        listener.subscribe("news")
        listener.psubscribe("a*")
        assert [listener.get_message(timeout=10)["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
        assert client.publish("news", "first") == 1 and client.publish("abc", "second") == 1
        heard = [listener.get_message(timeout=10) for _ in range(2)]
        assert [(m["type"], m["pattern"], m["channel"], m["data"]) for m in heard] == [
            ("message", None, "news", "first"), ("pmessage", "a*", "abc", "second")]
        listener.unsubscribe()
        listener.punsubscribe()
    with client.pubsub() as listener:
        listener.ssubscribe("shard")
        assert listener.get_message(timeout=10)["type"] == "ssubscribe"
        assert client.spublish("shard", "third") == 1
        assert listener.get_sharded_message(timeout=10)["data"] == "third"
    seen = []
    with client.pubsub() as listener:
        listener.subscribe(work=lambda message: seen.append(message["data"]))
        thread = listener.run_in_thread(sleep_time=0.01)
        eventually(lambda: client.publish("work", "done") == 1, "the thread listens")
        eventually(lambda: seen, "the handler is called")
        thread.stop()
        thread.join()


def test_streams_with_consumer_groups(client):
    client.xgroup_create("jobs", "workers", mkstream=True)
    ids = [client.xadd("jobs", {"n": i}) for i in range(20)]
    done = []

    def consume(name):
        while rows := client.xreadgroup("workers", name, {"jobs": ">"}, count=3):
            entries = rows["jobs"][0] if isinstance(rows, dict) else rows[0][1]
            for entry, fields in entries:
                done.append(int(fields["n"]))
                if int(fields["n"]) % 5:
                    client.xack("jobs", "workers", entry)

    threads = [threading.Thread(target=consume, args=(f"c{i}",)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == list(range(20))
    assert client.xpending("jobs", "workers")["pending"] == 4
    claimed = client.xautoclaim("jobs", "workers", "c9", 0, count=10)
    assert [entry for entry, _ in claimed[1]] == ids[::5]
    assert client.xinfo_groups("jobs")[0]["lag"] == 0


def test_a_client_that_waits_is_served(client):
    thread = threading.Thread(target=lambda: [client.blpop(["a", "b"], 10), client.rpush("c", "pong")])
    thread.start()
    eventually(lambda: client.info("clients")["blocked_clients"] == 1, "it waits")
    client.rpush("b", "ping")
    assert client.brpop("c", 10) is not None
    thread.join()
    assert client.blpop("a", 0.05) is None


def test_bytes_that_are_not_text_come_back(url):
    value = bytes(range(256)) * 1000
    with redis.Redis.from_url(url) as client:
        client.set(value[:256], value)
        assert client.get(value[:256]) == value and client.strlen(value[:256]) == len(value)
    reader = hiredis.Reader()
    reader.feed(b"$3\r\nabc\r\n")
    assert reader.gets() == b"abc"


@pytest.mark.parametrize("protocol", [2, 3])
def test_asyncio(url, protocol):
    async def main():
        async with redis.asyncio.from_url(url, protocol=protocol, decode_responses=True, max_connections=50) as client:
            for _ in range(5):
                await asyncio.gather(*(client.incr("n") for _ in range(40)))
            assert await client.get("n") == "200"
            async with client.pipeline(transaction=True) as pipe:
                assert await pipe.set("a", 1).incr("a").hset("h", "f", "v").execute() == [True, 2, 1]
            script = client.register_script(SCRIPT)
            assert await script(keys=["s", "l"], args=[3]) == [3, "ok", [1, "two"]]
            async with client.pubsub() as listener:
                await listener.subscribe("news")
                await listener.get_message(timeout=10)
                await client.publish("news", "hello")
                assert (await listener.get_message(timeout=10))["data"] == "hello"
            waiting = [asyncio.create_task(client.blpop([f"q{i}"], 10)) for i in range(20)]
            while (await client.info("clients"))["blocked_clients"] < 20:
                pass
            for i in range(20):
                await client.rpush(f"q{i}", i)
            assert [item[1] for item in await asyncio.gather(*waiting)] == [str(i) for i in range(20)]
            async with client.lock("lock", timeout=10):
                assert await client.exists("lock")
            assert sorted([key async for key in client.scan_iter("q*")]) == []

    asyncio.run(main())


@pytest.fixture
def empty_cluster(cluster):
    with redis.RedisCluster(host="127.0.0.1", port=cluster.port) as client:
        client.flushall()
    return cluster


def test_a_cluster_client(empty_cluster):
    with redis.RedisCluster(host="127.0.0.1", port=empty_cluster.port, decode_responses=True) as client:
        assert len(client.get_primaries()) == 3
        for i in range(200):
            client.set(f"k{i}", i)
        assert [client.get(f"k{i}") for i in range(200)] == [str(i) for i in range(200)]
        assert client.mset_nonatomic({f"m{i}": i for i in range(50)})
        assert client.mget_nonatomic([f"m{i}" for i in range(50)]) == [str(i) for i in range(50)]
        assert sorted(client.scan_iter("m*")) == sorted(f"m{i}" for i in range(50))
        with client.pipeline() as pipe:
            for i in range(100):
                pipe.incr(f"k{i}")
            assert pipe.execute() == list(range(1, 101))
        with client.pipeline(transaction=True) as pipe:
            assert pipe.set("{t}a", 1).incr("{t}a").execute()[1] == 2
        script = client.register_script(SCRIPT)
        assert script(keys=["{s}n", "{s}l"], args=[7]) == [7, "ok", [1, "two"]]
        listener = client.pubsub()
        for channel in ("c1", "c2", "c3", "c4"):
            listener.ssubscribe(channel)
            eventually(lambda: listener.get_sharded_message(timeout=0.05), f"{channel} is subscribed")
        for channel in ("c1", "c2", "c3", "c4"):
            assert client.spublish(channel, channel) == 1
        heard = set()
        while len(heard) < 4:
            if (message := listener.get_sharded_message(timeout=0.05)) and message["type"] == "smessage":
                heard.add(message["data"])
        listener.close()
        assert client.dbsize(target_nodes=redis.RedisCluster.PRIMARIES) == 200 + 50 + 3


def test_an_asyncio_cluster_client(empty_cluster):
    async def main():
        async with redis.asyncio.RedisCluster(host="127.0.0.1", port=empty_cluster.port, decode_responses=True) as client:
            await asyncio.gather(*(client.set(f"k{i}", i) for i in range(200)))
            assert await asyncio.gather(*(client.get(f"k{i}") for i in range(200))) == [str(i) for i in range(200)]
            assert await client.dbsize(target_nodes="all") == 200
            async with client.pipeline() as pipe:
                assert await pipe.incr("k1").incr("k2").incr("k3").execute() == [2, 3, 4]
            await client.flushall(target_nodes="primaries")

    asyncio.run(main())
