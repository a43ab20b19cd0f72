// Subscriptions: messages as an asynchronous iterator, without a thread that waits for them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, afterEach, before, describe, test } from "node:test";
import { ClosedError, Runtime } from "kevy";

let runtime;
let db;
before(async () => {
  runtime = await Runtime.start({ shards: 2 });
  db = runtime.session();
});
after(() => runtime.close());

const open = [];
/** A subscription that ends with its test. */
function keep(subscription) {
  open.push(subscription);
  return subscription;
}
afterEach(() => open.splice(0).forEach((subscription) => subscription[Symbol.dispose]()));

describe("messages", () => {
  test("come in their order to a loop, which ends its subscription", async () => {
    const subscription = db.subscribe("news", "weather");
    for (let i = 0; i < 100; i++) assert.equal(db.publish(i % 2 ? "news" : "weather", i), 1);
    const seen = [];
    for await (const message of subscription) {
      seen.push(message);
      if (seen.length === 100) break;
    }
    assert.deepEqual(seen[0], { type: "message", pattern: null, channel: "weather", data: "0" });
    assert.deepEqual(seen.map(({ data }) => data), Array.from({ length: 100 }, (_, i) => String(i)));
    assert.ok(subscription.closed);
    assert.equal(db.publish("news", "x"), 0);
  });

  test("wake whoever waits", async () => {
    const subscription = keep(db.subscribe("news"));
    const waiting = [subscription.next(), subscription.next()];
    db.publish("news", "a");
    db.publish("news", "b");
    assert.deepEqual((await Promise.all(waiting)).map(({ data }) => data), ["a", "b"]);
    assert.equal(subscription.take(), null);
    db.publish("news", "c");
    assert.equal(subscription.take().data, "c");
  });

  test("of patterns and shard channels", async () => {
    const patterns = keep(db.psubscribe("n*"));
    const sharded = keep(db.ssubscribe("s"));
    db.publish("news", "hello");
    db.spublish("s", "there");
    assert.deepEqual(await patterns.next(), { type: "pmessage", pattern: "n*", channel: "news", data: "hello" });
    assert.deepEqual(await sharded.next(), { type: "smessage", pattern: null, channel: "s", data: "there" });
  });

  test("as Buffers, with names that are no text", async () => {
    const name = Buffer.from([0, 255, 10]);
    const subscription = keep(db.subscribeBuffer(name));
    db.publish(name, name);
    assert.deepEqual(await subscription.next(), { type: "message", pattern: null, channel: name, data: name });
  });

  test("of keys", async () => {
    db.config("SET", "notify-keyspace-events", "KA");
    const events = keep(db.psubscribe("__keyspace@0__:k"));
    db.set("k", "v", { ex: 100 });
    db.del("k");
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push((await events.next()).data);
    assert.deepEqual(seen, ["set", "expire", "del"]);
  });

  test("come from other threads and connections", async () => {
    const subscription = keep(db.subscribe("far"));
    const waiting = subscription.next();
    const { Redis } = await import("ioredis");
    const redis = new Redis(runtime.ioredis());
    assert.equal(await redis.publish("far", "away"), 1);
    assert.equal((await waiting).data, "away");
    redis.disconnect();
  });
});

describe("a subscription", () => {
  test("changes while somebody waits", async () => {
    const subscription = keep(db.subscribe("a"));
    const waiting = subscription.next();
    subscription.subscribe(["b", "c"]);
    subscription.unsubscribe("a");
    assert.deepEqual(["a", "b", "c"].map((channel) => db.publish(channel, channel)), [0, 1, 1]);
    assert.equal((await waiting).channel, "b");
    subscription.psubscribe("d*");
    subscription.punsubscribe();
    subscription.ssubscribe("e");
    subscription.sunsubscribe();
    assert.deepEqual([db.publish("d", "x"), db.spublish("e", "x")], [0, 0]);
  });

  test("ends: waits give null, later ones throw", async () => {
    const subscription = db.subscribe("news");
    const waiting = subscription.next();
    subscription.close();
    subscription.close();
    assert.equal(await waiting, null);
    await assert.rejects(subscription.next(), ClosedError);
    assert.throws(() => subscription.take(), ClosedError);
    assert.equal(db.publish("news", "x"), 0);
  });

  test("takes an AbortSignal", async () => {
    const subscription = keep(db.subscribe("news"));
    const controller = new AbortController();
    const aborted = subscription.next({ signal: controller.signal });
    const kept = subscription.next();
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    db.publish("news", "x");
    assert.equal((await kept).data, "x");
    await assert.rejects(subscription.next({ signal: AbortSignal.abort(new Error("before")) }), /before/);
  });

  test("that is not read is ended", async () => {
    const small = await Runtime.start({ shards: 1, clientOutputBufferLimit: "pubsub 100kb 0 0" });
    const session = small.session();
    const subscription = session.subscribe("news");
    for (let i = 0; i < 20; i++) session.publish("news", "x".repeat(10_000));
    await assert.rejects(subscription.next(), ClosedError);
    await small.close();
  });

  test("ends with its runtime", async () => {
    const other = await Runtime.start({ shards: 1 });
    const subscription = other.session().subscribe("news");
    const waiting = subscription.next();
    await Promise.all([assert.rejects(waiting, ClosedError), other.close()]);
  });

  test("holds no thread", async () => {
    const threads = () => readdirSync("/proc/self/task").length;
    const first = threads();
    const subscriptions = Array.from({ length: 50 }, () => db.subscribe("many"));
    const waiting = subscriptions.map((subscription) => subscription.next());
    assert.equal(threads(), first);
    assert.equal(db.publish("many", "x"), 50);
    assert.equal((await Promise.all(waiting)).length, 50);
    subscriptions.forEach((subscription) => subscription.close());
  });

  test("keeps the process alive only while somebody waits", async () => {
    const run = (code) =>
      spawn(process.execPath, ["--input-type=module", "-e", `import { Runtime } from "kevy";
        const runtime = await Runtime.start({ shards: 1, port: 0 });
        const news = runtime.session().subscribe("news"); ${code}`],
        { cwd: new URL("..", import.meta.url), stdio: ["ignore", "pipe", "inherit"], timeout: 30_000 });
    const lines = async (child) => {
      const found = [];
      for await (const line of createInterface(child.stdout)) found.push(line);
      return found;
    };
    assert.deepEqual(await lines(run("console.log('open')")), ["open"]);

    // Nothing but the wait keeps this one alive until another process publishes.
    const waiting = run("news.next().then(({ data }) => console.log(data)); console.log(runtime.port)");
    const output = createInterface(waiting.stdout)[Symbol.asyncIterator]();
    const { Redis } = await import("ioredis");
    const redis = new Redis({ port: Number((await output.next()).value) });
    assert.equal(await redis.publish("news", "late"), 1);
    redis.disconnect();
    assert.equal((await output.next()).value, "late");
    assert.equal((await output.next()).done, true);
  });
});
