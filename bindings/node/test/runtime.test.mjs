// Starting, stopping and reaching a runtime.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { Redis } from "ioredis";
import { createClient } from "redis";
import * as kevy from "kevy";

const { InvalidOptionError, IoError, Mirror, Replica, Runtime, Session } = kevy;

describe("options", () => {
  test("names are those of redis.conf, also in camel case", async () => {
    const runtime = await Runtime.start({ shards: 3, databases: 4, "maxmemory-policy": "allkeys-lru", lazyfreeLazyUserDel: true });
    assert.equal(runtime.shards, 3);
    assert.equal(runtime.port, null);
    assert.deepEqual(runtime.openReport(), { shards: 3, keysLoaded: 0, keysExpired: 0, bytesRead: 0, commandsReplayed: 0, bytesCut: 0 });
    const db = runtime.session();
    assert.deepEqual(db.config("GET", "maxmemory-policy"), { "maxmemory-policy": "allkeys-lru" });
    assert.deepEqual(db.config("GET", "lazyfree-lazy-user-del"), { "lazyfree-lazy-user-del": "yes" });
    assert.throws(() => db.select(4), { code: "ERR" });
    await runtime.close();
  });

  test("a wrong name or value rejects with what it takes", async () => {
    await assert.rejects(Runtime.start({ nothing: 1 }), (error) => error instanceof InvalidOptionError && /nothing/.test(error.message));
    await assert.rejects(Runtime.start({ shards: "many" }), InvalidOptionError);
    await assert.rejects(Runtime.start({ port: 70000 }), InvalidOptionError);
  });

  test("what is made elsewhere says where instead of being half of itself", async () => {
    assert.throws(() => new Runtime({}), { name: "TypeError", message: "a Runtime is started: await Runtime.start(options)" });
    assert.throws(() => new Mirror({}), { name: "TypeError", message: "a Mirror is started: await Mirror.start(options)" });
    assert.throws(() => new Session(), { name: "TypeError", message: "a Session is opened by a runtime: runtime.session()" });
  });

  test("a primary that is no address is refused with what one looks like", async () => {
    await assert.rejects(Mirror.start({ url: "127.0.0.1:6379" }), { name: "InvalidOptionError", message: /a URL such as redis:/ });
  });

  test("one prefix alone is not taken for its letters", async () => {
    await assert.rejects(Mirror.start({ url: "kevy://127.0.0.1:1", prefixes: "user:" }), /prefixes must be an array of strings/);
    assert.throws(() => new Replica({ url: "kevy://127.0.0.1:1", prefixes: "user:" }), /prefixes must be an array of strings/);
  });

  test("a port that is taken rejects with IoError", async () => {
    const first = await Runtime.start({ port: 0, bind: "127.0.0.1" });
    await assert.rejects(Runtime.start({ port: first.port, bind: "127.0.0.1" }), IoError);
    await first.close();
  });
});

describe("reading from disk", () => {
  test("a start tells how far it has come", async () => {
    const dir = mkdtempSync(join(tmpdir(), "kevy-"));
    const options = { dir, shards: 2, save: "3600 1" };
    const calls = [];
    const first = await Runtime.start(options, { onLoad: (...call) => calls.push(call) });
    const db = first.session();
    for (let number = 0; number < 5000; number++) db.set(`key:${number}`, "x".repeat(100));
    await first.close();
    assert.deepEqual(calls, []);
    let second;
    await new Promise((resolve, reject) => {
      const onLoad = (read, total) => {
        calls.push([read, total]);
        if (read === total) resolve();
      };
      second = Runtime.start(options, { onLoad });
      second.catch(reject);
    });
    second = await second;
    const report = second.openReport();
    assert.equal(report.keysLoaded, 5000);
    assert.deepEqual(calls[0], [0, report.bytesRead]);
    assert.deepEqual(calls.at(-1), [report.bytesRead, report.bytesRead]);
    assert.ok(calls.length > 2 && calls.every(([read], at) => at === 0 || read >= calls[at - 1][0]));
    await second.close();
    rmSync(dir, { recursive: true });
  });
});

describe("closing", () => {
  test("closing twice is one close, and everything after it is a ClosedError", async () => {
    const runtime = await Runtime.start({ shards: 1, port: 0 });
    const session = runtime.session();
    await Promise.all([runtime.close(), runtime.close()]);
    await runtime.close();
    for (const call of [() => runtime.session(), () => runtime.connectFd(), () => runtime.openReport(), () => session.get("k")]) {
      assert.throws(call, { name: "ClosedError", code: "CLOSED" });
    }
  });

  test("a runtime with clients connected closes", async () => {
    const runtime = await Runtime.start({ shards: 2, port: 0 });
    const client = connect(runtime.port, "127.0.0.1");
    client.write("PING\r\n");
    assert.equal(String((await once(client, "data"))[0]), "+PONG\r\n");
    const closed = once(client.resume(), "close");
    await runtime.close();
    await closed;
  });

  test("a runtime ends with its block, in both kinds of block", async () => {
    const one = await Runtime.start({ shards: 1 });
    await one[Symbol.asyncDispose]();
    assert.throws(() => one.session(), { code: "CLOSED" });
    const two = await Runtime.start({ shards: 1 });
    two[Symbol.dispose]();
    await two.close();
    assert.throws(() => two.session(), { code: "CLOSED" });
  });

  test("several runtimes in one process know nothing of each other", async () => {
    const runtimes = await Promise.all([1, 2, 3].map((shards) => Runtime.start({ shards })));
    const sessions = runtimes.map((runtime) => runtime.session());
    sessions.forEach((session, i) => session.set("key", i));
    assert.deepEqual(sessions.map((session) => session.get("key")), ["0", "1", "2"]);
    await Promise.all(runtimes.map((runtime) => runtime.close()));
  });
});

describe("clients", () => {
  test("a socket on connectFd speaks RESP", async () => {
    const runtime = await Runtime.start({ shards: 2 });
    const socket = new Socket({ fd: runtime.connectFd() });
    socket.write("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\nGET k\r\n");
    let text = "";
    while (!text.endsWith("v\r\n")) text += (await once(socket, "data"))[0];
    assert.equal(text, "+OK\r\n$1\r\nv\r\n");
    assert.equal(runtime.session().get("k"), "v");
    socket.destroy();
    await runtime.close();
  });

  test("ioredis works over a socket pair, with pipelines, transactions, Buffers and a second connection", async () => {
    const runtime = await Runtime.start({ shards: 2 });
    const redis = new Redis(runtime.ioredis());
    assert.equal(await redis.set("key", "value", "EX", 100), "OK");
    assert.equal(runtime.session().get("key"), "value");
    assert.deepEqual(await redis.getBuffer("key"), Buffer.from("value"));
    assert.deepEqual(await redis.multi().incr("n").hset("h", "f", "v").exec(), [[null, 1], [null, 1]]);
    assert.deepEqual(await redis.hgetall("h"), { f: "v" });
    await assert.rejects(redis.incr("h"), /WRONGTYPE/);
    const all = await Promise.all(Array.from({ length: 2000 }, (_, i) => redis.set(`k${i}`, "x".repeat(i))));
    assert.equal(all.length, 2000);
    const second = redis.duplicate();
    assert.equal(await second.get("key"), "value");
    assert.notEqual(await second.client("ID"), await redis.client("ID"));
    await second.quit();
    await redis.quit();
    await runtime.close();
  });

  test("ioredis connects anew when its connection was killed", async () => {
    const runtime = await Runtime.start({ shards: 1 });
    const redis = new Redis({ ...runtime.ioredis(), retryStrategy: () => 1 });
    const id = await redis.client("ID");
    const closed = once(redis, "close");
    runtime.session().client("KILL", "ID", id);
    await closed;
    assert.equal(await redis.ping(), "PONG");
    assert.notEqual(await redis.client("ID"), id);
    redis.disconnect();
    await runtime.close();
  });

  test("node-redis works where the runtime listens", async () => {
    const silent = await Runtime.start({ shards: 1 });
    assert.throws(() => silent.nodeRedis(), InvalidOptionError);
    await silent.close();
    const unixsocket = join(mkdtempSync(join(tmpdir(), "kevy-")), "socket");
    for (const options of [{ port: 0 }, { unixsocket }]) {
      const runtime = await Runtime.start({ shards: 2, ...options });
      const client = await createClient(runtime.nodeRedis()).connect();
      await client.set("key", "value");
      assert.equal(runtime.session().get("key"), "value");
      assert.deepEqual({ ...(await client.hGetAll("none")) }, {});
      await client.close();
      await runtime.close();
    }
  });
});

test("require and import give the same module", () => {
  const required = createRequire(import.meta.url)("kevy");
  for (const name of Object.keys(kevy).filter((name) => name !== "default" && name !== "module.exports")) {
    assert.equal(required[name], kevy[name], name);
  }
});
