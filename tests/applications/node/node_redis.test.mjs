// node-redis, in both versions of the protocol: pipelines, transactions, scripts, messages, pools, caching.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { createClient, createClientPool, defineScript, WatchError } from "redis";
import { eventually, port } from "./support.mjs";

const socket = { host: "127.0.0.1", port };
const open = [];
async function connect(options = {}) {
  const client = createClient({ socket, ...options });
  client.on("error", () => {});
  open.push(client);
  return client.connect();
}
const admin = await connect();
beforeEach(() => admin.flushAll());
after(() => open.forEach((client) => client.destroy()));

const add = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: "return redis.call('INCRBY', KEYS[1], ARGV[1]) * 2",
  parseCommand(parser, key, by) {
    parser.pushKey(key);
    parser.push(String(by));
  },
  transformReply: (reply) => reply,
});

for (const RESP of [2, 3]) {
  test(`an ordinary day in RESP${RESP}`, async () => {
    const client = await connect({ RESP, scripts: { add } });
    assert.equal(await client.set("k", "v", { expiration: { type: "EX", value: 60 }, condition: "NX" }), "OK");
    assert.equal(await client.hSet("h", { a: 1, b: 2 }), 2);
    assert.deepEqual({ ...(await client.hGetAll("h")) }, { a: "1", b: "2" });
    await client.zAdd("z", [{ score: 1.5, value: "a" }, { score: 2, value: "b" }]);
    assert.deepEqual(await client.zRangeWithScores("z", 0, -1), [{ score: 1.5, value: "a" }, { score: 2, value: "b" }]);
    assert.deepEqual(await Promise.all(Array.from({ length: 200 }, (_, i) => client.incr(`n${i % 2}`))), Array.from({ length: 200 }, (_, i) => Math.floor(i / 2) + 1));
    assert.deepEqual(await client.multi().set("t", 1).incr("t").get("t").exec(), ["OK", 2, "2"]);
    assert.equal(await client.add("sum", 5), 10);
    assert.equal(await client.scriptFlush(), "OK");
    assert.equal(await client.add("sum", 5), 20);
    const seen = [];
    for await (const keys of client.scanIterator({ MATCH: "n*", COUNT: 1 })) seen.push(...keys);
    assert.deepEqual(seen.sort(), ["n0", "n1"]);
    await client.json.set("doc", "$", { a: [1, { b: 2 }] });
    assert.deepEqual(await client.json.get("doc", { path: "$..b" }), [2]);
    await assert.rejects(client.lPush("h", "x"), /WRONGTYPE/);
    const isolated = await connect({ RESP });
    await isolated.watch("t");
    await client.set("t", 5);
    await assert.rejects(isolated.multi().incr("t").exec(), WatchError);
  });

  test(`messages in RESP${RESP}`, async () => {
    const client = await connect({ RESP });
    const listener = await connect({ RESP });
    const heard = [];
    await listener.subscribe(["a", "b"], (message, channel) => heard.push(`${channel}:${message}`));
    await listener.pSubscribe("a*", (message, channel) => heard.push(`a*:${channel}:${message}`));
    await listener.sSubscribe("shard", (message) => heard.push(message));
    assert.equal(await client.publish("a", "1"), 2);
    assert.equal(await client.publish("b", "2"), 1);
    assert.equal(await client.sPublish("shard", "3"), 1);
    await eventually(() => heard.length === 4, "all messages");
    assert.deepEqual(heard, ["a:1", "a*:a:1", "b:2", "3"]);
    await listener.unsubscribe();
    await listener.pUnsubscribe();
    await listener.sUnsubscribe();
    assert.equal(String(await listener.ping()), "PONG");
  });
}

test("a pool's clients wait beside each other", async () => {
  const pool = createClientPool({ socket }, { minimum: 1, maximum: 5, cleanupDelay: 10 });
  pool.on("error", () => {});
  await pool.connect();
  const waiting = Array.from({ length: 4 }, (_, i) => pool.execute((client) => client.blPop(`q${i}`, 30)));
  await eventually(async () => (await admin.info("clients")).includes("blocked_clients:4"), "they wait");
  for (let i = 0; i < 4; i++) await pool.rPush(`q${i}`, String(i));
  assert.deepEqual((await Promise.all(waiting)).map(({ element }) => element), ["0", "1", "2", "3"]);
  pool.destroy();
});

test("replies are cached until their key changes", async () => {
  const client = await connect({ RESP: 3, clientSideCache: { ttl: 0, maxEntries: 100, evictPolicy: "LRU" } });
  await admin.set("cached", "old");
  assert.equal(await client.get("cached"), "old");
  const before = /cmdstat_get:calls=(\d+)/.exec(await admin.info("commandstats"))[1];
  assert.equal(await client.get("cached"), "old");
  assert.equal(/cmdstat_get:calls=(\d+)/.exec(await admin.info("commandstats"))[1], before);
  await admin.set("cached", "new");
  await eventually(async () => (await client.get("cached")) === "new", "the cached reply is dropped");
});

test("streams and consumer groups", async () => {
  await admin.xGroupCreate("s", "g", "0", { MKSTREAM: true });
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push(await admin.xAdd("s", "*", { n: String(i) }));
  const [{ messages }] = await admin.xReadGroup("g", "c", { key: "s", id: ">" }, { COUNT: 3 });
  assert.deepEqual(messages.map(({ id }) => id), ids.slice(0, 3));
  assert.equal(await admin.xAck("s", "g", ids.slice(0, 2)), 2);
  assert.equal((await admin.xPending("s", "g")).pending, 1);
  assert.equal((await admin.xAutoClaim("s", "g", "d", 0, "0")).messages.length, 1);
});
