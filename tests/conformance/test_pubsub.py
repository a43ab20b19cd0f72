"""Pub/sub over sockets: who gets which message, when, and in which form, as from the reference."""

import threading

import pytest

from support.resp import Disconnected, Reply, encode, info
from support.wait import eventually

from .conftest import SHARDS
from .messages import in_order_of_names, perform

SCENARIOS = {
    "channels": """
        a: SUBSCRIBE news weather
        b: SUBSCRIBE news
        c: PUBLISH news hello
        c: PUBLISH weather rain
        c: PUBLISH nothing there
        c: PUBLISH news ''
        a: SUBSCRIBE news
        a: UNSUBSCRIBE news
        c: PUBLISH news again
        a: UNSUBSCRIBE news other
        a: UNSUBSCRIBE
        a: UNSUBSCRIBE
        c: PUBLISH weather sun
        a: GET k
    """,
    "patterns": """
        a: PSUBSCRIBE n* ne?s [abn]ews
        b: SUBSCRIBE news
        b: PSUBSCRIBE *
        c: PUBLISH news hello
        c: PUBLISH bews hello
        c: PUBLISH '' hello
        c: PUBLISH no hello
        a: PUNSUBSCRIBE ne?s
        c: PUBLISH news more
        a: PUNSUBSCRIBE
        a: PUNSUBSCRIBE
        a: PUNSUBSCRIBE x y
        c: PUBSUB NUMPAT
    """,
    "both kinds count together": """
        a: SUBSCRIBE a b
        a: PSUBSCRIBE c* d*
        a: SSUBSCRIBE s
        a: UNSUBSCRIBE a
        a: SUNSUBSCRIBE s
        a: PUNSUBSCRIBE c*
        a: UNSUBSCRIBE b
        a: PUNSUBSCRIBE d*
    """,
    "sharded channels": """
        a: SSUBSCRIBE news weather
        b: SUBSCRIBE news
        c: SPUBLISH news sharded
        c: PUBLISH news plain
        c: PUBSUB SHARDCHANNELS
        c: PUBSUB SHARDCHANNELS n*
        c: PUBSUB SHARDNUMSUB news weather none
        c: PUBSUB SHARDNUMSUB
        c: PUBSUB CHANNELS
        a: SSUBSCRIBE news
        a: SUNSUBSCRIBE news
        a: SUNSUBSCRIBE none
        a: SUNSUBSCRIBE
        a: SUNSUBSCRIBE
        c: SPUBLISH news nobody
    """,
    "what PUBSUB tells": """
        a: SUBSCRIBE one two three
        b: SUBSCRIBE two
        b: PSUBSCRIBE t* t* o*
        c: PSUBSCRIBE t*
        d: PUBSUB CHANNELS
        d: PUBSUB CHANNELS t*
        d: PUBSUB CHANNELS *
        d: PUBSUB CHANNELS none
        d: PUBSUB NUMSUB
        d: PUBSUB NUMSUB one two three four one
        d: PUBSUB NUMPAT
        d: PUBSUB NUMPAT more
        d: PUBSUB CHANNELS a b
        d: PUBSUB SHARDCHANNELS a b
        d: PUBSUB
        d: PUBSUB NOTHING
        d: PUBSUB HELP more
        a closes
        d: PUBSUB CHANNELS two
        d: PUBSUB NUMSUB two
    """,
    "wrong numbers of arguments": """
        a: SUBSCRIBE
        a: PSUBSCRIBE
        a: SSUBSCRIBE
        a: PUBLISH
        a: PUBLISH news
        a: PUBLISH news a b
        a: SPUBLISH news
        a: SPUBLISH news a b
    """,
    "what RESP2 lets a subscriber do": """
        a: SUBSCRIBE news
        a: GET k
        a: PUBLISH news hello
        a: MULTI
        a: CLIENT ID
        a: HELLO 3
        a: nothing
        a: GET
        a: PING
        a: PING again
        a: PING too many
        a: PSUBSCRIBE p*
        a: SSUBSCRIBE s
        a: UNSUBSCRIBE
        a: GET k
        a: PUNSUBSCRIBE
        a: GET k
        a: SUNSUBSCRIBE
        a: GET k
        a: SUBSCRIBE news
        a: RESET
        a: GET k
        b: PUBSUB CHANNELS
    """,
    "RESP3 lets it do everything": """
        a hello
        a: SUBSCRIBE news
        a: GET k
        a: PING
        a: PING again
        b: PUBLISH news hello
        a: SET k v
        a: MULTI
        a: GET k
        b: PUBLISH news between
        a: EXEC
        b: PUBLISH news more
        a: GET k
        a: UNSUBSCRIBE
        a: GET k
    """,
    "both protocols": """
        a: SUBSCRIBE news
        a: PSUBSCRIBE n*
        b hello
        b: SUBSCRIBE news
        b: PSUBSCRIBE n*
        c: PUBLISH news hello
        a: UNSUBSCRIBE
        b: UNSUBSCRIBE
        a: UNSUBSCRIBE
        b: UNSUBSCRIBE
        c: PUBLISH news hello
    """,
    "transactions": """
        a: SUBSCRIBE news
        b: MULTI
        b: SET k v
        b: PUBLISH news one
        b: PUBLISH news two
        b: SPUBLISH news three
        b: EXEC
        b: MULTI
        b: PUBLISH news lost
        b: DISCARD
        c: MULTI
        c: SUBSCRIBE news
        c: EXEC
        d: MULTI
        d: PUBLISH news only
        d: EXEC
        e: MULTI
        e: UNSUBSCRIBE
        e: EXEC
    """,
    "clients that want no replies": """
        b: SUBSCRIBE other
        A: CLIENT REPLY OFF
        A: SET k v
        b: UNSUBSCRIBE
    """,
    "RESET": """
        a: SUBSCRIBE news
        a: PSUBSCRIBE n*
        a: SSUBSCRIBE s
        a: RESET
        a: PING
        b: PUBLISH news hello
        b: SPUBLISH s hello
        b: PUBSUB NUMPAT
    """,
    "bytes of any kind": r"""
        a: SUBSCRIBE $'a\r\nb' ''
        b: PUBLISH $'a\r\nb' $'x\r\ny'
        b: PUBLISH '' ''
    """,
    "another database": """
        a: SUBSCRIBE news
        b: SELECT 5
        b: PUBLISH news hello
    """,
}


def both(kevy, reference, scenario):
    def on(server):
        return in_order_of_names(perform(scenario, server))

    return on(kevy), on(lambda protocol: reference.open(protocol))


@pytest.fixture(params=SHARDS, ids=lambda n: f"shards{n}")
def server(request, shared, reference):
    server = shared(request.param)
    server.connect().call("FLUSHALL")
    reference.open(2).call("FLUSHALL")
    return server


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name, server, reference):
    got, want = both(server.connect, reference, SCENARIOS[name])
    for ours, theirs in zip(got, want, strict=True):
        assert ours == theirs


def message(channel, payload, kind=">"):
    return Reply(kind, (Reply("$", b"message"), Reply("$", channel), Reply("$", payload)))


def test_ones_own_message_comes_after_the_reply(server):
    """As from Redis 7.2 on."""
    client = server.connect(3)
    client.call("SUBSCRIBE", "news")
    assert client.pipeline([["PUBLISH", "news", "a"], ["PING"]])[0] == Reply(":", 1)
    assert client.read() == Reply("+", b"PONG")


def test_ones_own_message_from_a_transaction_comes_after_its_reply(server):
    client = server.connect(3)
    client.call("SUBSCRIBE", "news")
    client.call("MULTI")
    client.call("PING", "abc")
    client.call("PUBLISH", "news", "bar")
    client.call("PING", "vaz")
    assert client.call("EXEC") == Reply("*", (Reply("$", b"abc"), Reply(":", 1), Reply("$", b"vaz")))
    assert client.read() == message(b"news", b"bar")


def test_messages_come_to_clients_that_want_no_replies(server):
    for protocol, kind in ((2, "*"), (3, ">")):
        client, publisher = server.connect(protocol), server.connect()
        client.send("CLIENT", "REPLY", "OFF")
        client.send("SUBSCRIBE", "news")
        assert client.read() == Reply(kind, (Reply("$", b"subscribe"), Reply("$", b"news"), Reply(":", 1)))
        publisher.call("PUBLISH", "news", "hello")
        assert client.read() == message(b"news", b"hello", kind)
        client.send("UNSUBSCRIBE", "news")
        assert client.read() == Reply(kind, (Reply("$", b"unsubscribe"), Reply("$", b"news"), Reply(":", 0)))
        client.send("CLIENT", "REPLY", "ON")
        assert client.read() == Reply("+", b"OK")


def fields(line: bytes) -> dict[str, str]:
    return dict(field.split("=", 1) for field in line.decode().split())


def test_lists_and_info_show_subscribers(server):
    a, b = server.connect(), server.connect()
    number = a.call("CLIENT", "ID").value
    a.call("SUBSCRIBE", "one")
    a.send("PSUBSCRIBE", "p*", "q*")
    a.read(), a.read()
    a.call("SSUBSCRIBE", "s")
    line = fields(b.call("CLIENT", "LIST", "ID", number).value)
    assert (line["sub"], line["psub"], line["ssub"], line["flags"]) == ("1", "2", "1", "P")
    listed = [fields(line)["id"] for line in b.call("CLIENT", "LIST", "TYPE", "pubsub").value.splitlines()]
    assert listed == [str(number)]
    stats = info(b, "stats")
    assert (stats["pubsub_channels"], stats["pubsub_patterns"], stats["pubsubshard_channels"]) == ("1", "2", "1")
    assert b.call("CLIENT", "KILL", "TYPE", "pubsub").value == 1
    with pytest.raises((Disconnected, ConnectionError)):
        a.read()
    eventually(lambda: info(b, "stats")["pubsub_channels"] == "0", "subscriptions end with their client")
    assert info(b, "stats")["pubsub_patterns"] == "0"


def test_messages_keep_their_order(server):
    """Every subscriber sees all messages in one order, each publisher's in the order in which they were sent."""
    publishers, count = 4, 400
    subscribers = [server.connect(2 + at % 2) for at in range(5)]
    for subscriber in subscribers:
        subscriber.call("SUBSCRIBE", "news")

    def publish(number: int) -> None:
        connection = server.connect()
        for at in range(0, count, 50):
            replies = connection.pipeline([["PUBLISH", "news", f"{number} {i}"] for i in range(at, at + 50)])
            assert all(reply == Reply(":", len(subscribers)) for reply in replies)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(publishers)]
    for thread in threads:
        thread.start()
    seen = [
        [subscriber.read().value[2].value.split() for _ in range(publishers * count)] for subscriber in subscribers
    ]
    for thread in threads:
        thread.join()
    for messages in seen:
        assert messages == seen[0]
        for number in range(publishers):
            own = [int(i) for sender, i in messages if int(sender) == number]
            assert own == list(range(count))


def test_a_message_comes_after_what_was_written_before_it(server):
    """What one client pipelines, or runs as a transaction, is there for whoever gets the message that ends it."""
    subscriber, reader, writer = server.connect(), server.connect(), server.connect()
    subscriber.call("SUBSCRIBE", "news")
    for round in range(50):
        keys = [f"key{i}" for i in range(8)]
        sets = [["SET", key, round] for key in keys]
        publish = ["PUBLISH", "news", round]
        batch = [*sets, publish] if round % 2 else [["MULTI"], publish, *sets, ["EXEC"]]
        writer.send_raw(b"".join(encode(*command) for command in batch))
        assert subscriber.read().value[2].value == b"%d" % round
        assert [r.value for r in reader.call("MGET", *keys).value] == [b"%d" % round] * 8
        for _ in batch:
            writer.read()


def test_thousands_of_channels(server):
    client, publisher = server.connect(), server.connect()
    names = [f"channel:{i}" for i in range(5000)]
    client.send("SUBSCRIBE", *names)
    assert [client.read().value[2].value for _ in names] == list(range(1, 5001))
    client.send("PSUBSCRIBE", *[f"pattern:{i}:*" for i in range(1000)])
    assert [client.read().value[2].value for _ in range(1000)] == list(range(5001, 6001))
    assert publisher.pipeline([["PUBLISH", name, "x"] for name in names]) == [Reply(":", 1)] * 5000
    assert [client.read() for _ in names] == [message(name.encode(), b"x", "*") for name in names]
    assert publisher.call("PUBLISH", "pattern:500:z", "y") == Reply(":", 1)
    assert client.read().value[1].value == b"pattern:500:*"
    client.send("UNSUBSCRIBE")
    assert sorted(client.read().value[2].value for _ in names) == list(range(1000, 6000))
    client.close()
    eventually(lambda: publisher.call("PUBSUB", "NUMPAT").value == 0, "a closed client's patterns go")


LIMITS = {
    "hard": "pubsub 1mb 0 0",
    "soft": "pubsub 0 100kb 1",
}


@pytest.mark.parametrize("limit", LIMITS)
def test_slow_subscribers_are_cut(limit, kevy):
    """One that does not read costs the server a bounded amount of memory, and the others nothing."""
    slow, quick, publisher = kevy.connect(), kevy.connect(), kevy.connect()
    assert publisher.call("CONFIG", "SET", "client-output-buffer-limit", LIMITS[limit]) == Reply("+", b"OK")
    slow.call("SUBSCRIBE", "news")
    quick.call("SUBSCRIBE", "news")
    before = kevy.resident_bytes()
    sizes = iter([100_000] * 50)

    def is_cut() -> bool:
        # Until the time of a soft limit has passed, what is waiting may grow.
        payload = b"x" * next(sizes, 1)
        receivers = publisher.call("PUBLISH", "news", payload).value
        assert quick.read() == message(b"news", payload, "*")
        return receivers == 1

    eventually(is_cut, "the slow subscriber is cut")
    assert kevy.resident_bytes() - before < 30 << 20
    with pytest.raises((Disconnected, ConnectionError)):
        while True:
            slow.read()
    assert publisher.call("PUBLISH", "news", "last") == Reply(":", 1)
    assert quick.read() == message(b"news", b"last", "*")


def test_messages_wait_for_a_subscriber_within_its_limit(kevy):
    slow, publisher = kevy.connect(), kevy.connect()
    slow.call("SUBSCRIBE", "news")
    payloads = [b"%07d" % i * 4000 for i in range(600)]
    assert publisher.pipeline([["PUBLISH", "news", payload] for payload in payloads]) == [Reply(":", 1)] * 600
    for payload in payloads:
        assert slow.read() == message(b"news", payload, "*")
