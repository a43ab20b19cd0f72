// The cluster clients of ioredis and of node-redis, and BullMQ over one, on a server whose shards are nodes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue, QueueEvents, Worker } from "bullmq";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { eventually, port } from "./support.mjs";

const KEYS = Array.from({ length: 200 }, (_, i) => `k${i}`);

test("ioredis", async () => {
  const cluster = new Cluster([{ host: "127.0.0.1", port }], { scaleReads: "slave" });
  await Promise.all(KEYS.map((key, i) => cluster.set(key, i)));
  assert.deepEqual(await Promise.all(KEYS.map((key) => cluster.get(key))), KEYS.map((_, i) => String(i)));
  assert.equal(cluster.nodes("master").length, 3);
  assert.equal((await Promise.all(cluster.nodes("master").map((node) => node.dbsize()))).reduce((a, b) => a + b), 200);
  assert.deepEqual(await cluster.pipeline().set("{t}a", 1).incr("{t}a").get("{t}a").exec(), [[null, "OK"], [null, 2], [null, "2"]]);
  assert.deepEqual(await cluster.multi().incr("{t}a").incr("{t}a").exec(), [[null, 3], [null, 4]]);
  await assert.rejects(cluster.mget("k1", "k2"), /CROSSSLOT|same slot/i);
  cluster.defineCommand("double", { numberOfKeys: 1, lua: "return redis.call('GET', KEYS[1]) * 2" });
  assert.deepEqual(await Promise.all(KEYS.slice(0, 9).map((key) => cluster.double(key))), [0, 2, 4, 6, 8, 10, 12, 14, 16]);
  const listener = new Cluster([{ host: "127.0.0.1", port }]);
  const heard = [];
  listener.on("message", (_, message) => heard.push(message));
  await listener.subscribe("news");
  await cluster.publish("news", "hello");
  await eventually(() => heard.length === 1, "the message");
  listener.disconnect();
  await Promise.all(cluster.nodes("master").map((node) => node.flushall()));
  cluster.disconnect();
});

test("node-redis", async () => {
  const cluster = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] });
  cluster.on("error", () => {});
  await cluster.connect();
  assert.equal(cluster.masters.length, 3);
  await Promise.all(KEYS.map((key, i) => cluster.set(key, String(i))));
  assert.deepEqual(await Promise.all(KEYS.map((key) => cluster.get(key))), KEYS.map((_, i) => String(i)));
  assert.deepEqual(await cluster.multi().set("{t}a", "1").incr("{t}a").exec(), ["OK", 2]);
  const heard = [];
  for (const channel of ["c1", "c2", "c3", "c4"]) await cluster.sSubscribe(channel, (message) => heard.push(message));
  for (const channel of ["c1", "c2", "c3", "c4"]) assert.equal(await cluster.sPublish(channel, channel), 1);
  await eventually(() => heard.length === 4, "the messages of all shards");
  await cluster.subscribe("news", (message) => heard.push(message));
  await cluster.publish("news", "hello");
  await eventually(() => heard.includes("hello"), "the message");
  cluster.destroy();
});

test("BullMQ keeps a queue in one slot", async () => {
  const connection = () => new Cluster([{ host: "127.0.0.1", port }], { redisOptions: { maxRetriesPerRequest: null } });
  const connections = [connection(), connection(), connection()];
  const options = connections.map((one) => ({ connection: one, prefix: "{bull}" }));
  const queue = new Queue("jobs", options[0]);
  const events = new QueueEvents("jobs", options[1]);
  const worker = new Worker("jobs", async (job) => job.data + 1, { ...options[2], drainDelay: 1 });
  await events.waitUntilReady();
  const jobs = await queue.addBulk(Array.from({ length: 30 }, (_, data) => ({ name: "x", data })));
  assert.deepEqual(await Promise.all(jobs.map((job) => job.waitUntilFinished(events))), jobs.map((job) => job.data + 1));
  for (const one of [worker, events, queue]) await one.close();
  connections.forEach((one) => one.disconnect());
});
