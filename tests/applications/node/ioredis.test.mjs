// ioredis: pipelines, transactions, scripts, messages, streams, waiting.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { Redis } from "ioredis";
import { eventually, port } from "./support.mjs";

const redis = new Redis(port);
const open = [redis];
const another = (options = {}) => {
  const one = new Redis(port, options);
  open.push(one);
  return one;
};
beforeEach(() => redis.flushall());
after(() => open.forEach((one) => one.disconnect()));

test("values of every type", async () => {
  assert.equal(await redis.set("k", "v", "EX", 60, "NX"), "OK");
  assert.equal(await redis.set("k", "w", "NX"), null);
  assert.equal(await redis.hset("h", { a: 1, b: "two" }), 2);
  assert.deepEqual(await redis.hgetall("h"), { a: "1", b: "two" });
  assert.deepEqual(await redis.zadd("z", 1, "a", 2.5, "b"), 2);
  assert.deepEqual(await redis.zrange("z", 0, -1, "WITHSCORES"), ["a", "1", "b", "2.5"]);
  assert.deepEqual((await redis.mset({ x: 1, y: 2 }), await redis.mget("x", "none", "y")), ["1", null, "2"]);
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  await redis.set("bytes", bytes);
  assert.deepEqual(await redis.getBuffer("bytes"), bytes);
  await assert.rejects(redis.incr("h"), /WRONGTYPE/);
});

test("pipelines and transactions", async () => {
  const pipeline = redis.pipeline();
  for (let i = 0; i < 1000; i++) pipeline.set(`k${i}`, i).get(`k${i}`);
  const replies = await pipeline.exec();
  assert.ok(replies.every(([error, reply], i) => !error && reply === (i % 2 ? String((i - 1) / 2) : "OK")));
  assert.deepEqual(await redis.multi().incr("n").incr("n").exec(), [[null, 1], [null, 2]]);
  const [one, two] = [another(), another()];
  await one.watch("n");
  await two.set("n", 10);
  assert.equal(await one.multi().incr("n").exec(), null);
  await assert.rejects(redis.multi().set("n").exec(), /EXECABORT/);
  const automatic = another({ enableAutoPipelining: true });
  assert.deepEqual(await Promise.all(Array.from({ length: 50 }, () => automatic.incr("auto"))), Array.from({ length: 50 }, (_, i) => i + 1));
});

test("scripts are sent once and called by their name", async () => {
  redis.defineCommand("move", {
    numberOfKeys: 2,
    lua: "local v = redis.call('LPOP', KEYS[1]) if v then redis.call('RPUSH', KEYS[2], v .. ARGV[1]) end return v",
  });
  await redis.rpush("from", "a", "b");
  assert.deepEqual([await redis.move("from", "to", "!"), await redis.move("from", "to", "?"), await redis.move("from", "to", "")], ["a", "b", null]);
  await redis.script("FLUSH");
  await redis.rpush("from", "c");
  assert.equal(await redis.move("from", "to", "."), "c");
  assert.deepEqual(await redis.lrange("to", 0, -1), ["a!", "b?", "c."]);
  const [[, sum]] = await redis.pipeline().eval("return #KEYS + #ARGV", 2, "a", "b", "c").exec();
  assert.equal(sum, 3);
});

test("messages and patterns", async () => {
  const listener = another();
  const heard = [];
  listener.on("message", (channel, message) => heard.push([channel, message]));
  listener.on("pmessage", (pattern, channel, message) => heard.push([pattern, channel, message]));
  listener.on("smessage", (channel, message) => heard.push(["s", channel, message]));
  assert.equal(await listener.subscribe("news", "weather"), 2);
  assert.equal(await listener.psubscribe("w*"), 3);
  assert.equal(await listener.ssubscribe("shard"), 1);
  assert.equal(await redis.publish("news", "a"), 1);
  assert.equal(await redis.publish("weather", "b"), 2);
  assert.equal(await redis.spublish("shard", "c"), 1);
  await eventually(() => heard.length === 4, "all messages");
  assert.deepEqual(heard, [["news", "a"], ["weather", "b"], ["w*", "weather", "b"], ["s", "shard", "c"]]);
  await listener.unsubscribe("news", "weather");
  assert.deepEqual(await redis.pubsub("NUMSUB", "news"), ["news", 0]);
});

test("waiting clients are served in their order", async () => {
  const waiting = [];
  for (let i = 0; i < 3; i++) {
    waiting.push(another().blpop("jobs", 30));
    await eventually(async () => (await redis.info("clients")).includes(`blocked_clients:${i + 1}`), "it waits");
  }
  await redis.rpush("jobs", "a", "b", "c");
  assert.deepEqual(await Promise.all(waiting), [["jobs", "a"], ["jobs", "b"], ["jobs", "c"]]);
  assert.equal(await another().blpop("jobs", 0.01), null);
});

test("streams and scans", async () => {
  await redis.xgroup("CREATE", "s", "g", "$", "MKSTREAM");
  const ids = [];
  for (let i = 0; i < 10; i++) ids.push(await redis.xadd("s", "*", "n", i));
  const [[, entries]] = await redis.xreadgroup("GROUP", "g", "one", "COUNT", 4, "STREAMS", "s", ">");
  assert.deepEqual(entries.map(([id]) => id), ids.slice(0, 4));
  assert.equal(await redis.xack("s", "g", ...ids.slice(0, 3)), 3);
  assert.deepEqual(await redis.xpending("s", "g"), [1, ids[3], ids[3], [["one", "1"]]]);
  const keys = Array.from({ length: 500 }, (_, i) => `scan:${i}`);
  await redis.mset(keys.flatMap((key) => [key, 1]));
  const seen = new Set();
  for await (const batch of redis.scanStream({ match: "scan:*", count: 50 })) batch.forEach((key) => seen.add(key));
  assert.deepEqual([...seen].sort(), keys.sort());
});

test("a monitor hears, a client reconnects and subscribes again", async () => {
  const monitor = await redis.monitor();
  open.push(monitor);
  const heard = new Promise((resolve) => monitor.on("monitor", (_, args) => args[0].toLowerCase() === "set" && resolve(args)));
  await redis.set("watched", "1");
  assert.deepEqual(await heard, ["set", "watched", "1"]);
  const listener = another({ retryStrategy: () => 1 });
  await listener.subscribe("again");
  const id = Number(/id=(\d+) /.exec((await redis.client("LIST", "TYPE", "pubsub")).split("\n").find((line) => line.includes(" sub=1 ")))[1]);
  assert.equal(await redis.client("KILL", "ID", id), 1);
  await eventually(async () => (await redis.publish("again", "hello")) === 1, "it listens again");
});
